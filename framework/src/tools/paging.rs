//! One page of a list, and the addresses of its neighbours.

use crate::page::{Context, encode};

/// Rows of one page.
const ROWS: usize = 100;

/// Which part of a list is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Paging {
    path: &'static str,
    /// What was searched for, empty where nothing was.
    prefix: String,
    /// From 1.
    pub(super) page: usize,
    pub(super) pages: usize,
    pub(super) count: usize,
}

impl Paging {
    /// The page the address asks for; where there is no such page, the nearest.
    pub(super) fn of(cx: &Context<'_>, prefix: &str, count: usize) -> Self {
        Self::new(cx.page().path(), prefix, count, cx.query_param("page"))
    }

    fn new(path: &'static str, prefix: &str, count: usize, asked: Option<&str>) -> Self {
        let pages = count.div_ceil(ROWS).max(1);
        let page = asked.and_then(|page| page.parse().ok()).unwrap_or(1).clamp(1, pages);
        Self { path, prefix: prefix.to_owned(), page, pages, count }
    }

    /// The rows of this page.
    pub(super) fn shown<'a, T>(&self, rows: &'a [T]) -> &'a [T] {
        rows.chunks(ROWS).nth(self.page - 1).unwrap_or_default()
    }

    pub(super) fn previous(&self) -> Option<String> {
        (self.page > 1).then(|| self.address(self.page - 1))
    }

    pub(super) fn next(&self) -> Option<String> {
        (self.page < self.pages).then(|| self.address(self.page + 1))
    }

    fn address(&self, page: usize) -> String {
        let path = self.path;
        match self.prefix.as_str() {
            "" => format!("{path}?page={page}"),
            prefix => format!("{path}?q={}&page={page}", encode(prefix)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(count: usize, asked: &str) -> usize {
        Paging::new("/list", "", count, Some(asked)).page
    }

    #[test]
    fn a_page_there_is_not_is_the_nearest_one() {
        assert_eq!((page(0, "7"), page(100, "2"), page(101, "2"), page(101, "99")), (1, 1, 2, 2));
        for nonsense in ["0", "-1", "", "two", "99999999999999999999"] {
            assert_eq!(page(300, nonsense), 1, "{nonsense:?}");
        }
    }

    #[test]
    fn every_row_is_on_one_page() {
        for count in [0, 1, 99, 100, 101, 250] {
            let rows: Vec<usize> = (0..count).collect();
            let pages = Paging::new("/list", "", count, None).pages;
            let shown = (1..=pages)
                .flat_map(|page| Paging::new("/list", "", count, Some(&page.to_string())).shown(&rows).to_vec());
            assert_eq!(shown.collect::<Vec<_>>(), rows, "{count}");
        }
    }

    #[test]
    fn the_neighbours_keep_what_was_searched_for() {
        let middle = Paging::new("/list", "a b&c", 250, Some("2"));
        assert_eq!(middle.previous().as_deref(), Some("/list?q=a%20b%26c&page=1"));
        assert_eq!(middle.next().as_deref(), Some("/list?q=a%20b%26c&page=3"));
        let only = Paging::new("/list", "", 100, None);
        assert_eq!((only.previous(), only.next()), (None, None));
        let first = Paging::new("/list", "", 101, None);
        assert_eq!((first.previous(), first.next().as_deref()), (None, Some("/list?page=2")));
    }
}
