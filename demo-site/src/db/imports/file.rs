//! The files of runs, kept as text: a character a byte.

use toolcrib::db::{self, Conn, DbError};

/// PostgreSQL has no NUL in texts; no byte is this character.
const NUL: char = '\u{100}';

/// Stores the file of a run.
pub(super) async fn add(conn: &mut Conn, run_id: i64, content: &[u8]) -> Result<(), DbError> {
    db::query("INSERT INTO import_files (run_id, content) VALUES ($1, $2)")
        .bind(run_id)
        .bind(text_of(content))
        .execute(conn)
        .await
        .map(drop)
}

/// The file of a run, while it is kept.
///
/// # Errors
/// Whatever the database says.
pub async fn content(conn: &mut Conn, run_id: i64) -> Result<Option<Vec<u8>>, DbError> {
    let select = db::query("SELECT content FROM import_files WHERE run_id = $1").bind(run_id);
    Ok(select.scalar_optional::<String>(conn).await?.map(|text| bytes_of(&text)))
}

/// Removes the files of runs that were undone, or that came before `before` and are not under way. Answers how many.
///
/// # Errors
/// Whatever the database says.
pub async fn forget_old(conn: &mut Conn, before: i64) -> Result<u64, DbError> {
    db::query(
        "DELETE FROM import_files WHERE run_id IN \
         (SELECT id FROM import_runs WHERE state = 'undone' \
          OR (created_at < $1 AND state NOT IN ('queued', 'running')))",
    )
    .bind(before)
    .execute(conn)
    .await
}

fn text_of(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| if *byte == 0 { NUL } else { char::from(*byte) }).collect()
}

fn bytes_of(text: &str) -> Vec<u8> {
    text.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap_or(0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_comes_back() {
        let bytes: Vec<u8> = (0..=u8::MAX).chain([0, 0, b'\r', b'\n']).collect();
        assert!(!text_of(&bytes).contains('\0'));
        assert_eq!(bytes_of(&text_of(&bytes)), bytes);
    }
}
