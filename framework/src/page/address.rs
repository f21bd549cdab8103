//! Addresses of pages, and which addresses stay on this site.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, utf8_percent_encode};

use super::{PageError, PageInfo};

/// What does not stay as it is in an address.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// How often a path may be encoded over.
const MOST_ENCODINGS: usize = 4;

/// Whether an address stays on this site: a path that nobody on the way reads as a host (S22).
///
/// A browser reads `//host` and `/\host` as another site and drops tabs and line ends; a proxy may
/// decode `%2f` before it looks. So the path is looked at decoded, too, as often as it is encoded.
/// What stands behind `?` and `#` leads nowhere.
pub(crate) fn is_local(address: &str) -> bool {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    path.starts_with('/')
        && !address.contains('\\')
        && !address.chars().any(|character| character.is_control() || !character.is_ascii())
        && leads_down(path.as_bytes(), MOST_ENCODINGS)
}

fn leads_down(path: &[u8], encodings: usize) -> bool {
    let is_slash = |byte: &u8| matches!(byte, b'/' | b'\\');
    // What is before the first slash is empty; so may be what is behind the last.
    let mut segments = path.split(is_slash).skip(1).peekable();
    while let Some(segment) = segments.next() {
        let empty = segment.is_empty() && segments.peek().is_some();
        if empty || matches!(segment, b"." | b"..") || segment.iter().any(u8::is_ascii_control) {
            return false;
        }
    }
    let decoded: Vec<u8> = percent_decode(path).collect();
    decoded == path || encodings.checked_sub(1).is_some_and(|left| leads_down(&decoded, left))
}

/// Fills a page's path pattern.
pub(super) fn address_of(page: &PageInfo, params: &[(&str, &str)]) -> Result<String, PageError> {
    let mut used = vec![false; params.len()];
    let mut segments = Vec::new();
    for segment in page.path().split('/') {
        let Some(name) = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) else {
            segments.push(segment.to_owned());
            continue;
        };
        let name = name.split(':').next().unwrap_or(name);
        let found = params.iter().zip(&mut used).find(|((given, _), _)| *given == name);
        let Some(((_, value), used)) = found else {
            return Err(PageError::other(format!("page {} needs the parameter {name:?}", page.name())));
        };
        *used = true;
        if matches!(*value, "" | "." | "..") {
            return Err(PageError::other(format!("page {} cannot have {value:?} for {name:?}", page.name())));
        }
        segments.push(encode(value));
    }
    let rest: Vec<String> = params
        .iter()
        .zip(&used)
        .filter(|(_, used)| !**used)
        .map(|((name, value), _)| format!("{}={}", encode(name), encode(value)))
        .collect();
    let mut path = segments.join("/");
    if !rest.is_empty() {
        path.push('?');
        path.push_str(&rest.join("&"));
    }
    Ok(path)
}

/// Percent-encodes everything but RFC 3986's unreserved characters.
pub(crate) fn encode(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_this_site_are_local() {
        for path in [
            "/",
            "/clients",
            "/clients/",
            "/clients/3?q=a#b",
            "/clients?q=a%2Fb&next=//evil.example",
            "/search?q=%C3%BC",
            "/tags/a%2Fb",
            "/tags/100%25",
            "/tags/%zz",
        ] {
            assert!(is_local(path), "{path}");
        }
    }

    #[test]
    fn whatever_could_lead_elsewhere_is_not_local() {
        for path in [
            "",
            "clients",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            " /clients",
            "https://evil.example",
            "https:evil.example",
            "javascript:alert(1)",
            "%2f%2fevil.example",
            "/%2f/evil.example",
            "/%2Fevil.example",
            "/%5cevil.example",
            "/%09/evil.example",
            "/%0d%0aSet-Cookie:x",
            "/.//evil.example",
            "/..//evil.example",
            "/%2e%2e/x",
            "/%252fevil.example",
            "/%%32fevil.example",
            "/%25%32%66evil.example",
            "/%25252525252525252fevil.example",
            "/a//b",
            "/ü",
        ] {
            assert!(!is_local(path), "{path:?}");
        }
    }

    #[test]
    fn a_page_address_takes_its_parameters_and_leaves_the_rest_to_the_query() {
        const INFO: PageInfo = PageInfo::new("client", "/clients/{id}/edit");
        let address = |params: &[(&str, &str)]| address_of(&INFO, params);
        assert_eq!(address(&[("id", "3")]).expect("fits"), "/clients/3/edit");
        assert_eq!(address(&[("q", "a b"), ("id", "x/y")]).expect("fits"), "/clients/x%2Fy/edit?q=a%20b");
        assert!(address(&[]).is_err());
        for elsewhere in ["", ".", ".."] {
            assert!(address(&[("id", elsewhere)]).is_err(), "{elsewhere:?}");
        }
    }
}
