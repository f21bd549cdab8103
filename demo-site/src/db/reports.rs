//! Sums over all deals of a pipeline: one pass over them, whatever is shown of it.

use std::fmt::Write;

use serde::Deserialize;
use toolcrib::db::{self, Conn, DbError};

use super::visible;
use crate::domain::months::Span;

/// The month of an open deal that nobody expects on a day.
pub const NO_MONTH: i64 = -2;
/// The month of an open deal that was expected before this month.
pub const BEFORE: i64 = -1;

/// The most sums that are read: currencies times stages times months stay far below.
const MOST: i64 = 5_000;

/// A pipeline to choose.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow, Deserialize)]
pub struct Pipeline {
    /// Its number.
    pub id: i64,
    /// Its name.
    pub name: String,
}

/// A stage of the pipeline.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow, Deserialize)]
pub struct Stage {
    /// Its number.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// `open`, `won` or `lost`.
    pub outcome: String,
    /// What part of a deal's worth the forecast counts, in per cent.
    pub probability: i64,
}

/// The deals of a stage and a currency in a month: that in which they are expected, or were closed.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow, Deserialize)]
pub struct Sum {
    /// The stage.
    pub stage_id: i64,
    /// The currency's code (ISO 4217).
    pub currency: String,
    /// The place of the month among those asked for; one too many for later than the last; or [`NO_MONTH`], [`BEFORE`].
    pub month: i64,
    /// How many.
    pub deals: i64,
    /// Their worth together, in minor units.
    pub amount_minor: i64,
}

/// Whose deals, of which pipeline, in which months.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Who looks.
    pub viewer: i64,
    /// The pipeline.
    pub pipeline: i64,
    /// Whose deals; none for everybody's.
    pub owner: Option<i64>,
    /// The months in which deals were closed, the last of which is this month.
    pub closed: &'a [Span],
    /// The months in which deals are expected, the first of which is this month.
    pub expected: &'a [Span],
}

/// Answers the pipelines, in their order.
///
/// # Errors
/// Whatever the database says.
pub async fn pipelines(conn: &mut Conn) -> Result<Vec<Pipeline>, DbError> {
    db::query("SELECT id, name FROM pipelines ORDER BY position, id LIMIT 200").fetch_all(conn).await
}

/// Answers the stages of a pipeline, in their order.
///
/// # Errors
/// Whatever the database says.
pub async fn stages(conn: &mut Conn, pipeline: i64) -> Result<Vec<Stage>, DbError> {
    db::query(
        "SELECT id, name, outcome, probability FROM stages WHERE pipeline_id = $1 ORDER BY position, id LIMIT 200",
    )
    .bind(pipeline)
    .fetch_all(conn)
    .await
}

/// Sums the open deals, and those closed in the months asked for.
///
/// # Errors
/// Whatever the database says.
pub async fn sums(conn: &mut Conn, asked: Asked<'_>) -> Result<Vec<Sum>, DbError> {
    let since = asked.closed.first().map_or(i64::MAX, |month| month.from);
    let expected = format!(
        "CASE WHEN deals.expected_at IS NULL THEN {NO_MONTH} WHEN deals.expected_at < {} THEN {BEFORE}{} END",
        asked.expected.first().map_or(i64::MAX, |month| month.from),
        places("deals.expected_at", asked.expected)
    );
    let closed =
        format!("CASE WHEN deals.closed_at < {since} THEN {BEFORE}{} END", places("deals.closed_at", asked.closed));
    let owner = asked.owner.map(|_| " AND deals.owner_id = $4").unwrap_or_default();
    let select = format!(
        "SELECT stages.id AS stage_id, deals.currency, \
         CAST(CASE WHEN stages.outcome = 'open' THEN {expected} ELSE {closed} END AS BIGINT) AS month, \
         COUNT(*) AS deals, CAST(SUM(deals.amount_minor) AS BIGINT) AS amount_minor \
         FROM stages JOIN deals ON deals.stage_id = stages.id \
         WHERE stages.pipeline_id = $1 AND (stages.outcome = 'open' OR deals.closed_at >= $2) AND {}{owner} \
         GROUP BY stages.id, deals.currency, month ORDER BY deals.currency, stages.id, month LIMIT {MOST}",
        visible::of_client("deals.client_id", 3)
    );
    let query = db::query_built(select).bind(asked.pipeline).bind(since).bind(asked.viewer);
    match asked.owner {
        Some(owner) => query.bind(owner).fetch_all(conn).await,
        None => query.fetch_all(conn).await,
    }
}

/// The place of a moment among months. Neither engine names months as the other does, but both compare numbers.
fn places(column: &str, months: &[Span]) -> String {
    let mut text = String::new();
    for (place, month) in months.iter().enumerate() {
        // Writing to a string cannot fail.
        let _ = write!(text, " WHEN {column} < {} THEN {place}", month.to);
    }
    let _ = write!(text, " ELSE {}", months.len());
    text
}

#[cfg(test)]
mod tests {
    use toolcrib::db::Db;

