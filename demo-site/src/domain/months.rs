//! The months of a report. All times are UTC.

use time::macros::format_description;
use time::{Date, Month, OffsetDateTime};

/// A month: its begin and its end, in microseconds, and its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The first moment.
    pub from: i64,
    /// The first moment after it.
    pub to: i64,
    /// `Mar 2026`.
    pub name: String,
}

/// `count` months, the first of which is `offset` months after that of `now`.
#[must_use]
pub fn months(now: i64, offset: i32, count: i32) -> Vec<Span> {
    let today = OffsetDateTime::from_unix_timestamp(now.div_euclid(1_000_000)).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let this = today.year() * 12 + i32::from(u8::from(today.month())) - 1;
    (0..count).filter_map(|index| month(this + offset + index)).collect()
}

/// The month with this number, counted from the year 0.
fn month(number: i32) -> Option<Span> {
    let begin = |number: i32| {
        let month = u8::try_from(number.rem_euclid(12) + 1).ok().and_then(|month| Month::try_from(month).ok())?;
        Date::from_calendar_date(number.div_euclid(12), month, 1).ok()
    };
    let (first, next) = (begin(number)?, begin(number + 1)?);
    let micros = |day: Date| day.midnight().assume_utc().unix_timestamp().saturating_mul(1_000_000);
    let name = first.format(format_description!("[month repr:short] [year]")).unwrap_or_default();
    Some(Span { from: micros(first), to: micros(next), name })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 12 March 2026, 14:05 UTC.
    const NOW: i64 = 1_773_324_300_000_000;

    #[test]
    fn months_follow_each_other_without_a_gap() {
        let spans = months(NOW, -11, 24);
        assert_eq!(spans.len(), 24);
        assert_eq!((spans[0].name.as_str(), spans[11].name.as_str()), ("Apr 2025", "Mar 2026"));
        assert!(spans.windows(2).all(|pair| pair[0].to == pair[1].from));
        assert!((spans[11].from..spans[11].to).contains(&NOW));
        let february = &months(NOW, -1, 1)[0];
        assert_eq!((february.to - february.from) / 86_400_000_000, 28);
        assert_eq!(months(NOW, -3, 1)[0].name, "Dec 2025");
    }
}
