//! Writing anew what is derived for searching and sorting: `search` columns, `sort_name`, the words.
//!
//! That is due once after folding has changed, and whenever somebody wrote rows past the program.

use toolcrib::adapter::{FOLD_VERSION, fold, fold_all};
use toolcrib::db::{self, Conn, Db, DbError};

use super::values;
use super::words::{self, Kind};

/// How many rows a transaction has.
const BATCH: i64 = 1_000;

/// How many rows go to the database at once.
const AT_ONCE: usize = 256;

/// Where texts to be found stand.
#[derive(Debug)]
struct Searched {
    table: &'static str,
    /// The id, the texts of `search`, a line each, the one that is sorted by, and what is found by its words alone.
    select: &'static str,
    columns: Columns,
    kind: Option<Kind>,
}

/// Which columns are derived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Columns {
    None,
    Search,
    SearchAndSortName,
}

/// A row: its id, its texts, the one that is sorted by, what else is found by its words.
type Row = (i64, String, String, String);

const EVERYTHING: [Searched; 5] = [
    Searched {
        table: "clients",
        select: "SELECT id, account || '\n' || name || '\n' || industry || '\n' || city || '\n' || email, \
                 name, '' FROM clients WHERE id > $1 ORDER BY id LIMIT $2",
        columns: Columns::SearchAndSortName,
        kind: Some(Kind::Client),
    },
    Searched {
        table: "persons",
        select: "SELECT id, name || '\n' || email, name, title FROM persons WHERE id > $1 ORDER BY id LIMIT $2",
        columns: Columns::SearchAndSortName,
        kind: Some(Kind::Person),
    },
    Searched {
        table: "leads",
        select: "SELECT id, name || '\n' || company || '\n' || email, name, '' FROM leads WHERE id > $1 \
                 ORDER BY id LIMIT $2",
        columns: Columns::SearchAndSortName,
        kind: None,
    },
    Searched {
        table: "deals",
        select: "SELECT id, title, title, '' FROM deals WHERE id > $1 ORDER BY id LIMIT $2",
        columns: Columns::Search,
        kind: Some(Kind::Deal),
    },
    Searched {
        table: "activities",
        select: "SELECT id, subject || '\n' || body, subject, '' FROM activities WHERE id > $1 AND kind = 'note' \
                 ORDER BY id LIMIT $2",
        columns: Columns::None,
        kind: Some(Kind::Note),
    },
];

/// Writes everything anew, and says after each transaction which table it is at and how many of its rows are done.
///
/// Runs beside a site that serves; whoever changes a row at that very moment on PostgreSQL may find it by its former
/// words until the row is changed again.
///
/// # Errors
/// Whatever the database says; what was said to be done stays.
pub async fn everything(db: &Db, mut progress: impl FnMut(&str, usize)) -> Result<(), DbError> {
    for searched in &EVERYTHING {
        let (mut last, mut done) = (0, 0);
        loop {
            let mut conn = db.begin().await?;
            let rows: Vec<Row> = db::query(searched.select).bind(last).bind(BATCH).fetch_all(&mut conn).await?;
            let next = rows.last().map_or(i64::MAX, |row| row.0);
            write_columns(&mut conn, searched, &rows).await?;
            write_words(&mut conn, searched, &rows, last, next).await?;
            conn.commit().await?;
            done += rows.len();
            if rows.is_empty() {
                break;
            }
            progress(searched.table, done);
            last = next;
        }
    }
    let mut conn = db.begin().await?;
    tags(&mut conn).await?;
    note_version(&mut conn).await?;
    conn.commit().await
}

/// As [`everything`], if what is stored was folded otherwise than the program folds now.
///
/// # Errors
/// Whatever the database says.
pub async fn if_needed(db: &Db) -> Result<(), DbError> {
    let version: Option<i64> =
        db::query("SELECT fold_version FROM search_state WHERE id = 1").scalar_optional(&mut db.read().await?).await?;
    if version == Some(FOLD_VERSION) {
        return Ok(());
    }
    tracing::info!("what is searched is being indexed anew");
    everything(db, |table, rows| tracing::info!(table, rows, "indexed")).await
}

async fn write_columns(conn: &mut Conn, searched: &Searched, rows: &[Row]) -> Result<(), DbError> {
    let (table, width) = (searched.table, if searched.columns == Columns::Search { 2 } else { 3 });
    let set = match searched.columns {
        Columns::None => return Ok(()),
        Columns::Search => "search = fresh.column2",
        Columns::SearchAndSortName => "search = fresh.column2, sort_name = fresh.column3",
    };
    for rows in values::portions(rows, AT_ONCE) {
        let mut statement = db::query_built(format!(
            "UPDATE {table} SET {set} FROM (VALUES {}) AS fresh WHERE {table}.id = fresh.column1",
            values::tuples(rows.len(), width)
        ));
        for (id, texts, sorted, _) in rows {
            statement = statement.bind(*id).bind(fold_all(&texts.split('\n').collect::<Vec<_>>()));
            if width == 3 {
                statement = statement.bind(fold(sorted));
            }
        }
        statement.execute(conn).await?;
    }
    Ok(())
}

