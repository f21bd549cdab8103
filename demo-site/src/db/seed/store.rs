//! Writing it all: the users one by one, the rest in four statements.

use std::collections::HashMap;

use thiserror::Error;
use toolcrib::db::{self, Conn, DbError};
use toolcrib::users::{CreateUserError, NewUser, PasswordHash, Users};

use super::companies::{COMPANIES, Company};
use super::records::GAP;
use super::starter;
use super::story::{Seller, Story, tell};
use crate::adapters::Client;
use crate::db::values;
use toolcrib::adapter::{Errors, checked, fold, fold_all};

/// The demo users: name, name to show, role.
pub const USERS: [(&str, &str, &str); 4] = [
    ("admin", "Ada Admin", "admin"),
    (Seller::Anna.name(), Seller::Anna.display_name(), "sales"),
    (Seller::Boris.name(), Seller::Boris.display_name(), "sales"),
    ("vera", "Vera Rossi", "viewer"),
];

/// Whether the CRM was filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Seeded {
    /// Users, clients and their story are there now.
    Done,
    /// There were users already; nothing was changed.
    AlreadyThere,
}

/// Why the CRM could not be filled.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SeedError {
    /// An invented company is not a sound client.
    #[error("the invented company {name} is refused: {errors}")]
    Company {
        /// Its name.
        name: &'static str,
        /// Why.
        #[source]
        errors: Errors,
    },
    /// A demo user cannot be made.
    #[error("the demo user {name} is refused")]
    User {
        /// The name.
        name: &'static str,
        /// Why.
        #[source]
        source: CreateUserError,
    },
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// A company with its record and its story.
struct Chapter {
    company: &'static Company,
    client: Client,
    story: Story,
}

/// Fills an empty CRM, in the caller's transaction.
///
/// All users get the same password, whose hash the caller made. Two processes that start at once
/// on one database do not collide: the second waits for the first and finds the users there.
///
/// # Errors
/// Whatever the database says.
pub async fn seed(conn: &mut Conn, users: &Users, password: &PasswordHash, now: i64) -> Result<Seeded, SeedError> {
    if !create_users(conn, users, password).await? {
        return Ok(Seeded::AlreadyThere);
    }
    companies(conn, now).await?;
    Ok(Seeded::Done)
}

/// Stores the companies and their story, in the caller's transaction; the demo users who are there look after them.
///
/// # Errors
/// Whatever the database says.
pub async fn companies(conn: &mut Conn, now: i64) -> Result<(), SeedError> {
    let users = users(conn).await?;
    let chapters = chapters(now)?;
    let ids = insert_clients(conn, &chapters, &users).await?;
    // A company whose account somebody imported before is left as it is.
    let stored: Vec<_> =
        chapters.iter().filter_map(|chapter| Some((*ids.get(&chapter.client.account)?, chapter))).collect();
    insert_contacts(conn, &stored).await?;
    insert_deals(conn, &stored, &users).await?;
    insert_activities(conn, &stored, &users).await?;
    let clients: Vec<_> = chapters.iter().map(|chapter| ids.get(&chapter.client.account).copied()).collect();
    Ok(starter::store(conn, &clients, now).await?)
}

/// The demo users' ids by name.
pub(super) async fn users(conn: &mut Conn) -> Result<HashMap<String, i64>, DbError> {
    let users = db::query("SELECT name, id FROM toolcrib_users WHERE name IN ($1, $2, $3, $4)");
    let users = USERS.iter().fold(users, |query, (name, ..)| query.bind(*name));
    Ok(users.fetch_all::<(String, i64)>(conn).await?.into_iter().collect())
}

fn chapters(now: i64) -> Result<Vec<Chapter>, SeedError> {
    COMPANIES
        .iter()
        .enumerate()
        .map(|(index, company)| {
            let client = Client {
                name: company.name.to_owned(),
                account: format!("TC-{}", 1001 + index),
                industry: company.industry.to_owned(),
                city: company.city.to_owned(),
                website: format!("https://www.{}", company.domain),
                phone: company.phone.to_owned(),
                email: format!("office@{}", company.domain),
                ..Client::default()
            };
            let client = checked(client).map_err(|errors| SeedError::Company { name: company.name, errors })?;
            Ok(Chapter { company, client, story: tell(index, company, now) })
        })
        .collect()
}

/// Answers whether there were none before.
async fn create_users(conn: &mut Conn, users: &Users, password: &PasswordHash) -> Result<bool, SeedError> {
    if users.count(conn).await? > 0 {
        return Ok(false);
    }
    for (name, display_name, role) in USERS {
        match users.create(conn, NewUser { name, display_name, password, roles: &[role] }).await {
            Ok(_) => {}
            // Another process that started at the same moment was faster.
            Err(CreateUserError::NameTaken) => return Ok(false),
            Err(source) => return Err(SeedError::User { name, source }),
        }
    }
    Ok(true)
}

