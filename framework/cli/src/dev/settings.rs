//! What the site's own settings say about the loop, and what the site is told beside them. Pure.

use std::collections::BTreeMap;

/// Where visitors reach the site, and the environment the site gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Public {
    pub(super) host: String,
    pub(super) port: u16,
    /// Names besides addresses and `localhost`.
    pub(super) names: Vec<String>,
    /// Whether nobody set the public address.
    invents_url: bool,
}

/// The loop cannot run with these settings.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum SettingsError {
    #[error("the profile is production ({0}): `toolcrib dev` is for development only")]
    Production(&'static str),
    #[error("{0} is no port")]
    Port(String),
}

impl Public {
    /// Reads what matters here from `toolcrib.toml` and the environment; the site reads all of it itself and complains.
    pub(super) fn read(
        toml: &str,
        environment: &BTreeMap<String, String>,
        port: Option<u16>,
    ) -> Result<Self, SettingsError> {
        let file: toml::Table = toml.parse().unwrap_or_default();
        let server = file.get("server").and_then(toml::Value::as_table);
        let text = |value: &toml::Value| match value {
            toml::Value::String(text) => text.clone(),
            toml::Value::Array(items) => items.iter().filter_map(toml::Value::as_str).collect::<Vec<_>>().join(","),
            toml::Value::Integer(number) => number.to_string(),
            _ => String::new(),
        };
        let of_server = |name: &str, variable: &str| {
            let in_file = || server.and_then(|server| server.get(name)).map(text);
            environment.get(variable).cloned().or_else(in_file)
        };
        let is_production = |text: &str| text.trim().eq_ignore_ascii_case("production");
        match environment.get("TOOLCRIB_PROFILE") {
            Some(profile) if is_production(profile) => return Err(SettingsError::Production("TOOLCRIB_PROFILE")),
            Some(_) => {}
            None if file.get("profile").is_some_and(|profile| is_production(&text(profile))) => {
                return Err(SettingsError::Production("in toolcrib.toml"));
            }
            None => {}
        }
        let port = match (port, of_server("port", "TOOLCRIB_SERVER__PORT")) {
            (Some(port), _) => port,
            (None, Some(text)) => text.trim().parse().map_err(|_| SettingsError::Port(text))?,
            (None, None) => 8080,
        };
        let url = of_server("public_url", "TOOLCRIB_SERVER__PUBLIC_URL");
        let mut names: Vec<String> = of_server("hosts", "TOOLCRIB_SERVER__HOSTS")
            .unwrap_or_default()
            .split(',')
            .map(|name| name.trim().to_ascii_lowercase())
            .filter(|name| !name.is_empty())
            .collect();
        names.extend(url.as_deref().and_then(|url| url.split_once("://")).and_then(|(_, host)| host_of(host)));
        let host = of_server("host", "TOOLCRIB_SERVER__HOST").unwrap_or_else(|| "127.0.0.1".to_owned());
        Ok(Self { host, port, names, invents_url: url.is_none() })
    }

    /// The address to open in a browser.
    pub(super) fn url(&self, port: u16) -> String {
        let host = match self.host.as_str() {
            "0.0.0.0" | "::" => "127.0.0.1",
            host => host,
        };
        if host.contains(':') { format!("http://[{host}]:{port}") } else { format!("http://{host}:{port}") }
    }

    /// What the site is told: to listen behind the proxy, in development, and how visitors see it.
    pub(super) fn environment(&self, public_port: u16, inner_port: u16) -> Vec<(&'static str, String)> {
        let mut environment = vec![
            ("TOOLCRIB_PROFILE", "development".to_owned()),
            ("TOOLCRIB_SERVER__HOST", "127.0.0.1".to_owned()),
            ("TOOLCRIB_SERVER__PORT", inner_port.to_string()),
        ];
        if self.invents_url {
            environment.push(("TOOLCRIB_SERVER__PUBLIC_URL", self.url(public_port)));
        }
        environment
    }

    /// Whether what the loop itself answers may be told to who asks for this host. Source text is in it: a name that
    /// somebody else's name server points here must not get at it.
    pub(super) fn is_own(&self, authority: &str) -> bool {
        let Some(name) = host_of(authority) else { return false };
        name == "localhost"
            || name.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok()
            || self.names.contains(&name)
    }
}

/// The host of `host:port`, in lower case.
fn host_of(authority: &str) -> Option<String> {
    let authority = authority.split(['/', '?', '#']).next()?;
    let host = match authority.strip_prefix('[') {
        Some(rest) => format!("[{}]", rest.split_once(']')?.0),
        None => authority.split(':').next()?.to_owned(),
    };
    (!host.is_empty()).then(|| host.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(toml: &str, environment: &[(&str, &str)], port: Option<u16>) -> Result<Public, SettingsError> {
        let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Public::read(toml, &environment, port)
    }

    #[test]
    fn production_is_refused() {
        let production = "profile = \"production\"";
        assert_eq!(read(production, &[], None), Err(SettingsError::Production("in toolcrib.toml")));
        assert!(read("", &[("TOOLCRIB_PROFILE", "Production")], None).is_err());
        assert!(read(production, &[("TOOLCRIB_PROFILE", "development")], None).is_ok());
    }

    #[test]
    fn the_port_is_the_one_asked_for_then_the_environments_then_the_files() {
        let port = |environment: &[_], asked| read("[server]\nport = 1", environment, asked).map(|public| public.port);
        assert_eq!(port(&[("TOOLCRIB_SERVER__PORT", "2")], Some(3)), Ok(3));
        assert_eq!(port(&[("TOOLCRIB_SERVER__PORT", "2")], None), Ok(2));
        assert_eq!(port(&[], None), Ok(1));
        assert_eq!(read("not toml", &[], None).map(|public| public.port), Ok(8080));
        assert_eq!(port(&[("TOOLCRIB_SERVER__PORT", "x")], None), Err(SettingsError::Port("x".into())));
    }

    #[test]
    fn the_site_listens_behind_the_proxy_and_knows_its_public_address() {
        let public = read("", &[], None).expect("settings");
        let environment = public.environment(8080, 4000);
        for expected in [
            ("TOOLCRIB_PROFILE", "development"),
            ("TOOLCRIB_SERVER__HOST", "127.0.0.1"),
            ("TOOLCRIB_SERVER__PORT", "4000"),
            ("TOOLCRIB_SERVER__PUBLIC_URL", "http://127.0.0.1:8080"),
        ] {
            assert!(environment.contains(&(expected.0, expected.1.to_owned())), "{expected:?}");
        }
        let public = read("[server]\npublic_url = \"http://crm.test\"", &[], None).expect("settings");
        assert_eq!(public.environment(8080, 4000).len(), 3);
    }

    #[test]
    fn strangers_are_told_nothing() {
        let toml = "[server]\nhosts = [\"a.test\"]\npublic_url = \"https://B.test:1/\"";
        let public = read(toml, &[], None).expect("settings");
        for own in ["localhost:8080", "127.0.0.1:8080", "[::1]:8080", "A.test", "b.test:9"] {
            assert!(public.is_own(own), "{own}");
        }
        for strange in ["evil.test", "localhost.evil.test", "", ":80", "[::1"] {
            assert!(!public.is_own(strange), "{strange}");
        }
    }
}
