//! When a job comes again: pure reckoning with moments.

use std::time::Duration;

use crate::clock::micros;

const MINUTE: i64 = 60 * 1_000_000;
const DAY: i64 = 24 * 60 * MINUTE;

/// Schedules more often than this are refused: a job is no timer.
const SHORTEST: Duration = Duration::from_secs(1);

/// When a job comes again.
///
/// ```
/// use std::time::Duration;
/// use toolcrib::jobs::Schedule;
///
/// assert_eq!(Schedule::daily(2, 30).to_string(), "daily at 02:30 UTC");
/// assert_eq!(Schedule::every(Duration::from_secs(600)).to_string(), "every 600 s");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule(Plan);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Plan {
    Every(Duration),
    Daily { hour: u32, minute: u32 },
}

impl Schedule {
    /// Once in each of these spans, which are counted from the first time the schedule is known.
    #[must_use]
    pub const fn every(span: Duration) -> Self {
        Self(Plan::Every(span))
    }

    /// Once a day at this time, by UTC.
    #[must_use]
    pub const fn daily(hour: u32, minute: u32) -> Self {
        Self(Plan::Daily { hour, minute })
    }

    /// Why there is no such schedule, if there is none.
    pub(crate) fn problem(self) -> Option<&'static str> {
        match self.0 {
            Plan::Every(span) if span < SHORTEST => Some("it comes more often than once a second"),
            Plan::Daily { hour, minute } if hour > 23 || minute > 59 => Some("no day has such a time"),
            Plan::Every(_) | Plan::Daily { .. } => None,
        }
    }

    /// The first time, for a schedule that is known from `now` on.
    pub(super) fn first(self, now: i64) -> i64 {
        match self.0 {
            Plan::Every(span) => now.saturating_add(micros(span)),
            Plan::Daily { .. } => self.next(now, now),
        }
    }

    /// The next time after `now`, for a schedule that was due at `due`: whatever was missed
    /// between the two is not made up.
    pub(super) fn next(self, due: i64, now: i64) -> i64 {
        match self.0 {
            Plan::Every(span) => {
                let span = micros(span).max(1);
                let missed = now.saturating_sub(due).max(0).div_euclid(span);
                due.saturating_add(span.saturating_mul(missed.saturating_add(1)))
            }
            Plan::Daily { hour, minute } => {
                let time = i64::from(hour * 60 + minute) * MINUTE;
                let today = now.div_euclid(DAY) * DAY + time;
                if today > now { today } else { today.saturating_add(DAY) }
            }
        }
    }
}

impl std::fmt::Display for Schedule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Plan::Every(span) => write!(f, "every {} s", span.as_secs_f64()),
            Plan::Daily { hour, minute } => write!(f, "daily at {hour:02}:{minute:02} UTC"),
        }
    }
}
