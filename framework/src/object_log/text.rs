//! Texts as the log may keep them: not too long, without secrets, storable by both engines.

use std::borrow::Cow;
use std::error::Error;

use percent_encoding::percent_decode_str;

/// What stands for the rest of a text that was cut.
const CUT: &str = "…";

/// What stands for a value that nobody may read.
const MASK: &str = "***";

/// Parameters whose names contain one of these are masked.
const SECRET_NAMES: [&str; 9] =
    ["passw", "passphrase", "pwd", "token", "csrf", "secret", "api_key", "apikey", "credential"];

/// At most `limit` bytes of a text. NUL, which PostgreSQL stores in no text, is replaced: one entry
/// with it must not keep all others from being stored.
pub(crate) fn limited(text: &str, limit: usize) -> String {
    let clean = match text.contains('\0') {
        true => Cow::Owned(text.replace('\0', "\u{fffd}")),
        false => Cow::Borrowed(text),
    };
    if clean.len() <= limit {
        return clean.into_owned();
    }
    let end = clean.floor_char_boundary(limit.saturating_sub(CUT.len()));
    format!("{}{CUT}", clean.get(..end).unwrap_or_default())
}

/// At most `limit` bytes of JSON. What is too long becomes a JSON string that begins like it.
pub(super) fn limited_json(json: String, limit: usize) -> String {
    if json.len() <= limit {
        return json;
    }
    // Within a string its quotes and backslashes take two bytes each.
    let mut room = limit.saturating_sub(2);
    loop {
        let begin = limited(&json, room);
        let string = serde_json::Value::String(begin).to_string();
        match string.len().checked_sub(limit) {
            Some(excess) if excess > 0 && room > 0 => room = room.saturating_sub(excess),
            _ => return string,
        }
    }
}

/// Path and query, the values of secret-looking parameters masked.
pub(crate) fn masked(url: &str) -> Cow<'_, str> {
    let Some((path, query)) = url.split_once('?') else { return Cow::Borrowed(url) };
    if !query.split('&').any(|pair| is_secret(name_of(pair))) {
        return Cow::Borrowed(url);
    }
    let pairs: Vec<Cow<'_, str>> = query
        .split('&')
        .map(|pair| {
            let name = name_of(pair);
            if is_secret(name) { Cow::Owned(format!("{name}={MASK}")) } else { Cow::Borrowed(pair) }
        })
        .collect();
    Cow::Owned(format!("{path}?{}", pairs.join("&")))
}

fn name_of(pair: &str) -> &str {
    pair.split('=').next().unwrap_or_default()
}

/// Names are compared as the site reads them: decoded, and without regard to case.
fn is_secret(name: &str) -> bool {
    let name = percent_decode_str(name).decode_utf8_lossy().to_lowercase().replace('-', "_");
    SECRET_NAMES.iter().any(|secret| name.contains(secret))
}

/// An error and its causes, one a line. What a cause repeats of the error above is left out.
pub(super) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut above = text.clone();
    let mut cause = error.source();
    while let Some(error) = cause {
        let own = error.to_string();
        if own != above {
            text.push('\n');
            text.push_str(&own);
        }
        above = own;
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

        #[test]
        fn no_text_is_longer_than_its_limit_and_short_ones_are_whole(text in "\\PC{0,40}", limit in 3_usize..60) {
            let kept = limited(&text, limit);
            prop_assert!(kept.len() <= limit);
            match kept.strip_suffix(CUT).filter(|_| text.len() > limit) {
                Some(begin) => {
                    prop_assert!(text.starts_with(begin));
                    // Not a character less than fits.
                    prop_assert!(begin.len() + 4 + CUT.len() > limit);
                }
                None => prop_assert_eq!(kept, text),
            }
        }

        #[test]
        fn json_that_is_too_long_stays_json(text in "[\"\\\\a-cé{}]{0,80}", limit in 8_usize..60) {
            let json = serde_json::Value::String(text.clone()).to_string();
            let kept = limited_json(json.clone(), limit);
            prop_assert!(kept.len() <= limit, "{} of {limit}: {kept}", kept.len());
            let value: serde_json::Value = serde_json::from_str(&kept).expect("JSON");
            match json.len() <= limit {
                true => prop_assert_eq!(value, serde_json::Value::String(text)),
                false => {
                    let shown = value.as_str().expect("a string");
                    prop_assert!(json.starts_with(shown.strip_suffix(CUT).expect("cut")));
                }
            }
        }

        #[test]
        fn no_value_of_a_secret_parameter_is_left(
            // Letters that spell no secret.
            before in "[a-o]{1,5}",
            name in "(?i-u:password|new_password|_csrf|csrf_token|access-token|api-key|client_secret|p%61ssword|Passwort|pwd)",
            value in "[0-9]{12}",
        ) {
            let url = format!("/x?{before}=1&{name}={value}&{name}=={value}&q={before}");
            let masked = masked(&url);
            prop_assert!(!masked.contains(&value), "{masked}");
            let (begin, end) = (format!("/x?{before}=1&"), format!("&q={before}"));
            prop_assert!(masked.starts_with(&begin));
            prop_assert!(masked.ends_with(&end));
        }
    }

    #[test]
    fn addresses_without_secrets_stay_as_they_are() {
        for url in ["/", "/clients/7", "/clients?q=a%20b&page=2", "/x?", "/x?a=b?c=d", "/token?q=1"] {
            assert_eq!(masked(url), url);
        }
        assert_eq!(masked("/x?token"), "/x?token=***");
        assert_eq!(masked("/x?a=1&password=p&b=2"), "/x?a=1&password=***&b=2");
    }

    #[test]
    fn a_text_with_nul_can_be_stored() {
        assert_eq!(limited("a\0b", 10), "a\u{fffd}b");
    }

    #[test]
    fn all_causes_are_told_once() {
        #[derive(Debug, thiserror::Error)]
        #[error("{0}")]
        struct Outer(String, #[source] std::io::Error);
        let inner = || std::io::Error::other("inner");
        assert_eq!(chain(&Outer("outer".into(), inner())), "outer\ninner");
        assert_eq!(chain(&Outer("inner".into(), inner())), "inner");
    }
}
