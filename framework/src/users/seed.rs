//! The roles a site starts with.

use std::collections::BTreeSet;

use super::role::{Role, RoleError};
use super::roles::insert_role;
use super::store::{Turn, take_turn};
use crate::db::{self, Conn, Db, DbError};

/// The roles could not be seen to.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SeedRolesError {
    #[error("role {name:?}: {source}")]
    Role { name: String, source: RoleError },
    #[error("the roles could not be stored")]
    Db(#[from] DbError),
}

/// Makes the roles that were never made before. One an administrator changed stays changed, one an
/// administrator removed stays removed.
pub(crate) async fn seed_roles(db: &Db, roles: &[Role]) -> Result<(), SeedRolesError> {
    let mut checked = Vec::with_capacity(roles.len());
    for role in roles {
        checked.push(role.checked().map_err(|source| SeedRolesError::Role { name: role.name.clone(), source })?);
    }
    if all_made(&mut db.read().await?, &checked).await? {
        return Ok(());
    }
    let mut tx = db.begin().await?;
    take_turn(&mut tx, Turn::Change).await?;
    for role in &checked {
        let new =
            db::query("INSERT INTO toolcrib_settings (name, value) VALUES ($1, 'made') ON CONFLICT (name) DO NOTHING")
                .bind(mark(role))
                .execute(&mut tx)
                .await?;
        if new == 1 {
            insert_role(&mut tx, role).await?;
        }
    }
    Ok(tx.commit().await?)
}

/// Whether there is nothing to do, as at nearly every start: no transaction is needed then.
async fn all_made(conn: &mut Conn, roles: &[Role]) -> Result<bool, DbError> {
    for role in roles {
        let made: Option<String> = db::query("SELECT value FROM toolcrib_settings WHERE name = $1")
            .bind(mark(role))
            .scalar_optional(conn)
            .await?;
        if made.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}

fn mark(role: &Role) -> String {
    format!("role {}", role.name)
}

/// Of pages and the rights they require, those whose right no role has. None for a site without
/// roles, which says itself who may do what.
pub(crate) async fn rights_nobody_can_have<'a>(
    conn: &mut Conn,
    pages: impl Iterator<Item = (&'a str, &'a str)>,
) -> Result<Vec<(&'a str, &'a str)>, DbError> {
    let roles: i64 = db::query("SELECT COUNT(*) FROM toolcrib_roles").scalar(conn).await?;
    if roles == 0 {
        return Ok(Vec::new());
    }
    let held: Vec<String> = db::query("SELECT DISTINCT right_name FROM toolcrib_role_rights").scalars(conn).await?;
    let held: BTreeSet<String> = held.into_iter().collect();
    Ok(pages.filter(|(_, right)| !held.contains(*right)).collect())
}