/// Answers the ids by account.
async fn insert_clients(
    conn: &mut Conn,
    chapters: &[Chapter],
    users: &HashMap<String, i64>,
) -> Result<HashMap<String, i64>, DbError> {
    let mut statement = db::query_built(format!(
        "INSERT INTO clients (account, name, industry, city, website, phone, email, \
         search, sort_name, owner_id, created_at, updated_at) VALUES {} \
         ON CONFLICT (account) DO NOTHING RETURNING account, id",
        values::tuples(chapters.len(), 12)
    ));
    for Chapter { client, story, .. } in chapters {
        statement = client
            .bind_facts(statement)
            .bind(client.search_text())
            .bind(client.sort_name())
            .bind(users.get(story.owner.name()).copied())
            .bind(story.created_at)
            .bind(story.updated_at);
    }
    Ok(statement.fetch_all::<(String, i64)>(conn).await?.into_iter().collect())
}

async fn insert_contacts(conn: &mut Conn, stored: &[(i64, &Chapter)]) -> Result<(), DbError> {
    let rows: usize = stored.iter().map(|(_, chapter)| chapter.story.contacts.len()).sum();
    if rows == 0 {
        return Ok(());
    }
    let mut statement = db::query_built(format!(
        "INSERT INTO persons (client_id, name, title, email, phone, search, sort_name, created_at, updated_at) VALUES {}",
        values::tuples(rows, 9)
    ));
    for (id, Chapter { story, .. }) in stored {
        for contact in &story.contacts {
            statement = statement
                .bind(*id)
                .bind(contact.name)
                .bind(contact.title)
                .bind(&contact.email)
                .bind(&contact.phone)
                .bind(fold_all(&[contact.name, &contact.email]))
                .bind(fold(contact.name))
                .bind(story.created_at)
                .bind(story.created_at);
        }
    }
    statement.execute(conn).await.map(drop)
}

async fn insert_deals(
    conn: &mut Conn,
    stored: &[(i64, &Chapter)],
    users: &HashMap<String, i64>,
) -> Result<(), DbError> {
    let rows: usize = stored.iter().map(|(_, chapter)| chapter.story.deals.len()).sum();
    if rows == 0 {
        return Ok(());
    }
    let mut statement = db::query_built(format!(
        "INSERT INTO deals (client_id, title, stage_id, position, amount_minor, currency, expected_at, closed_at, \
         owner_id, search, created_at, updated_at) VALUES {}",
        values::tuples(rows, 12)
    ));
    let stages: HashMap<String, i64> = db::query("SELECT LOWER(name), id FROM stages ORDER BY pipeline_id DESC")
        .fetch_all(conn)
        .await?
        .into_iter()
        .collect();
    let mut position = 0_i64;
    for (id, Chapter { company, story, .. }) in stored {
        for deal in &story.deals {
            position += GAP;
            statement = statement
                .bind(*id)
                .bind(deal.title)
                .bind(stages.get(deal.stage).copied())
                .bind(position)
                .bind(deal.amount_minor)
                .bind(company.currency)
                .bind(deal.expected_at)
                .bind(deal.closed_at)
                .bind(users.get(story.owner.name()).copied())
                .bind(fold(deal.title))
                .bind(deal.created_at)
                .bind(deal.closed_at.unwrap_or(deal.created_at));
        }
    }
    statement.execute(conn).await.map(drop)
}

async fn insert_activities(
    conn: &mut Conn,
    stored: &[(i64, &Chapter)],
    users: &HashMap<String, i64>,
) -> Result<(), DbError> {
    let rows: usize = stored.iter().map(|(_, chapter)| chapter.story.activities.len()).sum();
    if rows == 0 {
        return Ok(());
    }
    let mut statement = db::query_built(format!(
        "INSERT INTO activities (client_id, kind, subject, body, happened_at, due_at, done_at, owner_id, author, \
         created_at, updated_at) VALUES {}",
        values::tuples(rows, 11)
    ));
    for (id, Chapter { story, .. }) in stored {
        for activity in &story.activities {
            statement = statement
                .bind(*id)
                .bind(activity.kind)
                .bind(activity.subject)
                .bind(activity.body)
                .bind(activity.happened_at)
                .bind(activity.is_task().then_some(activity.happened_at))
                .bind(activity.is_task().then_some(activity.happened_at))
                .bind(users.get(activity.author.name()).copied())
                .bind(activity.author.display_name())
                .bind(activity.happened_at)
                .bind(activity.happened_at);
        }
    }
    statement.execute(conn).await.map(drop)
}
