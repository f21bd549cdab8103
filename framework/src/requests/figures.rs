//! How long the requests of each page took.

use std::collections::BTreeMap;
use std::time::Duration;

/// The times of one page's requests. Median and p95 are times that were measured, none in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Figures {
    pub(crate) page: &'static str,
    pub(crate) count: usize,
    pub(crate) min: Duration,
    pub(crate) median: Duration,
    /// Of a hundred, ninety-five took no longer.
    pub(crate) p95: Duration,
    pub(crate) max: Duration,
}

/// One for each page, by its name.
pub(crate) fn figures(times: impl Iterator<Item = (&'static str, Duration)>) -> Vec<Figures> {
    let mut by_page: BTreeMap<&'static str, Vec<Duration>> = BTreeMap::new();
    for (page, took) in times {
        by_page.entry(page).or_default().push(took);
    }
    by_page
        .into_iter()
        .map(|(page, mut times)| {
            times.sort_unstable();
            let at = |hundredths| rank(&times, hundredths);
            Figures { page, count: times.len(), min: at(0), median: at(50), p95: at(95), max: at(100) }
        })
        .collect()
}

/// The least time that so many hundredths did not exceed.
fn rank(sorted: &[Duration], hundredths: usize) -> Duration {
    let place = (sorted.len() * hundredths).div_ceil(100).saturating_sub(1);
    sorted.get(place).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(millis: impl IntoIterator<Item = u64>) -> (u128, u128, u128, u128) {
        let times = millis.into_iter().map(|millis| ("page", Duration::from_millis(millis)));
        let found = figures(times);
        let one = found.first().expect("a page");
        (one.min.as_millis(), one.median.as_millis(), one.p95.as_millis(), one.max.as_millis())
    }

    #[test]
    fn the_figures_are_times_that_were_measured() {
        assert_eq!(of([7]), (7, 7, 7, 7));
        assert_eq!(of([9, 1]), (1, 1, 9, 9));
        assert_eq!(of((1..=100).rev()), (1, 50, 95, 100));
        assert_eq!(of(1..=20), (1, 10, 19, 20));
    }

    #[test]
    fn every_page_has_its_own() {
        let times = [("b", 1), ("a", 2), ("b", 3)].map(|(page, millis)| (page, Duration::from_millis(millis)));
        let found = figures(times.into_iter());
        assert_eq!(found.iter().map(|one| (one.page, one.count)).collect::<Vec<_>>(), [("a", 1), ("b", 2)]);
    }
}
