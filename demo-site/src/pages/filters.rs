//! How values read on a page: the framework's filters for dates, numbers and money, and the CRM's for names.

#![expect(unreachable_pub, reason = "what `filter_fn` makes of a function is public in any case")]

use askama::{Result, Values, filter_fn};
pub(super) use toolcrib::filters::*;

/// How many tints the stylesheet has for monograms.
const TINTS: u32 = 6;

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

/// A phone number as a telephone wants it: digits and a leading plus.
#[filter_fn]
pub(super) fn dialled(phone: &str, _: &dyn Values) -> Result<String> {
    Ok(digits(phone))
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
}
