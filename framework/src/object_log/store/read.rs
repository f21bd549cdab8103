//! Reading the log.

use crate::db::{self, Conn, DbError, Query};
use crate::object_log::Priority;

/// What of a stored entry is read.
const READ: &str = "SELECT id, at, worker, priority, label, url, request_id, attempt, page, object, error, session, \
                    tagged FROM toolcrib_object_log";

/// An entry as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
#[non_exhaustive]
pub struct Stored {
    /// Its number. Later entries have higher ones; none is used twice.
    pub id: i64,
    /// When it was noted, in microseconds since 1970.
    pub at: i64,
    /// The worker that noted it.
    pub worker: i64,
    /// The number of its [`Priority`].
    pub priority: i64,
    /// The text that all entries of its kind share.
    pub label: String,
    /// Path and query of the request, empty where there was none.
    pub url: String,
    /// The request's id, empty where there was none.
    pub request_id: String,
    /// The number of the request's attempt, 0 where there was none.
    pub attempt: i64,
    /// The page's name, empty where there was none.
    pub page: String,
    /// What it is about: a JSON text.
    pub object: Option<String>,
    /// What went wrong, one cause a line.
    pub error: Option<String>,
    /// The session's number.
    pub session: Option<String>,
    /// Whether somebody marked it.
    pub tagged: bool,
}

impl Stored {
    /// How urgent it is.
    #[must_use]
    pub fn priority(&self) -> Priority {
        // A later version may have more of them; less urgent than all of ours is what they are.
        Priority::of_number(self.priority).unwrap_or(Priority::Interaction)
    }
}

/// Which entries are looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of this priority only.
    pub priority: Option<Priority>,
    /// With exactly this label only.
    pub label: Option<String>,
    /// Of the request with this id only.
    pub request: Option<String>,
}

/// What entries can be sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// The order in which they were stored.
    Time,
    /// The priority's number.
    Priority,
    /// The label.
    Label,
    /// The worker.
    Worker,
    /// The address.
    Url,
    /// The request's id.
    Request,
    /// The page.
    Page,
}

/// The order of entries: by a column, and within equal values the newest first.
///
/// ```
/// use toolcrib::object_log::Sort;
///
/// assert_eq!(Sort::parse("-time"), Some(Sort::default()));
/// assert_eq!(Sort::parse("id; DROP TABLE"), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    /// The column.
    pub column: Column,
    /// Whether the highest comes first.
    pub descending: bool,
}

/// Which part of the entries is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// Only entries with lower numbers than this.
    pub before: Option<i64>,
    /// How many entries to leave out at the top.
    pub offset: i64,
    /// How many to read at most.
    pub limit: i64,
}

/// How many entries there are, by priority.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts([i64; Priority::ALL.len()]);

impl Column {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Time, Self::Priority, Self::Label, Self::Worker, Self::Url, Self::Request, Self::Page];

    /// Its name in addresses.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Priority => "priority",
            Self::Label => "label",
            Self::Worker => "worker",
            Self::Url => "url",
            Self::Request => "request",
            Self::Page => "page",
        }
    }

    /// The only texts that come into a statement.
    pub(super) fn sql(self) -> &'static str {
        match self {
            Self::Time => "id",
            Self::Priority => "priority",
            Self::Label => "label",
            Self::Worker => "worker",
            Self::Url => "url",
            Self::Request => "request_id",
            Self::Page => "page",
        }
    }
}

impl Default for Sort {
    /// The newest first.
    fn default() -> Self {
        Self { column: Column::Time, descending: true }
    }
}

impl Sort {
    /// An order as written in an address: a column's name, after a `-` the highest first.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (name, descending) = match text.strip_prefix('-') {
            Some(name) => (name, true),
            None => (text, false),
        };
        let column = Column::ALL.into_iter().find(|column| column.name() == name)?;
        Some(Self { column, descending })
    }

    fn order_by(self) -> String {
        let direction = if self.descending { "DESC" } else { "ASC" };
        match self.column {
            Column::Time => format!("id {direction}"),
            column => format!("{} {direction}, id DESC", column.sql()),
        }
    }
}

impl std::fmt::Display for Sort {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", if self.descending { "-" } else { "" }, self.column.name())
    }
}

impl Counts {
    /// How many of one priority.
    #[must_use]
    pub fn of(&self, priority: Priority) -> i64 {
        Priority::ALL.into_iter().zip(self.0).find(|(other, _)| *other == priority).map_or(0, |(_, count)| count)
    }

    /// How many there are.
    #[must_use]
    pub fn total(&self) -> i64 {
        self.0.iter().sum()
    }
}

impl Filter {
    /// The conditions, with parameters from `$first` on.
    pub(super) fn conditions(&self, first: usize) -> String {
        let columns = [
            (self.priority.is_some(), "priority"),
            (self.label.is_some(), "label"),
            (self.request.is_some(), "request_id"),
        ];
        let given = columns.into_iter().filter(|(given, _)| *given).zip(first..);
        given.map(|((_, column), place)| format!(" AND {column} = ${place}")).collect()
    }

    /// Binds the conditions' parameters.
    pub(super) fn bind(&self, mut query: Query) -> Query {
        if let Some(priority) = self.priority {
            query = query.bind(priority.number());
        }
        for text in [&self.label, &self.request].into_iter().flatten() {
            query = query.bind(text);
        }
        query
    }
}

/// The entries of a part of the log, in an order.
///
/// # Errors
/// Where the store fails.
pub async fn entries(conn: &mut Conn, filter: &Filter, sort: Sort, range: Range) -> Result<Vec<Stored>, DbError> {
    let text = format!("{READ} WHERE id < $1{} ORDER BY {} LIMIT $2 OFFSET $3", filter.conditions(4), sort.order_by());
    let query = db::query_built(text).bind(range.before.unwrap_or(i64::MAX)).bind(range.limit).bind(range.offset);
    filter.bind(query).fetch_all(conn).await
}

/// How many entries a filter lets through.
///
/// # Errors
/// Where the store fails.
pub async fn matching(conn: &mut Conn, filter: &Filter) -> Result<i64, DbError> {
    let text = format!("SELECT COUNT(*) FROM toolcrib_object_log WHERE id > 0{}", filter.conditions(1));
    filter.bind(db::query_built(text)).scalar(conn).await
}

/// How many entries there are, by priority.
///
/// # Errors
/// Where the store fails.
pub async fn counts(conn: &mut Conn) -> Result<Counts, DbError> {
    let rows: Vec<(i64, i64)> =
        db::query("SELECT priority, COUNT(*) FROM toolcrib_object_log GROUP BY priority").fetch_all(conn).await?;
    let mut counts = Counts::default();
    for (number, count) in rows {
        let priority = Priority::of_number(number).unwrap_or(Priority::Interaction);
        if let Some((_, sum)) = Priority::ALL.into_iter().zip(&mut counts.0).find(|(other, _)| *other == priority) {
            *sum += count;
        }
    }
    Ok(counts)
}

/// The number of the newest entry; 0 where there is none.
///
/// # Errors
/// Where the store fails.
pub async fn newest(conn: &mut Conn) -> Result<i64, DbError> {
    db::query("SELECT COALESCE(MAX(id), 0) FROM toolcrib_object_log").scalar(conn).await
}

/// One entry.
///
/// # Errors
/// Where the store fails.
pub async fn entry(conn: &mut Conn, id: i64) -> Result<Option<Stored>, DbError> {
    db::query_built(format!("{READ} WHERE id = $1")).bind(id).fetch_optional(conn).await
}
