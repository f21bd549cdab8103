//! Addresses of the same list, a little different.

use super::asked::{Asked, OWN, usual_size};
use crate::adapter::{Adapter, SortInfo};
use crate::page::encode;

/// The most parameters of the page's own that are kept.
const MOST_OTHERS: usize = 32;

/// What the addresses of a list are made of.
#[derive(Debug, Clone)]
pub(super) struct Links {
    path: String,
    /// The page's own parameters, in order.
    others: Vec<(String, String)>,
    size: Option<i64>,
    sort: Option<String>,
    q: String,
    filters: Vec<(&'static str, String)>,
}

/// An order as an address asks for it.
pub(super) fn sort_text(order: &SortInfo, descending: bool) -> String {
    let turned = if descending == order.descending { "" } else { "-" };
    format!("{turned}{}", order.name)
}

impl Links {
    /// `path` as it was sent, still encoded.
    pub(super) fn of<A: Adapter>(path: &str, pairs: &[(String, String)], asked: &Asked) -> Self {
        let is_field = |name: &str| A::INFO.find(name).is_some_and(|(_, info)| info.filter);
        let others = pairs.iter().filter(|(name, _)| !OWN.contains(&name.as_str()) && !is_field(name));
        Self {
            path: path.to_owned(),
            others: others.take(MOST_OTHERS).cloned().collect(),
            size: Some(asked.size).filter(|size| *size != usual_size::<A>()),
            sort: asked
                .sort
                .filter(|_| pairs.iter().any(|(name, _)| name == "sort"))
                .map(|(order, descending)| sort_text(order, descending)),
            q: asked.q.clone(),
            filters: asked.filters.iter().map(|filter| (filter.name, filter.text.clone())).collect(),
        }
    }

    pub(super) fn page(&self, page: i64) -> String {
        self.address(self.sort.as_deref(), true, page)
    }

    pub(super) fn sort(&self, sort: &str) -> String {
        self.address(Some(sort), true, 1)
    }

    pub(super) fn clear(&self) -> String {
        self.address(self.sort.as_deref(), false, 1)
    }

    /// The parameters that say nothing are left out.
    fn address(&self, sort: Option<&str>, narrowed: bool, page: i64) -> String {
        let mut pairs: Vec<(&str, String)> =
            self.others.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
        if narrowed {
            pairs.push(("q", self.q.clone()));
            pairs.extend(self.filters.iter().map(|(name, text)| (*name, text.clone())));
        }
        pairs.push(("sort", sort.unwrap_or_default().to_owned()));
        pairs.push(("size", self.size.map(|size| size.to_string()).unwrap_or_default()));
        pairs.push(("page", if page > 1 { page.to_string() } else { String::new() }));
        let mut address = self.path.clone();
        for (index, (name, value)) in pairs.iter().filter(|(_, value)| !value.is_empty()).enumerate() {
            let separator = if index == 0 { '?' } else { '&' };
            address.push_str(&format!("{separator}{}={}", encode(name), encode(value)));
        }
        address
    }
}
