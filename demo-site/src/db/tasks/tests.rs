use toolcrib::db::Db;

use super::*;
use crate::db::fixture::on_both_engines;

/// 12 March 2026, 14:05 UTC.
const NOW: i64 = 1_773_324_300_000_000;
const ANNA: i64 = 1;
const BORIS: i64 = 2;

on_both_engines! {
    a_list_has_what_is_due_in_its_span_and_nobody_else_s_private_things,
    a_task_changes_once_per_version,
    a_client_is_found_by_its_account_its_name_or_its_words,
}

/// Two people, a client of all and one of Boris alone.
async fn people_and_clients(conn: &mut Conn) {
    for statement in [
        "INSERT INTO toolcrib_users (id, name, display_name, search, password_hash, created_at, changed_at) \
         VALUES (1, 'anna', 'Anna', 'anna', '', 1, 1), (2, 'boris', 'Boris', 'boris', '', 1, 1)",
        "INSERT INTO clients (id, account, name, search, sort_name, owner_id, private, created_at, updated_at) VALUES \
         (1, 'AC-1', 'Acme Tools', 'ac-1 acme tools', 'acme tools', 1, FALSE, 1, 1), \
         (2, 'HID', 'Hidden Acme', 'hid hidden acme', 'hidden acme', 2, TRUE, 1, 1), \
         (3, 'AC-3', 'Acme Steel', 'ac-3 acme steel', 'acme steel', NULL, FALSE, 1, 1)",
    ] {
        db::query(statement).execute(conn).await.unwrap();
    }
}

fn task(subject: &str, due_at: i64, owner: i64, client_id: Option<i64>) -> NewTask {
    NewTask { subject: subject.to_owned(), body: String::new(), due_at, owner_id: Some(owner), client_id }
}

async fn a_list_has_what_is_due_in_its_span_and_nobody_else_s_private_things(db: Db) {
    let mut tx = db.begin().await.unwrap();
    people_and_clients(&mut tx).await;
    let today = day_of(NOW);
    for (subject, due, owner, client) in [
        ("late", today - DAY, ANNA, Some(1)),
        ("passed", NOW - 1, ANNA, None),
        ("whole day", today, ANNA, None),
        ("later today", NOW + 60_000_000, ANNA, Some(1)),
        ("in six days", today + 6 * DAY, ANNA, None),
        ("in a week", today + 7 * DAY, ANNA, None),
        ("his", today, BORIS, Some(1)),
        ("hidden", today, ANNA, Some(2)),
    ] {
        insert(&mut tx, &task(subject, due, owner, client), "Anna", NOW).await.unwrap();
    }
    db::query("UPDATE activities SET due_at = NULL WHERE subject = 'in a week'").execute(&mut tx).await.unwrap();
    let expected: [(Show, Option<i64>, &[&str]); 6] = [
        (Show::Today, Some(ANNA), &["whole day", "passed", "later today"]),
        (Show::Overdue, Some(ANNA), &["late", "passed"]),
        (Show::Week, Some(ANNA), &["whole day", "passed", "later today", "in six days"]),
        (Show::All, Some(ANNA), &["late", "whole day", "passed", "later today", "in six days", "in a week"]),
        (Show::Today, None, &["whole day", "his", "passed", "later today"]),
        (Show::Done, Some(ANNA), &[]),
    ];
    for (show, owner, expected) in expected {
        let found = list(&mut tx, ANNA, owner, show, NOW).await.unwrap();
        let subjects: Vec<_> = found.iter().map(|task| task.subject.as_str()).collect();
        assert_eq!(subjects, expected, "{show:?} {owner:?}");
    }
    let counted = counts(&mut tx, ANNA, Some(ANNA), NOW).await.unwrap();
    assert_eq!(counted, Counts { today: 3, overdue: 2, week: 4, open: 6 });
    assert_eq!(counts(&mut tx, BORIS, None, NOW).await.unwrap().open, 8);
    let hidden: i64 = db::query("SELECT id FROM activities WHERE subject = 'hidden'").scalar(&mut tx).await.unwrap();
    assert_eq!(find(&mut tx, hidden, ANNA).await.unwrap(), None);
    let seen = find(&mut tx, hidden, BORIS).await.unwrap().unwrap();
    assert_eq!((seen.client.as_deref(), seen.owner.as_deref()), (Some("Hidden Acme"), Some("Anna")));
}