    use super::*;
    use crate::db::fixture::on_both_engines;
    use crate::domain::months::months;

    on_both_engines! { deals_are_summed_by_stage_currency_and_month, no_statement_depends_on_how_many_months }

    /// 12 March 2026, 14:05 UTC.
    const NOW: i64 = 1_773_324_300_000_000;
    const DAY: i64 = 86_400_000_000;

    /// Client, stage, amount, currency, expected, closed, owner.
    type Deal = (i64, i64, i64, &'static str, Option<i64>, Option<i64>, i64);

    async fn deals_are_summed_by_stage_currency_and_month(db: Db) {
        let mut tx = db.begin().await.unwrap();
        for statement in [
            "INSERT INTO toolcrib_users (id, name, display_name, search, password_hash, created_at, changed_at) \
             VALUES (1, 'anna', 'Anna', 'anna', '', 1, 1), (2, 'boris', 'Boris', 'boris', '', 1, 1)",
            "INSERT INTO clients (id, account, name, search, sort_name, owner_id, private, created_at, updated_at) VALUES \
             (1, 'A', 'Open', '', '', 1, FALSE, 1, 10), (2, 'B', 'Hidden', '', '', 2, TRUE, 1, 30)",
        ] {
            db::query(statement).execute(&mut tx).await.unwrap();
        }
        let deals: [Deal; 9] = [
            (1, 1, 100, "EUR", Some(NOW), None, 1),
            (1, 1, 200, "EUR", Some(NOW + DAY), None, 2),
            (1, 1, 400, "USD", Some(NOW), None, 1),
            (1, 2, 800, "EUR", None, None, 1),
            (1, 2, 1600, "EUR", Some(NOW - 40 * DAY), None, 1),
            (1, 2, 3200, "EUR", Some(NOW + 400 * DAY), None, 1),
            (1, 4, 6400, "EUR", Some(1), Some(NOW), 1),
            (1, 5, 12800, "EUR", Some(1), Some(NOW - 400 * DAY), 1),
            (2, 4, 1, "EUR", Some(1), Some(NOW), 1),
        ];
        for (client, stage, amount, currency, expected, closed, owner) in deals {
            db::query(
                "INSERT INTO deals (client_id, title, stage_id, amount_minor, currency, expected_at, closed_at, \
                 owner_id, search, created_at, updated_at) VALUES ($1, '', $2, $3, $4, $5, $6, $7, '', 1, 1)",
            )
            .bind(client)
            .bind(stage)
            .bind(amount)
            .bind(currency)
            .bind(expected)
            .bind(closed)
            .bind(owner)
            .execute(&mut tx)
            .await
            .unwrap();
        }
        let (closed, expected) = (months(NOW, -2, 3), months(NOW, 0, 3));
        let asked = Asked { viewer: 1, pipeline: 1, owner: None, closed: &closed, expected: &expected };
        let found = |sums: Vec<Sum>| -> Vec<(i64, String, i64, i64, i64)> {
            sums.into_iter().map(|sum| (sum.stage_id, sum.currency, sum.month, sum.deals, sum.amount_minor)).collect()
        };
        let sum = |stage, currency: &str, month, deals, amount| (stage, currency.to_owned(), month, deals, amount);
        assert_eq!(
            found(sums(&mut tx, asked).await.unwrap()),
            [
                sum(1, "EUR", 0, 2, 300),
                sum(2, "EUR", NO_MONTH, 1, 800),
                sum(2, "EUR", BEFORE, 1, 1600),
                sum(2, "EUR", 3, 1, 3200),
                sum(4, "EUR", 2, 1, 6400),
                sum(1, "USD", 0, 1, 400),
            ]
        );
        let his = sums(&mut tx, Asked { owner: Some(2), ..asked }).await.unwrap();
        assert_eq!(found(his), [sum(1, "EUR", 0, 1, 200)]);
        let seen_by_him = sums(&mut tx, Asked { viewer: 2, ..asked }).await.unwrap();
        assert!(found(seen_by_him).contains(&sum(4, "EUR", 2, 2, 6401)));
    }

    async fn no_statement_depends_on_how_many_months(db: Db) {
        let mut conn = db.read().await.unwrap();
        for count in [0, 1, 24] {
            let (closed, expected) = (months(NOW, 1 - count, count), months(NOW, 0, count));
            let asked = Asked { viewer: 1, pipeline: 1, owner: None, closed: &closed, expected: &expected };
            assert_eq!(sums(&mut conn, asked).await.unwrap(), []);
        }
        let pipelines = pipelines(&mut conn).await.unwrap();
        assert_eq!(pipelines.iter().map(|pipeline| pipeline.name.as_str()).collect::<Vec<_>>(), ["Sales"]);
        let stages = stages(&mut conn, pipelines[0].id).await.unwrap();
        assert_eq!(stages.iter().map(|stage| stage.probability).collect::<Vec<_>>(), [10, 30, 60, 100, 0]);
    }
}
