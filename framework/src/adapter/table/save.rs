//! Storing a form (W37): a row is inserted, or changed by a statement that compares what the form
//! was shown with (T22).

use super::edit::{Edit, Now, Step, Verdict};
use super::sql::joined;
use super::{Columns, Sql, Tabled, is_identifier};
use crate::adapter::errors::ErrorKind;
use crate::adapter::form::ROW_CHANGED;
use crate::adapter::{Adapter, Done, FieldId, Form, Row};
use crate::db::{Conn, DbError, Value};
use crate::page::{Context, PageError};

/// How often a row is looked at and written to, others writing in between, before the request as
/// a whole begins anew.
const TRIES: usize = 3;

impl<A: Adapter> Form<A> {
    /// Stores the form: as a new row where it has no key, else over the row with that key. The form's
    /// [`key`](Form::key) is the row's then; or the form is refused, and [`Context::execute`] undoes
    /// the unit and shows it (W37).
    ///
    /// * A new row gets the form's whole value and what [`Form::also`] added; version 1.
    /// * Of a row that is there only columns are written whose fields were sent, may be changed by
    ///   the visitor and were changed, or were changed by the site through [`Form::value_mut`]; with
    ///   them what `also` added. Where nothing was changed nothing is written, which is a success.
    /// * The statement itself compares what the form was shown with, so that of two saves at the
    ///   same moment one is refused: `Field {label} changed by another user.`, status 409. By
    ///   default any change of a field of the form, or of the version, does that; with
    ///   [`TableInfo::merge`](crate::adapter::TableInfo::merge) only one of a field that both
    ///   changed. A form that sends no originals (a program) is judged by the version alone; one that sends
    ///   neither is refused with 400 where the table counts versions, else judged by what the page
    ///   read in this request.
    /// * The refused form shows what was stored meanwhile. Saving that again overwrites it, knowingly.
    /// * A value of a [`unique`](crate::adapter::FieldInfo::unique) field that another row has is
    ///   refused: `Field {label} belongs to another row already.`
    ///
    /// Whether the visitor may change this row at all is the action's to find out.
    ///
    /// # Errors
    /// Whatever the database says, constraints included that no `unique` field explains;
    /// [`PageError::Retry`] where others wrote the row again and again.
    pub async fn save(&mut self, cx: &mut Context<'_>) -> Result<Done, PageError> {
        self.store(cx).await.map(|_| Done::new())
    }

    async fn store(&mut self, cx: &mut Context<'_>) -> Result<Option<i64>, PageError> {
        if let Some((column, _)) = self.also.iter().find(|(column, _)| !is_identifier(column)) {
            return Err(PageError::other(format!("{column:?} is no name of a column")));
        }
        if self.is_refused() {
            return Ok(None);
        }
        match self.row.key {
            Some(key) => self.update(key, cx).await,
            None => self.insert(cx).await,
        }
    }

    async fn insert(&mut self, cx: &mut Context<'_>) -> Result<Option<i64>, PageError> {
        let (fields, sql) = self.insertion();
        let tx = cx.tx().await?;
        if let Some(key) = sql.query().scalar_optional::<i64>(tx).await? {
            self.row.key = Some(key);
            self.row.version = A::version().map(|_| 1);
            return Ok(Some(key));
        }
        let taken = taken::<A>(tx, None, &fields).await?;
        if taken.is_empty() {
            self.errors.add_general(ErrorKind::NotUnique, "There is such a row already.".to_owned());
        }
        self.refuse_taken(&taken);
        Ok(None)
    }

