//! The cluster's tables: what each statement is for is said in the migration.

use std::time::Duration;

use super::change::{Change, Message};
use super::tickets::Place;
use crate::clock::micros;
use crate::db::{self, Conn, Db, DbError};

/// The lock that keeps others from changing a variable: this, and the variable's name.
pub(crate) const VARIABLE: &str = "variable/";

/// The application's own lock.
pub(crate) const APPLICATION: &str = "application";

/// Up to where the change log was taken: a snapshot of the database, as it writes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Position {
    /// Transactions from here on were not begun.
    next: String,
    /// Transactions below that were under way, as an array.
    open: String,
}

/// What a look at the change log answered.
#[derive(Debug)]
pub(crate) enum Look {
    /// What became visible since, and up to where.
    At(Vec<Change>, Position),
    /// This node was declared dead.
    Gone,
}

/// A node that lives.
#[derive(Debug, Clone, sqlx::FromRow, serde::Serialize)]
pub(crate) struct Node {
    pub(crate) number: i64,
    pub(crate) name: String,
    /// Whether the application is started there.
    pub(crate) started: bool,
    /// In microseconds since 1970.
    pub(crate) joined_at: i64,
    /// For how much longer it counts as alive without a further sign, in microseconds.
    pub(crate) lease_left: i64,
}

/// Whether a transaction may commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Admitted {
    Yes,
    /// The node was declared dead, or a lock it held was taken from it.
    Fenced,
    /// Somebody on another node holds a lock that guards this.
    Locked(Locked),
}

/// Who is in the way of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Locked {
    /// The variable that is locked; nothing where the whole application is.
    pub(crate) variable: Option<String>,
    pub(crate) holder: String,
}

impl Locked {
    /// The lock's name as JSON and its holder, as `toolcrib_admit` writes them.
    fn read(text: &str) -> Option<Self> {
        let (name, holder): (String, String) = serde_json::from_str(text).ok()?;
        Some(Self { variable: name.strip_prefix(VARIABLE).map(str::to_owned), holder })
    }
}

#[derive(sqlx::FromRow)]
struct Looked {
    snapshot: String,
    node: Option<i64>,
    kind: Option<String>,
    tx: Option<i64>,
    subject: Option<String>,
    detail: Option<String>,
}

impl Position {
    /// `xmin:xmax:in,progress`
    fn read(snapshot: &str) -> Option<Self> {
        let mut parts = snapshot.split(':');
        let (_, next, open) = (parts.next()?, parts.next()?, parts.next()?);
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b',');
        (digits(next) && digits(open) && !next.is_empty())
            .then(|| Self { next: next.to_owned(), open: format!("{{{open}}}") })
    }
}

pub(super) async fn join(db: &Db, name: &str, started: bool, lease: Duration) -> Result<i64, DbError> {
    db::query("SELECT toolcrib_join($1, $2, $3, $4)")
        .bind(name)
        .bind(db.mark())
        .bind(started)
        .bind(micros(lease))
        .scalar(&mut db.upkeep().await?)
        .await
}

pub(super) async fn leave(db: &Db, node: i64) -> Result<bool, DbError> {
    db::query("SELECT toolcrib_leave($1)").bind(node).scalar(&mut db.upkeep().await?).await
}

/// False: the node was declared dead.
pub(super) async fn beat(db: &Db, node: i64, lease: Duration) -> Result<bool, DbError> {
    db::query("SELECT toolcrib_beat($1, $2)").bind(node).bind(micros(lease)).scalar(&mut db.upkeep().await?).await
}

pub(super) async fn started(db: &Db, node: i64, started: bool) -> Result<(), DbError> {
    let set = "UPDATE toolcrib_nodes SET started = $2 WHERE number = $1";
    db::query(set).bind(node).bind(started).execute(&mut db.upkeep().await?).await.map(drop)
}

