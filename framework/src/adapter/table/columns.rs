//! What of an adapter is in its table, and that its names can stand in a statement.

use std::marker::PhantomData;

use crate::adapter::{Adapter, FieldId, FieldInfo, Kind, SortInfo, TableInfo};

/// The longest name both engines take.
const NAME_LIMIT: usize = 63;

/// The columns of `A`'s table.
pub(in crate::adapter) struct Columns<A>(PhantomData<A>);

impl<A: Adapter> Columns<A> {
    /// The table. A site whose adapter has none, or names that are not plain, does not compile:
    /// the names are part of statements.
    pub(in crate::adapter) const TABLE: TableInfo = match A::INFO.table_info() {
        Some(table) => checked(*table, A::INFO.fields()),
        None => panic!("this adapter has no table"),
    };

    /// The fields that are in the table, with their columns.
    pub(in crate::adapter) fn all() -> impl Iterator<Item = (FieldId, &'static FieldInfo, &'static str)> {
        A::INFO.numbered().filter_map(|(id, info)| {
            let column = info.column.filter(|_| info.kind != Kind::File)?;
            Some((id, info, column))
        })
    }

    /// The column of a field.
    pub(in crate::adapter) fn of(id: FieldId) -> Option<&'static str> {
        A::INFO.field(id).and_then(|info| info.column)
    }

    /// Key, version if there is one, fields: what [`row_of`](super::row_of) takes.
    pub(in crate::adapter) fn list() -> String {
        let table = Self::TABLE;
        let fields = Self::all().map(|(_, _, column)| column);
        std::iter::once(table.key).chain(table.version).chain(fields).collect::<Vec<_>>().join(", ")
    }
}

/// Whether a name can stand in a statement as it is, on both engines and without quotes. (Quoted,
/// SQLite takes the name of a column there is not for a text.)
pub(in crate::adapter) const fn is_identifier(name: &str) -> bool {
    let mut bytes = name.as_bytes();
    if bytes.is_empty() || bytes.len() > NAME_LIMIT || matches!(bytes.first(), Some(b'0'..=b'9')) {
        return false;
    }
    while let Some((first, rest)) = bytes.split_first() {
        if !matches!(first, b'a'..=b'z' | b'0'..=b'9' | b'_') {
            return false;
        }
        bytes = rest;
    }
    true
}

const fn is_optional_identifier(name: Option<&str>) -> bool {
    match name {
        Some(name) => is_identifier(name),
        None => true,
    }
}

/// Runs when the site is compiled.
const fn checked(table: TableInfo, mut fields: &[FieldInfo]) -> TableInfo {
    assert!(is_identifier(table.name), "a table's name must be a plain lower-case word");
    assert!(is_identifier(table.key), "a key's column must be a plain lower-case word");
    assert!(is_optional_identifier(table.version), "a version's column must be a plain lower-case word");
    assert!(is_optional_identifier(table.list.search), "a search column must be a plain lower-case word");
    while let Some((field, rest)) = fields.split_first() {
        assert!(is_optional_identifier(field.column), "a column must be a plain lower-case word");
        fields = rest;
    }
    let mut sort: &[SortInfo] = table.list.sort;
    while let Some((order, rest)) = sort.split_first() {
        assert!(is_identifier(order.column), "a column to sort by must be a plain lower-case word");
        sort = rest;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_words_stand_in_a_statement() {
        for name in ["clients", "sort_name", "_x1"] {
            assert!(is_identifier(name), "{name}");
        }
        let long = "x".repeat(NAME_LIMIT + 1);
        for name in ["", "1st", "Name", "a b", "a;", "a--", "\"a\"", "é", "a.b", long.as_str()] {
            assert!(!is_identifier(name), "{name}");
        }
    }
}