    async fn update(&mut self, key: i64, cx: &mut Context<'_>) -> Result<Option<i64>, PageError> {
        if A::version().is_some() && self.sent.version.is_none() && self.originals.is_empty() {
            return Err(PageError::bad_request("The form does not say which version it is of."));
        }
        let edit = Edit::of(self);
        let mut step = edit.first();
        for _ in 0..TRIES {
            if let Some(step) = &step {
                let written = self.change(key, step).query().scalar_optional::<i64>(cx.tx().await?).await;
                match written {
                    Ok(Some(version)) => {
                        self.row.version = A::version().map(|_| version);
                        return Ok(Some(key));
                    }
                    Ok(None) => {}
                    // Another unit stored the value between the statement's look and its writing.
                    Err(error) if error.is_unique() => return self.refuse_violation(key, step, error, cx).await,
                    Err(error) => return Err(error.into()),
                }
            }
            let Some(row) = Row::<A>::find(cx.tx().await?, key).await? else {
                self.refuse_missing();
                return Ok(None);
            };
            let now = Now::of(&row);
            match edit.judge(&now) {
                Verdict::Nothing => return Ok(Some(key)),
                Verdict::Clash(fields) => {
                    self.refuse_changed(row, &edit, &now, &fields);
                    return Ok(None);
                }
                Verdict::Write(next) => {
                    let taken = taken::<A>(cx.tx().await?, Some(key), &next.set).await?;
                    if !taken.is_empty() {
                        self.refuse_taken(&taken);
                        return Ok(None);
                    }
                    step = Some(next);
                }
            }
        }
        Err(PageError::retry(format!("row {key} of {} is being changed by many", A::table())))
    }

    /// The statement that makes a row, and the values of its fields.
    fn insertion(&self) -> (Vec<(FieldId, Value)>, Sql) {
        let value = |id| self.row.value.field(id).map(crate::adapter::FieldValue::to_column);
        let fields: Vec<_> = Columns::<A>::all().filter_map(|(id, _, _)| Some((id, value(id)?))).collect();
        let mut columns = self.with_also(&fields);
        if let Some(version) = A::version().filter(|version| columns.iter().all(|(column, _)| column != version)) {
            columns.push((version, Value::from(1_i64)));
        }
        let mut sql = Sql::of(format!("INSERT INTO {} ", A::table()));
        if columns.is_empty() {
            sql.text("DEFAULT VALUES");
        } else {
            let names: Vec<_> = columns.iter().map(|(column, _)| *column).collect();
            sql.text(&format!("({}) VALUES (", names.join(", ")));
            joined(&mut sql, ", ", columns, |sql, (_, value)| {
                sql.value(value);
            });
            sql.text(")");
        }
        sql.text(&format!(" ON CONFLICT DO NOTHING RETURNING {}", A::key()));
        (fields, sql)
    }

    /// The statement that changes the row if all is as expected.
    fn change(&self, key: i64, step: &Step) -> Sql {
        let mut sql = Sql::of(format!("UPDATE {} SET ", A::table()));
        joined(&mut sql, ", ", self.with_also(&step.set), |sql, (column, value)| {
            sql.text(column).text(" = ").value(value);
        });
        if let Some(version) = A::version() {
            sql.text(&format!(", {version} = {version} + 1"));
        }
        sql.text(&format!(" WHERE {} = ", A::key())).value(key);
        if let Some((column, version)) = A::version().zip(step.version) {
            sql.text(&format!(" AND {column} = ")).value(version);
        }
        for (id, value) in &step.expect {
            if let Some(column) = Columns::<A>::of(*id) {
                sql.text(&format!(" AND {column} IS NOT DISTINCT FROM ")).value(value.clone());
            }
        }
        for (column, value) in unique::<A>(&step.set) {
            let (table, name) = (A::table(), A::key());
            sql.text(&format!(" AND NOT EXISTS (SELECT 1 FROM {table} AS other WHERE other.{column} = "));
            sql.value(value).text(&format!(" AND other.{name} <> ")).value(key).text(")");
        }
        sql.text(&format!(" RETURNING {}", A::version().unwrap_or(A::key())));
        sql
    }

