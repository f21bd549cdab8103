//! Moves and columns on both engines.

use toolcrib::db::{self, Conn, Db};

use super::{Wanted, cards, find, has_place, hold, is_there, page, place_after, put, sums};
use crate::db::fixture::on_both_engines;
use crate::db::pipelines::{self, Ordered};

on_both_engines! {
    a_column_stays_in_the_order_of_its_moves,
    two_movers_in_one_column_take_turns,
    a_move_into_won_closes_and_back_opens,
    whole_columns_are_summed_and_their_first_cards_shown,
    somebody_elses_private_deals_are_not_there,
    a_removed_stage_leaves_its_deals_below_the_others,
    a_stage_steps_once_by_its_version,
}

/// Two users, a client of each kind, the pipeline of the migrations.
async fn scene(tx: &mut Conn) {
    for statement in [
        "INSERT INTO toolcrib_users (id, name, display_name, search, password_hash, created_at, changed_at) \
         VALUES (1, 'anna', 'Anna', 'anna', '', 1, 1), (2, 'boris', 'Boris', 'boris', '', 1, 1)",
        "INSERT INTO clients (id, account, name, search, sort_name, owner_id, private, created_at, updated_at) VALUES \
         (1, 'A', 'Acme', 'acme', 'acme', 1, FALSE, 1, 1), (2, 'B', 'Hers', 'hers', 'hers', 1, TRUE, 1, 1)",
    ] {
        db::query(statement).execute(tx).await.unwrap();
    }
}

async fn deal(tx: &mut Conn, id: i64, client: i64, stage: i64, position: i64, amount: i64, currency: &str) {
    db::query(
        "INSERT INTO deals (id, client_id, title, stage_id, position, amount_minor, currency, owner_id, search, created_at, \
         updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $2, $3, 1, 1)",
    )
    .bind(id)
    .bind(client)
    .bind(format!("deal {id}"))
    .bind(stage)
    .bind(position)
    .bind(amount)
    .bind(currency)
    .execute(tx)
    .await
    .unwrap();
}

async fn order(conn: &mut Conn, stage: i64) -> Vec<i64> {
    let query = db::query("SELECT id FROM deals WHERE stage_id = $1 ORDER BY position, id");
    query.bind(stage).scalars(conn).await.unwrap()
}

async fn move_to(tx: &mut Conn, id: i64, stage: i64, after: Option<i64>) {
    let stage = pipelines::hold_stage(tx, stage).await.unwrap().unwrap();
    let held = hold(tx, id, 1).await.unwrap().unwrap();
    let position = place_after(tx, stage.id, after, Some(id)).await.unwrap().unwrap();
    put(tx, &held, (stage.id, position), stage.is_closed().then_some(9), 9).await.unwrap();
    let held = hold(tx, id, 1).await.unwrap().unwrap();
    assert!(has_place(tx, &held, stage.id, after).await.unwrap(), "{id} behind {after:?}");
}

/// Against a plain list, with positions that are used up at once.
async fn a_column_stays_in_the_order_of_its_moves(db: Db) {
    let mut tx = db.begin().await.unwrap();
    scene(&mut tx).await;
    for id in 1..=6 {
        deal(&mut tx, id, 1, 1, id, 1, "EUR").await;
    }
    let mut plain = vec![1, 2, 3, 4, 5, 6];
    let mut number = 7_usize;
    for _ in 0..120 {
        number = number.wrapping_mul(1_103_515_245).wrapping_add(12_345) % 2_147_483_648;
        let id = plain.remove(number / 7 % plain.len());
        let at = number / 1_000 % (plain.len() + 1);
        plain.insert(at, id);
        move_to(&mut tx, id, 1, at.checked_sub(1).map(|before| plain[before])).await;
        assert_eq!(order(&mut tx, 1).await, plain);
    }
    assert_eq!(place_after(&mut tx, 1, Some(99), Some(1)).await.unwrap(), None, "behind one that is not there");
    assert_eq!(place_after(&mut tx, 2, Some(1), None).await.unwrap(), None, "behind one of another column");
}

