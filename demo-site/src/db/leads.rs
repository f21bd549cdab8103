//! Leads: whether one is there for somebody, and what becomes of it.

use toolcrib::adapter::{Row, fold, fold_all, like_pattern};
use toolcrib::db::{self, Conn, DbError};

use super::{values, visible};
use crate::adapters::{Conversion, Lead};

/// Providers of mailboxes: that two use the same says nothing about where they work.
const MAILBOX_PROVIDERS: [&str; 10] = [
    "gmail.com",
    "googlemail.com",
    "outlook.com",
    "hotmail.com",
    "yahoo.com",
    "icloud.com",
    "gmx.de",
    "gmx.net",
    "web.de",
    "proton.me",
];

/// A client that a lead may belong to.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Candidate {
    /// Its id.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Its code.
    pub account: String,
}

/// What a lead was turned into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Converted {
    /// The client.
    pub client_id: i64,
    /// The person there.
    pub person_id: i64,
    /// The deal, where one was made.
    pub deal_id: Option<i64>,
}

/// Answers a lead, if it is there for the viewer.
///
/// # Errors
/// Whatever the database says.
pub async fn find(conn: &mut Conn, id: i64, viewer: i64) -> Result<Option<Row<Lead>>, DbError> {
    let select = format!("SELECT COUNT(*) FROM leads WHERE id = $1 AND {}", visible::lead(2));
    if db::query_built(select).bind(id).bind(viewer).scalar::<i64>(conn).await? == 0 {
        return Ok(None);
    }
    Ok(Row::<Lead>::find(conn, id).await?.map(Lead::with_amount))
}

/// Keeps a lead from being changed until the transaction ends, and answers its version; nothing where it is not there for the
/// viewer.
///
/// # Errors
/// Whatever the database says.
pub async fn hold(tx: &mut Conn, id: i64, viewer: i64) -> Result<Option<i64>, DbError> {
    let update = format!("UPDATE leads SET version = version WHERE id = $1 AND {} RETURNING version", visible::lead(2));
    db::query_built(update).bind(id).bind(viewer).scalar_optional(tx).await
}

/// Answers clients with the folded name of a company, or with the domain of an e-mail address.
///
/// # Errors
/// Whatever the database says.
pub async fn candidates(conn: &mut Conn, company: &str, email: &str, viewer: i64) -> Result<Vec<Candidate>, DbError> {
    let name = fold(company);
    let domain = email.rsplit_once('@').map_or("", |(_, domain)| domain).to_lowercase();
    let domain = if MAILBOX_PROVIDERS.contains(&domain.as_str()) { "" } else { domain.as_str() };
    if name.is_empty() && domain.is_empty() {
        return Ok(Vec::new());
    }
    let select = format!(
        "SELECT id, name, account FROM clients WHERE (($1 <> '' AND sort_name = $1) OR \
         ($2 <> '' AND search LIKE $3 ESCAPE '\\')) AND {} ORDER BY sort_name, id LIMIT 10",
        visible::client(4)
    );
    db::query_built(select)
        .bind(name)
        .bind(domain)
        .bind(like_pattern(&format!("@{}", fold(domain))))
        .bind(viewer)
        .fetch_all(conn)
        .await
}

/// Answers the codes of clients that begin like this: at most a thousand.
///
/// # Errors
/// Whatever the database says.
pub async fn accounts_like(conn: &mut Conn, stem: &str) -> Result<Vec<String>, DbError> {
    db::query("SELECT account FROM clients WHERE account = $1 OR account LIKE $2 ESCAPE '\\' ORDER BY id LIMIT 1000")
        .bind(stem)
        .bind(like_pattern(&format!("{stem}-")).trim_start_matches('%'))
        .scalars(conn)
        .await
}

/// Takes a lead for its conversion: nobody else can, from here on. Answers whether it was there to be taken.
///
/// # Errors
/// Whatever the database says.
pub async fn take(tx: &mut Conn, id: i64, viewer: i64, now: i64) -> Result<bool, DbError> {
    let update = format!(
        "UPDATE leads SET status = 'converted', converted_at = $3, updated_at = $3, version = version + 1 \
         WHERE id = $1 AND status <> 'converted' AND {}",
        visible::lead(2)
    );
    Ok(db::query_built(update).bind(id).bind(viewer).bind(now).execute(tx).await? == 1)
}

