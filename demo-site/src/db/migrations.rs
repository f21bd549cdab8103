//! The site's migrations, one set per engine.

use sqlx::migrate::Migrator;

/// The tables in SQLite's words.
pub static SQLITE: Migrator = sqlx::migrate!("../migrations/sqlite");

/// The tables in PostgreSQL's words.
pub static POSTGRES: Migrator = sqlx::migrate!("../migrations/postgres");

#[cfg(test)]
mod tests {
    use toolcrib::db::{self, Conn, Db, Record};
    use toolcrib::users::Users;

    use super::*;
    use crate::db::fixture::{on_bare_postgres, on_bare_sqlite};

    #[test]
    fn a_crm_of_the_first_version_loses_nothing_on_sqlite() {
        on_bare_sqlite(a_crm_of_the_first_version_loses_nothing);
    }

    #[test]
    fn a_crm_of_the_first_version_loses_nothing_on_postgres() {
        on_bare_postgres(a_crm_of_the_first_version_loses_nothing);
    }

    const ROWS: [&str; 7] = [
        "INSERT INTO users (id, name, display_name, role, password_hash, disabled, created_at) VALUES \
         (3, 'ada', 'Ada', 'admin', '$a', FALSE, 7), (5, 'boris', 'Boris NOVAK', 'sales', '$b', TRUE, 8)",
        "INSERT INTO clients (id, account, name, notes, search, sort_name, owner_id, version, created_at, updated_at) \
         VALUES (1, 'A', 'One', 'n', 'one', 'one', 5, 4, 9, 10), (2, 'B', 'Two', '', 'two', 'two', NULL, 1, 11, 12), \
         (4, 'C', 'Three', '', 'three', 'three', 3, 2, 13, 14)",
        "INSERT INTO tracking (id, account, created_at) VALUES (1, 'A', 1)",
        "INSERT INTO contacts (id, client_id, name, search, created_at) VALUES (1, 1, 'Mia', 'mia', 1), \
         (2, 4, 'Leo', 'leo', 1)",
        "INSERT INTO deals (id, client_id, title, stage, amount_minor, currency, search, created_at) \
         VALUES (1, 1, 'Deal', 'lead', 100, 'EUR', 'deal', 1)",
        "INSERT INTO activities (id, client_id, kind, subject, happened_at, author, created_at) \
         VALUES (1, 4, 'call', 'Hello', 1, 'Ada', 1)",
        "INSERT INTO activities (id, client_id, kind, subject, happened_at, author, created_at) \
         VALUES (2, 1, 'note', 'Note', 2, 'Boris', 2)",
    ];

    fn first(migrator: &Migrator) -> Migrator {
        Migrator::with_migrations(migrator.iter().filter(|migration| migration.version == 1).cloned().collect())
    }

    async fn all<T: Record>(conn: &mut Conn, select: &'static str) -> Vec<T> {
        db::query(select).fetch_all(conn).await.unwrap()
    }

    type Client = (i64, String, String, String, Option<i64>, i64, i64, i64);

    const CLIENTS: &str =
        "SELECT id, account, name, notes, owner_id, version, created_at, updated_at FROM clients ORDER BY id";
    const CHILDREN: &str = "SELECT 'contact', id, client_id FROM contacts UNION ALL \
                            SELECT 'deal', id, client_id FROM deals UNION ALL \
                            SELECT 'activity', id, client_id FROM activities ORDER BY 1, 2";

    /// The same in today's tables.
    fn today() -> String {
        CHILDREN.replace("FROM contacts", "FROM persons")
    }

    async fn a_crm_of_the_first_version_loses_nothing(db: Db) {
        db.migrate(&first(&SQLITE), &first(&POSTGRES)).await.unwrap();
        let mut tx = db.begin().await.unwrap();
        for row in ROWS {
            db::query(row).execute(&mut tx).await.unwrap();
        }
        let clients: Vec<Client> = all(&mut tx, CLIENTS).await;
        let children: Vec<(String, i64, i64)> = all(&mut tx, CHILDREN).await;
        tx.commit().await.unwrap();

        db.migrate(&SQLITE, &POSTGRES).await.unwrap();

        let users = Users::of_database(&db);
        let mut tx = db.begin().await.unwrap();
        assert_eq!(all::<Client>(&mut tx, CLIENTS).await, clients);
        assert_eq!((clients.len(), children.len()), (3, 5));
        let stored: Vec<(String, i64, i64)> = db::query_built(today()).fetch_all(&mut tx).await.unwrap();
        assert_eq!(stored, children);
        let deals: Vec<(String, i64, String, Option<i64>)> = all(
            &mut tx,
            "SELECT deals.title, deals.amount_minor, stages.name, deals.owner_id FROM deals \
             JOIN stages ON stages.id = deals.stage_id",
        )
        .await;
        assert_eq!(deals, [("Deal".to_owned(), 100, "Lead".to_owned(), Some(5))]);
        let next: i64 = db::query(
            "INSERT INTO deals (client_id, title, stage_id, amount_minor, currency, search, created_at, updated_at) \
             SELECT client_id, title, stage_id, 1, currency, search, 1, 1 FROM deals RETURNING id",
        )
        .scalar(&mut tx)
        .await
        .unwrap();
        assert_eq!(next, 2);
        db::query("DELETE FROM deals WHERE id = 2").execute(&mut tx).await.unwrap();
        let tracking: Vec<(i64, String)> = all(&mut tx, "SELECT id, account FROM tracking").await;
        assert_eq!(tracking, [(1, "A".to_owned())]);
        let boris = users.by_name(&mut tx, "Boris").await.unwrap().unwrap();
        assert_eq!((boris.id, boris.disabled, boris.created_at, boris.version), (5, true, 8, 1));
        assert_eq!((boris.display_name.as_str(), boris.roles), ("Boris NOVAK", vec!["sales".to_owned()]));
        let hashes: Vec<(String,)> = all(&mut tx, "SELECT password_hash FROM toolcrib_users ORDER BY id").await;
        assert_eq!(hashes, [("$a".to_owned(),), ("$b".to_owned(),)]);
        let roles = users.roles(&mut tx).await.unwrap();
        let roles: Vec<_> = roles.into_iter().map(|record| record.role).collect();
        assert_eq!(roles, crate::site::roles(), "as a new CRM has them");

        // The rows belong together as before: an owner who goes leaves clients, a client takes all along.
        db::query("DELETE FROM toolcrib_users WHERE id = 5").execute(&mut tx).await.unwrap();
        db::query("DELETE FROM clients WHERE id = 4").execute(&mut tx).await.unwrap();
        let owners: Vec<(i64, Option<i64>)> = all(&mut tx, "SELECT id, owner_id FROM clients ORDER BY id").await;
        assert_eq!(owners, [(1, None), (2, None)]);
        let left: Vec<(String, i64, i64)> = db::query_built(today()).fetch_all(&mut tx).await.unwrap();
        assert_eq!(left.len(), 3, "{left:?}");
        let next: i64 = db::query(
            "INSERT INTO toolcrib_users (name, display_name, search, password_hash, created_at, changed_at) \
             VALUES ('new', 'New', 'new', '$c', 1, 1) RETURNING id",
        )
        .scalar(&mut tx)
        .await
        .unwrap();
        assert_eq!(next, 6, "no number is given twice");
    }
}
