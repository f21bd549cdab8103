//! Deleting a form's row (W37).

use super::{Sql, Tabled};
use crate::adapter::errors::ErrorKind;
use crate::adapter::{Adapter, Done, Form, Row};
use crate::db::DbError;
use crate::page::{Context, PageError};

impl<A: Adapter> Form<A> {
    /// Deletes the form's row; or the form is refused: the row is
    /// gone (`Row not found in {table}.`, 404), other rows refer to it, or another user changed it
    /// since the form was shown (409), which is found out by its version, where the table has one
    /// and the form sent it.
    ///
    /// Whether the visitor may delete this row at all is the action's to find out.
    ///
    /// # Errors
    /// [`PageError::BadRequest`] for a form without a key, and whatever the database says.
    pub async fn remove(&mut self, cx: &mut Context<'_>) -> Result<Done, PageError> {
        let key = self.required_key()?;
        if self.is_refused() {
            return Ok(Done::new());
        }
        let mut sql = Sql::of(format!("DELETE FROM {} WHERE {} = ", A::table(), A::key()));
        sql.value(key);
        if let Some((column, version)) = A::version().zip(self.sent.version) {
            sql.text(&format!(" AND {column} = ")).value(version);
        }
        match sql.query().execute(cx.tx().await?).await {
            Ok(0) => {}
            Ok(_) => return Ok(Done::new()),
            Err(DbError::Constraint { kind: sqlx::error::ErrorKind::ForeignKeyViolation, .. }) => {
                // PostgreSQL does no more in a unit one statement of which failed.
                cx.undo().await;
                self.errors.add_general(ErrorKind::Invalid, "Other rows refer to this one.".to_owned());
                return Ok(Done::new());
            }
            Err(error) => return Err(error.into()),
        }
        match Row::<A>::find(cx.tx().await?, key).await? {
            Some(row) => self.refuse_row_changed(row),
            None => self.refuse_missing(),
        }
        Ok(Done::new())
    }
}
