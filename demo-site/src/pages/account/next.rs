//! Where to go after signing in: only ever to a page of this site.

/// The longest path followed; more is not an address of ours.
const LONGEST: usize = 2000;

/// The path if it leads to this site, else the desk.
///
/// A browser reads `//host` and `/\host` as another site, drops tabs and line ends, and a proxy may
/// decode `%2f` before it looks; whatever could be read in two ways is not followed.
pub(in crate::pages) fn local_path(next: &str) -> &str {
    if is_local(next) { next } else { "/" }
}

fn is_local(next: &str) -> bool {
    let path = next.split(['?', '#']).next().unwrap_or_default();
    next.len() <= LONGEST
        && path.starts_with('/')
        && !path.contains("//")
        && !path.split('/').any(|segment| segment == "." || segment == "..")
        && next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
        && decoded_is_plain(path)
        && !leads_back(path)
}

/// No percent-encoded slash, backslash, dot or control character in the path.
fn decoded_is_plain(path: &str) -> bool {
    path.split('%').skip(1).all(|rest| {
        let code = rest.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        code.is_some_and(|byte| !byte.is_ascii_control() && !b"/\\.%".contains(&byte))
    })
}

/// Signing in must not end on the form again, nor sign out at once.
fn leads_back(path: &str) -> bool {
    let page = path.trim_end_matches('/').to_ascii_lowercase();
    page == "/login" || page == "/logout"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_this_site_are_followed() {
        for path in ["/", "/clients", "/clients/3/edit", "/clients?q=a%2Fb&sort=city", "/search?q=%C3%BC"] {
            assert_eq!(local_path(path), path);
        }
    }

    #[test]
    fn whatever_could_lead_elsewhere_ends_at_the_desk() {
        for path in [
            "",
            "clients",
            "//evil.example",
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
            "/%",
            "/%zz",
            "/a//b",
            "/ü",
            "/login",
            "/Login/?next=/",
            "/logout",
        ] {
            assert_eq!(local_path(path), "/", "{path:?}");
        }
        let long = format!("/{}", "a".repeat(LONGEST));
        assert_eq!(local_path(&long), "/");
    }
}
