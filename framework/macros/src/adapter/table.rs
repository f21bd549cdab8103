//! The table an adapter's rows live in: what `#[adapter(…)]` says, checked.

use std::collections::BTreeSet;

use syn::{Attribute, LitStr};

use super::field::Field;
use crate::mistakes::Mistakes;
use crate::names::is_sql_name;
use crate::words::{Form, Order, Vocabulary, Words, nearest};

const WORDS: Vocabulary = Vocabulary {
    attribute: "adapter",
    words: &[
        ("key", Form::Text),
        ("max_page_size", Form::Count),
        ("merge", Form::Flag),
        ("page_size", Form::Count),
        ("search", Form::Text),
        ("sort", Form::Orders),
        ("table", Form::Text),
        ("version", Form::Text),
    ],
};

const DEFAULT_PAGE_SIZE: i64 = 25;
const DEFAULT_MAX_PAGE_SIZE: i64 = 200;

/// What is known of the table.
pub(super) struct Table {
    pub(super) name: String,
    pub(super) key: String,
    pub(super) version: Option<String>,
    pub(super) search: Option<String>,
    pub(super) merge: bool,
    pub(super) page_size: u32,
    pub(super) max_page_size: u32,
    /// With columns, after [`Table::find_orders`].
    pub(super) orders: Vec<Order>,
}

impl Table {
    /// Reads the struct's attributes; nothing where no table is named.
    pub(super) fn read(attributes: &[Attribute], mistakes: &mut Mistakes) -> Option<Self> {
        let words = Words::read(attributes, WORDS, mistakes);
        for name in ["key", "version", "search"].into_iter().filter_map(|word| words.text(word)) {
            if !is_sql_name(&name.value(), 1) {
                mistakes.at(name, "a column's name has letters, digits and `_` only: rename the column");
            }
        }
        let Some(name) = words.text("table") else {
            for word in words.keys().filter(|word| *word != "table") {
                mistakes.at(word, format!("`{word}` needs a table: write `table = \"…\"` as well"));
            }
            return None;
        };
        if !is_sql_name(&name.value(), 2) {
            mistakes
                .at(name, "a table's name has letters, digits and `_` only, and perhaps a schema and a dot before it");
        }
        let (page_size, max_page_size) = page_sizes(&words, mistakes);
        let text = |word| words.text(word).map(LitStr::value);
        Some(Self {
            name: name.value(),
            key: text("key").unwrap_or_else(|| "id".to_owned()),
            version: text("version"),
            search: text("search"),
            merge: words.has("merge"),
            page_size,
            max_page_size,
            orders: words.orders("sort").to_vec(),
        })
    }

    /// Gives every order its column: of the field it names, or itself.
    pub(super) fn find_orders(&mut self, fields: &[Field], mistakes: &mut Mistakes) {
        let mut seen = BTreeSet::new();
        for order in &mut self.orders {
            if !seen.insert(order.name.clone()) {
                mistakes.at(&order.place, format!("the order `{}` is given twice: leave one out", order.name));
            }
            if let Some(field) = fields.iter().find(|field| field.name == order.column) {
                match &field.column {
                    Some(column) => order.column.clone_from(column),
                    // A column of that name may be there all the same, if it was named as one.
                    None if order.named => {}
                    None => mistakes.at(&order.place, "this field has no column to sort by: leave it out"),
                }
            } else if order.named {
                if !is_sql_name(&order.column, 1) {
                    mistakes.at(&order.place, "a column's name has letters, digits and `_` only: rename the column");
                }
            } else if !is_column(&order.column, &self.key, self.version.as_deref(), fields) {
                mistakes.at(&order.place, not_there(&order.column, order.descending, fields));
            }
        }
    }
}

fn is_column(name: &str, key: &str, version: Option<&str>, fields: &[Field]) -> bool {
    name == key || version == Some(name) || fields.iter().any(|field| field.column.as_deref() == Some(name))
}

fn not_there(name: &str, descending: bool, fields: &[Field]) -> String {
    let guess = nearest(name, fields.iter().map(|field| field.name.as_str()));
    let guess = guess.map(|field| format!(" Did you mean `{field}`?")).unwrap_or_default();
    let minus = if descending { "-" } else { "" };
    format!(
        "no field and no column is known as `{name}`.{guess} For a column that is no field give the order a name: \
         `newest = \"{minus}{name}\"`"
    )
}

fn page_sizes(words: &Words, mistakes: &mut Mistakes) -> (u32, u32) {
    let mut size = |word, default| {
        let (number, place) = words.number(word).map_or((default, None), |(number, place)| (number, Some(place)));
        u32::try_from(number).unwrap_or_else(|_| {
            mistakes.at(place, format!("`{word}` is a number of rows, at most {}", u32::MAX));
            u32::MAX
        })
    };
    let (page_size, max_page_size) =
        (size("page_size", DEFAULT_PAGE_SIZE), size("max_page_size", DEFAULT_MAX_PAGE_SIZE));
    if page_size > max_page_size {
        let place = words.number("page_size").or(words.number("max_page_size")).map(|(_, place)| place);
        let message = format!("`page_size` {page_size} is more than `max_page_size` {max_page_size}: give both");
        mistakes.at(place, message);
    }
    (page_size, max_page_size)
}
