//! Which part of a long list is shown.

/// One page of a list; always one that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// Which page, counted from 1.
    pub number: i64,
    /// How many rows a full page has.
    pub size: i64,
    /// How many rows the list has.
    pub total: i64,
    /// How many pages the list has; an empty list has one empty page.
    pub pages: i64,
}

impl Page {
    /// The page nearest to the one asked for: rows may have gone since a link was made.
    #[must_use]
    pub fn clamped(number: i64, size: i64, total: i64) -> Self {
        let size = size.max(1);
        let total = total.max(0);
        // Written without a sum, which could overflow.
        let pages = (total / size + i64::from(total % size > 0)).max(1);
        Self { number: number.clamp(1, pages), size, total, pages }
    }

    /// How many rows come before this page.
    #[must_use]
    pub fn offset(&self) -> i64 {
        (self.number - 1) * self.size
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_does_not_exist_becomes_the_nearest() {
        for (asked, total, number, pages, offset) in [
            (1, 0, 1, 1, 0),
            (7, 0, 1, 1, 0),
            (2, 50, 2, 2, 25),
            (3, 50, 2, 2, 25),
            (3, 51, 3, 3, 50),
            (0, 51, 1, 3, 0),
            (i64::MIN, 51, 1, 3, 0),
            (i64::MAX, 51, 3, 3, 50),
        ] {
            let page = Page::clamped(asked, 25, total);
            assert_eq!((page.number, page.pages, page.offset()), (number, pages, offset), "{asked} of {total}");
        }
        assert_eq!(Page::clamped(i64::MAX, 1, i64::MAX).offset(), i64::MAX - 1);
    }
}
