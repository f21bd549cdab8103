//! The records of invented companies, table by table.

use std::collections::HashMap;

use toolcrib::adapter::{fold, fold_all};
use toolcrib::db::{self, Conn, DbError, Value};

use super::ground::Ground;
use super::insert::Insert;
use super::invent::Invented;
use super::story::{DAY, HOUR};
use crate::db::words::{self, Kind};

/// How far apart deals lie in their column of the board.
pub(super) const GAP: i64 = 1 << 20;

/// Stores companies and all that belongs to them.
pub(super) async fn store(conn: &mut Conn, ground: &Ground, invented: &[Invented]) -> Result<(), DbError> {
    let ids = clients(conn, ground, invented).await?;
    // A company whose account somebody has taken is left out.
    let stored: Vec<(i64, &Invented)> =
        invented.iter().filter_map(|company| Some((*ids.get(&company.client.account)?, company))).collect();
    tagged(conn, ground, &stored).await?;
    let persons = persons(conn, ground, &stored).await?;
    let deals = deals(conn, ground, &stored, &persons).await?;
    activities(conn, ground, &stored, &persons, &deals).await?;
    tasks(conn, ground, &stored).await?;
    told(conn, ground, &stored).await?;
    accounts(conn, ground, &stored).await
}

/// Answers the ids by account.
async fn clients(conn: &mut Conn, ground: &Ground, invented: &[Invented]) -> Result<HashMap<String, i64>, DbError> {
    let mut insert = Insert::into(
        "clients (account, name, industry, city, website, phone, email, search, sort_name, owner_id, private, \
         created_at, updated_at)",
    )
    .then("ON CONFLICT (account) DO NOTHING RETURNING account, id");
    for company in invented {
        let client = &company.client;
        insert.row(vec![
            client.account.as_str().into(),
            client.name.as_str().into(),
            client.industry.as_str().into(),
            client.city.as_str().into(),
            client.website.as_str().into(),
            client.phone.as_str().into(),
            client.email.as_str().into(),
            client.search_text().into(),
            client.sort_name().into(),
            company.owner.and_then(|owner| ground.user(owner)).into(),
            company.private.into(),
            (ground.now - company.created_ago).into(),
            (ground.now - company.updated_ago).into(),
        ]);
    }
    let ids: HashMap<String, i64> = insert.fetch::<(String, i64)>(conn).await?.into_iter().collect();
    let searched: Vec<_> = invented
        .iter()
        .filter_map(|company| Some((*ids.get(&company.client.account)?, company.client.searched().join("\n"))))
        .collect();
    words::index_many(conn, Kind::Client, &searched).await?;
    Ok(ids)
}

async fn tagged(conn: &mut Conn, ground: &Ground, stored: &[(i64, &Invented)]) -> Result<(), DbError> {
    let mut insert = Insert::into("client_tags (client_id, tag_id)");
    for (id, company) in stored {
        for tag in company.tags.iter().filter_map(|place| ground.tag(*place)) {
            insert.row(vec![(*id).into(), tag.into()]);
        }
    }
    insert.execute(conn).await
}

/// The ids of what belongs to a client, by the client's, in the order it was made up.
type Of = HashMap<i64, Vec<i64>>;

fn of_clients(mut rows: Vec<(i64, i64)>) -> Of {
    rows.sort_unstable();
    let mut of = Of::new();
    for (client, id) in rows {
        of.entry(client).or_default().push(id);
    }
    of
}

async fn persons(conn: &mut Conn, ground: &Ground, stored: &[(i64, &Invented)]) -> Result<Of, DbError> {
    let mut insert =
        Insert::into("persons (client_id, name, title, email, phone, search, sort_name, created_at, updated_at)")
            .then("RETURNING client_id, id, name, title, email");
    for (id, company) in stored {
        let since = ground.now - company.created_ago;
        for person in &company.persons {
            insert.row(vec![
                (*id).into(),
                person.name.as_str().into(),
                person.title.into(),
                person.email.as_str().into(),
                person.phone.as_str().into(),
                fold_all(&[&person.name, &person.email]).into(),
                fold(&person.name).into(),
                since.into(),
                since.into(),
            ]);
        }
    }
    let rows: Vec<(i64, i64, String, String, String)> = insert.fetch(conn).await?;
    let searched: Vec<_> =
        rows.iter().map(|(_, id, name, title, email)| (*id, format!("{name}\n{title}\n{email}"))).collect();
    words::index_many(conn, Kind::Person, &searched).await?;
    Ok(of_clients(rows.into_iter().map(|(client, id, ..)| (client, id)).collect()))
}

