//! What the board shows: the sums of whole columns, the first cards of each.

use toolcrib::adapter::{like_pattern, words};
use toolcrib::db::{self, Conn, DbError, Query};

use crate::db::pipelines::Stage;
use crate::db::visible;

/// The most cards of a column, and of the whole board.
const MOST_IN_COLUMN: usize = 30;
const MOST_ON_BOARD: usize = 200;

/// How many deals a page of a stage's list has.
pub const PAGE: i64 = 50;

/// Which deals are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Who looks.
    pub viewer: i64,
    /// Only the viewer's own.
    pub mine: bool,
    /// Folded words, all of which the title or the client has.
    words: Vec<String>,
}

/// How many deals of one currency are in a stage, and what they are worth together.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow, serde::Deserialize)]
pub struct Sum {
    /// The stage.
    pub stage_id: i64,
    /// The currency's code.
    pub currency: String,
    /// How many.
    pub deals: i64,
    /// Their worth in minor units.
    pub amount_minor: i64,
}

/// A deal as the board shows it.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow, serde::Deserialize, serde::Serialize)]
pub struct Card {
    /// Its id.
    pub id: i64,
    /// What it is about.
    pub title: String,
    /// The client's id.
    pub client_id: i64,
    /// The client's name.
    pub client: String,
    /// The stage it stands in.
    pub stage_id: i64,
    /// Its worth in minor units.
    pub amount_minor: i64,
    /// The currency's code.
    pub currency: String,
    /// When it is expected to be closed.
    pub expected_at: Option<i64>,
    /// The owner's name.
    pub owner: Option<String>,
    /// How often it was changed.
    pub version: i64,
}

impl Wanted {
    /// The viewer's own or all, and those that have all words of a text.
    #[must_use]
    pub fn new(viewer: i64, mine: bool, text: &str) -> Self {
        Self { viewer, mine, words: words(text) }
    }

    /// Clients with all the words, found once for the statement; nothing without words. The words are parameters from `first` on.
    fn named(&self, first: usize) -> String {
        if self.words.is_empty() {
            return String::new();
        }
        format!("WITH named AS MATERIALIZED (SELECT id FROM clients WHERE {}) ", self.contains("search", first))
    }

    fn contains(&self, column: &str, first: usize) -> String {
        let parts = (first..).zip(&self.words).map(|(number, _)| format!("{column} LIKE ${number} ESCAPE '\\'"));
        parts.collect::<Vec<_>>().join(" AND ")
    }

    /// The condition on `deals`: the viewer is `$1`, whose own are wanted `$2` (0 for everybody's), the words follow from `$3` on.
    fn condition(&self) -> String {
        let mut condition = visible::of_client("deals.client_id", 1);
        if self.mine {
            condition.push_str(" AND deals.owner_id = $2");
        } else {
            // Bound in any case, so that the words have the same numbers.
            condition.push_str(" AND $2 = 0");
        }
        if !self.words.is_empty() {
            let title = self.contains("deals.search", 3);
            condition.push_str(&format!(" AND (({title}) OR deals.client_id IN (SELECT id FROM named))"));
        }
        condition
    }

    fn bind(&self, query: Query) -> Query {
        let query = query.bind(self.viewer).bind(if self.mine { self.viewer } else { 0 });
        self.words.iter().fold(query, |query, word| query.bind(like_pattern(word)))
    }
}

/// Answers the sums of all columns of a pipeline.
///
/// # Errors
/// Whatever the database says.
pub async fn sums(conn: &mut Conn, stages: &[Stage], wanted: &Wanted) -> Result<Vec<Sum>, DbError> {
    if stages.is_empty() {
        return Ok(Vec::new());
    }
    let first = 3 + wanted.words.len();
    let ids: Vec<String> = (first..).zip(stages).map(|(number, _)| format!("${number}")).collect();
    // Most of all deals are looked at: reading the table through is quicker than by the index, which the plus keeps away.
    let plus = if stages.len() > 1 { "+" } else { "" };
    let select = format!(
        "{}SELECT stage_id, currency, COUNT(*) AS deals, CAST(SUM(amount_minor) AS BIGINT) AS amount_minor FROM deals \
         WHERE {plus}stage_id IN ({}) AND {} GROUP BY currency, stage_id ORDER BY stage_id, 3 DESC, currency",
        wanted.named(3),
        ids.join(", "),
        wanted.condition()
    );
    let query = wanted.bind(db::query_built(select));
    stages.iter().fold(query, |query, stage| query.bind(stage.id)).fetch_all(conn).await
}

/// Answers the first cards of each column, in the order of the columns and in theirs.
///
/// # Errors
/// Whatever the database says.
pub async fn cards(conn: &mut Conn, stages: &[Stage], wanted: &Wanted) -> Result<Vec<Card>, DbError> {
    if stages.is_empty() {
        return Ok(Vec::new());
    }
    let most = MOST_IN_COLUMN.min(MOST_ON_BOARD / stages.len());
    let limit = format!("LIMIT {most}");
    limited(conn, stages, wanted, &limit).await
}

/// Answers a page, counted from 1, of the deals of a stage.
///
/// # Errors
/// Whatever the database says.
pub async fn page(conn: &mut Conn, stage: &Stage, wanted: &Wanted, page: i64) -> Result<Vec<Card>, DbError> {
    let limit = format!("LIMIT {PAGE} OFFSET {}", (page.max(1) - 1).saturating_mul(PAGE));
    limited(conn, std::slice::from_ref(stage), wanted, &limit).await
}

async fn limited(conn: &mut Conn, stages: &[Stage], wanted: &Wanted, limit: &str) -> Result<Vec<Card>, DbError> {
    let first = 3 + wanted.words.len();
    let condition = wanted.condition();
    // A limit for each column: a window function would number every deal there is.
    let columns: Vec<String> = (first..)
        .zip(stages)
        .map(|(number, _)| {
            format!(
                "SELECT id FROM (SELECT id FROM deals WHERE stage_id = ${number} AND {condition} \
                 ORDER BY position, id {limit}) AS column_{number}"
            )
        })
        .collect();
    let select = format!(
        "{}SELECT deals.id, deals.title, deals.client_id, clients.name AS client, deals.stage_id, deals.amount_minor, \
         deals.currency, deals.expected_at, toolcrib_users.display_name AS owner, deals.version \
         FROM ({}) AS shown JOIN deals ON deals.id = shown.id JOIN clients ON clients.id = deals.client_id \
         LEFT JOIN toolcrib_users ON toolcrib_users.id = deals.owner_id \
         ORDER BY deals.stage_id, deals.position, deals.id",
        wanted.named(3),
        columns.join(" UNION ALL ")
    );
    let query = wanted.bind(db::query_built(select));
    stages.iter().fold(query, |query, stage| query.bind(stage.id)).fetch_all(conn).await
}
