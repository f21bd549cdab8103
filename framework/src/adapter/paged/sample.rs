//! A list out of sample data: see [`crate::adapter`]'s samples of rows and forms.

use serde::de::{Deserialize, Deserializer, Error};

use super::{Asked, Links, Paged};
use crate::adapter::{Adapter, Rights, Row};

/// The most rows a sample repeats one to.
const MOST: usize = 1_000;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Sample {
    rows: Vec<serde_json::Value>,
    /// How often the rows are repeated: many rows in few words.
    times: usize,
    page: i64,
    pages: i64,
    total: Option<i64>,
    q: String,
    sort: String,
}

impl Default for Sample {
    fn default() -> Self {
        Self { rows: Vec::new(), times: 1, page: 1, pages: 1, total: None, q: String::new(), sort: String::new() }
    }
}

impl<'de, A: Adapter> Deserialize<'de> for Paged<A> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let sample = Sample::deserialize(deserializer)?;
        let once: Vec<Row<A>> =
            sample.rows.into_iter().map(serde_json::from_value).collect::<Result<_, _>>().map_err(D::Error::custom)?;
        let rows: Vec<_> = once.iter().cycle().take((once.len() * sample.times).min(MOST)).cloned().collect();
        let pairs = [("q".to_owned(), sample.q), ("sort".to_owned(), sample.sort)];
        let asked = Asked::of::<A>(&pairs, &Rights::unlimited());
        let links = Links::of::<A>("", &pairs, &asked);
        let total = sample.total.unwrap_or(i64::try_from(rows.len()).unwrap_or(i64::MAX));
        Ok(Self { rows, total, page: sample.page, pages: sample.pages, asked, links })
    }
}
