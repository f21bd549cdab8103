//! What the visitors of a race may all do at the same time.

use toolcrib::prelude::*;

use super::pace::Pace;
use super::sales::{self, SALES};
use super::skew::{self, Side};
use super::{rc_tally, serial, tally};

/// One thing to do, in one of the ways there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Contest {
    Tally,
    RcTally,
    Serial,
    SalesLocked,
    SalesUpdate,
    SalesUnlocked,
    SkewLock,
    SkewRetry,
}

impl Contest {
    pub(super) const ALL: [Self; 8] = [
        Self::Tally,
        Self::RcTally,
        Self::Serial,
        Self::SalesLocked,
        Self::SalesUpdate,
        Self::SalesUnlocked,
        Self::SkewLock,
        Self::SkewRetry,
    ];

    pub(super) fn parse(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|contest| contest.key() == key)
    }

    /// Its name in forms and JSON.
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Tally => "tally",
            Self::RcTally => "rc-tally",
            Self::Serial => "serial",
            Self::SalesLocked => "sales-locked",
            Self::SalesUpdate => "sales-update",
            Self::SalesUnlocked => "sales-unlocked",
            Self::SkewLock => "skew-lock",
            Self::SkewRetry => "skew-retry",
        }
    }

    /// Its name for people.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Tally => "The tally, by retries",
            Self::RcTally => "The tally, with a conflict-free counter",
            Self::Serial => "Serial numbers, by an object lock",
            Self::SalesLocked => "Sales, with Lock and Unlock",
            Self::SalesUpdate => "Sales, with one update",
            Self::SalesUnlocked => "Sales, without a lock",
            Self::SkewLock => "The rule, with a named lock",
            Self::SkewRetry => "The rule, without a lock",
        }
    }

    /// The page it is about.
    pub(super) fn page(self) -> &'static str {
        match self {
            Self::Tally => "/examples/tally",
            Self::RcTally => "/examples/rc-tally",
            Self::Serial => "/examples/serial",
            Self::SalesLocked | Self::SalesUpdate | Self::SalesUnlocked => "/examples/sales",
            Self::SkewLock | Self::SkewRetry => "/examples/skew",
        }
    }

    /// Whether it is about the rule that somebody has to stay, not about counting.
    pub(super) fn is_skew(self) -> bool {
        matches!(self, Self::SkewLock | Self::SkewRetry)
    }

    /// Brings about what the race starts from.
    pub(super) async fn prepare(self, site: &Site) -> Result<(), PageError> {
        if self.is_skew() { skew::reset_at_once(site).await } else { Ok(()) }
    }

    /// The number the race is about, as everybody sees it.
    pub(super) fn value(self, site: &Site) -> Result<i64, PageError> {
        let application = site.application();
        Ok(match self {
            Self::Tally => application.get(&tally::TALLY)?.unwrap_or(0),
            Self::RcTally => application.count(&rc_tally::RC_TALLY)?,
            Self::Serial => application.get(&serial::SERIAL)?.unwrap_or(0),
            Self::SalesLocked | Self::SalesUpdate | Self::SalesUnlocked => application.get(&SALES)?.unwrap_or(0),
            Self::SkewLock | Self::SkewRetry => skew::on_duty(site)?,
        })
    }

    /// The number after a race in which nothing went wrong.
    pub(super) fn expected(self, before: i64, visitors: usize) -> i64 {
        if self.is_skew() { 1 } else { before.saturating_add_unsigned(visitors as u64) }
    }

    /// What one visitor does: the same code that a page runs.
    pub(super) async fn step(self, unit: &mut Unit, visitor: usize, pace: Pace) -> Result<(), PageError> {
        // Neighbours want different sides, or there would be nothing to skew.
        let side = if visitor.is_multiple_of(2) { Side::B } else { Side::A };
        match self {
            Self::Tally => tally::click(unit, pace).await.map(drop),
            Self::RcTally => rc_tally::click(unit, pace).await.map(drop),
            Self::Serial => serial::take(unit, pace).await.map(drop),
            Self::SalesLocked => sales::sell(unit, sales::Mode::Locked, pace).await.map(drop),
            Self::SalesUpdate => sales::sell(unit, sales::Mode::Update, pace).await.map(drop),
            Self::SalesUnlocked => sales::sell(unit, sales::Mode::Unlocked, pace).await.map(drop),
            Self::SkewLock => skew::leave(unit, side, skew::Mode::Lock, pace).await.map(drop),
            Self::SkewRetry => skew::leave(unit, side, skew::Mode::Retry, pace).await.map(drop),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_contest_is_found_by_its_key() {
        for contest in Contest::ALL {
            assert_eq!(Contest::parse(contest.key()), Some(contest));
        }
        assert_eq!(Contest::parse("Tally"), None);
        assert_eq!(Contest::parse(""), None);
    }

    #[test]
    fn every_visitor_counts_once_and_one_has_to_stay() {
        assert_eq!(Contest::Tally.expected(41, 5), 46);
        assert_eq!(Contest::SalesUnlocked.expected(0, 8), 8);
        assert_eq!(Contest::SkewRetry.expected(2, 8), 1);
        assert_eq!(Contest::SkewLock.expected(2, 2), 1);
    }
}
