//! Saved views of lists.

use toolcrib::db::{self, Conn, DbError};

/// The most views that are listed, and the most somebody has.
pub const MOST: i64 = 20;

/// A view as the tabs above the list show it.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow, serde::Deserialize)]
pub struct View {
    /// Its id.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// The query of its address.
    pub query: String,
    /// Whether others see it too.
    pub shared: bool,
    /// Whether it is the viewer's own.
    pub own: bool,
}

/// The viewer's own views and those others share: own ones first, each by name.
///
/// # Errors
/// Whatever the database says.
pub async fn listed(conn: &mut Conn, viewer: i64) -> Result<Vec<View>, DbError> {
    db::query(
        "SELECT id, name, query, shared, owner_id = $1 AS own FROM saved_views WHERE owner_id = $1 OR shared \
         ORDER BY CASE WHEN owner_id = $1 THEN 0 ELSE 1 END, name, id LIMIT $2",
    )
    .bind(viewer)
    .bind(MOST)
    .fetch_all(conn)
    .await
}

/// Whether there is a view of the viewer's own with this id.
///
/// # Errors
/// Whatever the database says.
pub async fn is_own(conn: &mut Conn, id: i64, viewer: i64) -> Result<bool, DbError> {
    let found: i64 = db::query("SELECT COUNT(*) FROM saved_views WHERE id = $1 AND owner_id = $2")
        .bind(id)
        .bind(viewer)
        .scalar(conn)
        .await?;
    Ok(found > 0)
}

/// How many views somebody has, and whether another one than `but` has this name.
///
/// # Errors
/// Whatever the database says.
pub async fn taken(conn: &mut Conn, viewer: i64, name: &str, but: Option<i64>) -> Result<(i64, bool), DbError> {
    let (all, same): (i64, i64) = db::query(
        "SELECT COUNT(*), COUNT(CASE WHEN name = $2 AND id IS DISTINCT FROM $3 THEN 1 END) \
         FROM saved_views WHERE owner_id = $1",
    )
    .bind(viewer)
    .bind(name)
    .bind(but)
    .fetch_one(conn)
    .await?;
    Ok((all, same > 0))
}

#[cfg(test)]
mod tests {
    use toolcrib::db::Db;

    use super::*;
    use crate::db::fixture::{on_both_engines, two_users_and_clients};

    on_both_engines! { a_view_is_its_owners_unless_it_is_shared }

    async fn a_view_is_its_owners_unless_it_is_shared(db: Db) {
        let mut tx = db.begin().await.unwrap();
        two_users_and_clients(&mut tx).await;
        db::query(
            "INSERT INTO saved_views (owner_id, name, query, shared, created_at, updated_at) VALUES \
             (1, 'Mine', 'owner=me', FALSE, 1, 1), (1, 'Bonn', 'city=Bonn', TRUE, 1, 1), (2, 'All', '', FALSE, 1, 1)",
        )
        .execute(&mut tx)
        .await
        .unwrap();
        let mut seen = Vec::new();
        for viewer in [1, 2] {
            let views = listed(&mut tx, viewer).await.unwrap();
            seen.push(views.into_iter().map(|view| (view.name, view.own)).collect::<Vec<_>>());
        }
        assert_eq!(seen[0], [("Bonn".to_owned(), true), ("Mine".to_owned(), true)]);
        assert_eq!(seen[1], [("All".to_owned(), true), ("Bonn".to_owned(), false)]);
        assert!(is_own(&mut tx, 1, 1).await.unwrap() && !is_own(&mut tx, 2, 2).await.unwrap());
        assert_eq!(taken(&mut tx, 1, "Mine", None).await.unwrap(), (2, true));
        assert_eq!(taken(&mut tx, 1, "Mine", Some(1)).await.unwrap(), (2, false));
    }
}
