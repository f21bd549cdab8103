//! The log as a page.

use askama::Template;
use time::OffsetDateTime;
use time::macros::format_description;

use super::look::Look;
use crate::object_log::{Column, Counts, Priority, Stored};
use crate::page::Frame;

/// How much of an object or an error is shown before it is opened.
const SHOWN: usize = 80;

/// The columns one can sort by, and their headings.
const COLUMNS: [(Column, &str); 6] = [
    (Column::Priority, "Priority"),
    (Column::Label, "Label"),
    (Column::Worker, "Worker"),
    (Column::Time, "Time (UTC)"),
    (Column::Url, "Address"),
    (Column::Request, "Request"),
];

#[derive(Template)]
#[template(path = "tools/object_log.html")]
pub(super) struct LogView {
    pub(super) look: Look,
    pub(super) counts: Counts,
    /// How many entries the filter lets through.
    pub(super) matching: i64,
    pub(super) pages: i64,
    /// How many entries stand on the pages before.
    pub(super) offset: i64,
    /// The newest entry there is: forms delete none that came later.
    pub(super) seen: i64,
    pub(super) entries: Vec<Stored>,
    /// Whether everything noted so far is stored.
    pub(super) stored: bool,
    pub(super) dropped_total: u64,
}

/// A heading with the link that sorts.
struct Heading {
    text: &'static str,
    href: String,
    /// `ascending`, `descending` or empty: the value of `aria-sort`.
    order: &'static str,
}

impl LogView {
    fn headings(&self) -> Vec<Heading> {
        let order = |column| match (self.look.sort.column == column, self.look.sort.descending) {
            (false, _) => "",
            (true, false) => "ascending",
            (true, true) => "descending",
        };
        COLUMNS
            .into_iter()
            .map(|(column, text)| Heading { text, href: self.look.sorted_by(column).address(), order: order(column) })
            .collect()
    }

    fn is_filtered(&self) -> bool {
        self.look.filter != crate::object_log::Filter::default()
    }

    fn is_chosen(&self, priority: &Priority) -> bool {
        self.look.filter.priority == Some(*priority)
    }

    /// How many entries stand above this row and in it.
    fn down_to(&self, row: &usize) -> i64 {
        self.offset.saturating_add(i64::try_from(*row).unwrap_or(i64::MAX))
    }
}

pub(in crate::tools) fn moment(at: i64) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second].[subsecond digits:3]");
    let moment = OffsetDateTime::from_unix_timestamp_nanos(i128::from(at) * 1_000).ok();
    moment.and_then(|moment| moment.format(&format).ok()).unwrap_or_else(|| at.to_string())
}

/// The first line of a text, or the begin of it; `None` where that is all of it.
fn begin(text: &str) -> Option<&str> {
    let line = text.lines().next().unwrap_or_default();
    let begin = line.get(..line.floor_char_boundary(SHOWN)).unwrap_or_default();
    (begin.len() < text.len()).then_some(begin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_has_more_to_show_can_be_opened() {
        assert_eq!(begin("short"), None);
        assert_eq!(begin("first\nsecond"), Some("first"));
        assert_eq!(begin(&"é".repeat(50)), Some(&*"é".repeat(40)));
    }

    #[test]
    fn times_are_shown_to_the_millisecond() {
        assert_eq!(moment(1_600_000_000_123_456), "2020-09-13 12:26:40.123");
        assert_eq!(moment(i64::MAX), i64::MAX.to_string());
    }
}
