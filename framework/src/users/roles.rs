//! Making and changing roles.

use std::collections::BTreeMap;

use super::role::{ADMIN, Role, RoleRecord};
use super::store::{Turn, by_id, is_last_admin, take_turn};
use super::{ChangeRoleError, CreateRoleError, RemoveRoleError, Users};
use crate::db::{self, Conn, DbError};
use crate::session::SessionError;

impl Users {
    /// All roles, by name.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn roles(&self, conn: &mut Conn) -> Result<Vec<RoleRecord>, DbError> {
        let rights: Vec<(String, String)> =
            db::query("SELECT role, right_name FROM toolcrib_role_rights ORDER BY role, right_name")
                .fetch_all(conn)
                .await?;
        let mut by_role: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (role, right) in rights {
            by_role.entry(role).or_default().push(right);
        }
        let rows: Vec<(String, String, i64, i64)> = db::query(
            "SELECT r.name, r.label, r.version, \
             (SELECT COUNT(*) FROM toolcrib_user_roles u WHERE u.role = r.name) \
             FROM toolcrib_roles r ORDER BY r.name",
        )
        .fetch_all(conn)
        .await?;
        let record = |(name, label, version, holders): (String, String, i64, i64)| {
            let rights = by_role.remove(&name).unwrap_or_default();
            RoleRecord { role: Role { name, label, rights }, version, holders }
        };
        Ok(rows.into_iter().map(record).collect())
    }

    /// A role by its name.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn role(&self, conn: &mut Conn, name: &str) -> Result<Option<RoleRecord>, DbError> {
        Ok(self.roles(conn).await?.into_iter().find(|record| record.role.name == name))
    }

    /// Makes a role.
    ///
    /// # Errors
    /// [`CreateRoleError`]; nothing is written then.
    pub async fn create_role(&self, tx: &mut Conn, role: &Role) -> Result<(), CreateRoleError> {
        let role = role.checked()?;
        take_turn(tx, Turn::Change).await?;
        if insert_role(tx, &role).await? { Ok(()) } else { Err(CreateRoleError::NameTaken) }
    }

    /// Gives the role of this name another label and other rights. Sessions of those who have it go
    /// by them from the next request on (S17).
    ///
    /// # Errors
    /// [`ChangeRoleError::Stale`] where `version` is not the role's any more,
    /// [`ChangeRoleError::LastAdmin`] where nobody would be left with the right [`ADMIN`], and
    /// others; nothing is written then.
    pub async fn change_role(&self, tx: &mut Conn, version: i64, role: &Role) -> Result<(), ChangeRoleError> {
        let role = role.checked()?;
        take_turn(tx, Turn::Change).await?;
        match version_of(tx, &role.name).await? {
            None => return Err(ChangeRoleError::NoSuchRole),
            Some(now) if now != version => return Err(ChangeRoleError::Stale),
            Some(_) => {}
        }
        if !role.has_right(ADMIN) && is_last_admin(tx, 0, &role.name).await? {
            return Err(ChangeRoleError::LastAdmin);
        }
        db::query("UPDATE toolcrib_roles SET label = $2, version = version + 1 WHERE name = $1")
            .bind(&role.name)
            .bind(&role.label)
            .execute(tx)
            .await?;
        db::query("DELETE FROM toolcrib_role_rights WHERE role = $1").bind(&role.name).execute(tx).await?;
        insert_rights(tx, &role).await?;
        self.refresh_holders(tx, &role.name).await?;
        Ok(())
    }

    /// Removes a role that nobody has.
    ///
    /// # Errors
    /// [`RemoveRoleError::InUse`] where somebody has it, a disabled user included, and others;
    /// nothing is written then.
    pub async fn remove_role(&self, tx: &mut Conn, name: &str) -> Result<(), RemoveRoleError> {
        if !super::name::is_word(name) {
            return Err(RemoveRoleError::NoSuchRole);
        }
        take_turn(tx, Turn::Change).await?;
        let holders: i64 =
            db::query("SELECT COUNT(*) FROM toolcrib_user_roles WHERE role = $1").bind(name).scalar(tx).await?;
        if holders > 0 {
            return Err(RemoveRoleError::InUse(holders));
        }
        let rows = db::query("DELETE FROM toolcrib_roles WHERE name = $1").bind(name).execute(tx).await?;
        if rows == 0 { Err(RemoveRoleError::NoSuchRole) } else { Ok(()) }
    }

    /// Only of those who are signed in: the others' rights are looked up when they sign in.
    async fn refresh_holders(&self, tx: &mut Conn, role: &str) -> Result<(), SessionError> {
        let holders: Vec<i64> =
            db::query("SELECT user_id FROM toolcrib_user_roles WHERE role = $1").bind(role).scalars(tx).await?;
        for id in self.sessions().signed_in(tx, &holders).await? {
            if let Some(user) = by_id(tx, id).await? {
                self.refresh_sessions(tx, &user).await?;
            }
        }
        Ok(())
    }
}

async fn version_of(tx: &mut Conn, name: &str) -> Result<Option<i64>, DbError> {
    db::query("SELECT version FROM toolcrib_roles WHERE name = $1").bind(name).scalar_optional(tx).await
}

/// Stores a role with its rights; false: there is one of that name.
pub(super) async fn insert_role(tx: &mut Conn, role: &Role) -> Result<bool, DbError> {
    let rows = db::query("INSERT INTO toolcrib_roles (name, label) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING")
        .bind(&role.name)
        .bind(&role.label)
        .execute(tx)
        .await?;
    if rows == 1 {
        insert_rights(tx, role).await?;
    }
    Ok(rows == 1)
}

async fn insert_rights(tx: &mut Conn, role: &Role) -> Result<(), DbError> {
    for right in &role.rights {
        db::query("INSERT INTO toolcrib_role_rights (role, right_name) VALUES ($1, $2)")
            .bind(&role.name)
            .bind(right)
            .execute(tx)
            .await?;
    }
    Ok(())
}
