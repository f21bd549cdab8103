//! `/tools/users`: all users, a page at a time.

use askama::Template;

use crate::filters;
use crate::page::{Context, CreateError, Frame, PageInfo, PageModule, PageResult, Site, encode};
use crate::users::{User, UserListPage, UserSort};

/// Users of one page.
const ROWS: u32 = 50;

/// The columns one can sort by, their headings and their direction.
const COLUMNS: [(UserSort, &str, &str); 3] = [
    (UserSort::Name, "Name", "ascending"),
    (UserSort::DisplayName, "Shown as", "ascending"),
    (UserSort::SignedIn, "Last sign-in", "descending"),
];

/// `/tools/users`.
pub(in crate::tools) struct UsersPage;

/// Search, order and page of the list: what the address says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Look {
    search: String,
    sort: UserSort,
    /// From 1.
    page: u32,
}

#[derive(Template)]
#[template(path = "tools/users.html")]
struct UsersView {
    look: Look,
    users: Vec<User>,
    total: i64,
    pages: u32,
}

/// The heading of a column.
struct Heading {
    text: &'static str,
    href: String,
    order: &'static str,
}

impl PageModule for UsersPage {
    const INFO: PageInfo = PageInfo::new("users", "/tools/users").title("Users").right("admin").in_menu();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let mut look = Look::of(cx);
        let users = cx.site().users().clone();
        let mut list = users.list(cx.read().await?, look.wanted()).await?;
        let pages = pages(list.total);
        if look.page > pages {
            look.page = pages;
            list = users.list(cx.read().await?, look.wanted()).await?;
        }
        cx.render(UsersView { look, users: list.users, total: list.total, pages })
    }
}

/// How many pages there are; an empty list has one, an empty one.
fn pages(total: i64) -> u32 {
    u32::try_from(total).unwrap_or(u32::MAX).div_ceil(ROWS).max(1)
}

impl Look {
    /// What makes no sense is treated as not asked for.
    fn of(cx: &Context<'_>) -> Self {
        Self {
            search: cx.query_param("q").unwrap_or_default().trim().to_owned(),
            sort: cx.query_param("sort").and_then(UserSort::parse).unwrap_or_default(),
            page: cx.query_param("page").and_then(|page| page.parse().ok()).unwrap_or(1).max(1),
        }
    }

    fn wanted(&self) -> UserListPage<'_> {
        UserListPage { search: &self.search, sort: self.sort, page: self.page, per_page: ROWS }
    }

    /// The address of another page of the same list.
    fn turned_to(&self, page: u32) -> String {
        let mut pairs = Vec::new();
        if !self.search.is_empty() {
            pairs.push(format!("q={}", encode(&self.search)));
        }
        if self.sort != UserSort::default() {
            pairs.push(format!("sort={}", self.sort.word()));
        }
        if page > 1 {
            pairs.push(format!("page={page}"));
        }
        if pairs.is_empty() { "/tools/users".to_owned() } else { format!("/tools/users?{}", pairs.join("&")) }
    }

    fn sorted_by(&self, sort: UserSort) -> String {
        Self { sort, ..self.clone() }.turned_to(1)
    }
}

impl UsersView {
    fn headings(&self) -> impl Iterator<Item = Heading> {
        COLUMNS.into_iter().map(|(sort, text, direction)| Heading {
            text,
            href: self.look.sorted_by(sort),
            order: if self.look.sort == sort { direction } else { "" },
        })
    }

    fn previous(&self) -> Option<String> {
        (self.look.page > 1).then(|| self.look.turned_to(self.look.page - 1))
    }

    fn next(&self) -> Option<String> {
        (self.look.page < self.pages).then(|| self.look.turned_to(self.look.page + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_only_what_differs_from_the_whole_list() {
        let look = Look { search: "a b&c".into(), sort: UserSort::SignedIn, page: 3 };
        assert_eq!(look.turned_to(2), "/tools/users?q=a%20b%26c&sort=signed_in&page=2");
        assert_eq!(look.sorted_by(UserSort::Name), "/tools/users?q=a%20b%26c");
        assert_eq!(Look::default().turned_to(1), "/tools/users");
    }

    #[test]
    fn every_user_is_on_a_page() {
        assert_eq!([0, 1, 50, 51, 100, 101].map(pages), [1, 1, 1, 2, 2, 3]);
    }
}
