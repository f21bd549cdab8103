use toolcrib::db::Db;

use super::*;
use crate::db::fixture::on_both_engines;
use crate::db::import::{self, FileRow, Origin};
use crate::domain::csv_import;

const NOW: i64 = 1_700_000_000_000_000;

on_both_engines! {
    undoing_removes_what_nobody_has_changed_or_used,
    a_run_is_started_once_and_goes_on_where_it_was,
    a_choice_based_on_an_older_one_is_not_stored,
    rows_are_judged_as_they_would_be_taken,
    files_are_forgotten_when_undone_or_old,
    runs_are_their_owners,
}

fn rows(text: &str) -> Vec<FileRow> {
    csv_import::read(text.as_bytes()).unwrap().collect()
}

async fn user(conn: &mut Conn, id: i64) {
    db::query(
        "INSERT INTO toolcrib_users (id, name, display_name, search, password_hash, created_at, changed_at) \
         VALUES ($1, $2, 'Anna', 'anna', '', 1, 1)",
    )
    .bind(id)
    .bind(format!("user{id}"))
    .execute(conn)
    .await
    .unwrap();
}

async fn run_of(conn: &mut Conn, text: &str, owner_id: Option<i64>) -> i64 {
    let new = NewRun { owner_id, file_name: "a.csv", content: text.as_bytes(), ..NewRun::default() };
    let run_id = add(conn, &new, NOW).await.unwrap();
    let report = import::apply(conn, rows(text), Origin { run_id, owner_id }, NOW).await.unwrap();
    done_at_once(conn, run_id, Tally::of(&report), NOW).await.unwrap();
    run_id
}

async fn undo_all(conn: &mut Conn, id: i64) -> i64 {
    assert!(begin(conn, id, NOW).await.unwrap());
    while remove_unused(conn, id).await.unwrap() > 0 {}
    undone(conn, id, NOW).await.unwrap()
}

async fn undoing_removes_what_nobody_has_changed_or_used(db: Db) {
    let mut tx = db.begin().await.unwrap();
    run_of(&mut tx, "Account,Name\nBEFORE,Before\n", None).await;
    let mut text = String::from("Account,Name\n");
    for number in 0..1_200 {
        text.push_str(&format!("A{number},Company {number}\n"));
    }
    let id = run_of(&mut tx, &text, None).await;
    let uses = [
        "UPDATE clients SET version = 2 WHERE account = 'A0'",
        "INSERT INTO persons (client_id, name, search, created_at) SELECT id, 'P', '', 1 FROM clients WHERE account = 'A1'",
        "INSERT INTO deals (client_id, title, stage_id, amount_minor, currency, search, created_at, updated_at) \
         SELECT clients.id, 'D', stages.id, 1, 'EUR', '', 1, 1 FROM clients, stages \
         WHERE account = 'A2' AND stages.name = 'Lead'",
        "INSERT INTO activities (client_id, kind, subject, happened_at, author, created_at, updated_at) \
         SELECT id, 'note', 'N', 1, '', 1, 1 FROM clients WHERE account = 'A3'",
        "INSERT INTO timeline_events (client_id, kind, body, actor, happened_at) \
         SELECT id, 'changed', 'N', '', 1 FROM clients WHERE account = 'A4'",
        "INSERT INTO tags (id, name, search, created_at, updated_at) VALUES (1, 'T', 't', 1, 1)",
        "INSERT INTO client_tags (client_id, tag_id) SELECT id, 1 FROM clients WHERE account = 'A5'",
        "INSERT INTO external_accounts (client_id, provider, reference, created_at, updated_at) \
         SELECT id, 'p', 'r', 1, 1 FROM clients WHERE account = 'A6'",
        "INSERT INTO leads (name, search, sort_name, client_id, created_at, updated_at) \
         SELECT 'L', '', '', id, 1, 1 FROM clients WHERE account = 'A7'",
        "UPDATE clients SET merged_into = (SELECT id FROM clients WHERE account = 'BEFORE') WHERE account = 'A8'",
        "INSERT INTO merges (kept_id, gone_id, before, kept_version, actor, merged_at) \
         SELECT kept.id, gone.id, '', 1, '', 1 FROM clients AS kept, clients AS gone \
         WHERE kept.account = 'A9' AND gone.account = 'BEFORE'",
    ];
    for statement in uses {
        assert_eq!(db::query(statement).execute(&mut tx).await.unwrap(), 1, "{statement}");
    }
    assert!(begin_undo(&mut tx, id).await.unwrap());
    assert!(!begin_undo(&mut tx, id).await.unwrap(), "twice is once");
    assert!(find(&mut tx, id).await.unwrap().unwrap().is_being_undone());
    assert_eq!(undo_all(&mut tx, id).await, 10);
    let left: Vec<String> = db::query("SELECT account FROM clients ORDER BY id").scalars(&mut tx).await.unwrap();
    assert_eq!(left, ["BEFORE", "A0", "A1", "A2", "A3", "A4", "A5", "A6", "A7", "A8", "A9"]);
    let words = "SELECT COUNT(*) FROM search_words WHERE kind = 1 AND record_id NOT IN (SELECT id FROM clients)";
    assert_eq!(db::query(words).scalar::<i64>(&mut tx).await.unwrap(), 0, "words of what is gone");
    let run = find(&mut tx, id).await.unwrap().unwrap();
    assert_eq!((run.state.as_str(), run.taken), ("undone", 1_200));
    assert!(!begin_undo(&mut tx, id).await.unwrap() && !queue(&mut tx, id, run.version).await.unwrap());
    let kept = kept(&mut tx, id, 1, 100).await.unwrap();
    assert_eq!(kept.len(), 9, "the merged one is not there for anybody");
}

