//! When something was, where people say a day.

use super::agenda::{DAY, day_of};

const HOUR: i64 = DAY / 24;

/// The moment of an activity of which its form says the day, as that day's begin: the moment it had, if that was the
/// day; now, if it is today; else noon (UTC).
#[must_use]
pub fn of_day(day: Option<i64>, before: Option<i64>, now: i64) -> i64 {
    let Some(begin) = day else { return before.unwrap_or(now) };
    let is_of_day = |moment: &i64| day_of(*moment) == day_of(begin);
    before.filter(is_of_day).or(Some(now).filter(is_of_day)).unwrap_or_else(|| begin.saturating_add(12 * HOUR))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_keeps_the_moment_it_had() {
        let now = 10 * DAY + 5 * HOUR;
        assert_eq!(of_day(None, None, now), now);
        assert_eq!(of_day(None, Some(7), now), 7);
        assert_eq!(of_day(Some(10 * DAY), None, now), now);
        assert_eq!(of_day(Some(10 * DAY), Some(10 * DAY + 1), now), 10 * DAY + 1);
        assert_eq!(of_day(Some(9 * DAY), Some(10 * DAY + 1), now), 9 * DAY + 12 * HOUR);
        assert_eq!(of_day(Some(-DAY), None, now), -DAY + 12 * HOUR);
    }
}
