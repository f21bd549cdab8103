//! The words of the global search, kept beside what they stand in.
//!
//! Whatever writes a record keeps its words in the same transaction, after the record: of two that change one record
//! the second waits there for the first.

use toolcrib::db::{self, Conn, DbError};

use super::values;
use crate::domain::words;

/// How many words go to the database at once, at three parameters each.
const BATCH: usize = 1_024;

/// What words stand in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A client: name, account, industry, city, e-mail.
    Client,
    /// A person: name, title, e-mail.
    Person,
    /// A deal: its title.
    Deal,
    /// An activity of kind `note`: subject and text.
    Note,
}

impl Kind {
    /// How the table says it.
    #[must_use]
    pub const fn number(self) -> i64 {
        match self {
            Self::Client => 1,
            Self::Person => 2,
            Self::Deal => 3,
            Self::Note => 4,
        }
    }
}

/// Keeps the words of a record instead of those it had.
///
/// # Errors
/// Whatever the database says.
pub async fn index(conn: &mut Conn, kind: Kind, record_id: i64, texts: &[&str]) -> Result<(), DbError> {
    forget(conn, kind, record_id).await?;
    let words: Vec<_> = words::kept(texts).into_iter().map(|word| (record_id, word)).collect();
    insert(conn, kind, &words).await
}

/// Keeps the words of many records that have none yet: the record's id, and all its texts in one.
///
/// # Errors
/// Whatever the database says.
pub async fn index_many(conn: &mut Conn, kind: Kind, records: &[(i64, String)]) -> Result<(), DbError> {
    let mut words: Vec<_> = records
        .iter()
        .flat_map(|(record_id, text)| words::kept(&[text]).into_iter().map(|word| (*record_id, word)))
        .collect();
    // In the order of the index: neighbours are written together.
    words.sort_unstable_by(|one, other| one.1.cmp(&other.1).then(one.0.cmp(&other.0)));
    insert(conn, kind, &words).await
}

/// Forgets the words of a record that is gone.
///
/// # Errors
/// Whatever the database says.
pub async fn forget(conn: &mut Conn, kind: Kind, record_id: i64) -> Result<(), DbError> {
    db::query("DELETE FROM search_words WHERE kind = $1 AND record_id = $2")
        .bind(kind.number())
        .bind(record_id)
        .execute(conn)
        .await
        .map(drop)
}

async fn insert(conn: &mut Conn, kind: Kind, words: &[(i64, String)]) -> Result<(), DbError> {
    for batch in values::portions(words, BATCH) {
        let mut statement = db::query_built(format!(
            "INSERT INTO search_words (word, kind, record_id) VALUES {} ON CONFLICT DO NOTHING",
            values::tuples(batch.len(), 3)
        ));
        for (record_id, word) in batch {
            statement = statement.bind(word).bind(kind.number()).bind(*record_id);
        }
        statement.execute(conn).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use toolcrib::db::Db;

    use super::*;
    use crate::db::fixture::on_both_engines;

    on_both_engines! { a_record_has_the_words_of_its_last_change }

    async fn words_of(conn: &mut Conn, kind: Kind, id: i64) -> Vec<String> {
        db::query("SELECT word FROM search_words WHERE kind = $1 AND record_id = $2 ORDER BY word")
            .bind(kind.number())
            .bind(id)
            .scalars(conn)
            .await
            .unwrap()
    }

    async fn a_record_has_the_words_of_its_last_change(db: Db) {
        let mut tx = db.begin().await.unwrap();
        index(&mut tx, Kind::Client, 1, &["Ångström GmbH", "TC-1001"]).await.unwrap();
        index(&mut tx, Kind::Person, 1, &["Zoë\0", ""]).await.unwrap();
        index(&mut tx, Kind::Client, 1, &["Ångström KG", "TC-1001", "桜木"]).await.unwrap();
        let client = ["1001", "angstrom", "kg", "tc", "木", "桜木"];
        assert_eq!(words_of(&mut tx, Kind::Client, 1).await, client);
        assert_eq!(words_of(&mut tx, Kind::Person, 1).await, ["zoe"]);
        forget(&mut tx, Kind::Client, 1).await.unwrap();
        assert!(words_of(&mut tx, Kind::Client, 1).await.is_empty());
        assert_eq!(words_of(&mut tx, Kind::Person, 1).await, ["zoe"]);

        let many: Vec<_> = (10..2_010).map(|id| (id, format!("Number {id} of many"))).collect();
        index_many(&mut tx, Kind::Note, &many).await.unwrap();
        index_many(&mut tx, Kind::Note, &[]).await.unwrap();
        let count: i64 = db::query("SELECT COUNT(*) FROM search_words WHERE kind = 4").scalar(&mut tx).await.unwrap();
        assert_eq!(count, 8_000);
        assert_eq!(words_of(&mut tx, Kind::Note, 2_009).await, ["2009", "many", "number", "of"]);
        index(&mut tx, Kind::Deal, 1, &[" ", "%"]).await.unwrap();
    }
}
