//! Clients, people, deals and notes with words that begin as what was typed.
//!
//! All typed words must begin a word of the record. The rarest of them is what the index is read by; the others are
//! looked up for each record found. So a search costs about what it shows, however many records there are.

use std::collections::HashMap;

use toolcrib::db::{self, Conn, DbError, Query};

use super::visible;
use super::words::Kind;

/// Up to this many words are counted to find the rarest; two that are more frequent are as bad as each other.
const COUNTED: i64 = 1_000;

/// Sorts behind all that can follow the beginning of a word.
const LAST: char = '\u{10ffff}';

/// A person, and the client he or she works for.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow, serde::Deserialize)]
pub struct FoundContact {
    /// The person's id.
    pub id: i64,
    /// The person's name.
    pub name: String,
    /// What the person is there, or nothing.
    pub title: String,
    /// An e-mail address, or nothing.
    pub email: String,
    /// The client's id.
    pub client_id: i64,
    /// The client's name.
    pub client_name: String,
}

/// A deal, and the client it is with.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow, serde::Deserialize)]
pub struct FoundDeal {
    /// The deal's id.
    pub id: i64,
    /// What it is about.
    pub title: String,
    /// The name of its stage.
    pub stage: String,
    /// `open`, `won` or `lost`.
    pub outcome: String,
    /// Its worth in minor units of the currency.
    pub amount_minor: i64,
    /// The currency's code (ISO 4217).
    pub currency: String,
    /// The client's id.
    pub client_id: i64,
    /// The client's name.
    pub client_name: String,
}

/// A note, and the client it is about.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow, serde::Deserialize)]
pub struct FoundNote {
    /// The note's id.
    pub id: i64,
    /// What it is about.
    pub subject: String,
    /// How its text begins.
    pub beginning: String,
    /// When it was written.
    pub happened_at: i64,
    /// The client's id.
    pub client_id: i64,
    /// The client's name.
    pub client_name: String,
}

/// A search: what was typed, for whom, and how many of each kind.
#[derive(Debug)]
pub struct Search {
    words: Vec<String>,
    viewer: i64,
    limit: i64,
    /// How often each word begins one of a kind's, by the kind's number and the word's place; [`COUNTED`] at most.
    frequencies: HashMap<(i64, i64), i64>,
}