/// Whether the application is started on another node that lives.
pub(super) async fn is_started_elsewhere(db: &Db, node: i64) -> Result<bool, DbError> {
    db::query("SELECT EXISTS (SELECT FROM toolcrib_nodes WHERE started AND number <> $1)")
        .bind(node)
        .scalar(&mut db.upkeep().await?)
        .await
}

pub(super) async fn nodes(db: &Db) -> Result<Vec<Node>, DbError> {
    db::query(
        "SELECT number, name, started, joined_at, alive_until - toolcrib_now() AS lease_left \
         FROM toolcrib_nodes ORDER BY number",
    )
    .fetch_all(&mut db.upkeep().await?)
    .await
}

/// Where the change log stands for a transaction that sees one moment, and what `nodes` have in it.
pub(crate) async fn position(moment: &mut Conn, nodes: [i64; 2]) -> Result<(Vec<Change>, Position), DbError> {
    let rows: Vec<Looked> = db::query(
        "SELECT pg_current_snapshot()::TEXT AS snapshot, c.node, c.kind, c.tx, c.subject, c.detail \
         FROM (SELECT 1) AS one LEFT JOIN toolcrib_changes c ON c.node IN ($1, $2) AND c.kind = 'variables'",
    )
    .bind(nodes[0])
    .bind(nodes[1])
    .fetch_all(moment)
    .await?;
    read(rows).and_then(|look| match look {
        Look::At(changes, position) => Ok((changes, position)),
        Look::Gone => Err(unreadable("no row")),
    })
}

/// Takes what became visible since `from`.
pub(crate) async fn look(conn: &mut Conn, node: i64, from: &Position) -> Result<Look, DbError> {
    let rows: Vec<Looked> = db::query(
        "SELECT pg_current_snapshot()::TEXT AS snapshot, c.node, c.kind, c.tx, c.subject, c.detail \
         FROM toolcrib_nodes n LEFT JOIN toolcrib_changes c \
         ON c.xact >= $2::XID8 OR c.xact = ANY ($3::XID8[]) \
         WHERE n.number = $1 ORDER BY c.id",
    )
    .bind(node)
    .bind(from.next.as_str())
    .bind(from.open.as_str())
    .fetch_all(conn)
    .await?;
    read(rows)
}

fn read(rows: Vec<Looked>) -> Result<Look, DbError> {
    let Some(first) = rows.first() else { return Ok(Look::Gone) };
    let position = Position::read(&first.snapshot).ok_or_else(|| unreadable(&first.snapshot))?;
    Ok(Look::At(rows.into_iter().filter_map(change_of).collect(), position))
}

fn change_of(row: Looked) -> Option<Change> {
    Some(Change::new(row.node?, row.kind?, row.tx?, row.subject?, row.detail))
}

fn unreadable(snapshot: &str) -> DbError {
    DbError::Query(sqlx::Error::Protocol(format!("a snapshot that cannot be read: {snapshot}")))
}

/// To be asked in a transaction that writes application variables before it writes them, and in one whose unit holds
/// tickets before its COMMIT.
pub(super) async fn admit(
    conn: &mut Conn,
    node: i64,
    tx: i64,
    variables: &str,
    tickets: &[i64],
) -> Result<Admitted, DbError> {
    let answer: String = db::query("SELECT toolcrib_admit($1, $2, $3, $4)")
        .bind(node)
        .bind(tx)
        .bind(variables)
        .bind(array(tickets))
        .scalar(conn)
        .await?;
    Ok(match answer.as_str() {
        "ok" => Admitted::Yes,
        "gone" | "lost" => Admitted::Fenced,
        locked => match Locked::read(locked) {
            Some(locked) => Admitted::Locked(locked),
            None => return Err(DbError::Query(sqlx::Error::Protocol(format!("no answer of ours: {answer}")))),
        },
    })
}

