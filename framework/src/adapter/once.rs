//! A form that is sent twice is executed once.
//!
//! Every form carries a key of its own. What came of it is stored under that key by the unit that
//! did it; whoever sends the key again is given the same answer. A refused form stores nothing, so
//! it can be mended and sent again.

use super::Done;
use crate::clock::now_micros;
use crate::db::{self, Conn, DbError};
use crate::page::PageError;
use crate::secret::{hash, hex};

/// How long an answer is kept.
const KEPT_MICROS: i64 = 24 * 3_600 * 1_000_000;

/// What stands in the table for one sending: of one page, by one user.
pub(super) fn digest(key: &str, page: &str, user: Option<&str>) -> String {
    hex(&hash(format!("{page}\n{}\n{key}", user.unwrap_or_default()).as_bytes()))
}

/// What came of an earlier sending.
pub(super) async fn answer(conn: &mut Conn, digest: &str) -> Result<Option<Done>, PageError> {
    let found: Option<String> = db::query("SELECT answer FROM toolcrib_submissions WHERE digest = $1")
        .bind(digest)
        .scalar_optional(conn)
        .await?;
    found.map(|json| serde_json::from_str(&json).map_err(PageError::other)).transpose()
}

/// Stores what came of this sending. Answers whether it is the first.
pub(super) async fn store(tx: &mut Conn, digest: &str, done: &Done) -> Result<bool, PageError> {
    let now = now_micros();
    // One sending in 256 sweeps: the table stays as small as a day's forms.
    if digest.starts_with("00") {
        sweep(tx, now).await?;
    }
    let answer = serde_json::to_string(done).map_err(PageError::other)?;
    let stored = db::query(
        "INSERT INTO toolcrib_submissions (digest, answer, created_at) VALUES ($1, $2, $3) ON CONFLICT (digest) DO NOTHING",
    )
    .bind(digest)
    .bind(answer)
    .bind(now)
    .execute(tx)
    .await?;
    Ok(stored == 1)
}

async fn sweep(tx: &mut Conn, now: i64) -> Result<(), DbError> {
    db::query("DELETE FROM toolcrib_submissions WHERE created_at < $1").bind(now - KEPT_MICROS).execute(tx).await?;
    Ok(())
}