impl Search {
    /// Prepares a search for the records a user may see. `words` are as [`typed`](crate::domain::words::typed) answers
    /// them.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn new(conn: &mut Conn, words: Vec<String>, viewer: i64, limit: u32) -> Result<Self, DbError> {
        let frequencies = if words.len() > 1 { frequencies(conn, &words).await? } else { HashMap::new() };
        Ok(Self { words, viewer, limit: i64::from(limit), frequencies })
    }

    /// The ids of the clients found.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn clients(&self, conn: &mut Conn) -> Result<Vec<i64>, DbError> {
        let from = "clients.id FROM search_words AS found CROSS JOIN clients WHERE clients.id = found.record_id";
        match self.statement(Kind::Client, from) {
            Some(statement) => statement.scalars(conn).await,
            None => Ok(Vec::new()),
        }
    }

    /// The people found.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn contacts(&self, conn: &mut Conn) -> Result<Vec<FoundContact>, DbError> {
        let from = "persons.id, persons.name, persons.title, persons.email, \
                    clients.id AS client_id, clients.name AS client_name \
                    FROM search_words AS found CROSS JOIN persons CROSS JOIN clients \
                    WHERE persons.id = found.record_id AND clients.id = persons.client_id";
        match self.statement(Kind::Person, from) {
            Some(statement) => statement.fetch_all(conn).await,
            None => Ok(Vec::new()),
        }
    }

    /// The deals found.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn deals(&self, conn: &mut Conn) -> Result<Vec<FoundDeal>, DbError> {
        let from = "deals.id, deals.title, \
                    (SELECT stages.name FROM stages WHERE stages.id = deals.stage_id) AS stage, \
                    (SELECT stages.outcome FROM stages WHERE stages.id = deals.stage_id) AS outcome, \
                    deals.amount_minor, deals.currency, clients.id AS client_id, clients.name AS client_name \
                    FROM search_words AS found CROSS JOIN deals CROSS JOIN clients \
                    WHERE deals.id = found.record_id AND clients.id = deals.client_id";
        match self.statement(Kind::Deal, from) {
            Some(statement) => statement.fetch_all(conn).await,
            None => Ok(Vec::new()),
        }
    }

    /// The notes found.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn notes(&self, conn: &mut Conn) -> Result<Vec<FoundNote>, DbError> {
        let from = "activities.id, activities.subject, SUBSTR(activities.body, 1, 160) AS beginning, \
                    activities.happened_at, clients.id AS client_id, clients.name AS client_name \
                    FROM search_words AS found CROSS JOIN activities CROSS JOIN clients \
                    WHERE activities.id = found.record_id AND clients.id = activities.client_id";
        match self.statement(Kind::Note, from) {
            Some(statement) => statement.fetch_all(conn).await,
            None => Ok(Vec::new()),
        }
    }

    /// The statement that finds records of a kind; none where nothing can be found. `from` names the columns, and joins
    /// in the order that is read: SQLite keeps to it.
    fn statement(&self, kind: Kind, from: &'static str) -> Option<Query> {
        let frequency = |place: usize| {
            let place = i64::try_from(place).unwrap_or(i64::MAX);
            self.frequencies.get(&(kind.number(), place)).copied().unwrap_or(COUNTED)
        };
        let rarest = (0..self.words.len()).min_by_key(|place| frequency(*place))?;
        if frequency(rarest) == 0 {
            return None;
        }
        let (number, viewer) = (kind.number(), visible::client(1));
        let mut sql = format!(
            "SELECT {from} AND {viewer} AND found.kind = {number} AND found.word >= $3 AND found.word < $4 \
             AND NOT EXISTS (SELECT 1 FROM search_words AS earlier WHERE earlier.kind = {number} \
             AND earlier.record_id = found.record_id AND earlier.word >= $3 AND earlier.word < found.word)"
        );
        let mut words = vec![self.words.get(rarest)?];
        for (_, word) in self.words.iter().enumerate().filter(|(place, _)| *place != rarest) {
            words.push(word);
            let (from, to) = (words.len() * 2 + 1, words.len() * 2 + 2);
            sql += &format!(
                " AND EXISTS (SELECT 1 FROM search_words AS other WHERE other.kind = {number} \
                 AND other.record_id = found.record_id AND other.word >= ${from} AND other.word < ${to})"
            );
        }
        sql += " ORDER BY found.word, found.record_id LIMIT $2";
        let statement = db::query_built(sql).bind(self.viewer).bind(self.limit);
        Some(words.into_iter().fold(statement, |statement, word| statement.bind(word).bind(end_of(word))))
    }
}

/// Counts, for each kind and word, how many words begin with it.
async fn frequencies(conn: &mut Conn, words: &[String]) -> Result<HashMap<(i64, i64), i64>, DbError> {
    let kinds = [Kind::Client, Kind::Person, Kind::Deal, Kind::Note].map(Kind::number);
    let mut counts = Vec::new();
    for place in 0..words.len() {
        let (from, to) = (place * 2 + 1, place * 2 + 2);
        for kind in kinds {
            counts.push(format!(
                "SELECT {kind} AS kind, {place} AS place, (SELECT COUNT(*) FROM (SELECT 1 FROM search_words \
                 WHERE kind = {kind} AND word >= ${from} AND word < ${to} LIMIT {COUNTED}) AS first_ones) AS frequency"
            ));
        }
    }
    // Not every engine takes a number without a type for what Rust calls i64.
    let select = format!(
        "SELECT CAST(kind AS BIGINT), CAST(place AS BIGINT), frequency FROM ({}) AS counted",
        counts.join(" UNION ALL ")
    );
    let statement = db::query_built(select);
    let statement = words.iter().fold(statement, |statement, word| statement.bind(word).bind(end_of(word)));
    let rows: Vec<(i64, i64, i64)> = statement.fetch_all(conn).await?;
    Ok(rows.into_iter().map(|(kind, place, frequency)| ((kind, place), frequency)).collect())
}

fn end_of(word: &str) -> String {
    format!("{word}{LAST}")
}

#[cfg(test)]
mod tests;
