//! Lists by the page: sorted, searched and narrowed as the address says, within limits (WebSnap:
//! `TPagedAdapter`, W38).

mod asked;
mod links;
mod pager;
mod sample;
mod statement;

use std::borrow::Cow;

use asked::Asked;
use links::Links;
use statement::Listing;

use super::{Adapter, Row};
use crate::db::Value;
use crate::page::{Context, PageError};

/// The most rows that are counted: what lies behind is to be searched, not leafed through.
const MOST_COUNTED: i64 = 1_000_000;

/// One page of the rows of an adapter's table, as the request's address asks for it (W38).
///
/// The address has `page`, `size`, `sort` (a name of
/// [`TableInfo::sort`](super::TableInfo::sort); `-name` for the other way round), `q` (all of whose words the
/// `search` column must contain) and, for every field with
/// [`FieldInfo::filter`](super::FieldInfo::filter), a parameter of its name. What makes no sense
/// is treated as not asked for, and so is a search or a filter by a field the visitor may not see; an
/// unknown order, or one by such a field, is refused with 400. Repeated parameters count once, the first.
///
/// At most [`TableInfo::page_size`](super::TableInfo::page_size)'s maximum of rows, and a million are
/// counted.
///
/// ```
/// use askama::Template;
/// use toolcrib::adapter::{Adapter, FieldId, Paged};
/// use toolcrib::prelude::*;
///
/// #[derive(Template)]
/// #[template(ext = "html", source = r#"
/// <table><tr>{{ list.heading("name", "Name") }}</tr>
/// {% for row in list.rows() %}<tr><td>{{ row.text(FieldId::new(0)) }}</td></tr>{% endfor %}</table>
/// {{ list.pager() }}"#)]
/// struct ListPage<A: Adapter> {
///     list: Paged<A>,
/// }
///
/// async fn show<A: Adapter>(cx: &mut Context<'_>) -> PageResult {
///     let list = cx.paged::<A>().await?;
///     cx.render(&ListPage { list })
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Paged<A> {
    rows: Vec<Row<A>>,
    total: i64,
    page: i64,
    pages: i64,
    asked: Asked,
    links: Links,
}

impl Context<'_> {
    /// The page of `A`'s table that the address asks for (W38).
    ///
    /// # Errors
    /// [`PageError::BadRequest`] for an order the list has not, and whatever the database says.
    pub async fn paged<A: Adapter>(&mut self) -> Result<Paged<A>, PageError> {
        self.paged_where("", Vec::new()).await
    }

    /// The same of those rows only that meet a condition of the site's own: SQL with the parameters
    /// `$1`, `$2`, …, each of which is among `values`. It is a constant, or put together **from the
    /// site's own constants**, say of those filters that were asked for: what a visitor sent belongs
    /// among the values. Other tables are reached by subqueries.
    ///
    /// ```no_run
    /// # use toolcrib::adapter::{Adapter, Paged};
    /// # use toolcrib::prelude::*;
    /// # async fn mine<A: Adapter>(cx: &mut Context<'_>, me: i64) -> Result<Paged<A>, PageError> {
    /// cx.paged_where::<A>("owner_id = $1", vec![me.into()]).await
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`Context::paged`], and [`PageError::Other`] where the condition and its values do not
    /// belong together.
    pub async fn paged_where<A: Adapter>(
        &mut self,
        condition: impl Into<Cow<'static, str>>,
        values: Vec<Value>,
    ) -> Result<Paged<A>, PageError> {
        let rights = self.rights();
        let asked = Asked::of::<A>(&self.attempt.request.query_pairs, &rights);
        if asked.is_order_unknown {
            return Err(PageError::bad_request("This list has no such order."));
        }
        let links = Links::of::<A>(self.attempt.request.uri.path(), &self.attempt.request.query_pairs, &asked);
        let listing = Listing::<A>::new(&condition.into(), values, &asked)?;
        let conn = self.read().await?;
        let total = listing.count(MOST_COUNTED).query().scalar::<i64>(conn).await?;
        let pages = pages(total, asked.size);
        let page = asked.page.clamp(1, pages);
        let offset = (page - 1).saturating_mul(asked.size);
        let rows = if total == 0 { Vec::new() } else { listing.fetch(conn, asked.size, offset).await? };
        let rows = rows.into_iter().map(|row| row.seen_by(&rights)).collect();
        Ok(Paged { rows, total, page, pages, asked, links })
    }

    /// The first rows of `A`'s table, as this visitor may see them: for lists that are short. They
    /// are sorted, searched and narrowed as the site says, in the words of an address; at most as
    /// many as a page may have.
    ///
    /// ```no_run
    /// # use toolcrib::adapter::{Adapter, Row};
    /// # use toolcrib::prelude::*;
    /// # async fn latest<A: Adapter>(cx: &mut Context<'_>) -> Result<Vec<Row<A>>, PageError> {
    /// cx.list::<A>(&[("sort", "changed"), ("q", "acme")], 8).await
    /// # }
    /// ```
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn list<A: Adapter>(&mut self, asked: &[(&str, &str)], limit: u32) -> Result<Vec<Row<A>>, PageError> {
        let asked: Vec<_> = asked.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self.listed("".into(), Vec::new(), &asked, limit).await
    }

    /// The first rows, in the order nobody has to ask for, that meet a condition: see
    /// [`Context::paged_where`].
    ///
    /// # Errors
    /// As [`Context::paged_where`].
    pub async fn list_where<A: Adapter>(
        &mut self,
        condition: impl Into<Cow<'static, str>>,
        values: Vec<Value>,
        limit: u32,
    ) -> Result<Vec<Row<A>>, PageError> {
        self.listed(condition.into(), values, &[], limit).await
    }

    async fn listed<A: Adapter>(
        &mut self,
        condition: Cow<'static, str>,
        values: Vec<Value>,
        asked: &[(String, String)],
        limit: u32,
    ) -> Result<Vec<Row<A>>, PageError> {
        let rights = self.rights();
        let asked = Asked::of::<A>(asked, &rights);
        let listing = Listing::<A>::new(&condition, values, &asked)?;
        let rows = listing.fetch(self.read().await?, i64::from(limit).min(asked::most::<A>()), 0).await?;
        Ok(rows.into_iter().map(|row| row.seen_by(&rights)).collect())
    }
}