/// Replaces the words of the records after `last` up to `next`, whether they are still there or not.
async fn write_words(conn: &mut Conn, searched: &Searched, rows: &[Row], last: i64, next: i64) -> Result<(), DbError> {
    let Some(kind) = searched.kind else { return Ok(()) };
    db::query("DELETE FROM search_words WHERE kind = $1 AND record_id > $2 AND record_id <= $3")
        .bind(kind.number())
        .bind(last)
        .bind(next)
        .execute(conn)
        .await?;
    let texts: Vec<_> = rows.iter().map(|(id, texts, _, more)| (*id, format!("{texts}\n{more}"))).collect();
    words::index_many(conn, kind, &texts).await
}

/// Two tags that are one by now stay two: the second keeps what it was told apart by.
async fn tags(conn: &mut Conn) -> Result<(), DbError> {
    let tags: Vec<(i64, String)> = db::query("SELECT id, name FROM tags ORDER BY id").fetch_all(conn).await?;
    for (id, name) in tags {
        db::query(
            "UPDATE tags SET search = $2 WHERE id = $1 AND NOT EXISTS \
             (SELECT 1 FROM tags AS other WHERE other.search = $2 AND other.id <> $1)",
        )
        .bind(id)
        .bind(fold(&name))
        .execute(conn)
        .await?;
    }
    Ok(())
}

async fn note_version(conn: &mut Conn) -> Result<(), DbError> {
    db::query(
        "INSERT INTO search_state (id, fold_version) VALUES (1, $1) \
         ON CONFLICT (id) DO UPDATE SET fold_version = excluded.fold_version",
    )
    .bind(FOLD_VERSION)
    .execute(conn)
    .await
    .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::fixture::on_both_engines;

    on_both_engines! { what_was_written_otherwise_is_found_again_once }

    async fn texts(db: &Db, select: &'static str) -> Vec<String> {
        db::query(select).scalars(&mut db.read().await.unwrap()).await.unwrap()
    }

    async fn what_was_written_otherwise_is_found_again_once(db: Db) {
        let mut tx = db.begin().await.unwrap();
        for statement in [
            "INSERT INTO clients (id, account, name, city, search, sort_name, created_at, updated_at) \
             VALUES (1, 'A-1', 'Ångström', 'Łódź', 'old', 'old', 1, 1), (5, 'B', 'Two', '', 'old', 'old', 1, 1)",
            "INSERT INTO persons (id, client_id, name, title, email, search, created_at) \
             VALUES (1, 5, 'Zoë', 'Buyer', 'z@x', 'old', 1)",
            "INSERT INTO leads (name, company, search, sort_name, created_at, updated_at) \
             VALUES ('Åse', 'Ærø', 'old', 'old', 1, 1)",
            "INSERT INTO deals (client_id, title, stage_id, amount_minor, currency, search, created_at, updated_at) \
             SELECT 1, 'Größe', MIN(id), 1, 'EUR', 'old', 1, 1 FROM stages",
            "INSERT INTO activities (client_id, kind, subject, body, happened_at, author, created_at, updated_at) \
             VALUES (1, 'note', 'Café', 'Crème', 1, '', 1, 1), (1, 'call', 'Nobody', '', 1, '', 1, 1)",
            "INSERT INTO tags (name, search, created_at, updated_at) VALUES ('Café', 'café', 1, 1), ('cafe', 'cafe', 1, 1), \
             ('Öl', 'öl', 1, 1)",
            "INSERT INTO search_words (kind, word, record_id) VALUES (1, 'gone', 1), (1, 'gone', 3), (1, 'gone', 99)",
        ] {
            db::query(statement).execute(&mut tx).await.unwrap();
        }
        tx.commit().await.unwrap();

        if_needed(&db).await.unwrap();

        assert_eq!(
            texts(&db, "SELECT search FROM clients ORDER BY id").await,
            ["a-1\nangstrom\n\nlodz\n", "b\ntwo\n\n\n"]
        );
        assert_eq!(texts(&db, "SELECT sort_name FROM clients ORDER BY id").await, ["angstrom", "two"]);
        assert_eq!(texts(&db, "SELECT search FROM persons").await, ["zoe\nz@x"]);
        assert_eq!(texts(&db, "SELECT search FROM leads").await, ["ase\naero\n"]);
        assert_eq!(texts(&db, "SELECT search FROM deals").await, ["grosse"]);
        assert_eq!(texts(&db, "SELECT search FROM tags ORDER BY id").await, ["café", "cafe", "ol"]);
        let words = "SELECT word FROM search_words ORDER BY kind, record_id, word";
        let all = ["1", "a", "angstrom", "lodz", "b", "two", "buyer", "x", "z", "zoe", "grosse", "cafe", "creme"];
        assert_eq!(texts(&db, words).await, all);

        let mut tx = db.begin().await.unwrap();
        db::query("DELETE FROM search_words").execute(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
        if_needed(&db).await.unwrap();
        assert!(texts(&db, words).await.is_empty(), "only where folding has changed");
        everything(&db, |_, _| {}).await.unwrap();
        assert_eq!(texts(&db, words).await, all);
    }
}
