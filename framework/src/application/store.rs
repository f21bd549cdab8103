//! Application variables in the site's database.
//!
//! Every write says what it expects to find: a version, a least amount, nothing. Where it finds
//! something else, another process was there first, and the write is *missed*.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::cell::{Bag, BagItem, Map, MapEntry, Queue};
use super::state::Write;
use super::{Cell, Content, Kind, Snapshot, Value};
use crate::db::{self, Conn, Db, DbError, Query};

#[derive(sqlx::FromRow)]
struct VariableRow {
    name: String,
    kind: String,
    value: Option<String>,
    amount: i64,
    version: i64,
}

#[derive(sqlx::FromRow)]
struct EntryRow {
    variable: String,
    entry: String,
    position: i64,
    value: Option<String>,
    amount: i64,
    version: i64,
}

/// All variables.
pub(super) async fn load(conn: &mut Conn) -> Result<Snapshot, DbError> {
    let variables: Vec<VariableRow> =
        db::query("SELECT name, kind, value, amount, version FROM toolcrib_variables").fetch_all(conn).await?;
    let entries: Vec<EntryRow> =
        db::query("SELECT variable, entry, position, value, amount, version FROM toolcrib_variable_entries")
            .fetch_all(conn)
            .await?;
    Ok(Snapshot::from_cells(cells_of(variables, entries)))
}

fn cells_of(variables: Vec<VariableRow>, entries: Vec<EntryRow>) -> impl Iterator<Item = (Arc<str>, Cell)> {
    let mut by_variable: HashMap<String, Vec<EntryRow>> = HashMap::new();
    for entry in entries {
        by_variable.entry(entry.variable.clone()).or_default().push(entry);
    }
    variables.into_iter().filter_map(move |row| {
        let entries = by_variable.remove(&row.name).unwrap_or_default();
        let name = Arc::from(row.name.as_str());
        cell_of(row, entries).map(|cell| (name, cell))
    })
}

/// What one moment of a PostgreSQL database has of some variables; `None` where it has nothing.
pub(super) async fn load_of(
    moment: &mut Conn,
    names: &BTreeSet<Arc<str>>,
) -> Result<Vec<(Arc<str>, Option<Cell>)>, DbError> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let listed: Vec<&str> = names.iter().map(|name| &**name).collect();
    let listed = serde_json::to_string(&listed).map_err(|error| DbError::Query(sqlx::Error::Encode(error.into())))?;
    let variables = db::query(
        "SELECT name, kind, value, amount, version FROM toolcrib_variables \
         WHERE name IN (SELECT jsonb_array_elements_text($1::JSONB))",
    )
    .bind(listed.as_str())
    .fetch_all(moment)
    .await?;
    let entries = db::query(
        "SELECT variable, entry, position, value, amount, version FROM toolcrib_variable_entries \
         WHERE variable IN (SELECT jsonb_array_elements_text($1::JSONB))",
    )
    .bind(listed)
    .fetch_all(moment)
    .await?;
    let mut found: HashMap<Arc<str>, Cell> = cells_of(variables, entries).collect();
    Ok(names.iter().map(|name| (Arc::clone(name), found.remove(name))).collect())
}

/// What the database has of some variables; `None` where it has nothing.
pub(super) async fn load_some(db: &Db, names: &[Arc<str>]) -> Result<Vec<(Arc<str>, Option<Cell>)>, DbError> {
    let mut conn = db.read().await?;
    let mut cells = Vec::with_capacity(names.len());
    for name in names {
        let row: Option<VariableRow> =
            db::query("SELECT name, kind, value, amount, version FROM toolcrib_variables WHERE name = $1")
                .bind(&**name)
                .fetch_optional(&mut conn)
                .await?;
        let entries = db::query(
            "SELECT variable, entry, position, value, amount, version FROM toolcrib_variable_entries \
             WHERE variable = $1",
        )
        .bind(&**name)
        .fetch_all(&mut conn)
        .await?;
        cells.push((Arc::clone(name), row.and_then(|row| cell_of(row, entries))));
    }
    Ok(cells)
}

/// Stores a transaction's changes; answers the variable of the first write that was missed. Where
/// there is one, the transaction must be rolled back.
pub(crate) async fn store_changes(conn: &mut Conn, writes: &[Write]) -> Result<Option<Arc<str>>, DbError> {
    for write in writes {
        let rows = statement(write).execute(conn).await?;
        if rows == 0 && must_find(write) {
            return Ok(Some(Arc::clone(write.variable())));
        }
        if let Write::AddToEntry { name, entry, delta, .. } = write
            && *delta < 0
        {
            let sweep = "DELETE FROM toolcrib_variable_entries WHERE variable = $1 AND entry = $2 AND amount <= 0";
            db::query(sweep).bind(&**name).bind(&**entry).execute(conn).await?;
        }
    }
    Ok(None)
}

/// What is removed without regard to its version may be gone already.
fn must_find(write: &Write) -> bool {
    !matches!(write, Write::RemoveVariable { base: None, .. })
}

fn statement(write: &Write) -> Query {
    match write {
        Write::PutValue { name, json, version, base } => put_value(name, json, *version, *base),
        Write::RemoveVariable { name, base, .. } => remove_variable(name, *base),
        Write::CreateVariable { name, kind, version } => create_variable(name, *kind, *version),
        Write::AddToCounter { name, delta, floor, version, new } => {
            add_to_counter(*new).bind(&**name).bind(*delta).bind(number(*version)).bind(floor.unwrap_or(i64::MIN))
        }
        Write::PutEntry { name, entry, position, json, version, base } => match base {
            None => insert_entry(name, entry, position.unwrap_or_default()).bind(&**json).bind(number(*version)),
            Some(base) => update_entry(name, entry).bind(&**json).bind(number(*version)).bind(number(*base)),
        },
        Write::RemoveEntry { name, entry, base } => remove_entry(name, entry, *base),
        Write::AddToEntry { name, entry, delta, floor, version } => {
            add_to_entry(*floor > 0).bind(&**name).bind(&**entry).bind(*delta).bind(number(*version)).bind(*floor)
        }
    }
}

