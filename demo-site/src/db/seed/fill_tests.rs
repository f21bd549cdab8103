use std::collections::{BTreeMap, BTreeSet};

use toolcrib::adapter::checked;
use toolcrib::db::{self, Conn, Db, Engine};

use super::fill::{Size, fill, is_filled};
use super::invent::{Stage, company, is_duplicate};
use super::{companies, prospects, reset};
use crate::db::fixture::on_both_engines;

const NOW: i64 = 1_700_000_000_000_000;

on_both_engines! {
    a_small_crm_has_something_of_everything,
    a_reset_leaves_users_and_pipelines,
}

/// FNV-1a.
fn hash(seed: u64) -> u64 {
    let records: Vec<_> = (0..200).map(|number| (company(seed, number), prospects::lead(seed, number))).collect();
    format!("{records:?}")
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[test]
fn the_same_seed_makes_the_same_records() {
    assert_eq!(hash(7), hash(7));
    assert_ne!(hash(7), hash(8));
}

#[test]
fn invented_companies_are_sound_and_differ() {
    let (mut names, mut accounts) = (BTreeSet::new(), BTreeSet::new());
    for number in (0..2_000).chain(48_000..49_976) {
        let invented = company(7, number);
        let client = checked(invented.client.clone()).unwrap_or_else(|errors| panic!("{invented:?}: {errors}"));
        assert_eq!(client, invented.client, "trimmed");
        assert!(accounts.insert(client.account.clone()));
        assert!(is_duplicate(number) || names.insert(client.name.clone()), "twice: {}", client.name);
        assert!((2..=4).contains(&invented.persons.len()));
        assert!(invented.updated_ago <= invented.created_ago);
        for deal in &invented.deals {
            assert_eq!(deal.closed_ago.is_none(), matches!(deal.stage, Stage::Open(_)));
            assert!(deal.closed_ago.is_none_or(|closed| closed <= deal.created_ago));
        }
        assert!(!invented.private || invented.owner.is_some());
    }
    let (one, again) = (company(7, 48).client, company(7, 49).client);
    assert!(is_duplicate(49) && one.website == again.website && one.account != again.account);
}

async fn count(conn: &mut Conn, from: &str) -> i64 {
    db::query_built(format!("SELECT COUNT(*) FROM {from}")).scalar(conn).await.unwrap()
}

async fn users(conn: &mut Conn) {
    db::query(
        "INSERT INTO toolcrib_users (name, display_name, search, password_hash, created_at, changed_at) \
         VALUES ('anna', 'Anna', 'anna', '', 1, 1), ('boris', 'Boris', 'boris', '', 1, 1)",
    )
    .execute(conn)
    .await
    .unwrap();
}

async fn filled(db: &Db) {
    let mut tx = db.begin().await.unwrap();
    users(&mut tx).await;
    companies(&mut tx, NOW).await.unwrap();
    assert!(!is_filled(&mut tx).await.unwrap());
    tx.commit().await.unwrap();
    let mut told = Vec::new();
    fill(db, Size::Small, 7, NOW, |done, of| told.push((done, of))).await.unwrap();
    assert_eq!(told, [(176, 176)]);
}

async fn a_small_crm_has_something_of_everything(db: Db) {
    filled(&db).await;
    let mut conn = db.read().await.unwrap();
    assert!(is_filled(&mut conn).await.unwrap());
    assert_eq!(count(&mut conn, "clients").await, 200);
    for (from, least) in [
        ("persons", 400),
        ("deals WHERE closed_at IS NULL", 60),
        ("deals WHERE closed_at IS NOT NULL AND person_id IS NOT NULL", 60),
        ("activities", 2_000),
        ("activities WHERE deal_id IS NOT NULL AND person_id IS NOT NULL", 300),
        ("activities WHERE kind = 'task' AND done_at IS NULL AND due_at < 1700000000000000", 3),
        ("activities WHERE kind = 'task' AND done_at IS NULL AND due_at > 1700000000000000", 3),
        ("leads", 40),
        ("tags", 10),
        ("client_tags", 100),
        ("external_accounts", 5),
        ("external_accounts WHERE state = 'broken'", 1),
        ("timeline_events", 150),
        ("audit_log", 150),
        ("clients WHERE private", 1),
    ] {
        let found = count(&mut conn, from).await;
        assert!(found >= least, "{found} {from}");
    }
    let kinds: Vec<(i64, i64)> =
        db::query("SELECT kind, COUNT(DISTINCT record_id) FROM search_words GROUP BY kind ORDER BY kind")
            .fetch_all(&mut conn)
            .await
            .unwrap();
    let found = BTreeMap::from_iter(kinds);
    for (kind, from) in [(1, "clients"), (2, "persons"), (3, "deals"), (4, "activities WHERE kind = 'note'")] {
        assert_eq!(found.get(&kind).copied(), Some(count(&mut conn, from).await), "{from} with words");
    }
    // Everything belongs to the client it is said to belong to.
    for strangers in [
        "deals JOIN persons ON persons.id = deals.person_id WHERE persons.client_id <> deals.client_id",
        "activities JOIN persons ON persons.id = activities.person_id WHERE persons.client_id <> activities.client_id",
        "activities JOIN deals ON deals.id = activities.deal_id WHERE deals.client_id <> activities.client_id",
    ] {
        assert_eq!(count(&mut conn, strangers).await, 0, "{strangers}");
    }
}

async fn a_reset_leaves_users_and_pipelines(db: Db) {
    filled(&db).await;
    let mut tx = db.begin().await.unwrap();
    reset(&mut tx).await.unwrap();
    let tables = match tx.engine() {
        Engine::Sqlite => "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
        Engine::Postgres => {
            "SELECT CAST(table_name AS TEXT) FROM information_schema.tables WHERE table_schema = 'public'"
        }
    };
    let mut left = BTreeSet::new();
    for table in db::query(tables).scalars::<String>(&mut tx).await.unwrap() {
        if !table.contains("migrations") && count(&mut tx, &table).await > 0 {
            left.insert(table);
        }
    }
    assert_eq!(left, BTreeSet::from(["pipelines", "stages", "toolcrib_users"].map(str::to_owned)));
    companies(&mut tx, NOW).await.unwrap();
    assert_eq!(count(&mut tx, "clients").await, 24);
}
