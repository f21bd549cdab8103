//! What the two dozen companies have beside their story: tags, things to do, accounts elsewhere, and a few leads, so that
//! no page of a new CRM is empty.

use std::collections::HashMap;

use toolcrib::db::{self, Conn, DbError, Value};

use super::ground::Ground;
use super::insert::Insert;
use super::prospects;
use super::story::{DAY, HOUR, Seller};
use crate::db::words::{self, Kind};

/// How many leads a new CRM has, and what they are made of.
const LEADS: u64 = 8;
const LEADS_SEED: u64 = 0x0c_1b;

/// Something to do: with which company (or none), what, whose, in how many days, how long after midnight.
type ToDo = (Option<usize>, &'static str, Seller, i64, i64);

const TO_DO: &[ToDo] = &[
    (Some(0), "Call back about the offer", Seller::Anna, -2, 10 * HOUR),
    (Some(2), "Send references", Seller::Anna, 0, 0),
    (Some(4), "Prepare the renewal", Seller::Anna, 1, 9 * HOUR),
    (None, "Order new brochures", Seller::Anna, 3, 0),
    (Some(12), "Arrange a visit", Seller::Anna, 16, 14 * HOUR),
    (Some(1), "Check the discount", Seller::Boris, -5, 0),
    (Some(3), "Ask for the delivery address", Seller::Boris, 0, 15 * HOUR),
    (Some(7), "Write the minutes", Seller::Boris, 2, 11 * HOUR),
    (None, "Book the stand at the trade fair", Seller::Boris, 5, 0),
    (Some(9), "Send the contract", Seller::Boris, 21, 0),
];

/// Which company has which tags.
const TAGGED: &[(usize, &[usize])] =
    &[(0, &[0, 1]), (1, &[1]), (4, &[0, 8]), (8, &[4]), (9, &[2]), (12, &[1, 8]), (18, &[0]), (21, &[2, 7])];

/// Which company has an account where, and what came of looking at it.
const ACCOUNTS: &[(usize, &str, &str, &str, &str)] = &[
    (0, "ledger", "ACC-900001", "sound", ""),
    (1, "parcels", "ACC-900002", "broken", "The reference is not known there."),
    (3, "payments", "ACC-900003", "unreachable", "There was no answer."),
    (8, "ledger", "ACC-900004", "unchecked", ""),
];

/// Stores it all. `clients` are the ids of the companies, in their order; none for one that was left out.
pub(super) async fn store(conn: &mut Conn, clients: &[Option<i64>], now: i64) -> Result<(), DbError> {
    let ground = Ground::look(conn, now).await?;
    let client = |place: usize| clients.get(place).copied().flatten();
    let mut tags = Insert::into("client_tags (client_id, tag_id)");
    for (place, places) in TAGGED {
        for tag in places.iter().filter_map(|tag| ground.tag(*tag)) {
            if let Some(client) = client(*place) {
                tags.row(vec![client.into(), tag.into()]);
            }
        }
    }
    tags.execute(conn).await?;
    let mut tasks = Insert::into(
        "activities (client_id, kind, subject, happened_at, due_at, owner_id, author, created_at, updated_at)",
    );
    // Noted before anything that is told of the companies: their latest activity stays what it was.
    let noted_at = now - 300 * DAY;
    for (place, subject, owner, days, at) in TO_DO {
        let due_at = ground.today() + days * DAY + at;
        tasks.row(vec![
            place.and_then(client).into(),
            "task".into(),
            (*subject).into(),
            noted_at.into(),
            due_at.into(),
            ground.user(*owner).into(),
            owner.display_name().into(),
            noted_at.into(),
            noted_at.into(),
        ]);
    }
    tasks.execute(conn).await?;
    let mut accounts = Insert::into(
        "external_accounts (client_id, provider, reference, state, message, checked_at, created_at, updated_at)",
    )
    .then("ON CONFLICT DO NOTHING");
    for (place, provider, reference, state, message) in ACCOUNTS {
        if let Some(client) = client(*place) {
            let checked_at: Value = (*state != "unchecked").then_some(now - DAY).into();
            accounts.row(vec![
                client.into(),
                (*provider).into(),
                (*reference).into(),
                (*state).into(),
                (*message).into(),
                checked_at,
                noted_at.into(),
                noted_at.into(),
            ]);
        }
    }
    accounts.execute(conn).await?;
    prospects::store(conn, &ground, LEADS_SEED, LEADS).await?;
    index(conn, clients).await
}

/// Keeps the words of what the companies' story wrote.
async fn index(conn: &mut Conn, clients: &[Option<i64>]) -> Result<(), DbError> {
    for (kind, select) in [
        (Kind::Client, "SELECT id, account, name || ' ' || industry || ' ' || city || ' ' || email, id FROM clients"),
        (Kind::Person, "SELECT client_id, name || ' ' || title, email, id FROM persons"),
        (Kind::Deal, "SELECT client_id, title, '', id FROM deals"),
        (Kind::Note, "SELECT client_id, subject, body, id FROM activities WHERE kind = 'note'"),
    ] {
        let rows: Vec<(i64, String, String, i64)> = db::query(select).fetch_all(conn).await?;
        let ours: HashMap<i64, ()> = clients.iter().flatten().map(|id| (*id, ())).collect();
        let texts: Vec<_> = rows
            .into_iter()
            .filter(|(client, ..)| ours.contains_key(client))
            .map(|(_, one, other, id)| (id, format!("{one}\n{other}")))
            .collect();
        words::index_many(conn, kind, &texts).await?;
    }
    Ok(())
}