async fn a_task_changes_once_per_version(db: Db) {
    let mut tx = db.begin().await.unwrap();
    people_and_clients(&mut tx).await;
    let id = insert(&mut tx, &task("Call", NOW, ANNA, Some(1)), "Anna", 5).await.unwrap();
    assert!(finish(&mut tx, id, 1, NOW).await.unwrap());
    assert!(!finish(&mut tx, id, 1, NOW).await.unwrap() && !finish(&mut tx, id, 2, NOW).await.unwrap());
    let done = list(&mut tx, ANNA, Some(ANNA), Show::Done, NOW).await.unwrap();
    assert_eq!((done.len(), done[0].done_at, done[0].version), (1, Some(NOW), 2));
    assert_eq!(list(&mut tx, ANNA, Some(ANNA), Show::Done, NOW + 31 * DAY).await.unwrap(), []);
    assert!(!reopen(&mut tx, id, 1, NOW).await.unwrap() && reopen(&mut tx, id, 2, NOW).await.unwrap());
    let happened: i64 = db::query("SELECT happened_at FROM activities").scalar(&mut tx).await.unwrap();
    assert_eq!(happened, 5, "an open task happens when it was noted");
    assert!(!save(&mut tx, id, 2, &task("Write", NOW, BORIS, None), NOW).await.unwrap());
    assert!(save(&mut tx, id, 3, &task("Write", NOW, BORIS, None), NOW).await.unwrap());
    let saved = find(&mut tx, id, ANNA).await.unwrap().unwrap();
    assert_eq!((saved.subject.as_str(), saved.owner_id, saved.client_id), ("Write", Some(BORIS), None));
    assert!(!remove(&mut tx, id, 3).await.unwrap() && remove(&mut tx, id, 4).await.unwrap());
    // What is no task is none of theirs.
    let note = "INSERT INTO activities (id, kind, subject, happened_at, author, created_at, updated_at) \
                VALUES (77, 'note', 'A note', 1, '', 1, 1)";
    db::query(note).execute(&mut tx).await.unwrap();
    assert_eq!(find(&mut tx, 77, ANNA).await.unwrap(), None);
    assert!(!finish(&mut tx, 77, 1, NOW).await.unwrap() && !remove(&mut tx, 77, 1).await.unwrap());
}

async fn a_client_is_found_by_its_account_its_name_or_its_words(db: Db) {
    let mut tx = db.begin().await.unwrap();
    people_and_clients(&mut tx).await;
    for (typed, expected) in [
        ("AC-1", &[1][..]),
        ("ACME TOOLS", &[1]),
        ("acme", &[3, 1]),
        ("tools acm", &[1]),
        ("HID", &[]),
        ("hidden", &[]),
        ("", &[]),
        ("%", &[]),
    ] {
        let found = clients_like(&mut tx, ANNA, typed).await.unwrap();
        assert_eq!(found.iter().map(|found| found.id).collect::<Vec<_>>(), expected, "{typed}");
    }
    assert_eq!(client(&mut tx, ANNA, 2).await.unwrap(), None);
    assert_eq!(client(&mut tx, BORIS, 2).await.unwrap().unwrap().private_owner, Some(BORIS));
    assert_eq!(
        crate::db::colleagues::offered(&mut tx, None).await.unwrap(),
        [(1, "Anna".to_owned()), (2, "Boris".to_owned())]
    );
}