async fn two_movers_in_one_column_take_turns(db: Db) {
    let mut tx = db.begin().await.unwrap();
    scene(&mut tx).await;
    for id in 1..=4 {
        deal(&mut tx, id, 1, if id < 3 { 1 } else { 2 }, id, 1, "EUR").await;
    }
    tx.commit().await.unwrap();
    // Both behind deal 1: whoever comes second stands before the first, not in the same place.
    let both = [3, 4].map(|id| {
        let db = db.clone();
        async move {
            let mut tx = db.begin().await.unwrap();
            move_to(&mut tx, id, 1, Some(1)).await;
            tx.commit().await.unwrap();
        }
    });
    futures_util::future::join_all(both).await;
    let mut conn = db.read().await.unwrap();
    let found = order(&mut conn, 1).await;
    assert!(found == [1, 3, 4, 2] || found == [1, 4, 3, 2], "{found:?}");
    let places: i64 =
        db::query("SELECT COUNT(DISTINCT position) FROM deals WHERE stage_id = 1").scalar(&mut conn).await.unwrap();
    assert_eq!(places, 4);
}

async fn a_move_into_won_closes_and_back_opens(db: Db) {
    let mut tx = db.begin().await.unwrap();
    scene(&mut tx).await;
    deal(&mut tx, 1, 1, 1, 1, 1, "EUR").await;
    for (stage, closed_at, version) in [(4, Some(9), 2), (5, Some(9), 3), (1, None, 4)] {
        move_to(&mut tx, 1, stage, None).await;
        let held = hold(&mut tx, 1, 1).await.unwrap().unwrap();
        assert_eq!((held.stage_id, held.closed_at, held.version), (stage, closed_at, version));
    }
    deal(&mut tx, 2, 1, 1, 9_000_000, 1, "EUR").await;
    move_to(&mut tx, 1, 1, Some(2)).await;
    let held = hold(&mut tx, 1, 1).await.unwrap().unwrap();
    assert_eq!(held.version, 4, "another place is no change of the deal");
}

async fn whole_columns_are_summed_and_their_first_cards_shown(db: Db) {
    let mut tx = db.begin().await.unwrap();
    scene(&mut tx).await;
    for id in 1..=60 {
        deal(&mut tx, id, 1, 1, 100 - id, 10, if id > 50 { "USD" } else { "EUR" }).await;
    }
    deal(&mut tx, 61, 1, 2, 1, 5, "JPY").await;
    let stages = pipelines::stages(&mut tx, 1).await.unwrap();
    let all = Wanted::new(2, false, "");
    let found = sums(&mut tx, &stages, &all).await.unwrap();
    let found: Vec<_> =
        found.iter().map(|sum| (sum.stage_id, sum.currency.as_str(), sum.deals, sum.amount_minor)).collect();
    assert_eq!(found, [(1, "EUR", 50, 500), (1, "USD", 10, 100), (2, "JPY", 1, 5)]);
    let shown = cards(&mut tx, &stages, &all).await.unwrap();
    let ids: Vec<i64> = shown.iter().map(|card| card.id).collect();
    assert_eq!(ids, (31..=60).rev().chain([61]).collect::<Vec<_>>(), "thirty of the first column, in its order");
    assert_eq!((shown[0].client.as_str(), shown[0].owner.as_deref()), ("Acme", Some("Anna")));

    let second = page(&mut tx, &stages[0], &all, 2).await.unwrap();
    assert_eq!(second.iter().map(|card| card.id).collect::<Vec<_>>(), (1..=10).rev().collect::<Vec<_>>());

    for (wanted, count) in [
        (Wanted::new(1, true, ""), 61),
        (Wanted::new(2, true, ""), 0),
        (Wanted::new(1, false, "deal 6"), 8),
        (Wanted::new(1, false, "ACME"), 61),
        (Wanted::new(1, false, "zebra"), 0),
        (Wanted::new(1, true, "%"), 0),
    ] {
        let found: i64 = sums(&mut tx, &stages, &wanted).await.unwrap().iter().map(|sum| sum.deals).sum();
        assert_eq!(found, count, "{wanted:?}");
        let shown = cards(&mut tx, &stages, &wanted).await.unwrap().len();
        assert_eq!(shown > 0, count > 0, "{wanted:?}");
    }
    assert!(sums(&mut tx, &[], &all).await.unwrap().is_empty() && cards(&mut tx, &[], &all).await.unwrap().is_empty());
}