async fn a_run_is_started_once_and_goes_on_where_it_was(db: Db) {
    let mut tx = db.begin().await.unwrap();
    let id = add(&mut tx, &NewRun { rows: 3, ..NewRun::default() }, NOW).await.unwrap();
    assert!(!queue(&mut tx, id, 2).await.unwrap(), "another version");
    assert!(queue(&mut tx, id, 1).await.unwrap());
    assert!(!queue(&mut tx, id, 1).await.unwrap() && !queue(&mut tx, id, 2).await.unwrap());
    let tally = Tally { taken: 1, skipped: 1, refused: 0 };
    assert!(!advance(&mut tx, id, 0, tally).await.unwrap(), "it has not begun");
    assert!(begin(&mut tx, id, NOW).await.unwrap());
    assert!(advance(&mut tx, id, 0, tally).await.unwrap());
    assert!(!advance(&mut tx, id, 0, tally).await.unwrap(), "those rows were counted");
    fail(&mut tx, id, "No.").await.unwrap();
    assert!(!advance(&mut tx, id, 2, tally).await.unwrap(), "it has failed");
    let failed = find(&mut tx, id).await.unwrap().unwrap();
    assert_eq!((failed.state.as_str(), failed.message.as_str(), failed.processed), ("failed", "No.", 2));
    assert!(!failed.is_being_undone());
    assert!(queue(&mut tx, id, failed.version).await.unwrap() && begin(&mut tx, id, NOW + 1).await.unwrap());
    assert!(advance(&mut tx, id, 2, Tally { refused: 1, ..Tally::default() }).await.unwrap());
    finish(&mut tx, id, NOW + 2).await.unwrap();
    let done = find(&mut tx, id).await.unwrap().unwrap();
    assert_eq!((done.state.as_str(), done.total, done.taken, done.skipped, done.refused), ("done", 3, 1, 1, 1));
    assert_eq!((done.started_at, done.finished_at), (Some(NOW), Some(NOW + 2)));
}

async fn a_choice_based_on_an_older_one_is_not_stored(db: Db) {
    let mut tx = db.begin().await.unwrap();
    let id = add(&mut tx, &NewRun::default(), NOW).await.unwrap();
    let first = find(&mut tx, id).await.unwrap().unwrap();
    let chosen = Run { encoding: "windows-1252".into(), separator: "tab".into(), ..first };
    assert!(configure(&mut tx, &chosen, 7).await.unwrap());
    assert!(!configure(&mut tx, &chosen, 8).await.unwrap());
    assert!(!counted(&mut tx, id, 1, &Plan::default()).await.unwrap(), "counted for the older choice");
    let plan = Plan { columns: Vec::new(), counts: Some(Counts { fresh: 7, ..Counts::default() }) };
    assert!(counted(&mut tx, id, 2, &plan).await.unwrap());
    let stored = find(&mut tx, id).await.unwrap().unwrap();
    assert_eq!((stored.encoding.as_str(), stored.separator.as_str(), stored.total), ("windows-1252", "tab", 7));
    assert_eq!((stored.version, stored.plan()), (2, plan));
}

