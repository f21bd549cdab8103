use std::time::{Duration, Instant};

use toolcrib::db::{self, Conn, Db};
use toolcrib::users::{PasswordHash, Users};

use super::companies::COMPANIES;
use super::*;
use crate::db::fixture::{all_clients, on_both_engines};
use crate::db::{desk, panels, timeline};
use crate::domain::csv_import;

const NOW: i64 = 1_700_000_000_000_000;

on_both_engines! {
    a_new_crm_has_users_clients_and_a_story,
    a_crm_with_users_is_left_alone,
    two_that_start_at_once_do_not_collide,
    what_was_imported_before_stays,
    the_desk_shows_the_newest_and_sums_what_is_open,
    panels_and_the_desk_use_indexes,
}

/// A client as the seed stored it.
#[derive(sqlx::FromRow)]
struct Stored {
    id: i64,
    name: String,
    owner_id: Option<i64>,
    created_at: i64,
    updated_at: i64,
}

async fn stored(conn: &mut Conn) -> Vec<Stored> {
    let all = "SELECT id, name, owner_id, created_at, updated_at FROM clients ORDER BY account";
    db::query(all).fetch_all(conn).await.unwrap()
}

async fn fill(db: &Db) -> Seeded {
    let users = Users::of_database(db);
    let mut tx = db.begin().await.unwrap();
    for role in crate::site::roles() {
        // The second time they are there.
        let _ = users.create_role(&mut tx, &role).await;
    }
    let password = PasswordHash::made_elsewhere("$argon2id$x");
    let seeded = seed(&mut tx, &users, &password, NOW).await.unwrap();
    tx.commit().await.unwrap();
    seeded
}

async fn a_new_crm_has_users_clients_and_a_story(db: Db) {
    let start = Instant::now();
    assert_eq!(fill(&db).await, Seeded::Done);
    assert!(start.elapsed() < Duration::from_secs(5));

    let mut conn = db.read().await.unwrap();
    let users = Users::of_database(&db);
    assert_eq!(users.count(&mut conn).await.unwrap(), 4);
    for (name, role) in [("admin", "admin"), ("anna", "sales"), ("boris", "sales"), ("vera", "viewer")] {
        let user = users.by_name(&mut conn, name).await.unwrap().unwrap();
        assert_eq!((user.roles, user.disabled), (vec![role.to_owned()], false));
    }
    let all = stored(&mut conn).await;
    assert_eq!(all.len(), COMPANIES.len());
    for client in &all {
        assert!(client.owner_id.is_some());
        assert!(client.created_at <= client.updated_at && client.updated_at < NOW);
        let contacts = panels::contacts(&mut conn, client.id).await.unwrap();
        assert!((2..=4).contains(&contacts.len()));
        assert!(contacts.is_sorted_by_key(|contact| contact.name.clone()));
        let deals = panels::deals(&mut conn, client.id).await.unwrap();
        assert!((1..=3).contains(&deals.len()));
        let activities = timeline::page(&mut conn, client.id, None, None).await.unwrap();
        assert!((4..=20).contains(&activities.len()));
        assert!(activities.is_sorted_by_key(|activity| std::cmp::Reverse(activity.happened_at)));
        assert_eq!(activities[0].happened_at, client.updated_at);
    }
    assert!(panels::contacts(&mut conn, -1).await.unwrap().is_empty());
}

async fn a_crm_with_users_is_left_alone(db: Db) {
    assert_eq!(fill(&db).await, Seeded::Done);
    let before = all_clients(&mut db.read().await.unwrap()).await;
    assert_eq!(fill(&db).await, Seeded::AlreadyThere);
    let after = all_clients(&mut db.read().await.unwrap()).await;
    assert_eq!(before, after);
}

async fn two_that_start_at_once_do_not_collide(db: Db) {
    let mut outcomes = <[Seeded; 2]>::from(tokio::join!(fill(&db), fill(&db)));
    outcomes.sort_by_key(|outcome| *outcome == Seeded::AlreadyThere);
    assert_eq!(outcomes, [Seeded::Done, Seeded::AlreadyThere]);
    let all = all_clients(&mut db.read().await.unwrap()).await;
    assert_eq!(all.len(), COMPANIES.len());
}

async fn what_was_imported_before_stays(db: Db) {
    let mut tx = db.begin().await.unwrap();
    let rows = csv_import::read(b"Account,Name\nTC-1001,Somebody else\n").unwrap();
    let run_id = crate::db::imports::add(&mut tx, &crate::db::imports::NewRun::default(), NOW).await.unwrap();
    let origin = crate::db::import::Origin { run_id, owner_id: None };
    crate::db::import::apply(&mut tx, rows, origin, NOW).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(fill(&db).await, Seeded::Done);
    let mut conn = db.read().await.unwrap();
    let all = stored(&mut conn).await;
    assert_eq!(all.len(), COMPANIES.len());
    assert_eq!(all[0].name, "Somebody else");
    assert!(panels::contacts(&mut conn, all[0].id).await.unwrap().is_empty());
}

async fn the_desk_shows_the_newest_and_sums_what_is_open(db: Db) {
    let mut conn = db.read().await.unwrap();
    assert_eq!(desk::pipeline(&mut conn, 1).await.unwrap(), []);
    assert_eq!(desk::recent_clients(&mut conn, 1, 8).await.unwrap(), []);
    drop(conn);

    assert_eq!(fill(&db).await, Seeded::Done);
    let mut conn = db.read().await.unwrap();
    let pipeline = desk::pipeline(&mut conn, 1).await.unwrap();
    assert!(!pipeline.is_empty());
    assert!(pipeline.iter().all(|sum| sum.deals > 0 && sum.weighted_minor > 0 && sum.weighted_minor < sum.open_minor));
    let latest = desk::happenings(&mut conn, 1, i64::MAX, 8).await.unwrap();
    assert_eq!(latest.len(), 8);
    assert!(latest.is_sorted_by_key(|happened| std::cmp::Reverse(happened.happened_at)));
    let newest: i64 = db::query("SELECT MAX(happened_at) FROM activities").scalar(&mut conn).await.unwrap();
    assert_eq!(latest[0].happened_at, newest);
}

async fn panels_and_the_desk_use_indexes(db: Db) {
    if db.engine() != db::Engine::Sqlite {
        // PostgreSQL decides by the size of the tables; the indexes are the same.
        return;
    }
    let mut conn = db.read().await.unwrap();
    for select in [
        "SELECT id FROM persons WHERE client_id = 1 ORDER BY name, id LIMIT 200",
        "SELECT id FROM deals WHERE client_id = 1 ORDER BY created_at DESC, id DESC LIMIT 200",
        "SELECT id FROM activities WHERE client_id = 1 ORDER BY happened_at DESC, id DESC LIMIT 10",
        "SELECT id FROM activities ORDER BY happened_at DESC, id DESC LIMIT 10",
    ] {
        let plan = db::query_built(format!("EXPLAIN QUERY PLAN {select}"))
            .fetch_all::<(i64, i64, i64, String)>(&mut conn)
            .await
            .unwrap();
        assert_eq!(plan.len(), 1, "no sorting besides: {plan:?}");
        assert!(plan[0].3.contains("INDEX"), "{plan:?}");
    }
}
