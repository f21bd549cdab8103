//! Users, a page at a time.

use std::collections::HashMap;

use super::Users;
use super::name::fold;
use super::user::{Row, User};
use crate::db::{self, Conn, DbError};
use crate::fold::like_pattern;

/// The most users on a page.
const MAX_PER_PAGE: u32 = 100;

/// The longest text searched for, in characters; the rest is ignored.
const MAX_SEARCH_CHARS: usize = 100;

/// What users are ordered by; ties by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum UserSort {
    /// The name to sign in with.
    #[default]
    Name,
    /// The name to show.
    DisplayName,
    /// The last sign-in, who never did last.
    SignedIn,
    /// When they were made, the newest first.
    Created,
}

/// Which users to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserListPage<'a> {
    /// Part of a name, whatever its case; empty for all users.
    pub search: &'a str,
    /// The order.
    pub sort: UserSort,
    /// Which page, from 1.
    pub page: u32,
    /// How many on a page, at most 100.
    pub per_page: u32,
}

/// Some users, and how many there are.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UserList {
    /// Those on the page.
    pub users: Vec<User>,
    /// How many the search finds.
    pub total: i64,
}

impl UserSort {
    /// Reads an order out of an address: `name`, `display_name`, `signed_in`, `created`.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "name" => Some(Self::Name),
            "display_name" => Some(Self::DisplayName),
            "signed_in" => Some(Self::SignedIn),
            "created" => Some(Self::Created),
            _ => None,
        }
    }

    /// The word an address has for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::DisplayName => "display_name",
            Self::SignedIn => "signed_in",
            Self::Created => "created",
        }
    }

    fn select(self) -> &'static str {
        macro_rules! select {
            ($order:literal) => {
                concat!(
                    "SELECT id, name, display_name, disabled, version, created_at, changed_at, signed_in_at ",
                    "FROM toolcrib_users WHERE search LIKE $1 ESCAPE '\\' ORDER BY ",
                    $order,
                    " LIMIT $2 OFFSET $3"
                )
            };
        }
        match self {
            Self::Name => select!("name, id"),
            Self::DisplayName => select!("display_name, id"),
            Self::SignedIn => select!("COALESCE(signed_in_at, 0) DESC, id"),
            Self::Created => select!("created_at DESC, id DESC"),
        }
    }
}

impl Users {
    /// Lists users.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn list(&self, conn: &mut Conn, wanted: UserListPage<'_>) -> Result<UserList, DbError> {
        let search: String = wanted.search.chars().take(MAX_SEARCH_CHARS).collect();
        let pattern = like_pattern(&fold(&search));
        let per_page = i64::from(wanted.per_page.clamp(1, MAX_PER_PAGE));
        let total = db::query("SELECT COUNT(*) FROM toolcrib_users WHERE search LIKE $1 ESCAPE '\\'")
            .bind(&pattern)
            .scalar(conn)
            .await?;
        let rows: Vec<Row> = db::query(wanted.sort.select())
            .bind(&pattern)
            .bind(per_page)
            .bind(i64::from(wanted.page.saturating_sub(1)) * per_page)
            .fetch_all(conn)
            .await?;
        let mut roles = roles_of(conn, &rows).await?;
        let with_roles = |row: Row| {
            let own = roles.remove(&row.id).unwrap_or_default();
            row.with_roles(own)
        };
        Ok(UserList { users: rows.into_iter().map(with_roles).collect(), total })
    }
}

async fn roles_of(conn: &mut Conn, rows: &[Row]) -> Result<HashMap<i64, Vec<String>>, DbError> {
    let mut roles: HashMap<i64, Vec<String>> = HashMap::new();
    if rows.is_empty() {
        return Ok(roles);
    }
    let places: Vec<String> = (1..=rows.len()).map(|number| format!("${number}")).collect();
    let mut statement = db::query_built(format!(
        "SELECT user_id, role FROM toolcrib_user_roles WHERE user_id IN ({}) ORDER BY user_id, role",
        places.join(", ")
    ));
    for row in rows {
        statement = statement.bind(row.id);
    }
    for (id, role) in statement.fetch_all::<(i64, String)>(conn).await? {
        roles.entry(id).or_default().push(role);
    }
    Ok(roles)
}
