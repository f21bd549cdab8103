//! Filters for templates: dates, numbers and money as people read them.
//!
//! A site's templates use them by name once they are in scope as `filters`, beside askama's own
//! (`upper`, `truncate`, `pluralize`, …) and the site's:
//!
//! ```
//! use toolcrib::prelude::*;
//!
//! mod filters {
//!     pub use toolcrib::filters::*;
//! }
//!
//! #[derive(askama::Template)]
//! #[template(ext = "html", source = "{{ at|date }}: {{ open|counted(\"deal\", \"deals\") }}, {{ sum|money(\"EUR\") }}")]
//! struct Summary {
//!     at: i64,
//!     open: i64,
//!     sum: i64,
//! }
//!
//! let summary = Summary { at: 1_773_324_300_000_000, open: 1_204, sum: 1_250_000 };
//! assert_eq!(askama::Template::render(&summary).unwrap(), "12 Mar 2026: 1,204 deals, EUR 12,500.00");
//! ```
//!
//! | filter | of | as in |
//! |---|---|---|
//! | `date` | microseconds since 1970 (UTC) | `12 Mar 2026` |
//! | `moment` | the same | `12 Mar 2026, 14:05 UTC` |
//! | `iso` | the same, for machines | `2026-03-12T14:05:00Z` |
//! | `number` | a whole number | `1,204` |
//! | `counted(one, many)` | a whole number | `1 deal`, `1,204 deals` |
//! | `money(currency)` | minor units, currency by ISO 4217 | `EUR 12,500.00` |
//!
//! A moment beyond the calendar is blank. None of them fails.

#![expect(
    missing_docs,
    clippy::missing_errors_doc,
    reason = "askama's macro keeps no documentation of a filter: the table above has it"
)]

use askama::{Result, Values, filter_fn};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

#[filter_fn]
pub fn date(micros: &i64, _: &dyn Values) -> Result<String> {
    let form = format_description!("[day padding:none] [month repr:short] [year]");
    Ok(at(*micros).and_then(|at| at.format(form).ok()).unwrap_or_default())
}

#[filter_fn]
pub fn moment(micros: &i64, _: &dyn Values) -> Result<String> {
    let form = format_description!("[day padding:none] [month repr:short] [year], [hour]:[minute] UTC");
    Ok(at(*micros).and_then(|at| at.format(form).ok()).unwrap_or_default())
}

#[filter_fn]
pub fn iso(micros: &i64, _: &dyn Values) -> Result<String> {
    let whole = micros.div_euclid(1_000_000) * 1_000_000;
    Ok(at(whole).and_then(|at| at.format(&Rfc3339).ok()).unwrap_or_default())
}

#[filter_fn]
pub fn number(number: &i64, _: &dyn Values) -> Result<String> {
    Ok(grouped(*number))
}

#[filter_fn]
pub fn counted(number: &i64, _: &dyn Values, one: &str, many: &str) -> Result<String> {
    Ok(in_words(*number, one, many))
}

#[filter_fn]
pub fn money(minor: &i64, _: &dyn Values, currency: &str) -> Result<String> {
    Ok(amount(*minor, currency))
}

/// A whole number with a comma between thousands: what the filter `number` shows.
///
/// ```
/// assert_eq!(toolcrib::filters::grouped(-1_204), "−1,204");
/// ```
#[must_use]
pub fn grouped(number: i64) -> String {
    let sign = if number < 0 { "−" } else { "" };
    format!("{sign}{}", separated(number.unsigned_abs()))
}

pub(crate) fn in_words(number: i64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(number), if number.unsigned_abs() == 1 { one } else { many })
}

fn at(micros: i64) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1000).ok()
}

/// How many digits a currency's minor unit has (ISO 4217): what the filter `money` goes by.
///
/// ```
/// assert_eq!(["EUR", "JPY", "KWD"].map(toolcrib::filters::minor_digits), [2, 0, 3]);
/// ```
#[must_use]
pub fn minor_digits(currency: &str) -> u32 {
    match currency {
        "CLP" | "ISK" | "JPY" | "KRW" | "VND" => 0,
        "BHD" | "JOD" | "KWD" | "OMR" | "TND" => 3,
        _ => 2,
    }
}

fn amount(minor: i64, currency: &str) -> String {
    let places = minor_digits(currency);
    let unit = 10_u64.pow(places);
    let absolute = minor.unsigned_abs();
    let sign = if minor < 0 { "−" } else { "" };
    let whole = separated(absolute / unit);
    if places == 0 {
        return format!("{currency} {sign}{whole}");
    }
    format!("{currency} {sign}{whole}.{:0places$}", absolute % unit, places = places as usize)
}

fn separated(number: u64) -> String {
    let plain = number.to_string();
    let mut grouped = String::with_capacity(plain.len() + plain.len() / 3);
    for (index, digit) in plain.chars().enumerate() {
        if index > 0 && (plain.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_grouped_and_follow_their_currency() {
        assert_eq!(amount(1_250_000, "EUR"), "EUR 12,500.00");
        assert_eq!(amount(5, "USD"), "USD 0.05");
        assert_eq!(amount(-123_456, "USD"), "USD −1,234.56");
        assert_eq!(amount(1_234_567, "JPY"), "JPY 1,234,567");
        assert_eq!(amount(1_500, "KWD"), "KWD 1.500");
        assert_eq!(amount(i64::MIN, "EUR"), "EUR −92,233,720,368,547,758.08");
    }

    #[test]
    fn one_is_one_and_all_else_is_many() {
        assert_eq!(in_words(0, "deal", "deals"), "0 deals");
        assert_eq!(in_words(1, "deal", "deals"), "1 deal");
        assert_eq!(in_words(-1, "degree", "degrees"), "−1 degree");
        assert_eq!(in_words(1_204, "deal", "deals"), "1,204 deals");
    }

    #[test]
    fn a_moment_beyond_the_calendar_is_blank() {
        assert!(at(i64::MAX).is_none());
        assert!(at(0).is_some());
    }
}