pub(super) async fn tell(db: &Db, node: i64, messages: &[Message]) -> Result<(), DbError> {
    let json = serde_json::to_string(messages).map_err(|error| DbError::Query(sqlx::Error::Encode(error.into())))?;
    let tell = db::query("SELECT toolcrib_tell($1, $2)::TEXT").bind(node).bind(json);
    tell.fetch_all::<(String,)>(&mut db.upkeep().await?).await.map(drop)
}

/// Hints to all nodes that something changed.
pub(super) async fn hint(db: &Db) -> Result<(), DbError> {
    let hint = db::query("SELECT pg_notify('toolcrib', '')::TEXT");
    hint.fetch_all::<(String,)>(&mut db.upkeep().await?).await.map(drop)
}

/// Lines up; answers the ticket and who stands before it, nobody where that is empty. `None`: the node was declared dead.
pub(super) async fn line_up(db: &Db, node: i64, place: &Place) -> Result<Option<(i64, String)>, DbError> {
    let answer: Option<String> = db::query("SELECT toolcrib_line_up($1, $2, $3, $4, $5, $6)")
        .bind(node)
        .bind(place.name.as_str())
        .bind(place.owner.as_str())
        .bind(place.shared)
        .bind(place.guards)
        .bind(place.holder.as_str())
        .scalar(&mut db.upkeep().await?)
        .await?;
    let Some(answer) = answer else { return Ok(None) };
    let read = answer.split_once(' ').and_then(|(number, before)| Some((number.parse().ok()?, before.to_owned())));
    read.map(Some).ok_or_else(|| DbError::Query(sqlx::Error::Protocol(format!("no ticket: {answer}"))))
}

/// Removes tickets of this node that nobody here knows: their answers were lost on the way.
pub(super) async fn forget_unknown(db: &Db, node: i64, known: &[i64]) -> Result<u64, DbError> {
    db::query(
        "DELETE FROM toolcrib_tickets WHERE node = $1 AND at < toolcrib_now() - 10000000 \
         AND NOT (ticket = ANY ($2::BIGINT[]))",
    )
    .bind(node)
    .bind(array(known))
    .execute(&mut db.upkeep().await?)
    .await
}

/// Who stands before each ticket: nobody where the text is empty, `None` where the ticket is gone.
pub(super) async fn before(db: &Db, tickets: &[i64]) -> Result<Vec<(i64, Option<String>)>, DbError> {
    db::query("SELECT t, toolcrib_before(t) FROM unnest($1::BIGINT[]) AS t")
        .bind(array(tickets))
        .fetch_all(&mut db.upkeep().await?)
        .await
}

pub(super) async fn is_circle(db: &Db, ticket: i64) -> Result<bool, DbError> {
    db::query("SELECT toolcrib_is_circle($1)").bind(ticket).scalar(&mut db.upkeep().await?).await
}

pub(super) async fn give_back(db: &Db, tickets: &[i64]) -> Result<(), DbError> {
    let give = db::query("SELECT toolcrib_give_back($1)::TEXT").bind(array(tickets));
    give.fetch_all::<(String,)>(&mut db.upkeep().await?).await.map(drop)
}

/// As PostgreSQL writes an array.
fn array(numbers: &[i64]) -> String {
    let texts: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    format!("{{{}}}", texts.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_is_read_into_what_was_under_way_and_what_was_not_begun() {
        let position = |next: &str, open: &str| Position { next: next.into(), open: open.into() };
        assert_eq!(Position::read("10:20:10,14,15"), Some(position("20", "{10,14,15}")));
        assert_eq!(Position::read("20:20:"), Some(position("20", "{}")));
        for text in ["", "10", "10:20", "10::", "10:2x:", "10:20:1;2"] {
            assert_eq!(Position::read(text), None, "{text}");
        }
    }

    #[test]
    fn numbers_are_written_as_an_array() {
        assert_eq!(array(&[]), "{}");
        assert_eq!(array(&[1, 22]), "{1,22}");
    }
}
