//! How somebody looks at the jobs: what the address says.

use crate::jobs::{JobFilter, JobState};
use crate::page::{Context, PageError, encode};

/// The last page that is asked for: far beyond what anybody turns to.
const PAGE_MAX: i64 = 1_000_000;

/// Filter and page of the list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Look {
    pub(super) filter: JobFilter,
    /// From 1.
    pub(super) page: i64,
}

impl Look {
    /// What the address says; what makes no sense is treated as not asked for.
    pub(super) fn of(cx: &Context<'_>) -> Self {
        Self::strictly(cx).unwrap_or(Self { page: 1, ..Self::default() })
    }

    /// What the address says.
    ///
    /// # Errors
    /// [`PageError::BadRequest`] where it makes no sense.
    pub(super) fn strictly(cx: &Context<'_>) -> Result<Self, PageError> {
        let given = |name| cx.query_param(name).filter(|value| !value.is_empty());
        let state = |name| JobState::of_name(name).ok_or_else(|| PageError::bad_request("There is no such state."));
        let page = |page: &str| page.parse().map_err(|_| PageError::bad_request("page is no whole number."));
        Ok(Self {
            filter: JobFilter { state: given("state").map(state).transpose()?, name: given("name").map(str::to_owned) },
            page: given("page").map(page).transpose()?.unwrap_or(1).clamp(1, PAGE_MAX),
        })
    }

    /// The address that says it.
    pub(super) fn address(&self) -> String {
        let mut pairs = Vec::new();
        if let Some(state) = self.filter.state {
            pairs.push(format!("state={}", state.name()));
        }
        if let Some(name) = &self.filter.name {
            pairs.push(format!("name={}", encode(name)));
        }
        if self.page > 1 {
            pairs.push(format!("page={}", self.page));
        }
        if pairs.is_empty() { "/tools/jobs".to_owned() } else { format!("/tools/jobs?{}", pairs.join("&")) }
    }

    /// Another page of the same list.
    pub(super) fn turned_to(&self, page: i64) -> Self {
        Self { page, ..self.clone() }
    }

    /// Only the jobs of one state and name, or of all.
    pub(super) fn only(state: Option<JobState>, name: Option<&str>) -> Self {
        Self { filter: JobFilter { state, name: name.map(str::to_owned) }, page: 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_only_what_differs_from_the_whole_list() {
        assert_eq!(Look::only(None, None).address(), "/tools/jobs");
        let look = Look::only(Some(JobState::Failed), Some("a b&c"));
        assert_eq!(look.turned_to(2).address(), "/tools/jobs?state=failed&name=a%20b%26c&page=2");
    }
}
