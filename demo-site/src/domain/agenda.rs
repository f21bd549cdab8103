//! When a task is due: days, times, and what a list of tasks shows.
//!
//! All times are UTC. A task due at midnight sharp is one of the whole day: it is overdue when the day is over, any other when its time
//! has passed.

use time::OffsetDateTime;
use time::macros::format_description;

/// A day, in microseconds.
pub const DAY: i64 = 86_400_000_000;

/// A minute, in microseconds.
const MINUTE: i64 = 60_000_000;

/// Which tasks a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Show {
    /// Due on this day.
    #[default]
    Today,
    /// Due before now.
    Overdue,
    /// Due on this day or the six after it.
    Week,
    /// All that are open.
    All,
    /// Done lately.
    Done,
}

/// The open tasks of a list: due from a moment on, before another, and not at a third one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first moment.
    pub from: i64,
    /// The first moment that is too late.
    pub to: i64,
    /// A moment between them that does not belong to them.
    pub except: i64,
}

impl Show {
    /// All, in the order of the page.
    pub const EVERY: [Self; 5] = [Self::Today, Self::Overdue, Self::Week, Self::All, Self::Done];

    /// What an address asks for; what it does not know is the first.
    #[must_use]
    pub fn of(asked: Option<&str>) -> Self {
        Self::EVERY.into_iter().find(|show| Some(show.key()) == asked).unwrap_or_default()
    }

    /// Its word in an address.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Today => "today",
            Self::Overdue => "overdue",
            Self::Week => "week",
            Self::All => "all",
            Self::Done => "done",
        }
    }

    /// What people read.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Today => "Today",
            Self::Overdue => "Overdue",
            Self::Week => "Next 7 days",
            Self::All => "All open",
            Self::Done => "Done",
        }
    }

    /// The narrowest list that has a task due then.
    #[must_use]
    pub fn holding(due_at: i64, now: i64) -> Self {
        let has = |show: &Self| {
            let span = show.span(now);
            (span.from..span.to).contains(&due_at) && due_at != span.except
        };
        [Self::Today, Self::Overdue, Self::Week].into_iter().find(has).unwrap_or(Self::All)
    }

    /// The open tasks it shows.
    #[must_use]
    pub fn span(self, now: i64) -> Span {
        let today = day_of(now);
        let span = |from, to| Span { from, to, except: i64::MIN };
        match self {
            Self::Today => span(today, today.saturating_add(DAY)),
            // What is due today as a whole is not late yet.
            Self::Overdue => Span { except: today, ..span(i64::MIN, now) },
            Self::Week => span(today, today.saturating_add(7 * DAY)),
            Self::All | Self::Done => span(i64::MIN, i64::MAX),
        }
    }
}

/// The begin of a moment's day.
#[must_use]
pub fn day_of(micros: i64) -> i64 {
    micros.div_euclid(DAY).saturating_mul(DAY)
}

/// Whether an open task is late.
#[must_use]
pub fn is_overdue(due_at: i64, now: i64) -> bool {
    due_at < now && due_at != day_of(now)
}

/// The microseconds from midnight to a time as people type it, `9:05` or `14:30`; none for what is no time.
#[must_use]
pub fn clock(typed: &str) -> Option<i64> {
    let (hours, minutes) = typed.split_once(':')?;
    let number = |text: &str, longest: usize, below: i64| {
        let sound = !text.is_empty() && text.len() <= longest && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<i64>().ok().filter(|number| sound && *number < below)
    };
    let minutes = number(minutes, 2, 60).filter(|_| minutes.len() == 2)?;
    Some((number(hours, 2, 24)? * 60 + minutes) * MINUTE)
}

/// The time of day of a moment, `14:30`; nothing for a whole day.
#[must_use]
pub fn clock_text(micros: i64) -> String {
    let minutes = micros.rem_euclid(DAY) / MINUTE;
    if micros.rem_euclid(DAY) == 0 { String::new() } else { format!("{:02}:{:02}", minutes / 60, minutes % 60) }
}

/// What a day is called: `Today`, `Tomorrow`, `Yesterday`, else `Monday, 23 Nov 2026`.
#[must_use]
pub fn heading(day: i64, now: i64) -> String {
    let plain = || {
        let form = format_description!("[weekday], [day padding:none] [month repr:short] [year]");
        let moment = OffsetDateTime::from_unix_timestamp(day.div_euclid(1_000_000)).ok();
        moment.and_then(|moment| moment.format(form).ok()).unwrap_or_else(|| "Some day".to_owned())
    };
    match (day_of(day) - day_of(now)).div_euclid(DAY) {
        -1 => "Yesterday".to_owned(),
        0 => "Today".to_owned(),
        1 => "Tomorrow".to_owned(),
        _ => plain(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 12 March 2026, 14:05 UTC.
    const NOW: i64 = 1_773_324_300_000_000;
    const HOUR: i64 = 60 * MINUTE;

    #[test]
    fn a_task_of_a_whole_day_is_late_when_the_day_is_over_and_another_when_its_time_has_passed() {
        let today = day_of(NOW);
        for (due, late) in [
            (today, false),
            (NOW - HOUR, true),
            (NOW, false),
            (NOW + HOUR, false),
            (today - DAY, true),
            (today + DAY, false),
        ] {
            assert_eq!(is_overdue(due, NOW), late, "{due}");
            let span = Show::Overdue.span(NOW);
            assert_eq!((span.from..span.to).contains(&due) && due != span.except, late, "{due}");
        }
    }

    #[test]
    fn a_task_is_looked_for_in_the_narrowest_list() {
        let today = day_of(NOW);
        for (due, show) in [
            (NOW + HOUR, Show::Today),
            (today - DAY, Show::Overdue),
            (today + DAY, Show::Week),
            (today + 7 * DAY, Show::All),
        ] {
            assert_eq!(Show::holding(due, NOW), show);
        }
    }

    #[test]
    fn today_and_the_week_begin_at_midnight() {
        let today = day_of(NOW);
        assert_eq!(Show::Today.span(NOW), Span { from: today, to: today + DAY, except: i64::MIN });
        assert_eq!(Show::Week.span(NOW).to, today + 7 * DAY);
        assert_eq!(day_of(-1), -DAY);
        assert_eq!(Show::of(Some("week")), Show::Week);
        assert_eq!(Show::of(Some("nonsense")), Show::Today);
        assert_eq!(Show::of(None), Show::Today);
    }

    #[test]
    fn times_are_read_as_people_type_them() {
        assert_eq!(clock("14:30"), Some(14 * HOUR + 30 * MINUTE));
        assert_eq!(clock("9:05"), Some(9 * HOUR + 5 * MINUTE));
        assert_eq!(clock("23:59"), Some(DAY - MINUTE));
        for wrong in ["", "24:00", "12:60", "12", "12:5", "1:2:3", "-1:00", "+1:00", "a:bc", "012:00", "12:００"] {
            assert_eq!(clock(wrong), None, "{wrong}");
        }
        assert_eq!(clock_text(day_of(NOW) + 9 * HOUR + 5 * MINUTE), "09:05");
        assert_eq!(clock_text(day_of(NOW)), "");
    }

    #[test]
    fn days_have_names() {
        assert_eq!(heading(NOW, NOW), "Today");
        assert_eq!(heading(NOW + DAY, NOW), "Tomorrow");
        assert_eq!(heading(NOW - DAY, NOW), "Yesterday");
        assert_eq!(heading(NOW + 2 * DAY, NOW), "Saturday, 14 Mar 2026");
        assert_eq!(heading(i64::MAX - DAY, NOW), "Some day");
    }
}
