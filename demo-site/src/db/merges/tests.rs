use toolcrib::db::Db;

use super::*;
use crate::db::fixture::{on_both_engines, two_users_and_clients};
use crate::db::journal::Actor;

on_both_engines! {
    a_merge_moves_everything_and_undoing_moves_it_back,
    what_was_changed_since_is_neither_merged_nor_undone,
    what_is_gone_is_not_missed_and_what_was_added_stays,
    accounts_may_be_exchanged,
    a_merged_client_leads_to_where_it_went,
}

const BY: fn(&Actor) -> By<'_> = |actor| By { actor, viewer: 2, now: 9 };

async fn run(tx: &mut Conn, statements: &[&'static str]) {
    for statement in statements {
        db::query(statement).execute(tx).await.unwrap();
    }
}

/// B (2) and C (3), each with something of every kind.
async fn furnished(tx: &mut Conn) {
    two_users_and_clients(tx).await;
    run(
        tx,
        &[
            "INSERT INTO persons (client_id, name, search, sort_name, created_at, updated_at) VALUES \
             (2, 'P2', '', '', 1, 1), (3, 'P3', '', '', 1, 1)",
            "INSERT INTO deals (client_id, title, stage_id, amount_minor, currency, search, created_at, updated_at) \
             SELECT clients.id, 'D' || clients.account, (SELECT MIN(id) FROM stages), 1, 'EUR', '', 1, 1 FROM clients WHERE id IN (2, 3)",
            "INSERT INTO activities (client_id, kind, subject, happened_at, author, created_at, updated_at) VALUES \
             (2, 'note', 'A2', 1, '', 1, 1), (3, 'note', 'A3', 1, '', 1, 1)",
            "INSERT INTO timeline_events (client_id, kind, body, actor, happened_at) VALUES (2, 'added', 'T2', '', 1), (3, 'added', 'T3', '', 1)",
            "INSERT INTO external_accounts (client_id, provider, reference, created_at, updated_at) VALUES (3, 'x', 'y', 1, 1)",
            "INSERT INTO leads (name, search, sort_name, client_id, created_at, updated_at) VALUES ('L3', '', '', 3, 1, 1)",
            "INSERT INTO tags (name, search, created_at, updated_at) VALUES ('New', 'new', 1, 1)",
            "INSERT INTO client_tags (client_id, tag_id) VALUES (3, 1), (3, 2)",
            "INSERT INTO tracking (account, created_at) VALUES ('C', 1)",
        ],
    )
    .await;
}

/// Everything of the two clients, but for versions and times.
async fn picture(tx: &mut Conn) -> Vec<String> {
    let mut picture: Vec<String> = Vec::new();
    for (_, table, ..) in MOVING {
        let select = format!("SELECT '{table} ' || id || ' ' || client_id FROM {table} WHERE id < 3 ORDER BY id");
        picture.extend(db::query_built(select).scalars::<String>(tx).await.unwrap());
    }
    for select in [
        "SELECT 'tag ' || client_id || ' ' || tag_id FROM client_tags ORDER BY client_id, tag_id",
        "SELECT 'client ' || id || account || name || city || search || sort_name || COALESCE(owner_id, 0) || COALESCE(merged_into, 0) \
         FROM clients ORDER BY id",
        "SELECT 'tracking ' || account FROM tracking",
    ] {
        picture.extend(db::query(select).scalars::<String>(tx).await.unwrap());
    }
    picture
}

async fn both(tx: &mut Conn) -> (Side, Side) {
    (side(tx, 2, 2).await.unwrap().unwrap(), side(tx, 3, 2).await.unwrap().unwrap())
}

async fn refresh(tx: &mut Conn, kept: &Side) {
    // The fixture's rows have made-up search texts: written once as the program writes them.
    write(tx, kept.id, kept.version, &kept.facts, 1).await.unwrap().unwrap();
}

async fn a_merge_moves_everything_and_undoing_moves_it_back(db: Db) {
    let mut tx = db.begin().await.unwrap();
    furnished(&mut tx).await;
    let (kept, _) = both(&mut tx).await;
    refresh(&mut tx, &kept).await;
    let (kept, gone) = both(&mut tx).await;
    let before = picture(&mut tx).await;
    let counts = moving(&mut tx, 3).await.unwrap();
    assert_eq!(counts.iter().map(|(_, records)| *records).collect::<Vec<_>>(), [1, 1, 1, 1, 1, 1, 2]);
    let actor = Actor::program();
    let chosen = Facts { name: gone.facts.name.clone(), ..kept.facts.clone() };
    let id = merge(&mut tx, &kept, &gone, &chosen, BY(&actor)).await.unwrap().unwrap();
    let at_gone =
        picture(&mut tx).await.into_iter().filter(|line| line.ends_with(" 3") && !line.starts_with("tag")).count();
    assert_eq!(at_gone, 0);
    let now = side(&mut tx, 2, 2).await.unwrap().unwrap();
    assert_eq!((now.facts.name.as_str(), now.version), ("Nobody's", kept.version + 1));
    assert_eq!(side(&mut tx, 3, 2).await.unwrap(), None);
    let record = find(&mut tx, id, 2).await.unwrap().unwrap();
    assert_eq!(record.before().kept.name, "His");
    assert_eq!(moved_by(&mut tx, id).await.unwrap().iter().map(|moved| moved.records).sum::<i64>(), 7);
    assert_eq!(of_gone(&mut tx, 2, 3, 2).await.unwrap().map(|merge| merge.id), Some(id));
    assert_eq!(undo(&mut tx, &record, BY(&actor)).await.unwrap(), Undone::Done { missing: 0 });
    assert_eq!(picture(&mut tx).await, before);
    assert_eq!(undo(&mut tx, &record, BY(&actor)).await.unwrap(), Undone::Already);
    assert_eq!(picture(&mut tx).await, before);
    assert_eq!(latest(&mut tx, 2).await.unwrap().len(), 1);
}

async fn what_was_changed_since_is_neither_merged_nor_undone(db: Db) {
    let mut tx = db.begin().await.unwrap();
    furnished(&mut tx).await;
    let (kept, gone) = both(&mut tx).await;
    let actor = Actor::program();
    run(&mut tx, &["UPDATE clients SET version = version + 1 WHERE id = 3"]).await;
    assert_eq!(merge(&mut tx, &kept, &gone, &kept.facts, BY(&actor)).await.unwrap(), None);
    let (kept, gone) = both(&mut tx).await;
    let id = merge(&mut tx, &kept, &gone, &kept.facts, BY(&actor)).await.unwrap().unwrap();
    let record = find(&mut tx, id, 2).await.unwrap().unwrap();
    run(&mut tx, &["UPDATE clients SET version = version + 1 WHERE id = 2"]).await;
    let before = picture(&mut tx).await;
    assert_eq!(undo(&mut tx, &record, BY(&actor)).await.unwrap(), Undone::Changed);
    assert_eq!(picture(&mut tx).await, before);
}

async fn what_is_gone_is_not_missed_and_what_was_added_stays(db: Db) {
    let mut tx = db.begin().await.unwrap();
    furnished(&mut tx).await;
    let (kept, gone) = both(&mut tx).await;
    let actor = Actor::program();
    let id = merge(&mut tx, &kept, &gone, &kept.facts, BY(&actor)).await.unwrap().unwrap();
    run(
        &mut tx,
        &[
            "DELETE FROM persons WHERE name = 'P3'",
            "UPDATE deals SET client_id = 1 WHERE title = 'DC'",
            "DELETE FROM client_tags WHERE client_id = 2 AND tag_id = 2",
            "INSERT INTO persons (client_id, name, search, sort_name, created_at, updated_at) VALUES (2, 'Later', '', '', 10, 10)",
        ],
    )
    .await;
    let record = find(&mut tx, id, 2).await.unwrap().unwrap();
    assert_eq!(undo(&mut tx, &record, BY(&actor)).await.unwrap(), Undone::Done { missing: 2 });
    let persons: Vec<(String, i64)> =
        db::query("SELECT name, client_id FROM persons ORDER BY id").fetch_all(&mut tx).await.unwrap();
    assert_eq!(persons, [("P2".to_owned(), 2), ("Later".to_owned(), 2)]);
    let deal: i64 = db::query("SELECT client_id FROM deals WHERE title = 'DC'").scalar(&mut tx).await.unwrap();
    assert_eq!(deal, 1);
}

async fn accounts_may_be_exchanged(db: Db) {
    let mut tx = db.begin().await.unwrap();
    furnished(&mut tx).await;
    let (kept, gone) = both(&mut tx).await;
    let actor = Actor::program();
    let chosen = Facts { account: "C".into(), ..kept.facts.clone() };
    let id = merge(&mut tx, &kept, &gone, &chosen, BY(&actor)).await.unwrap().unwrap();
    let accounts = "SELECT account FROM clients WHERE id IN (2, 3) ORDER BY id";
    assert_eq!(db::query(accounts).scalars::<String>(&mut tx).await.unwrap(), ["C", "B"]);
    let record = find(&mut tx, id, 2).await.unwrap().unwrap();
    undo(&mut tx, &record, BY(&actor)).await.unwrap();
    assert_eq!(db::query(accounts).scalars::<String>(&mut tx).await.unwrap(), ["B", "C"]);
}

async fn a_merged_client_leads_to_where_it_went(db: Db) {
    let mut tx = db.begin().await.unwrap();
    two_users_and_clients(&mut tx).await;
    assert_eq!(merged_into(&mut tx, 4, 1).await.unwrap(), Some(2));
    assert_eq!(merged_into(&mut tx, 3, 1).await.unwrap(), None);
    run(&mut tx, &["UPDATE clients SET merged_into = 1 WHERE id = 2"]).await;
    assert_eq!(merged_into(&mut tx, 4, 1).await.unwrap(), Some(1));
    // What it was merged into is Anna's private one: for Boris it leads nowhere.
    assert_eq!(merged_into(&mut tx, 4, 2).await.unwrap(), None);
    run(&mut tx, &["UPDATE clients SET private = TRUE, owner_id = 2 WHERE id = 4"]).await;
    assert_eq!(merged_into(&mut tx, 4, 1).await.unwrap(), None);
}