fn put_value(name: &str, json: &str, version: u64, base: Option<u64>) -> Query {
    let put = match base {
        None => db::query(
            "INSERT INTO toolcrib_variables (name, kind, value, version) VALUES ($1, 'value', $2, $3) \
             ON CONFLICT (name) DO NOTHING",
        ),
        Some(_) => db::query(
            "UPDATE toolcrib_variables SET value = $2, version = $3 \
             WHERE name = $1 AND version = $4 AND kind = 'value'",
        ),
    };
    let put = put.bind(name).bind(json).bind(number(version));
    base.into_iter().fold(put, |put, base| put.bind(number(base)))
}

fn remove_variable(name: &str, base: Option<u64>) -> Query {
    match base {
        None => db::query("DELETE FROM toolcrib_variables WHERE name = $1").bind(name),
        Some(base) => {
            db::query("DELETE FROM toolcrib_variables WHERE name = $1 AND version = $2").bind(name).bind(number(base))
        }
    }
}

fn create_variable(name: &str, kind: Kind, version: u64) -> Query {
    db::query(
        "INSERT INTO toolcrib_variables (name, kind, version) VALUES ($1, $2, $3) \
         ON CONFLICT (name) DO UPDATE SET version = excluded.version \
         WHERE toolcrib_variables.kind = excluded.kind",
    )
    .bind(name)
    .bind(kind.word())
    .bind(number(version))
}

fn add_to_counter(new: bool) -> Query {
    db::query(if new {
        "INSERT INTO toolcrib_variables (name, kind, amount, version) VALUES ($1, 'counter', $2, $3) \
         ON CONFLICT (name) DO UPDATE SET amount = toolcrib_variables.amount + excluded.amount, \
         version = excluded.version \
         WHERE toolcrib_variables.kind = 'counter' AND toolcrib_variables.amount >= $4"
    } else {
        "UPDATE toolcrib_variables SET amount = amount + $2, version = $3 \
         WHERE name = $1 AND kind = 'counter' AND amount >= $4"
    })
}

fn insert_entry(name: &str, entry: &str, position: u64) -> Query {
    db::query(
        "INSERT INTO toolcrib_variable_entries (variable, entry, position, value, version) \
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (variable, entry) DO NOTHING",
    )
    .bind(name)
    .bind(entry)
    .bind(number(position))
}

fn update_entry(name: &str, entry: &str) -> Query {
    db::query(
        "UPDATE toolcrib_variable_entries SET value = $3, version = $4 \
         WHERE variable = $1 AND entry = $2 AND version = $5",
    )
    .bind(name)
    .bind(entry)
}

fn remove_entry(name: &str, entry: &str, base: Option<u64>) -> Query {
    match base {
        None => {
            db::query("DELETE FROM toolcrib_variable_entries WHERE variable = $1 AND entry = $2").bind(name).bind(entry)
        }
        Some(base) => {
            db::query("DELETE FROM toolcrib_variable_entries WHERE variable = $1 AND entry = $2 AND version = $3")
                .bind(name)
                .bind(entry)
                .bind(number(base))
        }
    }
}

fn add_to_entry(must_be_there: bool) -> Query {
    db::query(if must_be_there {
        "UPDATE toolcrib_variable_entries SET amount = amount + $3, version = $4 \
         WHERE variable = $1 AND entry = $2 AND amount >= $5"
    } else {
        "INSERT INTO toolcrib_variable_entries (variable, entry, amount, version) \
         VALUES ($1, $2, $3, $4) ON CONFLICT (variable, entry) DO UPDATE \
         SET amount = toolcrib_variable_entries.amount + excluded.amount, version = excluded.version \
         WHERE toolcrib_variable_entries.amount >= $5"
    })
}

/// Versions and positions count from 1 and stay far below the limit of a signed number.
fn number(unsigned: u64) -> i64 {
    i64::try_from(unsigned).unwrap_or(i64::MAX)
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

/// A row as a variable. One of a kind that this version does not know is left alone.
fn cell_of(row: VariableRow, entries: Vec<EntryRow>) -> Option<Cell> {
    let Some(kind) = Kind::from_word(&row.kind) else {
        tracing::error!(variable = row.name, kind = row.kind, "an application variable of an unknown kind is left out");
        return None;
    };
    let value = |json: Option<String>| Value::from_json(Arc::from(json.unwrap_or_else(|| "null".to_owned())));
    let content = match kind {
        Kind::Value => Content::Value(value(row.value)),
        Kind::Counter => Content::Counter(row.amount),
        Kind::Queue => {
            let items = entries.into_iter().map(|entry| (unsigned(entry.position), value(entry.value)));
            Content::Queue(items.collect::<Queue>())
        }
        Kind::Map => {
            let entries = entries.into_iter().map(|entry| {
                let version = unsigned(entry.version);
                (Arc::from(entry.entry), MapEntry { value: value(entry.value), version })
            });
            Content::Map(entries.collect::<Map>())
        }
        Kind::Bag => {
            let items = entries.into_iter().map(|entry| {
                let item = Value::from_json(Arc::from(entry.entry.as_str()));
                (Arc::from(entry.entry), BagItem { value: item, count: entry.amount })
            });
            Content::Bag(items.collect::<Bag>())
        }
    };
    Some(Cell { version: unsigned(row.version), durable: true, content })
}
