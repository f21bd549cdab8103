//! Addresses of pages, and which addresses stay on this site.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{PageError, PageInfo};

/// What does not stay as it is in an address.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Whether an address stays on this site: a path that no browser reads as a host.
pub(super) fn is_local(path: &str) -> bool {
    path.starts_with('/') && !path.starts_with("//") && !path.contains('\\') && !path.chars().any(char::is_control)
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
    fn only_paths_of_this_site_are_local() {
        for path in ["/", "/clients/3?q=a#b", "/a//b"] {
            assert!(is_local(path), "{path}");
        }
        for path in ["", "clients", "//evil", "/\\evil", "\\\\evil", "https://evil", "/\t/evil", "/\n"] {
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
    }
}
