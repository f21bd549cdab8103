//! Where a request came from and whom it was meant for.

use actix_web::http::Uri;
use actix_web::http::header::{HOST, HeaderMap, ORIGIN};

use crate::settings::{Profile, Settings};

/// The host names a site answers to.
#[derive(Debug, Clone)]
pub(super) struct Hosts {
    names: Vec<String>,
    /// Addresses cannot be re-bound by a name server, so a developer may use any of the machine's.
    any_address: bool,
}

/// Why a request's host is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HostRefusal {
    /// Missing, twice, or not a host: 400.
    Malformed,
    /// Not one of ours: 421.
    Foreign,
}

impl Hosts {
    pub(super) fn new(settings: &Settings) -> Self {
        let mut names = settings.server.hosts.clone();
        if let Some(url) = &settings.server.public_url
            && let Some((_, authority)) = url.split_once("://")
            && let Some(name) = host_of(authority)
        {
            names.push(name);
        }
        let any_address = settings.profile == Profile::Development;
        if any_address {
            names.push("localhost".to_owned());
        }
        Self { names, any_address }
    }

    /// Checks the host a request is meant for.
    pub(super) fn check(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), HostRefusal> {
        let mut given = headers.get_all(HOST);
        let (Some(host), None) = (given.next(), given.next()) else { return Err(HostRefusal::Malformed) };
        let host = host.to_str().map_err(|_| HostRefusal::Malformed)?;
        let name = host_of(host).ok_or(HostRefusal::Malformed)?;
        if let Some(authority) = uri.authority()
            && host_of(authority.as_str()) != Some(name.clone())
        {
            return Err(HostRefusal::Malformed);
        }
        if self.names.contains(&name) || (self.any_address && is_address(&name)) {
            Ok(())
        } else {
            Err(HostRefusal::Foreign)
        }
    }
}

/// The host in `host[:port]`, in lower case; `None` for anything else.
fn host_of(authority: &str) -> Option<String> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']')?;
            (format!("[{host}]"), after.strip_prefix(':'))
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host.to_owned(), Some(port)),
            None => (authority.to_owned(), None),
        },
    };
    let sound = |c: char| c.is_ascii_alphanumeric() || "-._[]:".contains(c);
    let port_is_sound = port.is_none_or(|port| port.parse::<u16>().is_ok());
    (!host.is_empty() && host.chars().all(sound) && port_is_sound).then(|| host.to_ascii_lowercase())
}

fn is_address(name: &str) -> bool {
    name.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok()
}

/// Whether a request that changes something may come from where it says (the first wall of D9).
///
/// Browsers say `Sec-Fetch-Site` or `Origin` or both; what says neither is no browser and still has
/// to bring the token.
pub(super) fn is_same_origin(headers: &HeaderMap, https: bool) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    if let Some(site) = text("sec-fetch-site")
        && !matches!(site, "same-origin" | "none")
    {
        return false;
    }
    let Some(origin) = text(ORIGIN.as_str()) else { return true };
    let Some(host) = text(HOST.as_str()) else { return false };
    // A proxy may speak TLS for us; it never turns TLS into plain HTTP for a visitor.
    let bare = origin.strip_prefix("https://").or_else(|| if https { None } else { origin.strip_prefix("http://") });
    bare.is_some_and(|bare| bare.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        headers
    }

    fn hosts() -> Hosts {
        Hosts { names: vec!["crm.example.org".into(), "localhost".into()], any_address: false }
    }

    fn check(uri: &'static str, host: &[(&'static str, &'static str)]) -> Result<(), HostRefusal> {
        hosts().check(&Uri::from_static(uri), &headers(host))
    }

    #[test]
    fn own_hosts_pass_with_any_port_and_case() {
        for host in ["crm.example.org", "CRM.example.org:8080", "localhost:1"] {
            assert_eq!(check("/", &[("host", host)]), Ok(()), "{host}");
        }
    }

    #[test]
    fn foreign_and_malformed_hosts_are_refused() {
        assert_eq!(check("/", &[("host", "evil")]), Err(HostRefusal::Foreign));
        assert_eq!(check("/", &[("host", "127.0.0.1")]), Err(HostRefusal::Foreign));
        assert_eq!(check("/", &[]), Err(HostRefusal::Malformed));
        for host in ["", "a b", "user@localhost", "localhost:port", "localhost/x"] {
            assert_eq!(check("/", &[("host", host)]), Err(HostRefusal::Malformed), "{host:?}");
        }
        let twice = [("host", "localhost"), ("host", "localhost")];
        assert_eq!(check("/", &twice), Err(HostRefusal::Malformed));
        assert_eq!(check("http://evil/", &[("host", "localhost")]), Err(HostRefusal::Malformed));
    }

    #[test]
    fn a_developer_may_use_any_address() {
        let hosts = Hosts { any_address: true, ..hosts() };
        for host in ["127.0.0.1:8080", "[::1]:8080", "192.0.2.7"] {
            assert_eq!(hosts.check(&Uri::from_static("/"), &headers(&[("host", host)])), Ok(()));
        }
    }

    /// Every combination of what a browser may say, against one table.
    #[test]
    fn only_the_site_itself_may_change_anything() {
        let sites = [None, Some("same-origin"), Some("none"), Some("same-site"), Some("cross-site")];
        let origins =
            [None, Some("http://h:1"), Some("http://evil:1"), Some("https://h:1"), Some("null"), Some("http://h:2")];
        for site in sites {
            for origin in origins {
                let mut pairs = vec![("host", "h:1")];
                pairs.extend(site.map(|site| ("sec-fetch-site", site)));
                pairs.extend(origin.map(|origin| ("origin", origin)));
                let expected = !matches!(site, Some("same-site" | "cross-site"))
                    && matches!(origin, None | Some("http://h:1" | "https://h:1"));
                assert_eq!(is_same_origin(&headers(&pairs), false), expected, "{site:?} {origin:?}");
            }
        }
        let plain = headers(&[("host", "h:1"), ("origin", "http://h:1")]);
        assert!(!is_same_origin(&plain, true), "a page that was not sent by TLS");
    }
}
