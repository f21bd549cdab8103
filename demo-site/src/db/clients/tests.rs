use toolcrib::db::{self, Conn, Db, Engine};

use super::*;
use crate::db::fixture::{on_both_engines, somebody_waits};
use crate::domain::client::{ClientInput, NewClient};

const NOW: i64 = 1_700_000_000_000_000;

on_both_engines! {
    a_client_is_found_as_it_was_stored,
    a_taken_account_is_refused_and_the_transaction_goes_on,
    a_change_raises_the_version,
    a_change_of_an_old_version_is_stale,
    a_change_cannot_take_another_clients_account,
    of_two_changes_at_once_exactly_one_is_stored,
    of_two_accounts_taken_at_once_exactly_one_is_stored,
    the_list_has_every_client_once_in_every_order,
    search_takes_everything_literally,
    search_ignores_case_in_any_script,
    the_list_uses_indexes,
}

fn client(account: &str, name: &str) -> NewClient {
    let input = ClientInput { account: account.into(), name: name.into(), ..ClientInput::default() };
    input.validate().unwrap()
}

async fn names(conn: &mut Conn, term: &str) -> Vec<String> {
    let (clients, page) = list(conn, term, ClientSort::Name, 1).await.unwrap();
    assert_eq!(page.total, i64::try_from(clients.len()).unwrap());
    clients.into_iter().map(|client| client.name).collect()
}

async fn a_client_is_found_as_it_was_stored(db: Db) {
    let input = ClientInput {
        name: "Estée Lauder Companies (The)".into(),
        account: "EL".into(),
        industry: "Consumer Staples".into(),
        city: "New York City, New York".into(),
        website: "https://el.example.com".into(),
        phone: "+1 212 555 0100".into(),
        email: "info@el.example.com".into(),
    };
    let mut tx = db.begin().await.unwrap();
    let id = insert(&mut tx, &input.validate().unwrap(), NOW).await.unwrap();
    tx.commit().await.unwrap();

    let mut conn = db.read().await.unwrap();
    let stored = find(&mut conn, id).await.unwrap().unwrap();
    assert_eq!(ClientInput::from(&stored), input);
    assert_eq!((stored.version, stored.created_at, stored.updated_at), (1, NOW, NOW));
    assert_eq!((stored.owner_id, stored.notes.as_str()), (None, ""));
    assert_eq!(find(&mut conn, id + 1).await.unwrap(), None);
}

async fn a_taken_account_is_refused_and_the_transaction_goes_on(db: Db) {
    let mut tx = db.begin().await.unwrap();
    insert(&mut tx, &client("A1", "One"), NOW).await.unwrap();
    let refused = insert(&mut tx, &client("A1", "Two"), NOW).await.unwrap_err();
    assert_eq!(refused.into_field_errors().unwrap().of("account"), ["Account belongs to another client already."]);
    insert(&mut tx, &client("A2", "Two"), NOW).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(names(&mut db.read().await.unwrap(), "").await, ["One", "Two"]);
}

async fn a_change_raises_the_version(db: Db) {
    let mut tx = db.begin().await.unwrap();
    let id = insert(&mut tx, &client("A1", "One"), NOW).await.unwrap();
    let done = update(&mut tx, id, 1, &client("A1", "Éins"), NOW + 1).await.unwrap();
    assert_eq!(done, Updated::Done);
    let stored = find(&mut tx, id).await.unwrap().unwrap();
    assert_eq!((stored.name.as_str(), stored.version), ("Éins", 2));
    assert_eq!((stored.created_at, stored.updated_at), (NOW, NOW + 1));
    assert_eq!(names(&mut tx, "éins").await, ["Éins"], "what is searched follows the change");
    assert!(names(&mut tx, "one").await.is_empty());
}

