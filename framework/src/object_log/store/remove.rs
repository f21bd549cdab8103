//! Deleting and marking entries. Each answers how many entries it met: none is no error, somebody
//! else was faster.

use super::read::{Column, Filter, Sort};
use crate::db::{self, Conn, DbError};
use crate::object_log::Priority;

/// Deletes one entry.
///
/// # Errors
/// Where the store fails.
pub async fn delete(tx: &mut Conn, id: i64) -> Result<u64, DbError> {
    db::query("DELETE FROM toolcrib_object_log WHERE id = $1").bind(id).execute(tx).await
}

/// Deletes all entries of a priority, up to the number `seen`: what came later nobody has looked at.
///
/// # Errors
/// Where the store fails.
pub async fn delete_all(tx: &mut Conn, priority: Priority, seen: i64) -> Result<u64, DbError> {
    db::query("DELETE FROM toolcrib_object_log WHERE priority = $1 AND id <= $2")
        .bind(priority.number())
        .bind(seen)
        .execute(tx)
        .await
}

/// Deletes the entries from the top of a list down to `id`, this one included (G17).
///
/// The list is what `filter` lets through, in the order of `sort`; `seen` as in [`delete_all`].
/// Where the entry is not in the list any more nothing is deleted: it is not known how far down.
///
/// # Errors
/// Where the store fails.
pub async fn delete_down_to(tx: &mut Conn, id: i64, filter: &Filter, sort: Sort, seen: i64) -> Result<u64, DbError> {
    let conditions = filter.conditions(3);
    let upto = upto(sort);
    let text = format!(
        "DELETE FROM toolcrib_object_log WHERE id <= $2{conditions} AND {upto} \
         AND EXISTS (SELECT 1 FROM toolcrib_object_log WHERE id = $1{conditions})"
    );
    filter.bind(db::query_built(text).bind(id).bind(seen)).execute(tx).await
}

/// Whether an entry stands above the one with number `$1`, or is that one.
fn upto(sort: Sort) -> String {
    let beyond = if sort.descending { ">" } else { "<" };
    match sort.column {
        Column::Time => format!("id {beyond}= $1"),
        column => {
            let column = column.sql();
            let last = format!("(SELECT last.{column} FROM toolcrib_object_log last WHERE last.id = $1)");
            format!("({column} {beyond} {last} OR ({column} = {last} AND id >= $1))")
        }
    }
}

/// Marks an entry, or takes the mark off.
///
/// # Errors
/// Where the store fails.
pub async fn set_tagged(tx: &mut Conn, id: i64, tagged: bool) -> Result<u64, DbError> {
    db::query("UPDATE toolcrib_object_log SET tagged = $2 WHERE id = $1").bind(id).bind(tagged).execute(tx).await
}
