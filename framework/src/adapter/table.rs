//! Rows of an adapter's table: found, stored with their originals compared, deleted (WebSnap:
//! `TDataSetAdapter`, W37).

mod columns;
mod edit;
mod remove;
mod save;
mod sql;
mod stored;

pub(in crate::adapter) use columns::{Columns, is_identifier};
pub(in crate::adapter) use sql::Sql;
pub(in crate::adapter) use stored::{Cells, row_of};

use super::{Adapter, Row};
use crate::db::{Conn, DbError};

impl<A: Adapter> Row<A> {
    /// The row of `A`'s table with this key, seen by nobody in particular: give it to
    /// [`Context::form_of`](crate::page::Context::form_of) or
    /// [`Context::row`](crate::page::Context::row) to have it seen by the visitor (W37).
    ///
    /// The table, its key, its version and the columns are those of
    /// [`TableInfo`](super::TableInfo) and [`FieldInfo::column`](super::FieldInfo::column); that
    /// there is a table, and that their names are plain lower-case words, is found out when the
    /// site is compiled.
    ///
    /// ```no_run
    /// use toolcrib::adapter::{Adapter, Row};
    /// use toolcrib::prelude::*;
    ///
    /// async fn form_page<A: Adapter>(cx: &mut Context<'_>) -> Result<(), PageError> {
    ///     let key = cx.path("id")?;
    ///     let row = Row::<A>::find(cx.read().await?, key).await?.or_not_found()?;
    ///     let _form: Form<A> = cx.form_of(row);
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    /// Whatever the database says, and [`DbError::Query`] where a stored value is not of its
    /// field's type; its source names table, key and column.
    pub async fn find(conn: &mut Conn, key: i64) -> Result<Option<Self>, DbError> {
        let mut sql = Sql::of(format!("SELECT {} FROM {} WHERE {} = ", Columns::<A>::list(), A::table(), A::key()));
        sql.value(key);
        sql.query().fetch_optional::<Cells>(conn).await?.map(row_of).transpose()
    }
}

/// The constants of an adapter's table.
pub(in crate::adapter) trait Tabled: Adapter {
    /// The table's name.
    fn table() -> &'static str {
        Columns::<Self>::TABLE.name
    }

    /// The name of its key's column.
    fn key() -> &'static str {
        Columns::<Self>::TABLE.key
    }

    /// The name of its version's column.
    fn version() -> Option<&'static str> {
        Columns::<Self>::TABLE.version
    }
}

impl<A: Adapter> Tabled for A {}
