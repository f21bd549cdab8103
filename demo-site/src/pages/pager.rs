//! The numbered links under a list.

/// How many pages stand on each side of the current one.
const REACH: i64 = 2;

/// Where a list has its pages. Links are made by a function, so every list keeps its own parameters.
#[derive(Debug)]
pub(super) struct Pager {
    pub(super) pages: i64,
    number: i64,
    hrefs: Vec<(i64, String)>,
}

/// One link, or a gap between links.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Step<'a> {
    pub(super) number: i64,
    pub(super) href: &'a str,
    pub(super) current: bool,
    pub(super) gap: bool,
}

impl Pager {
    /// Makes the links for page `number` of `pages`.
    pub(super) fn new(number: i64, pages: i64, href: impl Fn(i64) -> String) -> Self {
        let near = (number - REACH).max(1)..=(number + REACH).min(pages);
        let mut numbers: Vec<i64> = std::iter::once(1).chain(near).chain([pages]).collect();
        numbers.dedup();
        let hrefs = numbers.into_iter().map(|number| (number, href(number))).collect();
        Self { pages, number, hrefs }
    }

    /// The links in order, gaps between them.
    pub(super) fn steps(&self) -> Vec<Step<'_>> {
        let mut steps = Vec::with_capacity(self.hrefs.len() + 2);
        let mut before = 0;
        for (number, href) in &self.hrefs {
            if *number > before + 1 {
                steps.push(Step { number: 0, href: "", current: false, gap: true });
            }
            steps.push(Step { number: *number, href, current: *number == self.number, gap: false });
            before = *number;
        }
        steps
    }

    /// The page before this one.
    pub(super) fn previous(&self) -> Option<&str> {
        self.href(self.number - 1)
    }

    /// The page after this one.
    pub(super) fn next(&self) -> Option<&str> {
        self.href(self.number + 1)
    }

    fn href(&self, wanted: i64) -> Option<&str> {
        self.hrefs.iter().find(|(number, _)| *number == wanted).map(|(_, href)| href.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(number: i64, pages: i64) -> String {
        let pager = Pager::new(number, pages, |number| number.to_string());
        let steps = pager.steps();
        let drawn = steps.iter().map(|step| match step {
            Step { gap: true, .. } => "…".to_owned(),
            Step { current: true, number, .. } => format!("[{number}]"),
            Step { number, .. } => number.to_string(),
        });
        drawn.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_first_the_last_and_the_near_pages_are_linked() {
        assert_eq!(drawn(1, 1), "[1]");
        assert_eq!(drawn(1, 3), "[1] 2 3");
        assert_eq!(drawn(10, 20), "1 … 8 9 [10] 11 12 … 20");
        assert_eq!(drawn(20, 20), "1 … 18 19 [20]");
    }

    #[test]
    fn the_ends_have_no_neighbour() {
        let pager = Pager::new(1, 2, |number| format!("?page={number}"));
        assert_eq!(pager.previous(), None);
        assert_eq!(pager.next(), Some("?page=2"));
    }
}
