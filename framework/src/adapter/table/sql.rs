//! A statement put together from constants, its parameters numbered as they come.

use std::fmt::Write as _;

use crate::db::{self, Query, Value};

/// A statement's text and its parameters.
#[derive(Debug, Clone)]
pub(in crate::adapter) struct Sql {
    text: String,
    values: Vec<Value>,
}

impl Sql {
    /// Begins with a text of constants.
    pub(in crate::adapter) fn of(text: impl Into<String>) -> Self {
        Self { text: text.into(), values: Vec::new() }
    }

    /// A text of constants that has its own parameters, numbered from `$1`.
    pub(in crate::adapter) fn with(text: impl Into<String>, values: Vec<Value>) -> Self {
        Self { text: text.into(), values }
    }

    /// Goes on with a text of constants.
    pub(in crate::adapter) fn text(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// The same behind a text of constants without parameters.
    pub(in crate::adapter) fn behind(mut self, beginning: &str) -> Self {
        self.text.insert_str(0, beginning);
        self
    }

    /// A parameter, here.
    pub(in crate::adapter) fn value(&mut self, value: impl Into<Value>) -> &mut Self {
        self.values.push(value.into());
        // Writing to a string cannot fail.
        let _ = write!(self.text, "${}", self.values.len());
        self
    }

    /// The statement.
    pub(in crate::adapter) fn query(self) -> Query {
        self.values.into_iter().fold(db::query_built(self.text), Query::bind)
    }

    #[cfg(test)]
    pub(in crate::adapter) fn parts(self) -> (String, Vec<Value>) {
        (self.text, self.values)
    }
}

/// Puts `separator` between what `each` writes.
pub(in crate::adapter) fn joined<T>(
    sql: &mut Sql,
    separator: &str,
    items: impl IntoIterator<Item = T>,
    mut each: impl FnMut(&mut Sql, T),
) {
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            sql.text(separator);
        }
        each(sql, item);
    }
}
