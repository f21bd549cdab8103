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

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Schedule = Schedule::every(Duration::from_secs(3_600));
    const HOUR_MICROS: i64 = 3_600 * 1_000_000;

    #[test]
    fn a_span_is_counted_from_the_first_time() {
        assert_eq!(HOUR.first(5), 5 + HOUR_MICROS);
        assert_eq!(HOUR.next(100, 100), 100 + HOUR_MICROS);
        assert_eq!(HOUR.next(100, 100 + HOUR_MICROS - 1), 100 + HOUR_MICROS);
        assert_eq!(HOUR.next(100, 100 + HOUR_MICROS), 100 + 2 * HOUR_MICROS);
        assert_eq!(HOUR.next(100, 7 + 10 * HOUR_MICROS), 100 + 10 * HOUR_MICROS, "what was missed is not made up");
        assert_eq!(HOUR.next(100, 0), 100 + HOUR_MICROS, "a clock that was set back");
    }

    #[test]
    fn a_time_of_day_comes_once_a_day() {
        let early = Schedule::daily(2, 30);
        let today = 20_000 * DAY + 150 * MINUTE;
        assert_eq!(early.first(20_000 * DAY), today);
        assert_eq!(early.first(today - 1), today);
        assert_eq!(early.next(today, today), today + DAY);
        assert_eq!(early.next(today, today + 3 * DAY + 1), today + 4 * DAY);
        assert_eq!(early.first(-1), 150 * MINUTE, "before 1970 too");
        assert_eq!(Schedule::daily(0, 0).first(7 * DAY), 8 * DAY);
        assert_eq!(Schedule::daily(23, 59).first(7 * DAY), 8 * DAY - MINUTE);
    }

    #[test]
    fn the_next_time_is_always_later_than_now() {
        for schedule in [HOUR, Schedule::every(Duration::from_secs(1)), Schedule::daily(13, 7)] {
            for now in [0, 1, HOUR_MICROS, 1_763_000_000_000_000, 1_763_000_000_123_457] {
                for due in [0, now - 1, now, now - DAY] {
                    let next = schedule.next(due.max(0), now);
                    assert!(next > now && next <= now + DAY.max(HOUR_MICROS), "{schedule} {due} {now}");
                }
            }
        }
    }

    #[test]
    fn a_schedule_nobody_can_keep_is_refused() {
        for schedule in [Schedule::every(Duration::from_millis(999)), Schedule::daily(24, 0), Schedule::daily(0, 60)] {
            assert!(schedule.problem().is_some(), "{schedule}");
        }
        for schedule in [Schedule::every(Duration::from_secs(1)), Schedule::daily(23, 59), Schedule::daily(0, 0)] {
            assert_eq!(schedule.problem(), None, "{schedule}");
        }
    }
}