/// Makes the client of a conversion, as visible as the lead was. Nothing where its code is taken.
///
/// # Errors
/// Whatever the database says.
pub async fn add_client(tx: &mut Conn, wanted: &Conversion, lead: &Lead, now: i64) -> Result<Option<i64>, DbError> {
    let (name, account) = (&wanted.client_name, &wanted.account);
    db::query_built(format!(
        "INSERT INTO clients (account, name, email, owner_id, private, search, sort_name, created_at, updated_at) \
         VALUES {} ON CONFLICT DO NOTHING RETURNING id",
        values::tuples(1, 9)
    ))
    .bind(account)
    .bind(name)
    .bind("")
    .bind(lead.owner_id)
    .bind(lead.private)
    .bind(fold_all(&[account, name]))
    .bind(fold(name))
    .bind(now)
    .bind(now)
    .scalar_optional(tx)
    .await
}

/// Makes the person of a conversion.
///
/// # Errors
/// Whatever the database says.
pub async fn add_person(tx: &mut Conn, wanted: &Conversion, client_id: i64, now: i64) -> Result<i64, DbError> {
    db::query_built(format!(
        "INSERT INTO persons (client_id, name, title, email, phone, search, sort_name, created_at, updated_at) \
         VALUES {} RETURNING id",
        values::tuples(1, 9)
    ))
    .bind(client_id)
    .bind(&wanted.person_name)
    .bind(&wanted.person_title)
    .bind(&wanted.person_email)
    .bind(&wanted.person_phone)
    .bind(fold_all(&[&wanted.person_name, &wanted.person_email]))
    .bind(fold(&wanted.person_name))
    .bind(now)
    .bind(now)
    .scalar(tx)
    .await
}

/// Makes the deal of a conversion, at a place of its stage.
///
/// # Errors
/// Whatever the database says.
pub async fn add_deal(
    tx: &mut Conn,
    wanted: &Conversion,
    (client_id, person_id): (i64, i64),
    (amount_minor, position, closed_at): (i64, i64, Option<i64>),
    owner_id: Option<i64>,
    now: i64,
) -> Result<i64, DbError> {
    db::query_built(format!(
        "INSERT INTO deals (client_id, person_id, title, stage_id, position, amount_minor, currency, closed_at, owner_id, \
         search, created_at, updated_at) VALUES {} RETURNING id",
        values::tuples(1, 12)
    ))
    .bind(client_id)
    .bind(person_id)
    .bind(&wanted.deal_title)
    .bind(wanted.stage_id)
    .bind(position)
    .bind(amount_minor)
    .bind(&wanted.currency)
    .bind(closed_at)
    .bind(owner_id)
    .bind(fold(&wanted.deal_title))
    .bind(now)
    .bind(now)
    .scalar(tx)
    .await
}

/// Links a taken lead with what became of it.
///
/// # Errors
/// Whatever the database says.
pub async fn link(tx: &mut Conn, id: i64, made: Converted) -> Result<(), DbError> {
    db::query("UPDATE leads SET client_id = $1, person_id = $2, deal_id = $3 WHERE id = $4")
        .bind(made.client_id)
        .bind(made.person_id)
        .bind(made.deal_id)
        .bind(id)
        .execute(tx)
        .await
        .map(drop)
}

/// A record a lead was turned into, as far as the viewer may see it: its id and name.
pub type Link = Option<(i64, String)>;

/// Answers the client, the person and the deal a lead was turned into.
///
/// # Errors
/// Whatever the database says.
pub async fn links(conn: &mut Conn, lead: &Lead, viewer: i64) -> Result<[Link; 3], DbError> {
    let mut found = [None, None, None];
    let wanted = [
        ("clients", "name", lead.client_id, visible::client(2)),
        ("persons", "name", lead.person_id, visible::of_client("persons.client_id", 2)),
        ("deals", "title", lead.deal_id, visible::of_client("deals.client_id", 2)),
    ];
    for (place, (table, name, id, condition)) in found.iter_mut().zip(wanted) {
        let Some(id) = id else { continue };
        let select = format!("SELECT id, {name} FROM {table} WHERE id = $1 AND {condition}");
        *place = db::query_built(select).bind(id).bind(viewer).fetch_optional(conn).await?;
    }
    Ok(found)
}
