//! The log as JSON.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::db::{Conn, DbError};
use crate::object_log::{self, Column, Filter, Priority, Range, Sort, Stored};

/// Entries read at a time.
const CHUNK: i64 = 1_000;

/// Where the document ends, whatever was asked for: it is made in memory.
const BYTES: usize = 32 << 20;

/// `/tools/object-log.json`.
#[derive(Debug, Serialize)]
pub(super) struct Document {
    total: i64,
    counts: BTreeMap<&'static str, i64>,
    dropped_total: u64,
    /// Whether there may be more than these entries.
    more: bool,
    entries: Vec<EntryDocument>,
}

#[derive(Debug, Serialize)]
struct EntryDocument {
    id: i64,
    time: Option<String>,
    at: i64,
    priority: &'static str,
    label: String,
    url: String,
    request_id: String,
    attempt: i64,
    page: String,
    worker: i64,
    object: Option<Value>,
    error: Option<String>,
    session: Option<String>,
    tagged: bool,
}

/// Reads the document: of the entries before `before` at most `limit`.
pub(super) async fn document(
    conn: &mut Conn,
    filter: &Filter,
    sort: Sort,
    before: Option<i64>,
    limit: i64,
    dropped_total: u64,
) -> Result<Document, DbError> {
    let counts = object_log::counts(conn).await?;
    let newest = object_log::newest(conn).await?;
    let end = newest.saturating_add(1).min(before.unwrap_or(i64::MAX));
    let mut range = Range { before: Some(end), offset: 0, limit: CHUNK };
    let (mut entries, mut left, mut bytes, mut more) = (Vec::new(), limit, 0, true);
    while left > 0 && bytes < BYTES && more {
        range.limit = left.min(CHUNK);
        let chunk = object_log::entries(conn, filter, sort, range).await?;
        let read = i64::try_from(chunk.len()).unwrap_or(i64::MAX);
        more = read == range.limit;
        left -= read;
        bytes += chunk.iter().map(size).sum::<usize>();
        match chunk.last() {
            // Entries deleted meanwhile must not shift those that follow.
            Some(last) if sort.column == Column::Time && sort.descending => range.before = Some(last.id),
            _ => range.offset += read,
        }
        entries.extend(chunk.into_iter().map(EntryDocument::from));
    }
    let by_priority = Priority::ALL.into_iter().map(|priority| (priority.name(), counts.of(priority))).collect();
    Ok(Document { total: counts.total(), counts: by_priority, dropped_total, more, entries })
}

/// Roughly the bytes an entry takes.
fn size(entry: &Stored) -> usize {
    let long = [&entry.object, &entry.error].into_iter().flatten().map(String::len).sum::<usize>();
    300 + entry.label.len() + entry.url.len() + long
}

impl From<Stored> for EntryDocument {
    fn from(entry: Stored) -> Self {
        let moment = OffsetDateTime::from_unix_timestamp_nanos(i128::from(entry.at) * 1_000);
        Self {
            id: entry.id,
            time: moment.ok().and_then(|moment| moment.format(&Rfc3339).ok()),
            at: entry.at,
            priority: entry.priority().name(),
            label: entry.label,
            url: entry.url,
            request_id: entry.request_id,
            attempt: entry.attempt,
            page: entry.page,
            worker: entry.worker,
            object: entry.object.map(|json| serde_json::from_str(&json).unwrap_or(Value::String(json))),
            error: entry.error,
            session: entry.session,
            tagged: entry.tagged,
        }
    }
}
