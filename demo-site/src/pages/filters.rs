//! How values read on a page: dates, money, names. Templates use these as filters.

#![expect(unreachable_pub, reason = "what `filter_fn` makes of a function is public in any case")]

use askama::{Result, Values, filter_fn};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

/// How many tints the stylesheet has for monograms.
const TINTS: u32 = 6;

/// A date, as in `12 Mar 2026`.
#[filter_fn]
pub(super) fn date(micros: &i64, _: &dyn Values) -> Result<String> {
    let form = format_description!("[day padding:none] [month repr:short] [year]");
    Ok(at(*micros).and_then(|at| at.format(form).ok()).unwrap_or_default())
}

/// A date with its time, as in `12 Mar 2026, 14:05 UTC`.
#[filter_fn]
pub(super) fn moment(micros: &i64, _: &dyn Values) -> Result<String> {
    let form = format_description!("[day padding:none] [month repr:short] [year], [hour]:[minute] UTC");
    Ok(at(*micros).and_then(|at| at.format(form).ok()).unwrap_or_default())
}

/// A moment for machines, as in `2026-03-12T14:05:00Z`.
#[filter_fn]
pub(super) fn iso(micros: &i64, _: &dyn Values) -> Result<String> {
    let whole = micros.div_euclid(1_000_000) * 1_000_000;
    Ok(at(whole).and_then(|at| at.format(&Rfc3339).ok()).unwrap_or_default())
}

/// An amount in minor units, as in `EUR 12,500.00`.
#[filter_fn]
pub(super) fn money(minor: &i64, _: &dyn Values, currency: &str) -> Result<String> {
    Ok(amount(*minor, currency))
}

/// The letters that stand for a name: `Acme Tools` becomes `AT`.
#[filter_fn]
pub(super) fn initials(name: &str, _: &dyn Values) -> Result<String> {
    Ok(letters(name))
}

/// The number of the tint a name gets. The same name has the same tint everywhere.
#[filter_fn]
pub(super) fn tint(name: &str, _: &dyn Values) -> Result<u32> {
    Ok(name.chars().fold(7_u32, |sum, letter| sum.wrapping_mul(31).wrapping_add(letter.into())) % TINTS)
}

/// An address of a website as people write it: without scheme and final slash.
#[filter_fn]
pub(super) fn bare(website: &str, _: &dyn Values) -> Result<String> {
    let bare = website.split_once("://").map_or(website, |(_, rest)| rest);
    Ok(bare.strip_suffix('/').unwrap_or(bare).to_owned())
}

/// The way back to the page that a sign-in form stands in for.
#[filter_fn]
pub(super) fn local_path(path: &str, _: &dyn Values) -> Result<String> {
    Ok(super::account::local_path(path).to_owned())
}

/// A phone number as a telephone wants it: digits and a leading plus.
#[filter_fn]
pub(super) fn dialled(phone: &str, _: &dyn Values) -> Result<String> {
    Ok(digits(phone))
}

fn at(micros: i64) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1000).ok()
}

/// How many digits a currency's minor unit has (ISO 4217).
fn minor_digits(currency: &str) -> u32 {
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

/// A count with a comma between thousands.
pub(super) fn grouped(count: i64) -> String {
    let sign = if count < 0 { "−" } else { "" };
    format!("{sign}{}", separated(count.unsigned_abs()))
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

fn letters(name: &str) -> String {
    let mut words = name.split_whitespace().filter_map(|word| word.chars().find(|letter| letter.is_alphanumeric()));
    let first = words.next();
    let last = words.next_back();
    let letters: String = first.into_iter().chain(last).flat_map(char::to_uppercase).collect();
    if letters.is_empty() { "·".to_owned() } else { letters }
}

fn digits(phone: &str) -> String {
    let plus = if phone.trim_start().starts_with('+') { "+" } else { "" };
    // "ext. 12" and the like is not part of the number to dial.
    let number = phone.split(|letter: char| letter.is_alphabetic()).next().unwrap_or_default();
    let digits = number.chars().filter(char::is_ascii_digit).collect::<String>();
    format!("{plus}{digits}")
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
    fn initials_take_the_first_and_the_last_word() {
        assert_eq!(letters("Acme Tools"), "AT");
        assert_eq!(letters("Marsh & McLennan"), "MM");
        assert_eq!(letters("3M"), "3");
        assert_eq!(letters("ß <script>"), "SSS");
        assert_eq!(letters("…"), "·");
    }

    #[test]
    fn phones_are_dialled_without_their_extension() {
        assert_eq!(digits("+1 (502) 585-1100 ext. 12"), "+15025851100");
        assert_eq!(digits("030 1234"), "0301234");
    }

    #[test]
    fn a_moment_beyond_the_calendar_is_blank() {
        assert!(at(i64::MAX).is_none());
        assert!(at(0).is_some());
    }
}
