//! The client tracking row: one per account, whoever asks first and however many ask at once.
//!
//! Who asks looks first ([`find`]), and then inserts. In between others may do the same: within a process
//! the panels keep them away by a lock; the unique index is for whoever does not know of it.

use toolcrib::db::{self, Conn, DbError, Query};

/// Makes the tracking row of an account and answers its id, or that of the row that is already there.
///
/// Needs a transaction. However many insert at the same time, on however many servers, the unique
/// index lets one row in and all get its id: whoever loses the race is not told by an error but
/// reads what the winner wrote.
///
/// # Errors
/// Whatever the database says.
pub async fn insert(conn: &mut Conn, account: &str, now: i64) -> Result<i64, DbError> {
    // No conflict target: without the unique index this still runs, and then shows what the index
    // is for. On PostgreSQL it waits for whoever is just inserting the same account.
    let inserted = db::query(
        "INSERT INTO tracking (account, created_at) VALUES ($1, $2) \
         ON CONFLICT DO NOTHING RETURNING id",
    )
    .bind(account)
    .bind(now)
    .scalar_optional(conn)
    .await?;
    match inserted {
        Some(id) => Ok(id),
        // A statement of its own sees what was committed while the insert waited.
        None => query_id(account).scalar(conn).await,
    }
}

/// Finds the tracking row's id without making one; a reading connection will do.
///
/// # Errors
/// Whatever the database says.
pub async fn find(conn: &mut Conn, account: &str) -> Result<Option<i64>, DbError> {
    query_id(account).scalar_optional(conn).await
}

fn query_id(account: &str) -> Query {
    db::query("SELECT id FROM tracking WHERE account = $1 ORDER BY id LIMIT 1").bind(account)
}

#[cfg(test)]
mod tests {
    use toolcrib::db::Db;

    use super::*;
    use crate::db::fixture::{on_both_engines, somebody_waits};

    on_both_engines! {
        an_account_gets_one_row_for_good,
        thirty_at_once_get_the_same_row,
        thirty_that_do_not_look_again_get_the_same_row,
        whoever_waited_for_the_winner_reads_the_winners_row,
        one_after_the_other_need_no_unique_index,
        without_the_unique_index_every_insert_makes_a_row,
    }

    /// As the panels do it, without their lock.
    async fn client_id(conn: &mut Conn, account: &str, now: i64) -> Result<i64, DbError> {
        match find(conn, account).await? {
            Some(id) => Ok(id),
            None => insert(conn, account, now).await,
        }
    }

    async fn ask(db: &Db, account: &str) -> i64 {
        let mut tx = db.begin().await.unwrap();
        let id = client_id(&mut tx, account, 1).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    async fn rows(db: &Db) -> i64 {
        let mut conn = db.read().await.unwrap();
        db::query("SELECT COUNT(*) FROM tracking").scalar(&mut conn).await.unwrap()
    }

    async fn an_account_gets_one_row_for_good(db: Db) {
        assert_eq!(find(&mut db.read().await.unwrap(), "A1").await.unwrap(), None);
        let id = ask(&db, "A1").await;
        assert_eq!(ask(&db, "A1").await, id);
        assert_ne!(ask(&db, "A2").await, id);
        assert_eq!(find(&mut db.read().await.unwrap(), "A1").await.unwrap(), Some(id));
        assert_eq!(rows(&db).await, 2);
    }

    async fn thirty_at_once_get_the_same_row(db: Db) {
        for round in 0..10 {
            let account = format!("A{round}");
            let mut asking = tokio::task::JoinSet::new();
            for _ in 0..30 {
                let (db, account) = (db.clone(), account.clone());
                asking.spawn(async move { ask(&db, &account).await });
            }
            let mut ids = asking.join_all().await;
            ids.dedup();
            assert_eq!(ids.len(), 1);
            assert_eq!(rows(&db).await, round + 1);
        }
    }

    /// All have looked before any inserts: only the index is left to keep it at one row.
    async fn thirty_that_do_not_look_again_get_the_same_row(db: Db) {
        let mut asking = tokio::task::JoinSet::new();
        for _ in 0..30 {
            let db = db.clone();
            asking.spawn(async move {
                let mut tx = db.begin().await.unwrap();
                let id = insert(&mut tx, "A1", 1).await.unwrap();
                tx.commit().await.unwrap();
                id
            });
        }
        let mut ids = asking.join_all().await;
        ids.dedup();
        assert_eq!((ids.len(), rows(&db).await), (1, 1));
    }

    async fn without_the_unique_index_every_insert_makes_a_row(db: Db) {
        let mut tx = db.begin().await.unwrap();
        db::query("DROP INDEX tracking_account").execute(&mut tx).await.unwrap();
        let first = insert(&mut tx, "A1", 1).await.unwrap();
        assert_ne!(insert(&mut tx, "A1", 1).await.unwrap(), first);
        assert_eq!(find(&mut tx, "A1").await.unwrap(), Some(first));
        tx.commit().await.unwrap();
        assert_eq!(rows(&db).await, 2);
    }

    /// The race itself, step by step: both looked and found nothing, and the second one's insert waits
    /// for the first one's commit.
    async fn whoever_waited_for_the_winner_reads_the_winners_row(db: Db) {
        let mut winner = db.begin().await.unwrap();
        let won = client_id(&mut winner, "A1", 1).await.unwrap();
        let loser = async {
            // On SQLite this waits for the winner's commit, on PostgreSQL the insert does.
            let mut tx = db.begin().await.unwrap();
            let id = client_id(&mut tx, "A1", 1).await.unwrap();
            tx.commit().await.unwrap();
            id
        };
        let commit = async {
            somebody_waits(&db).await;
            winner.commit().await.unwrap();
        };
        let (lost, ()) = tokio::join!(loser, commit);
        assert_eq!(lost, won);
        assert_eq!(rows(&db).await, 1);
    }

    async fn one_after_the_other_need_no_unique_index(db: Db) {
        let mut tx = db.begin().await.unwrap();
        db::query("DROP INDEX tracking_account").execute(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
        let id = ask(&db, "A1").await;
        assert_eq!(ask(&db, "A1").await, id);
        assert_eq!(rows(&db).await, 1);
    }
}