async fn a_change_of_an_old_version_is_stale(db: Db) {
    let mut tx = db.begin().await.unwrap();
    let id = insert(&mut tx, &client("A1", "One"), NOW).await.unwrap();
    assert_eq!(update(&mut tx, id, 1, &client("A1", "B"), NOW).await.unwrap(), Updated::Done);
    assert_eq!(update(&mut tx, id, 1, &client("A1", "C"), NOW).await.unwrap(), Updated::Stale);
    assert_eq!(update(&mut tx, id + 1, 1, &client("A1", "C"), NOW).await.unwrap(), Updated::Gone);
    assert_eq!(find(&mut tx, id).await.unwrap().unwrap().name, "B");
}

async fn a_change_cannot_take_another_clients_account(db: Db) {
    let mut tx = db.begin().await.unwrap();
    let id = insert(&mut tx, &client("A1", "One"), NOW).await.unwrap();
    insert(&mut tx, &client("A2", "Two"), NOW).await.unwrap();
    let refused = update(&mut tx, id, 1, &client("A2", "One"), NOW).await;
    assert!(matches!(refused, Err(SaveError::AccountTaken)));
    assert_eq!(
        update(&mut tx, id, 1, &client("A3", "One"), NOW).await.unwrap(),
        Updated::Done,
        "the transaction is still good"
    );
}

async fn of_two_changes_at_once_exactly_one_is_stored(db: Db) {
    let mut tx = db.begin().await.unwrap();
    let id = insert(&mut tx, &client("A1", "One"), NOW).await.unwrap();
    tx.commit().await.unwrap();
    for round in 0..20 {
        let version = 1 + round;
        let save = async |name: String| {
            let mut tx = db.begin().await.unwrap();
            let outcome = update(&mut tx, id, version, &client("A1", &name), NOW).await.unwrap();
            tx.commit().await.unwrap();
            outcome
        };
        let (left, right) = tokio::join!(save(format!("left {round}")), save(format!("right {round}")));
        let winner = match (left, right) {
            (Updated::Done, Updated::Stale) => format!("left {round}"),
            (Updated::Stale, Updated::Done) => format!("right {round}"),
            other => panic!("{other:?}"),
        };
        let stored = find(&mut db.read().await.unwrap(), id).await.unwrap().unwrap();
        assert_eq!((stored.name, stored.version), (winner, version + 1));
    }
}

async fn of_two_accounts_taken_at_once_exactly_one_is_stored(db: Db) {
    let mut tx = db.begin().await.unwrap();
    let one = insert(&mut tx, &client("A1", "One"), NOW).await.unwrap();
    let two = insert(&mut tx, &client("A2", "Two"), NOW).await.unwrap();
    tx.commit().await.unwrap();

    let mut first = db.begin().await.unwrap();
    assert_eq!(update(&mut first, one, 1, &client("NEW", "x"), NOW).await.unwrap(), Updated::Done);
    let second = async {
        let mut tx = db.begin().await.unwrap();
        update(&mut tx, two, 1, &client("NEW", "x"), NOW).await
    };
    let commit = async {
        somebody_waits(&db).await;
        first.commit().await.unwrap();
    };
    let (second, ()) = tokio::join!(second, commit);
    assert!(matches!(second, Err(SaveError::AccountTaken)), "{second:?}");
}

async fn the_list_has_every_client_once_in_every_order(db: Db) {
    let mut tx = db.begin().await.unwrap();
    // Many that are alike in whatever they are sorted by, and some scripts.
    for number in 0..60 {
        let name = ["Same", "same", "ärger", "Ёлка", "桜", "Zebra"][number % 6];
        let input = ClientInput {
            city: ["", "Bonn"][number % 2].into(),
            industry: "Food".into(),
            ..ClientInput { account: format!("A{number}"), name: name.into(), ..ClientInput::default() }
        };
        insert(&mut tx, &input.validate().unwrap(), NOW).await.unwrap();
    }
    for sort in ClientSort::ALL {
        let mut seen = Vec::new();
        for number in 1..=3 {
            let (clients, page) = list(&mut tx, "", sort, number).await.unwrap();
            assert_eq!((page.number, page.total, page.pages), (number, 60, 3));
            seen.extend(clients);
        }
        let mut accounts: Vec<_> = seen.iter().map(|client| client.account.clone()).collect();
        accounts.sort();
        accounts.dedup();
        assert_eq!(accounts.len(), 60, "{sort}");
        if sort == ClientSort::Name {
            let names: Vec<_> = seen.iter().step_by(10).map(|client| client.name.as_str()).collect();
            assert_eq!(names[2..], ["Zebra", "ärger", "Ёлка", "桜"], "one order on both engines");
        }
        if sort == ClientSort::Updated {
            assert_eq!(seen[0].account, "A59", "the latest first");
        }
    }
    let (_, beyond) = list(&mut tx, "", ClientSort::Name, 99).await.unwrap();
    assert_eq!(beyond.number, 3);
    let (clients, page) = list(&mut tx, "nobody", ClientSort::City, 7).await.unwrap();
    assert!(clients.is_empty());
    assert_eq!((page.number, page.pages, page.total), (1, 1, 0));
}

