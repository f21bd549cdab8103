//! How somebody looks at the log: what the address says.

use crate::object_log::{Column, Filter, Priority, Sort};
use crate::page::{Context, encode};

/// Filter, order and page of the list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Look {
    pub(super) filter: Filter,
    pub(super) sort: Sort,
    /// From 1.
    pub(super) page: i64,
}

impl Look {
    /// What the address says; where it says nothing sound, the whole log, the newest first.
    pub(super) fn of(cx: &Context<'_>) -> Self {
        Self {
            filter: filter(cx).unwrap_or_default(),
            sort: cx.query_param("sort").and_then(Sort::parse).unwrap_or_default(),
            page: cx.query_param("page").and_then(|page| page.parse().ok()).unwrap_or(1),
        }
    }

    /// The address that says it.
    pub(super) fn address(&self) -> String {
        let mut pairs = Vec::new();
        if let Some(priority) = self.filter.priority {
            pairs.push(format!("priority={}", priority.name()));
        }
        if let Some(label) = &self.filter.label {
            pairs.push(format!("label={}", encode(label)));
        }
        if let Some(request) = &self.filter.request {
            pairs.push(format!("request={}", encode(request)));
        }
        if self.sort != Sort::default() {
            pairs.push(format!("sort={}", self.sort));
        }
        if self.page > 1 {
            pairs.push(format!("page={}", self.page));
        }
        if pairs.is_empty() { "/tools/object-log".to_owned() } else { format!("/tools/object-log?{}", pairs.join("&")) }
    }

    /// Another page of the same list.
    pub(super) fn turned_to(&self, page: i64) -> Self {
        Self { page, ..self.clone() }
    }

    /// The same entries by another column, or the other way round by the same.
    pub(super) fn sorted_by(&self, column: Column) -> Self {
        let descending = match self.sort.column == column {
            true => !self.sort.descending,
            // The newest are looked for, and the first of anything else.
            false => column == Column::Time,
        };
        Self { sort: Sort { column, descending }, page: 1, filter: self.filter.clone() }
    }

    /// Only the entries of one priority, or of all.
    pub(super) fn of_priority(&self, priority: Option<Priority>) -> Self {
        Self { filter: Filter { priority, ..Filter::default() }, page: 1, sort: self.sort }
    }

    /// Only the entries of one label.
    pub(super) fn of_label(&self, label: &str) -> Self {
        let filter = Filter { label: Some(label.to_owned()), ..self.filter.clone() };
        Self { filter, page: 1, sort: self.sort }
    }
}

/// What the address lets through: an empty value is everything, `None` a priority there is not.
pub(super) fn filter(cx: &Context<'_>) -> Option<Filter> {
    let given = |name| cx.query_param(name).filter(|value| !value.is_empty());
    let priority = match given("priority") {
        Some(name) => Some(Priority::of_name(name)?),
        None => None,
    };
    let text = |name| given(name).map(str::to_owned);
    Some(Filter { priority, label: text("label"), request: text("request") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_only_what_differs_from_the_whole_log() {
        let look = Look { page: 1, ..Look::default() };
        assert_eq!(look.address(), "/tools/object-log");
        let look = look.of_priority(Some(Priority::Warn)).of_label("a b&c").sorted_by(Column::Label).turned_to(2);
        assert_eq!(look.address(), "/tools/object-log?priority=warn&label=a%20b%26c&sort=label&page=2");
        assert_eq!(look.of_priority(None).address(), "/tools/object-log?sort=label");
    }

    #[test]
    fn sorting_twice_by_a_column_turns_the_order_round() {
        let newest_first = Look::default();
        assert!(!newest_first.sorted_by(Column::Time).sort.descending);
        let by_label = newest_first.sorted_by(Column::Label);
        assert!(!by_label.sort.descending);
        assert!(by_label.sorted_by(Column::Label).sort.descending);
        assert_eq!(by_label.sorted_by(Column::Time).sort, Sort::default());
    }
}