/// How many pages there are; an empty list has one, an empty one.
fn pages(total: i64, size: i64) -> i64 {
    let size = size.max(1);
    (total / size + i64::from(total % size > 0)).max(1)
}

impl<A: Adapter> Paged<A> {
    /// The rows of this page, as the visitor may see them.
    #[must_use]
    pub fn rows(&self) -> &[Row<A>] {
        &self.rows
    }

    /// How many rows the list has, at most a million.
    #[must_use]
    pub fn total(&self) -> i64 {
        self.total
    }

    /// Which page this is, from 1: one that exists, whatever was asked for.
    #[must_use]
    pub fn page(&self) -> i64 {
        self.page
    }

    /// How many pages there are, at least one.
    #[must_use]
    pub fn pages(&self) -> i64 {
        self.pages
    }

    /// How many rows a full page has.
    #[must_use]
    pub fn size(&self) -> i64 {
        self.asked.size
    }

    /// The order as the address would ask for it: `name`, or `-name` for the greatest first; empty
    /// where the table has no orders.
    #[must_use]
    pub fn sort(&self) -> String {
        self.asked.sort.map(|(order, descending)| links::sort_text(order, descending)).unwrap_or_default()
    }

    /// What was searched for, as typed; empty where nothing was.
    #[must_use]
    pub fn q(&self) -> &str {
        &self.asked.q
    }

    /// What the list is narrowed to by a field, as the address says it; empty where it is not.
    #[must_use]
    pub fn filter(&self, field: super::FieldId) -> &str {
        self.asked.filters.iter().find(|filter| filter.field == field).map_or("", |filter| filter.text.as_str())
    }

    /// Whether the list is searched or narrowed.
    #[must_use]
    pub fn is_narrowed(&self) -> bool {
        !self.asked.q.is_empty() || !self.asked.filters.is_empty()
    }

    /// Whether there is no row at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// The address of another page of the same list: search, order, filters and whatever else the
    /// address has are kept.
    #[must_use]
    pub fn href_of_page(&self, page: i64) -> String {
        self.links.page(page)
    }

    /// The address of the first page of the same list in another order: its usual direction, or
    /// the opposite one where the list has it already. Of an order there is not, the list as it is.
    #[must_use]
    pub fn href_of_sort(&self, name: &str) -> String {
        self.links.sort(&asked::next_sort::<A>(name, self.asked.sort))
    }

    /// The address of the list without search and filters, the order kept.
    #[must_use]
    pub fn clear_href(&self) -> String {
        self.links.clear()
    }
}