    /// Fields and what goes with them, by column; what the site added counts.
    fn with_also(&self, fields: &[(FieldId, Value)]) -> Vec<(&'static str, Value)> {
        let named = fields.iter().filter_map(|(id, value)| Some((Columns::<A>::of(*id)?, value.clone())));
        let mut columns: Vec<(&'static str, Value)> = Vec::new();
        for (column, value) in named.chain(self.also.iter().cloned()) {
            match columns.iter_mut().find(|(known, _)| *known == column) {
                Some(known) => known.1 = value,
                None => columns.push((column, value)),
            }
        }
        columns
    }

    /// Tells what another user changed and makes the form one that may be sent again: original,
    /// mine and current are beside each other, and the next save knows of the current.
    fn refuse_changed(&mut self, row: Row<A>, edit: &Edit, now: &Now, fields: &[FieldId]) {
        let row = row.seen_by(&self.row.rights);
        for id in fields.iter().filter(|id| row.may_view(**id)) {
            self.fail(*id, ErrorKind::Changed, "changed by another user");
        }
        if !self.errors.has(ErrorKind::Changed) {
            self.errors.add_general(ErrorKind::Changed, ROW_CHANGED.to_owned());
        }
        let mut value = row.value.clone();
        for (id, mine) in edit.mine(Some(now)) {
            if let Some(field) = value.field_mut(id) {
                field.from_column(mine);
            }
        }
        for id in edit.only_by_others(now) {
            if self.typed.contains_key(&id) {
                self.typed.insert(id, row.texts(id));
            }
        }
        self.row.value = value;
        self.row.version = row.version;
        self.current = Some(Box::new(row));
    }

    /// As [`Self::refuse_changed`] for whoever does not write fields.
    pub(super) fn refuse_row_changed(&mut self, row: Row<A>) {
        let edit = Edit::of(self);
        let now = Now::of(&row);
        let fields: Vec<_> = edit.changed_by_others(&now).map(|field| field.id).collect();
        self.refuse_changed(row, &edit, &now, &fields);
    }

    /// The row is not there any more.
    pub(super) fn refuse_missing(&mut self) {
        self.errors.add_general(ErrorKind::RowNotFound, format!("Row not found in {}.", A::table()));
    }

    fn refuse_taken(&mut self, fields: &[FieldId]) {
        for id in fields {
            self.fail(*id, ErrorKind::NotUnique, "belongs to another row already");
        }
    }

    /// PostgreSQL does no more in a unit one statement of which failed: which field it was is found
    /// out outside of it. It would be undone in any case.
    async fn refuse_violation(
        &mut self,
        key: i64,
        step: &Step,
        error: DbError,
        cx: &mut Context<'_>,
    ) -> Result<Option<i64>, PageError> {
        cx.undo().await;
        let taken = taken::<A>(cx.read().await?, Some(key), &step.set).await?;
        if taken.is_empty() {
            return Err(error.into());
        }
        self.refuse_taken(&taken);
        Ok(None)
    }
}

/// The columns of these fields in which no two rows have the same value.
fn unique<A: Adapter>(fields: &[(FieldId, Value)]) -> impl Iterator<Item = (&'static str, Value)> {
    let is_unique = |id: FieldId| A::INFO.field(id).is_some_and(|info| info.unique);
    fields
        .iter()
        .filter(move |(id, _)| is_unique(*id))
        .filter_map(|(id, value)| Some((Columns::<A>::of(*id)?, value.clone())))
}

/// The unique fields whose value another row has.
async fn taken<A: Adapter>(
    conn: &mut Conn,
    key: Option<i64>,
    fields: &[(FieldId, Value)],
) -> Result<Vec<FieldId>, DbError> {
    let mut taken = Vec::new();
    for (id, value) in fields {
        for (column, value) in unique::<A>(&[(*id, value.clone())]) {
            let mut sql = Sql::of(format!("SELECT {} FROM {} WHERE {column} = ", A::key(), A::table()));
            sql.value(value);
            if let Some(key) = key {
                sql.text(&format!(" AND {} <> ", A::key())).value(key);
            }
            if sql.text(" LIMIT 1").clone().query().scalar_optional::<i64>(conn).await?.is_some() {
                taken.push(*id);
            }
        }
    }
    Ok(taken)
}
