//! Settings: defaults, then `toolcrib.toml`, then the environment.
//!
//! Every setting has a dotted name (`server.port`); in the environment it is written
//! `TOOLCRIB_SERVER__PORT`. `DATABASE_URL` stands for `database.url` and `REDIS_URL` for
//! `session.redis_url`. An unknown name or a value that does not fit stops the start with a message
//! that names it.

mod error;
mod modes;
mod reader;
#[cfg(test)]
mod tests;
mod trusted_proxies;
mod values;

use std::collections::HashMap;
use std::path::Path;

use config::{Config, Environment, File, FileFormat};

pub use self::error::SettingsError;
pub use self::modes::{CacheMode, CreateMode};
pub use self::trusted_proxies::{NotANetwork, TrustedProxies};
pub use self::values::{
    ClusterSettings, DatabaseSettings, JobSettings, LiveSettings, ObjectLogSettings, PageSettings, PoolSettings,
    Profile, RequestSettings, ServerSettings, SessionSettings, Settings, StoreSettings,
};

/// The file read from the working directory, if it is there.
pub const FILE: &str = "toolcrib.toml";

/// Environment variables with names of their own, and the settings they stand for.
const OWN_NAMES: [(&str, &str); 2] = [("DATABASE_URL", "database.url"), ("REDIS_URL", "session.redis_url")];

impl Settings {
    /// Reads `toolcrib.toml` in the working directory, if it is there, and the environment.
    ///
    /// # Errors
    /// [`SettingsError`], which names the setting.
    pub fn load() -> Result<Self, SettingsError> {
        let file = Path::new(FILE);
        let text = match std::fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(SettingsError::File(error.to_string())),
        };
        Self::from_sources(&text, std::env::vars().collect())
    }

    /// The defaults of the development profile, with the database at `url`.
    ///
    /// # Errors
    /// None today: the defaults fit.
    pub fn development(url: &str) -> Result<Self, SettingsError> {
        Self::from_sources("", [("DATABASE_URL".to_owned(), url.to_owned())].into())
    }

    /// Reads the settings from the text of a file and a set of environment variables.
    ///
    /// # Errors
    /// [`SettingsError`], which names the setting.
    pub fn from_sources(toml: &str, environment: HashMap<String, String>) -> Result<Self, SettingsError> {
        let urls = OWN_NAMES.map(|(variable, name)| (name, environment.get(variable).cloned()));
        let variables: config::Map<String, String> = environment
            .into_iter()
            .filter(|(name, _)| {
                // The test suites' own variables; the one knob among them is a setting.
                !name.starts_with("TOOLCRIB_TEST_") || name == "TOOLCRIB_TEST_KNOBS"
            })
            .collect();
        let mut builder = Config::builder().add_source(File::from_str(toml, FileFormat::Toml)).add_source(
            Environment::with_prefix("TOOLCRIB").prefix_separator("_").separator("__").source(Some(variables)),
        );
        for (name, url) in urls {
            if let Some(url) = url {
                builder = builder.set_override(name, url).map_err(|error| SettingsError::File(error.to_string()))?;
            }
        }
        let config = builder.build().map_err(|error| SettingsError::File(error.to_string()))?;
        reader::read(&config.cache)
    }

    /// The limits of one page's pool.
    #[must_use]
    pub fn pool_of(&self, page: &str) -> PoolSettings {
        let page = self.page(page);
        PoolSettings {
            max: page.and_then(|page| page.max).unwrap_or(self.pool.max),
            queue_max: page.and_then(|page| page.queue_max).unwrap_or(self.pool.queue_max),
            queue_timeout: page.and_then(|page| page.queue_timeout).unwrap_or(self.pool.queue_timeout),
        }
    }

    /// What is set for one page. A dot in its name is an underscore in the name of a setting.
    #[must_use]
    pub fn page(&self, name: &str) -> Option<&PageSettings> {
        self.pages.get(&page_key(name))
    }

    /// Whether visitors reach the site by TLS.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.server.public_url.as_deref().is_some_and(|url| url.starts_with("https://"))
    }
}

/// How a page is called in the name of a setting.
pub(crate) fn page_key(name: &str) -> String {
    name.to_lowercase().replace('.', "_")
}
