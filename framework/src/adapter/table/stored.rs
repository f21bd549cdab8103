//! A row as an engine answers it, and what an adapter makes of it.

use sqlx::{Column, Row as _, TypeInfo, ValueRef};

use super::{Columns, Tabled};
use crate::adapter::{Adapter, ColumnType, Row};
use crate::db::{DbError, Value};

/// One value, in the engine's own words.
#[derive(Debug, Clone, PartialEq)]
enum Cell {
    Null,
    Int(i64),
    Float(f64),
    // SQLite has none.
    #[cfg(feature = "postgres")]
    Bool(bool),
    Text(String),
}

/// The values of a row, in the order of the statement's columns.
#[derive(Debug)]
pub(in crate::adapter) struct Cells(Vec<Cell>);

/// A column of a type that no field has.
fn unknown(column: &str, type_name: &str) -> sqlx::Error {
    sqlx::Error::ColumnDecode {
        index: column.to_owned(),
        source: format!("no field holds a column of type {type_name}").into(),
    }
}

#[cfg(feature = "sqlite")]
impl sqlx::FromRow<'_, sqlx::sqlite::SqliteRow> for Cells {
    fn from_row(row: &sqlx::sqlite::SqliteRow) -> Result<Self, sqlx::Error> {
        let mut cells = Vec::with_capacity(row.len());
        for (index, column) in row.columns().iter().enumerate() {
            let raw = row.try_get_raw(index)?;
            if raw.is_null() {
                cells.push(Cell::Null);
                continue;
            }
            // The type of the value: a SQLite column may hold any.
            let type_info = raw.type_info().into_owned();
            cells.push(match type_info.name() {
                "INTEGER" => Cell::Int(row.try_get_unchecked(index)?),
                "REAL" => Cell::Float(row.try_get_unchecked(index)?),
                "TEXT" => Cell::Text(row.try_get_unchecked(index)?),
                other => return Err(unknown(column.name(), other)),
            });
        }
        Ok(Self(cells))
    }
}

#[cfg(feature = "postgres")]
impl sqlx::FromRow<'_, sqlx::postgres::PgRow> for Cells {
    fn from_row(row: &sqlx::postgres::PgRow) -> Result<Self, sqlx::Error> {
        let mut cells = Vec::with_capacity(row.len());
        for (index, column) in row.columns().iter().enumerate() {
            if row.try_get_raw(index)?.is_null() {
                cells.push(Cell::Null);
                continue;
            }
            cells.push(match column.type_info().name() {
                "INT8" => Cell::Int(row.try_get_unchecked(index)?),
                "INT4" => Cell::Int(row.try_get_unchecked::<i32, _>(index)?.into()),
                "INT2" => Cell::Int(row.try_get_unchecked::<i16, _>(index)?.into()),
                "FLOAT8" => Cell::Float(row.try_get_unchecked(index)?),
                "FLOAT4" => Cell::Float(row.try_get_unchecked::<f32, _>(index)?.into()),
                "BOOL" => Cell::Bool(row.try_get_unchecked(index)?),
                "TEXT" | "VARCHAR" | "CHAR" | "NAME" => Cell::Text(row.try_get_unchecked(index)?),
                other => return Err(unknown(column.name(), other)),
            });
        }
        Ok(Self(cells))
    }
}

impl Cell {
    /// The value as its field wants it; none where it is of another type.
    fn fit(self, column_type: ColumnType) -> Option<Value> {
        Some(match (column_type, self) {
            (ColumnType::Int, Self::Null) => Value::Int(None),
            (ColumnType::Int, Self::Int(number)) => Value::from(number),
            (ColumnType::Float, Self::Null) => Value::Float(None),
            (ColumnType::Float, Self::Float(number)) => Value::from(number),
            // SQLite keeps a whole number as one in a column without a type of its own.
            (ColumnType::Float, Self::Int(number)) => Value::from(i32::try_from(number).map(f64::from).ok()?),
            (ColumnType::Bool, Self::Null) => Value::Bool(None),
            #[cfg(feature = "postgres")]
            (ColumnType::Bool, Self::Bool(yes)) => Value::from(yes),
            (ColumnType::Bool, Self::Int(number @ (0 | 1))) => Value::from(number == 1),
            (ColumnType::Text, Self::Null) => Value::Text(None),
            (ColumnType::Text, Self::Text(text)) => Value::from(text),
            _ => return None,
        })
    }
}

/// The row of a statement that asked for [`Columns::list`].
///
/// # Errors
/// [`DbError::Query`] with table, key and column where a value is not of its field's type.
pub(in crate::adapter) fn row_of<A: Adapter>(cells: Cells) -> Result<Row<A>, DbError> {
    let mut cells = cells.0.into_iter();
    let table = Columns::<A>::TABLE;
    let wrong = |column: &str, key: Option<i64>| {
        let key = key.map_or_else(|| "?".to_owned(), |key| key.to_string());
        let name = A::table();
        DbError::Query(sqlx::Error::Decode(
            format!("table {name}, row {key}: what column {column} holds is not of its field's type").into(),
        ))
    };
    let Some(Cell::Int(key)) = cells.next() else { return Err(wrong(table.key, None)) };
    let version = match table.version.map(|column| (column, cells.next())) {
        None => None,
        Some((_, Some(Cell::Int(version)))) => Some(version),
        Some((column, _)) => return Err(wrong(column, Some(key))),
    };
    let mut value = A::default();
    for (id, info, column) in Columns::<A>::all() {
        let stored = cells.next().and_then(|cell| cell.fit(info.column_type));
        let taken = stored.zip(value.field_mut(id)).is_some_and(|(stored, field)| field.from_column(stored));
        if !taken {
            return Err(wrong(column, Some(key)));
        }
    }
    Ok(Row::stored(value, key, version))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapter::tests::Note;

    #[test]
    fn a_row_is_read_by_the_types_of_its_fields() {
        let cells = Cells(vec![
            Cell::Int(7),
            Cell::Int(3),
            Cell::Text("milk".to_owned()),
            Cell::Null,
            Cell::Int(1),
            Cell::Text("x".to_owned()),
        ]);
        let row: Row<Note> = row_of(cells).unwrap();
        assert_eq!((row.key(), row.version()), (Some(7), Some(3)));
        let note = row.value();
        assert_eq!((note.title.as_str(), note.pages, note.done, note.secret.as_str()), ("milk", None, true, "x"));
    }

    #[test]
    fn a_value_that_does_not_fit_is_named() {
        let wrong = |cells: Vec<Cell>| match row_of::<Note>(Cells(cells)) {
            Err(DbError::Query(source)) => source.to_string(),
            other => panic!("{other:?}"),
        };
        let text = wrong(vec![
            Cell::Int(7),
            Cell::Int(3),
            Cell::Text("milk".to_owned()),
            Cell::Text("many".to_owned()),
            Cell::Int(1),
            Cell::Text(String::new()),
        ]);
        assert!(text.contains("table notes, row 7") && text.contains("column pages"), "{text}");
        assert!(wrong(vec![]).contains("column id"));
        assert!(wrong(vec![Cell::Int(7), Cell::Null]).contains("column version"));
        let short = vec![Cell::Int(7), Cell::Int(3), Cell::Text(String::new()), Cell::Int(1)];
        assert!(wrong(short).contains("column done"));
    }
}