async fn somebody_elses_private_deals_are_not_there(db: Db) {
    let mut tx = db.begin().await.unwrap();
    scene(&mut tx).await;
    deal(&mut tx, 1, 1, 1, 1, 10, "EUR").await;
    deal(&mut tx, 2, 2, 1, 2, 10, "EUR").await;
    let stages = pipelines::stages(&mut tx, 1).await.unwrap();
    for (viewer, seen) in [(1, 2), (2, 1)] {
        let wanted = Wanted::new(viewer, false, "");
        let counted = sums(&mut tx, &stages, &wanted).await.unwrap()[0].deals;
        assert_eq!(counted, seen, "{viewer}");
        assert_eq!(i64::try_from(cards(&mut tx, &stages, &wanted).await.unwrap().len()).unwrap(), seen);
        let there = viewer == 1;
        assert_eq!(is_there(&mut tx, 2, viewer).await.unwrap(), there);
        assert_eq!(find(&mut tx, 2, viewer).await.unwrap().is_some(), there);
        assert_eq!(hold(&mut tx, 2, viewer).await.unwrap().is_some(), there);
    }
}

async fn a_removed_stage_leaves_its_deals_below_the_others(db: Db) {
    let mut tx = db.begin().await.unwrap();
    scene(&mut tx).await;
    for (id, stage, position) in [(1, 1, -5), (2, 1, 7), (3, 4, 100), (4, 4, 3)] {
        deal(&mut tx, id, 1, stage, position, 10, "EUR").await;
    }
    let stages = pipelines::stages(&mut tx, 1).await.unwrap();
    let actor = crate::db::journal::Actor::program();
    assert_eq!(pipelines::rehome(&mut tx, &stages[0], &stages[3], &actor, 9).await.unwrap(), 2);
    assert_eq!(order(&mut tx, stages[3].id).await, [4, 3, 1, 2]);
    let closed: i64 =
        db::query("SELECT COUNT(*) FROM deals WHERE closed_at = 9 AND version = 2").scalar(&mut tx).await.unwrap();
    assert_eq!(closed, 2);
    let told: Vec<String> = db::query("SELECT body FROM timeline_events ORDER BY id").scalars(&mut tx).await.unwrap();
    assert_eq!(told, ["Moved “deal 1” from Lead to Won", "Moved “deal 2” from Lead to Won"]);
    let noted: i64 = db::query("SELECT COUNT(*) FROM audit_log WHERE record_kind = 'deal' AND action = 'moved'")
        .scalar(&mut tx)
        .await
        .unwrap();
    assert_eq!(noted, 2);
    assert_eq!(pipelines::set_closed(&mut tx, stages[3].id, false, 9).await.unwrap(), 2);
    assert_eq!(pipelines::set_closed(&mut tx, stages[3].id, true, 9).await.unwrap(), 4);
}

async fn a_stage_steps_once_by_its_version(db: Db) {
    let mut tx = db.begin().await.unwrap();
    let of = Ordered::StageOf(1);
    let names = async |tx: &mut Conn| -> Vec<String> {
        pipelines::stages(tx, 1).await.unwrap().into_iter().map(|stage| stage.name).collect()
    };
    assert!(pipelines::step(&mut tx, of, 3, 1, true, 9).await.unwrap());
    assert_eq!(names(&mut tx).await, ["Lead", "Proposal", "Qualified", "Won", "Lost"]);
    assert!(!pipelines::step(&mut tx, of, 3, 1, true, 9).await.unwrap(), "the same sent again");
    assert!(pipelines::step(&mut tx, of, 3, 2, true, 9).await.unwrap());
    assert!(pipelines::step(&mut tx, of, 3, 3, true, 9).await.unwrap(), "the first stays the first");
    assert_eq!(names(&mut tx).await, ["Proposal", "Lead", "Qualified", "Won", "Lost"]);
    assert!(pipelines::step(&mut tx, of, 5, 1, false, 9).await.unwrap(), "the last stays the last");
    assert_eq!(names(&mut tx).await, ["Proposal", "Lead", "Qualified", "Won", "Lost"]);
}