async fn search_takes_everything_literally(db: Db) {
    let mut tx = db.begin().await.unwrap();
    for (number, name) in ["100 % Wool", "snake_case", r"back\slash", "O'Neil", "plain"].iter().enumerate() {
        insert(&mut tx, &client(&format!("A{number}"), name), NOW).await.unwrap();
    }
    assert_eq!(names(&mut tx, "%").await, ["100 % Wool"]);
    assert_eq!(names(&mut tx, "_").await, ["snake_case"]);
    assert_eq!(names(&mut tx, r"\").await, [r"back\slash"]);
    assert_eq!(names(&mut tx, "'").await, ["O'Neil"]);
    assert_eq!(names(&mut tx, "wool 100").await, ["100 % Wool"]);
    for nothing in ["' OR 1=1--", "\"; DROP TABLE clients", "%plain%", "wool plain", "o'neila3"] {
        assert!(names(&mut tx, nothing).await.is_empty(), "{nothing}");
    }
    assert_eq!(names(&mut tx, "pl\0ain").await, ["plain"], "NUL never reaches the engine");
    assert_eq!(names(&mut tx, &"x".repeat(100_000)).await, [""; 0]);
}

async fn search_ignores_case_in_any_script(db: Db) {
    let mut tx = db.begin().await.unwrap();
    insert(&mut tx, &client("EL", "Estée Lauder"), NOW).await.unwrap();
    insert(&mut tx, &client("BZ", "Берёза"), NOW).await.unwrap();
    assert_eq!(names(&mut tx, "ESTÉE").await, ["Estée Lauder"]);
    assert_eq!(names(&mut tx, "БЕРЁЗА").await, ["Берёза"]);
    assert_eq!(names(&mut tx, "bz").await, ["Берёза"]);
}

async fn the_list_uses_indexes(db: Db) {
    let mut tx = db.begin().await.unwrap();
    if db.engine() == Engine::Postgres {
        // So small a table is read and sorted whole; the question is whether it has to be.
        for setting in ["enable_seqscan", "enable_sort", "enable_bitmapscan"] {
            db::query_built(format!("SET LOCAL {setting} = off")).execute(&mut tx).await.unwrap();
        }
    }
    for sort in ClientSort::ALL {
        let select = format!("SELECT id FROM clients ORDER BY {} LIMIT 25", sort.order_by());
        let plan = match db.engine() {
            Engine::Sqlite => db::query_built(format!("EXPLAIN QUERY PLAN {select}"))
                .fetch_all::<(i64, i64, i64, String)>(&mut tx)
                .await
                .unwrap()
                .into_iter()
                .map(|(_, _, _, step)| step)
                .collect::<Vec<_>>(),
            Engine::Postgres => db::query_built(format!("EXPLAIN {select}")).scalars(&mut tx).await.unwrap(),
        }
        .join("\n");
        assert!(plan.to_lowercase().contains("index"), "{sort}: {plan}");
        assert!(!plan.contains("Sort") && !plan.contains("TEMP B-TREE"), "{sort}: {plan}");
    }
}
