//! `/duplicates`: clients that may be one and the same.

use std::collections::HashMap;

use askama::Template;
use serde::{Deserialize, Serialize};
use serde_json::json;
use toolcrib::prelude::*;
use toolcrib::server::SiteBuilder;

use super::viewer;
use crate::db::duplicates::{self, Candidate, Pair};
use crate::domain::duplicates::{Compared, compare};

/// The most pairs that are shown.
const MOST: usize = 50;

/// Suspected pairs, the most likely first.
///
/// Finding them looks at every client. What was found is the same for all visitors, so the instance keeps it until a client changes;
/// what each visitor may see of it is read anew.
#[derive(Debug)]
pub(crate) struct DuplicatesPage {
    found: Option<((i64, i64), Vec<Pair>)>,
}

#[derive(Debug, Deserialize, Template)]
#[template(path = "merges/duplicates.html")]
struct Duplicates {
    pairs: Vec<Suspected>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Suspected {
    score: i64,
    reasons: Vec<String>,
    one: Shown,
    other: Shown,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Shown {
    id: i64,
    name: String,
    account: String,
    city: String,
}

impl PageModule for DuplicatesPage {
    const INFO: PageInfo = PageInfo::new("duplicates", "/duplicates").title("Duplicates").right("edit");

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self { found: None })
    }

    /// What was found stays: it is nobody's.
    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let viewer = viewer(cx)?;
        let rows = cx.read().await?;
        let now = duplicates::state(rows).await?;
        let found = match self.found.take() {
            Some((at, pairs)) if at == now => pairs,
            // For all visitors to come, not for this one: by a connection that is not the request's.
            _ => duplicates::candidates(&mut cx.site().db().read().await?).await?,
        };
        let rows = cx.read().await?;
        let candidates = duplicates::of_pairs(rows, &found, viewer).await?;
        let pairs = suspected(&found, &candidates);
        self.found = Some((now, found));
        if cx.wants_json() { cx.json(&json!({ "pairs": pairs })) } else { cx.render(Duplicates { pairs }) }
    }
}

/// The pairs both of which are there for the visitor, with what speaks for them.
fn suspected(pairs: &[Pair], candidates: &[Candidate]) -> Vec<Suspected> {
    let by_id: HashMap<i64, &Candidate> = candidates.iter().map(|candidate| (candidate.id, candidate)).collect();
    let pair = |(one, other): &Pair| {
        let (one, other) = (*by_id.get(one)?, *by_id.get(other)?);
        let suspicion = compare(Compared::from(one), Compared::from(other))?;
        let reasons = suspicion.reasons.into_iter().map(str::to_owned).collect();
        Some(Suspected { score: suspicion.score, reasons, one: one.into(), other: other.into() })
    };
    let mut suspected: Vec<Suspected> = pairs.iter().filter_map(pair).collect();
    suspected.sort_by_key(|pair| (-pair.score, pair.one.id, pair.other.id));
    suspected.truncate(MOST);
    suspected
}

impl<'a> From<&'a Candidate> for Compared<'a> {
    fn from(candidate: &'a Candidate) -> Self {
        Self {
            name: &candidate.name,
            city: &candidate.city,
            website: &candidate.website,
            email: &candidate.email,
            phone: &candidate.phone,
        }
    }
}

impl From<&Candidate> for Shown {
    fn from(candidate: &Candidate) -> Self {
        Self {
            id: candidate.id,
            name: candidate.name.clone(),
            account: candidate.account.clone(),
            city: candidate.city.clone(),
        }
    }
}

impl Suspected {
    fn sides(&self) -> [&Shown; 2] {
        [&self.one, &self.other]
    }

    /// How sure one may be, in a word.
    fn verdict(&self) -> &'static str {
        match self.score {
            80.. => "very likely",
            50..80 => "likely",
            _ => "perhaps",
        }
    }
}

/// The template's samples.
pub(super) fn preview(builder: SiteBuilder) -> SiteBuilder {
    builder.preview::<Duplicates>(
        "merges/duplicates.html",
        include_str!("../../../../templates/merges/duplicates.samples.json"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(id: i64, name: &str, city: &str) -> Candidate {
        Candidate {
            id,
            account: format!("A{id}"),
            name: name.into(),
            city: city.into(),
            website: String::new(),
            email: String::new(),
            phone: String::new(),
        }
    }

    #[test]
    fn the_most_likely_pair_comes_first() {
        let candidates = [
            candidate(1, "Acme", "Leeds"),
            candidate(2, "Acme Ltd", "York"),
            candidate(3, "Boats AG", "Bern"),
            candidate(4, "boats", "Bern"),
            candidate(5, "Tea", ""),
        ];
        let pairs = suspected(&[(1, 2), (3, 4), (4, 5), (5, 99)], &candidates);
        let shown: Vec<_> = pairs.iter().map(|pair| (pair.one.id, pair.other.id, pair.score)).collect();
        assert_eq!(shown, [(3, 4, 60), (1, 2, 50)]);
        assert_eq!(pairs[0].verdict(), "likely");
    }
}
