//! The address of a website, which pages show as a link.

use url::Url;

/// The longest address stored: longer ones are tracking links, not home pages.
pub const MAX_CHARS: usize = 500;

/// Makes a link that is safe to follow out of what was typed.
///
/// The answer always begins with `http://` or `https://`, so it can never be a script, a data URL
/// or a path on another host. A bare domain such as `example.org` gets `https://`. None where no
/// such link can be made: another scheme, `//host`, no host, a user name before the host (which
/// makes `https://bank.example@evil.example` look like the bank's).
pub fn parse(text: &str) -> Option<String> {
    let candidate = if has_web_scheme(text) {
        text.to_owned()
    } else if looks_like_a_bare_domain(text) {
        format!("https://{text}")
    } else {
        return None;
    };
    // The parser is the one of browsers (WHATWG): it agrees with them on where the host ends.
    // It also forgives what people should not type, hence the check for spaces and backslashes.
    if candidate.chars().any(|character| character.is_whitespace() || character == '\\') {
        return None;
    }
    let url = Url::parse(&candidate).ok()?;
    let sound = matches!(url.scheme(), "http" | "https")
        && url.username().is_empty()
        && url.password().is_none()
        && url.host_str().is_some_and(is_host);
    sound.then(|| with_lower_case_scheme(&candidate))
}

fn has_web_scheme(text: &str) -> bool {
    ["http://", "https://"]
        .iter()
        .any(|scheme| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)))
}

fn with_lower_case_scheme(address: &str) -> String {
    match address.split_once("://") {
        Some((scheme, rest)) => format!("{}://{rest}", scheme.to_ascii_lowercase()),
        None => address.to_owned(),
    }
}

/// `example.org`, `example.org:8443/path`: begins with a letter or digit and has a dot before any
/// path, query or fragment.
fn looks_like_a_bare_domain(text: &str) -> bool {
    let authority = text.split(['/', '?', '#']).next().unwrap_or_default();
    authority.starts_with(char::is_alphanumeric) && authority.contains('.')
}

/// Whether a parsed host has no empty parts: `https://..` parses too.
fn is_host(host: &str) -> bool {
    host.strip_suffix('.').unwrap_or(host).split('.').all(|label| !label.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn web_addresses_are_kept_as_typed() {
        for good in [
            "http://example.org",
            "https://Example.org/a?b=c#d",
            "https://example.org:8443/",
            "https://пример.рф/о-нас",
            "http://192.0.2.7/",
            "http://[2001:db8::1]/",
        ] {
            assert_eq!(parse(good).as_deref(), Some(good));
        }
    }

    #[test]
    fn a_bare_domain_gets_https() {
        assert_eq!(parse("example.org").as_deref(), Some("https://example.org"));
        assert_eq!(parse("www.example.org:8443/x").as_deref(), Some("https://www.example.org:8443/x"));
        assert_eq!(parse("пример.рф").as_deref(), Some("https://пример.рф"));
    }

    #[test]
    fn the_scheme_is_in_lower_case_for_whoever_looks_at_it() {
        assert_eq!(parse("HTTPS://Example.org").as_deref(), Some("https://Example.org"));
        assert_eq!(parse("hTTp://a.example").as_deref(), Some("http://a.example"));
    }

    #[test]
    fn whatever_could_run_or_mislead_is_refused() {
        for bad in [
            "javascript:alert(1)",
            "JaVaScRiPt:alert(document.domain)",
            "javascript://example.org/%0aalert(1)",
            "javascript:alert.x",
            "data:text/html,<script>alert(1)</script>",
            "data:text/html;x=a.b",
            "vbscript:x.y",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "https:evil.example",
            "https:/evil.example",
            "https://",
            "https:///",
            "https://..",
            "https://.example.org",
            "https://user@evil.example",
            "https://bank.example:x@evil.example",
            "mailto:a@example.org",
            "ftp://example.org",
            "file:///etc/passwd",
            "example",
            "exa mple.org",
            "https://exa mple.org",
            "https://example.org\\@evil.example",
            "https://example.org:99999",
            "java\tscript:alert.x",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