async fn rows_are_judged_as_they_would_be_taken(db: Db) {
    let mut tx = db.begin().await.unwrap();
    user(&mut tx, 1).await;
    user(&mut tx, 2).await;
    run_of(&mut tx, "Account,Name\nA,Acme\nB,Boring\nC,Hidden\n", Some(1)).await;
    db::query("UPDATE clients SET private = TRUE WHERE account = 'C'").execute(&mut tx).await.unwrap();
    let file = "Account,Name\nA,Acme\nB,Other\nX,ACME\nY,New\nC,Hidden\nZ,\nY,Twice\nH,Hidden\n";
    let judged = judge(&mut tx, &rows(file), 2).await.unwrap();
    let told: Vec<_> = judged.iter().map(|row| (row.line, row.verdict, row.reason.as_str())).collect();
    assert_eq!(
        told,
        [
            (2, Verdict::Same, "account A exists with the same values"),
            (3, Verdict::Other, "account B exists with other values"),
            (4, Verdict::Alike, "has the name of account A"),
            (5, Verdict::Fresh, ""),
            (6, Verdict::Other, "account C is taken"),
            (7, Verdict::Refused, "Field Name requires a value."),
            (8, Verdict::Refused, "account Y is on line 5 already"),
            (9, Verdict::Fresh, ""),
        ]
    );
    let counts = judge_all(&mut tx, rows(file), 2).await.unwrap();
    assert_eq!(counts, Counts { fresh: 3, same: 1, other: 2, refused: 2, alike: 1 });
    let his = judge(&mut tx, &rows(file), 1).await.unwrap();
    assert_eq!((his[4].verdict, his[7].verdict), (Verdict::Same, Verdict::Alike), "whose client it is sees it");
}

async fn files_are_forgotten_when_undone_or_old(db: Db) {
    let mut tx = db.begin().await.unwrap();
    let old = add(&mut tx, &NewRun { content: b"\xffa\0", ..NewRun::default() }, 1).await.unwrap();
    let new = run_of(&mut tx, "Account,Name\nA,Acme\n", None).await;
    let undone = run_of(&mut tx, "Account,Name\nB,Boring\n", None).await;
    assert!(begin_undo(&mut tx, undone).await.unwrap());
    undo_all(&mut tx, undone).await;
    let waiting = add(&mut tx, &NewRun::default(), 1).await.unwrap();
    assert!(queue(&mut tx, waiting, 1).await.unwrap());
    assert_eq!(content(&mut tx, old).await.unwrap().unwrap(), b"\xffa\0");
    assert_eq!(forget_old(&mut tx, NOW).await.unwrap(), 2);
    assert_eq!(content(&mut tx, old).await.unwrap(), None);
    assert_eq!(content(&mut tx, undone).await.unwrap(), None);
    assert!(content(&mut tx, new).await.unwrap().is_some() && content(&mut tx, waiting).await.unwrap().is_some());
    assert_eq!(give_up_stuck(&mut tx, NOW, "Stuck.").await.unwrap(), 1);
    assert_eq!(find(&mut tx, waiting).await.unwrap().unwrap().message, "Stuck.");
    assert!(!lines(&mut tx, new, "taken", 0, 10).await.unwrap().is_empty());
}

async fn runs_are_their_owners(db: Db) {
    let mut tx = db.begin().await.unwrap();
    user(&mut tx, 1).await;
    user(&mut tx, 2).await;
    let mut ids = Vec::new();
    for owner_id in [Some(1), Some(2), None, Some(1)] {
        ids.push(add(&mut tx, &NewRun { owner_id, ..NewRun::default() }, NOW).await.unwrap());
    }
    let of = async |tx: &mut Conn, owner, limit, offset| -> Vec<i64> {
        latest(tx, owner, limit, offset).await.unwrap().iter().map(|run| run.id).collect()
    };
    assert_eq!(of(&mut tx, Some(1), 10, 0).await, [ids[3], ids[0]]);
    assert_eq!(of(&mut tx, None, 10, 0).await, [ids[3], ids[2], ids[1], ids[0]]);
    assert_eq!(of(&mut tx, None, 2, 1).await, [ids[2], ids[1]]);
    assert_eq!(find(&mut tx, ids[1]).await.unwrap().unwrap().owner, "Anna");
}
