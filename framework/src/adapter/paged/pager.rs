//! What a template makes of a list: the numbered links under it, the headings of its columns.

use askama::Template;

use super::Paged;
use crate::adapter::{Adapter, Markup};

/// How many pages stand on each side of the current one.
const REACH: i64 = 2;

/// One link, or a gap between links.
#[derive(Debug, PartialEq, Eq)]
struct Step {
    /// Nothing for a gap.
    number: Option<i64>,
    href: String,
    current: bool,
}

#[derive(Template)]
#[template(path = "adapter/pager.html")]
struct Pager {
    previous: Option<String>,
    next: Option<String>,
    steps: Vec<Step>,
}

#[derive(Template)]
#[template(ext = "html", source = r#"<a href="{{ href }}">{{ label }}</a>"#)]
struct SortLink<'a> {
    href: String,
    label: &'a str,
}

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<th scope="col"{% if let Some(order) = order %} aria-sort="{{ order }}"{% endif %}>{{ inner }}</th>"#
)]
struct Heading {
    order: Option<&'static str>,
    inner: Markup,
}

#[derive(Template)]
#[template(ext = "html", source = "{{ text }}")]
struct Plain<'a> {
    text: &'a str,
}

/// The numbers of the pages that are linked: first, last, and those near the current one.
fn numbers(page: i64, pages: i64) -> Vec<i64> {
    let near = (page - REACH).max(1)..=(page + REACH).min(pages);
    let mut numbers: Vec<i64> = std::iter::once(1).chain(near).chain([pages]).collect();
    numbers.dedup();
    numbers
}

fn steps(page: i64, pages: i64, href: impl Fn(i64) -> String) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut before = 0;
    for number in numbers(page, pages) {
        if number > before + 1 {
            steps.push(Step { number: None, href: String::new(), current: false });
        }
        steps.push(Step { number: Some(number), href: href(number), current: number == page });
        before = number;
    }
    steps
}

impl<A: Adapter> Paged<A> {
    /// The links to the other pages; nothing where there is only one.
    #[must_use]
    pub fn pager(&self) -> Markup {
        if self.pages <= 1 {
            return Markup::default();
        }
        let href = |page| self.href_of_page(page);
        Markup::of(&Pager {
            previous: (self.page > 1).then(|| href(self.page - 1)),
            next: (self.page < self.pages).then(|| href(self.page + 1)),
            steps: steps(self.page, self.pages, href),
        })
    }

    /// A link that sorts the list by one of its orders; only its text where the list has no such
    /// order for this visitor.
    #[must_use]
    pub fn sort_link(&self, name: &str, label: &str) -> Markup {
        if self.asked.has_order(name) {
            Markup::of(&SortLink { href: self.href_of_sort(name), label })
        } else {
            Markup::of(&Plain { text: label })
        }
    }

    /// The heading of a column, `<th>`, with the link that sorts by it and `aria-sort` where the
    /// list is.
    #[must_use]
    pub fn heading(&self, name: &str, label: &str) -> Markup {
        Markup::of(&Heading { order: self.order_of(name), inner: self.sort_link(name, label) })
    }

    /// `ascending` or `descending` where the list is sorted by this order: what `aria-sort` says.
    #[must_use]
    pub fn order_of(&self, name: &str) -> Option<&'static str> {
        let (_, descending) = self.asked.sort.filter(|(order, _)| order.name == name)?;
        Some(if descending { "descending" } else { "ascending" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(page: i64, pages: i64) -> String {
        let drawn = steps(page, pages, |number| number.to_string()).into_iter().map(|step| match step {
            Step { number: None, .. } => "…".to_owned(),
            Step { current: true, href, .. } => format!("[{href}]"),
            Step { href, .. } => href,
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
}