async fn deals(conn: &mut Conn, ground: &Ground, stored: &[(i64, &Invented)], persons: &Of) -> Result<Of, DbError> {
    let mut position: i64 = db::query("SELECT COALESCE(MAX(position), 0) FROM deals").scalar(conn).await?;
    let mut insert = Insert::into(
        "deals (client_id, person_id, title, stage_id, position, amount_minor, currency, expected_at, closed_at, \
         owner_id, search, created_at, updated_at)",
    )
    .then("RETURNING client_id, id, title");
    for (id, company) in stored {
        for deal in &company.deals {
            let Some(stage) = ground.stage(deal.stage) else { continue };
            position += GAP;
            let person = persons.get(id).and_then(|persons| persons.get(deal.person)).copied();
            let created_at = ground.now - deal.created_ago;
            let closed_at = deal.closed_ago.map(|ago| ground.now - ago);
            insert.row(vec![
                (*id).into(),
                person.into(),
                deal.title.as_str().into(),
                stage.into(),
                position.into(),
                deal.amount_minor.into(),
                deal.currency.into(),
                (ground.today() + deal.expected_in * DAY).into(),
                closed_at.into(),
                company.owner.and_then(|owner| ground.user(owner)).into(),
                fold(&deal.title).into(),
                created_at.into(),
                closed_at.unwrap_or(created_at).into(),
            ]);
        }
    }
    let rows: Vec<(i64, i64, String)> = insert.fetch(conn).await?;
    let searched: Vec<_> = rows.iter().map(|(_, id, title)| (*id, title.clone())).collect();
    words::index_many(conn, Kind::Deal, &searched).await?;
    Ok(of_clients(rows.into_iter().map(|(client, id, _)| (client, id)).collect()))
}

const ACTIVITIES: &str = "activities (client_id, person_id, deal_id, kind, subject, body, happened_at, due_at, done_at, owner_id, \
                          author, created_at, updated_at)";

async fn activities(
    conn: &mut Conn,
    ground: &Ground,
    stored: &[(i64, &Invented)],
    persons: &Of,
    deals: &Of,
) -> Result<(), DbError> {
    let mut others = Insert::into(ACTIVITIES);
    let mut notes = Insert::into(ACTIVITIES).then("RETURNING id, subject, body");
    for (id, company) in stored {
        for happened in &company.happened {
            let at = ground.now - happened.ago;
            let (client, author) = (*id, happened.author);
            let one_of = |of: &Of, place: Option<usize>| of.get(&client)?.get(place?).copied();
            let done_at: Value = (happened.kind == "task").then_some(at).into();
            let insert = if happened.kind == "note" { &mut notes } else { &mut others };
            insert.row(vec![
                client.into(),
                one_of(persons, happened.person).into(),
                one_of(deals, happened.deal).into(),
                happened.kind.into(),
                happened.subject.into(),
                happened.body.as_str().into(),
                at.into(),
                done_at.clone(),
                done_at,
                ground.user(author).into(),
                author.display_name().into(),
                at.into(),
                at.into(),
            ]);
        }
    }
    others.execute(conn).await?;
    let rows: Vec<(i64, String, String)> = notes.fetch(conn).await?;
    let searched: Vec<_> = rows.iter().map(|(id, subject, body)| (*id, format!("{subject}\n{body}"))).collect();
    words::index_many(conn, Kind::Note, &searched).await
}

async fn tasks(conn: &mut Conn, ground: &Ground, stored: &[(i64, &Invented)]) -> Result<(), DbError> {
    let mut insert = Insert::into(ACTIVITIES);
    for (id, company) in stored {
        if let Some(task) = &company.task {
            let at = ground.now - company.updated_ago.max(HOUR);
            insert.row(vec![
                (*id).into(),
                Value::from(None::<i64>),
                Value::from(None::<i64>),
                "task".into(),
                task.subject.into(),
                "".into(),
                at.into(),
                (ground.today() + task.in_days * DAY + task.at).into(),
                Value::from(None::<i64>),
                ground.user(task.owner).into(),
                task.owner.display_name().into(),
                at.into(),
                at.into(),
            ]);
        }
    }
    insert.execute(conn).await
}

/// What the journal would have noted of it all.
async fn told(conn: &mut Conn, ground: &Ground, stored: &[(i64, &Invented)]) -> Result<(), DbError> {
    let mut events = Insert::into("timeline_events (client_id, kind, body, actor, happened_at)");
    let mut audit =
        Insert::into("audit_log (happened_at, actor_id, actor, action, record_kind, record_id, record_name, changes)");
    for (id, company) in stored {
        for event in &company.events {
            let at = ground.now - event.ago;
            let actor = event.actor.display_name();
            events.row(vec![(*id).into(), event.kind.into(), event.body.into(), actor.into(), at.into()]);
            audit.row(vec![
                at.into(),
                ground.user(event.actor).into(),
                actor.into(),
                event.kind.into(),
                "client".into(),
                (*id).into(),
                company.client.name.as_str().into(),
                "{}".into(),
            ]);
        }
    }
    events.execute(conn).await?;
    audit.execute(conn).await
}

async fn accounts(conn: &mut Conn, ground: &Ground, stored: &[(i64, &Invented)]) -> Result<(), DbError> {
    let mut insert = Insert::into(
        "external_accounts (client_id, provider, reference, state, message, checked_at, created_at, updated_at)",
    )
    .then("ON CONFLICT DO NOTHING");
    for (id, company) in stored {
        if let Some(account) = &company.account {
            let since = ground.now - company.created_ago;
            let checked_at = (account.state != "unchecked").then_some(ground.now - DAY);
            insert.row(vec![
                (*id).into(),
                account.provider.into(),
                account.reference.as_str().into(),
                account.state.into(),
                account.message.into(),
                checked_at.into(),
                since.into(),
                since.into(),
            ]);
        }
    }
    insert.execute(conn).await
}
