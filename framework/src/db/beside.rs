//! What changes with a transaction outside the database.

use futures_util::future::BoxFuture;

use super::DbError;

/// A part of a transaction in another store, which cannot commit together with the database.
///
/// It is dropped where the transaction is undone before COMMIT, and where the outcome of COMMIT is
/// unknown: what [`Beside::prepare`] left in the other store must then come to a safe end by itself.
pub(crate) trait Beside: Send {
    /// Right before COMMIT; an error undoes the transaction.
    fn prepare(&mut self) -> BoxFuture<'_, Result<(), DbError>>;

    /// The transaction is committed.
    fn carry_out(self: Box<Self>) -> BoxFuture<'static, ()>;

    /// The transaction is undone although [`Beside::prepare`] was called.
    fn undo(self: Box<Self>) -> BoxFuture<'static, ()>;
}
