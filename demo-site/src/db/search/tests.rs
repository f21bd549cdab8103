use toolcrib::db::Db;

use super::*;
use crate::db::fixture::on_both_engines;
use crate::db::words;
use crate::domain;

on_both_engines! {
    all_typed_words_begin_words_of_what_is_found,
    what_is_somebody_elses_private_is_not_found,
    no_more_than_asked_for_and_none_twice,
}

const ANNA: i64 = 1;
const BORIS: i64 = 2;

async fn some(db: &Db) -> Conn {
    let mut tx = db.begin().await.unwrap();
    for statement in [
        "INSERT INTO toolcrib_users (id, name, display_name, search, password_hash, created_at, changed_at) \
         VALUES (1, 'anna', 'Anna', 'anna', '', 1, 1), (2, 'boris', 'Boris', 'boris', '', 1, 1)",
        "INSERT INTO clients (id, account, name, search, sort_name, owner_id, private, created_at, updated_at) VALUES \
         (1, 'A-1', 'Ångström GmbH', '', '', 1, TRUE, 1, 1), (2, 'B-2', 'Łódź Włókno Angora', '', '', 1, FALSE, 1, 1), \
         (3, 'C-3', '株式会社 桜木精機', '', '', NULL, FALSE, 1, 1)",
        "INSERT INTO persons (id, client_id, name, title, email, search, created_at) VALUES \
         (1, 1, 'Zoë Groß', 'Buyer', 'zoe@angstrom.example', '', 1), (2, 2, 'Zoë Zweig', '', 'z@lodz.example', '', 1)",
        "INSERT INTO deals (id, client_id, title, stage_id, amount_minor, currency, search, created_at, updated_at) \
         SELECT id, id, 'Yearly maintenance', (SELECT MIN(id) FROM stages), 1, 'EUR', '', 1, 1 FROM clients",
        "INSERT INTO activities (id, client_id, kind, subject, body, happened_at, author, created_at, updated_at) VALUES \
         (1, 1, 'note', 'Pays late', 'Secret', 1, '', 1, 1), (2, 2, 'note', 'Pays in time', 'No secret', 1, '', 1, 1)",
    ] {
        db::query(statement).execute(&mut tx).await.unwrap();
    }
    tx.commit().await.unwrap();
    crate::db::reindex::everything(db, |_, _| {}).await.unwrap();
    db.begin().await.unwrap()
}

async fn search(conn: &mut Conn, typed: &str, viewer: i64, limit: u32) -> Search {
    Search::new(conn, domain::words::typed(typed), viewer, limit).await.unwrap()
}

async fn all_typed_words_begin_words_of_what_is_found(db: Db) {
    let mut conn = some(&db).await;
    for (typed, expected) in [
        ("angstrom", &[1][..]),
        ("ÅNG gmbh", &[1]),
        ("ang", &[1, 2]),
        ("lodz ang wlok", &[2]),
        ("ang kg", &[]),
        ("lodz lodz lo", &[2]),
        ("桜木", &[3]),
        ("精機 株", &[3]),
        ("ngstrom", &[]),
        ("", &[]),
        ("%", &[]),
        ("\0", &[]),
    ] {
        let mut found = search(&mut conn, typed, ANNA, 20).await.clients(&mut conn).await.unwrap();
        found.sort_unstable();
        assert_eq!(found, expected, "{typed:?}");
    }
    let people = search(&mut conn, "zoe gross", ANNA, 20).await.contacts(&mut conn).await.unwrap();
    assert_eq!(people.len(), 1);
    assert_eq!((people[0].name.as_str(), people[0].client_name.as_str()), ("Zoë Groß", "Ångström GmbH"));
    let deals = search(&mut conn, "MAINT year", ANNA, 20).await.deals(&mut conn).await.unwrap();
    assert_eq!(deals.len(), 3);
    assert_eq!((deals[0].stage.as_str(), deals[0].outcome.as_str()), ("Lead", "open"));
    let notes = search(&mut conn, "secret pays", ANNA, 20).await.notes(&mut conn).await.unwrap();
    assert_eq!(notes.len(), 2);
    assert_eq!(notes[0].beginning, "Secret");
}

async fn what_is_somebody_elses_private_is_not_found(db: Db) {
    let mut conn = some(&db).await;
    assert_eq!(search(&mut conn, "ang", BORIS, 20).await.clients(&mut conn).await.unwrap(), [2]);
    let people = search(&mut conn, "zoe", BORIS, 20).await.contacts(&mut conn).await.unwrap();
    assert_eq!(people.iter().map(|person| person.id).collect::<Vec<_>>(), [2]);
    let deals = search(&mut conn, "yearly", BORIS, 20).await.deals(&mut conn).await.unwrap();
    assert_eq!(deals.iter().map(|deal| deal.client_id).collect::<Vec<_>>(), [2, 3]);
    let notes = search(&mut conn, "secret", BORIS, 20).await.notes(&mut conn).await.unwrap();
    assert_eq!(notes.iter().map(|note| note.id).collect::<Vec<_>>(), [2]);
    db::query("UPDATE clients SET merged_into = 3 WHERE id = 2").execute(&mut conn).await.unwrap();
    assert!(search(&mut conn, "lodz", BORIS, 20).await.clients(&mut conn).await.unwrap().is_empty());
}

async fn no_more_than_asked_for_and_none_twice(db: Db) {
    let mut conn = some(&db).await;
    let many: Vec<_> = (0..30).map(|copy| format!("copy{copy}")).collect();
    words::index_many(&mut conn, Kind::Client, &[(2, many.join(" ")), (3, "copy".to_owned())]).await.unwrap();
    let mut found = search(&mut conn, "co", ANNA, 20).await.clients(&mut conn).await.unwrap();
    found.sort_unstable();
    assert_eq!(found, [2, 3], "thirty words of one client are one client");
    assert_eq!(search(&mut conn, "co", ANNA, 1).await.clients(&mut conn).await.unwrap().len(), 1);
}
