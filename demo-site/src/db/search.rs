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
mod tests {
    use toolcrib::db::Db;

    use super::*;
    use crate::db::fixture::on_both_engines;
    use crate::db::words;
    use crate::domain;

    on_both_engines! {
        all_typed_words_begin_words_of_what_is_found,
        what_is_somebody_elses_private_is_not_found,
        no_more_than_asked_for_and_none_twice,
    }

    const ANNA: i64 = 1;
    const BORIS: i64 = 2;

    async fn some(db: &Db) -> Conn {
        let mut tx = db.begin().await.unwrap();
        for statement in [
            "INSERT INTO toolcrib_users (id, name, display_name, search, password_hash, created_at, changed_at) \
             VALUES (1, 'anna', 'Anna', 'anna', '', 1, 1), (2, 'boris', 'Boris', 'boris', '', 1, 1)",
            "INSERT INTO clients (id, account, name, search, sort_name, owner_id, private, created_at, updated_at) VALUES \
             (1, 'A-1', 'Ångström GmbH', '', '', 1, TRUE, 1, 1), (2, 'B-2', 'Łódź Włókno Angora', '', '', 1, FALSE, 1, 1), \
             (3, 'C-3', '株式会社 桜木精機', '', '', NULL, FALSE, 1, 1)",
            "INSERT INTO persons (id, client_id, name, title, email, search, created_at) VALUES \
             (1, 1, 'Zoë Groß', 'Buyer', 'zoe@angstrom.example', '', 1), (2, 2, 'Zoë Zweig', '', 'z@lodz.example', '', 1)",
            "INSERT INTO deals (id, client_id, title, stage_id, amount_minor, currency, search, created_at, updated_at) \
             SELECT id, id, 'Yearly maintenance', (SELECT MIN(id) FROM stages), 1, 'EUR', '', 1, 1 FROM clients",
            "INSERT INTO activities (id, client_id, kind, subject, body, happened_at, author, created_at, updated_at) VALUES \
             (1, 1, 'note', 'Pays late', 'Secret', 1, '', 1, 1), (2, 2, 'note', 'Pays in time', 'No secret', 1, '', 1, 1)",
        ] {
            db::query(statement).execute(&mut tx).await.unwrap();
        }
        tx.commit().await.unwrap();
        crate::db::reindex::everything(db, |_, _| {}).await.unwrap();
        db.begin().await.unwrap()
    }

    async fn search(conn: &mut Conn, typed: &str, viewer: i64, limit: u32) -> Search {
        Search::new(conn, domain::words::typed(typed), viewer, limit).await.unwrap()
    }

    async fn all_typed_words_begin_words_of_what_is_found(db: Db) {
        let mut conn = some(&db).await;
        for (typed, expected) in [
            ("angstrom", &[1][..]),
            ("ÅNG gmbh", &[1]),
            ("ang", &[1, 2]),
            ("lodz ang wlok", &[2]),
            ("ang kg", &[]),
            ("lodz lodz lo", &[2]),
            ("桜木", &[3]),
            ("精機 株", &[3]),
            ("ngstrom", &[]),
            ("", &[]),
            ("%", &[]),
            ("\0", &[]),
        ] {
            let mut found = search(&mut conn, typed, ANNA, 20).await.clients(&mut conn).await.unwrap();
            found.sort_unstable();
            assert_eq!(found, expected, "{typed:?}");
        }
        let people = search(&mut conn, "zoe gross", ANNA, 20).await.contacts(&mut conn).await.unwrap();
        assert_eq!(people.len(), 1);
        assert_eq!((people[0].name.as_str(), people[0].client_name.as_str()), ("Zoë Groß", "Ångström GmbH"));
        let deals = search(&mut conn, "MAINT year", ANNA, 20).await.deals(&mut conn).await.unwrap();
        assert_eq!(deals.len(), 3);
        assert_eq!((deals[0].stage.as_str(), deals[0].outcome.as_str()), ("Lead", "open"));
        let notes = search(&mut conn, "secret pays", ANNA, 20).await.notes(&mut conn).await.unwrap();
        assert_eq!(notes.len(), 2);
        assert_eq!(notes[0].beginning, "Secret");
    }

    async fn what_is_somebody_elses_private_is_not_found(db: Db) {
        let mut conn = some(&db).await;
        assert_eq!(search(&mut conn, "ang", BORIS, 20).await.clients(&mut conn).await.unwrap(), [2]);
        let people = search(&mut conn, "zoe", BORIS, 20).await.contacts(&mut conn).await.unwrap();
        assert_eq!(people.iter().map(|person| person.id).collect::<Vec<_>>(), [2]);
        let deals = search(&mut conn, "yearly", BORIS, 20).await.deals(&mut conn).await.unwrap();
        assert_eq!(deals.iter().map(|deal| deal.client_id).collect::<Vec<_>>(), [2, 3]);
        let notes = search(&mut conn, "secret", BORIS, 20).await.notes(&mut conn).await.unwrap();
        assert_eq!(notes.iter().map(|note| note.id).collect::<Vec<_>>(), [2]);
        db::query("UPDATE clients SET merged_into = 3 WHERE id = 2").execute(&mut conn).await.unwrap();
        assert!(search(&mut conn, "lodz", BORIS, 20).await.clients(&mut conn).await.unwrap().is_empty());
    }

    async fn no_more_than_asked_for_and_none_twice(db: Db) {
        let mut conn = some(&db).await;
        let many: Vec<_> = (0..30).map(|copy| format!("copy{copy}")).collect();
        words::index_many(&mut conn, Kind::Client, &[(2, many.join(" ")), (3, "copy".to_owned())]).await.unwrap();
        let mut found = search(&mut conn, "co", ANNA, 20).await.clients(&mut conn).await.unwrap();
        found.sort_unstable();
        assert_eq!(found, [2, 3], "thirty words of one client are one client");
        assert_eq!(search(&mut conn, "co", ANNA, 1).await.clients(&mut conn).await.unwrap().len(), 1);
    }
}
