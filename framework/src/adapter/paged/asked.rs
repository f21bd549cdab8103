//! What of an address is a question this visitor may ask about a list.

use crate::adapter::read::{as_value, check_text};
use crate::adapter::table::Columns;
use crate::adapter::{Adapter, FieldId, FieldInfo, Kind, Rights, SortInfo, words};
use crate::db::Value;

/// The parameters that are no fields.
pub(super) const OWN: [&str; 4] = ["page", "size", "sort", "q"];

/// The most fields a list is narrowed by at once.
const MOST_FILTERS: usize = 8;

/// The longest search text that is shown again and kept in addresses.
const MOST_Q_CHARS: usize = 200;

/// What is asked for, within limits.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    /// Not below 1; which pages there are is not known yet.
    pub(super) page: i64,
    pub(super) size: i64,
    /// The order, and whether the greatest comes first.
    pub(super) sort: Option<(&'static SortInfo, bool)>,
    /// Whether an order was asked for that this visitor cannot have.
    pub(super) is_order_unknown: bool,
    /// The orders this visitor may ask for.
    orders: Vec<&'static str>,
    pub(super) q: String,
    /// The folded words of `q`.
    pub(super) words: Vec<String>,
    pub(super) filters: Vec<Filter>,
}

/// The list is narrowed to rows with this value.
#[derive(Debug, Clone)]
pub(super) struct Filter {
    pub(super) field: FieldId,
    pub(super) column: &'static str,
    pub(super) name: &'static str,
    pub(super) text: String,
    pub(super) value: Value,
}

/// The most rows of a page.
pub(super) fn most<A: Adapter>() -> i64 {
    i64::from(Columns::<A>::TABLE.list.max_page_size).max(1)
}

/// The rows of a page nobody asked for more or less of.
pub(super) fn usual_size<A: Adapter>() -> i64 {
    i64::from(Columns::<A>::TABLE.list.page_size).clamp(1, most::<A>())
}

fn first<'a>(pairs: &'a [(String, String)], name: &str) -> &'a str {
    pairs.iter().find(|(given, _)| given == name).map_or("", |(_, value)| value.trim())
}

/// Whether whoever has these rights may learn something about a column. One that no field shows is
/// the site's to offer.
fn is_open<A: Adapter>(column: &str, rights: &Rights) -> bool {
    A::INFO.fields().iter().filter(|info| info.column == Some(column)).all(|info| rights.include(info.view))
}

impl Asked {
    pub(super) fn of<A: Adapter>(pairs: &[(String, String)], rights: &Rights) -> Self {
        let list = Columns::<A>::TABLE.list;
        let number = |name| whole_number(first(pairs, name));
        let q: String = match list.search.filter(|column| is_open::<A>(column, rights)) {
            Some(_) => first(pairs, "q").chars().take(MOST_Q_CHARS).collect(),
            None => String::new(),
        };
        let sort = first(pairs, "sort");
        Self {
            is_order_unknown: !sort.is_empty() && order_of::<A>(sort, rights).is_none(),
            page: number("page").unwrap_or(1).max(1),
            size: number("size").map_or_else(usual_size::<A>, |size| size.clamp(1, most::<A>())),
            sort: order_of::<A>(sort, rights).or_else(|| usual_order::<A>(rights)),
            orders: orders::<A>(rights).map(|order| order.name).collect(),
            words: words(&q),
            q,
            filters: filters::<A>(pairs, rights),
        }
    }

    /// Whether this visitor may have the list in this order.
    pub(super) fn has_order(&self, name: &str) -> bool {
        self.orders.contains(&name)
    }
}

fn orders<A: Adapter>(rights: &Rights) -> impl Iterator<Item = &'static SortInfo> {
    Columns::<A>::TABLE.list.sort.iter().filter(|order| is_open::<A>(order.column, rights))
}

/// A number beyond all others is still a number.
fn whole_number(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let beyond = if text.starts_with('-') { i64::MIN } else { i64::MAX };
    Some(text.parse().unwrap_or(beyond))
}

/// `name` is the order as the site declared it, `-name` the other way round.
fn order_of<A: Adapter>(text: &str, rights: &Rights) -> Option<(&'static SortInfo, bool)> {
    let (name, turned) = text.strip_prefix('-').map_or((text, false), |name| (name, true));
    orders::<A>(rights).find(|order| order.name == name).map(|order| (order, order.descending != turned))
}

fn usual_order<A: Adapter>(rights: &Rights) -> Option<(&'static SortInfo, bool)> {
    orders::<A>(rights).next().map(|order| (order, order.descending))
}

/// What a link to an order asks for, the list having another one or this one already.
pub(super) fn next_sort<A: Adapter>(name: &str, now: Option<(&'static SortInfo, bool)>) -> String {
    let order = Columns::<A>::TABLE.list.sort.iter().find(|order| order.name == name);
    let next = match (order, now) {
        (Some(order), Some((current, descending))) if current.name == order.name => Some((order, !descending)),
        (Some(order), _) => Some((order, order.descending)),
        (None, now) => now,
    };
    next.map(|(order, descending)| super::links::sort_text(order, descending)).unwrap_or_default()
}

fn filters<A: Adapter>(pairs: &[(String, String)], rights: &Rights) -> Vec<Filter> {
    let filter = |(id, info, column): (FieldId, &'static FieldInfo, &'static str)| {
        let offered = info.filter && !info.multiple && info.kind != Kind::Password;
        if !offered || OWN.contains(&info.name) || !is_open::<A>(column, rights) {
            return None;
        }
        let mut text = first(pairs, info.name).to_owned();
        // Not what the engine could not even be asked, nor what no row can have.
        if text.is_empty() || check_text(&mut text, info).is_err() {
            return None;
        }
        let value = as_value::<A>(id, info, std::slice::from_ref(&text))?;
        Some(Filter { field: id, column, name: info.name, text, value })
    };
    Columns::<A>::all().filter_map(filter).take(MOST_FILTERS).collect()
}

#[cfg(test)]
mod tests;
