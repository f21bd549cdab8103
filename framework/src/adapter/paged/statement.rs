//! The two statements of a list.

use std::marker::PhantomData;

use super::asked::Asked;
use crate::adapter::table::{Cells, Columns, Sql, Tabled, row_of};
use crate::adapter::{Adapter, Row, SortInfo, like_pattern};
use crate::db::{Conn, DbError, Value};
use crate::page::PageError;

/// A list: which rows, and in which order.
pub(super) struct Listing<A> {
    condition: Sql,
    sort: Option<(&'static SortInfo, bool)>,
    adapter: PhantomData<A>,
}

impl<A: Adapter> Listing<A> {
    /// The site's own condition and what was asked for.
    ///
    /// # Errors
    /// [`PageError::Other`] where the condition's parameters and `values` do not belong together.
    pub(super) fn new(condition: &str, values: Vec<Value>, asked: &Asked) -> Result<Self, PageError> {
        if highest_parameter(condition) != values.len() {
            return Err(PageError::other(format!(
                "the condition {condition:?} of a list does not have the {} parameters it is given",
                values.len()
            )));
        }
        let mut sql = Sql::with("", values);
        let mut next = " WHERE ";
        // What the visitor asks for comes first: SQLite looks at the parts one after the other, and most rows fail here
        // already, before a condition of the site's that may ask other tables.
        if let Some(column) = Columns::<A>::TABLE.list.search {
            for word in &asked.words {
                sql.text(next).text(column).text(" LIKE ").value(like_pattern(word)).text(" ESCAPE '\\'");
                next = " AND ";
            }
        }
        for filter in &asked.filters {
            sql.text(next).text(filter.column).text(" = ").value(filter.value.clone());
            next = " AND ";
        }
        if !condition.is_empty() {
            // By itself, so that an OR of the site's does not reach beyond its own.
            sql.text(next).text("(").text(condition).text(")");
        }
        Ok(Self { condition: sql, sort: asked.sort, adapter: PhantomData })
    }

    /// How many rows there are, not counting beyond `most`.
    pub(super) fn count(&self, most: i64) -> Sql {
        let mut sql = self.after(&format!("SELECT COUNT(*) FROM (SELECT 1 AS one FROM {}", A::table()));
        sql.text(" LIMIT ").value(most).text(") AS counted");
        sql
    }

    fn rows(&self, limit: i64, offset: i64) -> Sql {
        let mut sql = self.after(&format!("SELECT {} FROM {}", Columns::<A>::list(), A::table()));
        let key = A::key();
        match self.sort {
            // The key is last and turns with the order, so that an index of both serves both ways.
            Some((order, true)) => sql.text(&format!(" ORDER BY {} DESC, {key} DESC", order.column)),
            Some((order, false)) => sql.text(&format!(" ORDER BY {}, {key}", order.column)),
            None => sql.text(&format!(" ORDER BY {key}")),
        };
        sql.text(" LIMIT ").value(limit).text(" OFFSET ").value(offset);
        sql
    }

    /// Some of the rows.
    pub(super) async fn fetch(&self, conn: &mut Conn, limit: i64, offset: i64) -> Result<Vec<Row<A>>, DbError> {
        let cells = self.rows(limit, offset).query().fetch_all::<Cells>(conn).await?;
        cells.into_iter().map(row_of).collect()
    }

    /// The condition behind a beginning without parameters.
    fn after(&self, beginning: &str) -> Sql {
        self.condition.clone().behind(beginning)
    }
}

/// The highest number of a parameter in a condition.
fn highest_parameter(condition: &str) -> usize {
    let number = |rest: &str| {
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse::<usize>().ok()
    };
    condition.split('$').skip(1).filter_map(number).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapter::Rights;
    use crate::adapter::tests::{Note, pairs};

    fn listing(condition: &str, values: Vec<Value>, address: &str) -> Result<Listing<Note>, PageError> {
        Listing::new(condition, values, &Asked::of::<Note>(&pairs(address), &Rights::default()))
    }

    #[test]
    fn parameters_are_numbered_behind_those_of_the_site() {
        let list = listing("owner_id = $1 OR $2", vec![7_i64.into(), true.into()], "q=a%20b&title=milk").unwrap();
        let (text, values) = list.rows(25, 50).parts();
        assert_eq!(
            text,
            "SELECT id, version, title, pages, done, secret FROM notes WHERE search LIKE $3 ESCAPE '\\' AND \
             search LIKE $4 ESCAPE '\\' AND title = $5 AND (owner_id = $1 OR $2) \
             ORDER BY title, id LIMIT $6 OFFSET $7"
        );
        let expected: Vec<Value> =
            vec![7_i64.into(), true.into(), "%a%".into(), "%b%".into(), "milk".into(), 25_i64.into(), 50_i64.into()];
        assert_eq!(values, expected);
        let (text, _) = list.count(9).parts();
        assert!(text.ends_with(" AND (owner_id = $1 OR $2) LIMIT $6) AS counted"), "{text}");
    }

    #[test]
    fn a_condition_alone_is_closed() {
        let (text, _) = listing("done", vec![], "").unwrap().count(9).parts();
        assert_eq!(text, "SELECT COUNT(*) FROM (SELECT 1 AS one FROM notes WHERE (done) LIMIT $1) AS counted");
        let (text, _) = listing("", vec![], "sort=pages").unwrap().rows(1, 0).parts();
        assert!(text.ends_with("FROM notes ORDER BY pages DESC, id DESC LIMIT $1 OFFSET $2"), "{text}");
    }

    #[test]
    fn a_condition_without_its_values_is_refused() {
        assert!(listing("owner_id = $1", vec![], "").is_err());
        assert!(listing("done", vec![7_i64.into()], "").is_err());
    }
}
