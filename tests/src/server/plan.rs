//! What a server is to be started with.

use std::path::Path;
use std::path::PathBuf;

use super::PASSWORD;
use super::SECRET;
use super::Server;
use crate::Engine;

/// What a server is to be started with.
#[derive(Debug)]
#[must_use = "a plan does nothing until the server is started"]
pub struct ServerPlan {
    pub(super) engine: Engine,
    pub(super) environment: Vec<(String, String)>,
    pub(super) panics_expected: bool,
    pub(super) filled_from: Option<PathBuf>,
    pub(super) database_url: Option<String>,
}

impl ServerPlan {
    /// What every test wants: four workers, test knobs, a known password. Two nodes have the secret in common without
    /// which neither could read what the other has signed.
    pub(super) fn new(engine: Engine) -> Self {
        let plan =
            Self { engine, environment: Vec::new(), panics_expected: false, filled_from: None, database_url: None };
        let plan = plan
            .setting("SERVER__HOST", "127.0.0.1")
            .setting("SERVER__WORKERS", 4)
            .setting("TEST_KNOBS", 1)
            .environment("DEMO_PASSWORD", PASSWORD)
            .environment("RUST_LOG", "info")
            .environment("RUST_BACKTRACE", "0");
        if engine.nodes() > 1 { plan.setting("SECRET", SECRET) } else { plan }
    }

    /// Sets `TOOLCRIB_<name>`.
    pub fn setting(self, name: &str, value: impl Into<SettingText>) -> Self {
        self.environment(&format!("TOOLCRIB_{name}"), value)
    }

    /// Sets an environment variable; `{port}` in the value stands for the port that visitors use.
    pub fn environment(mut self, name: &str, value: impl Into<SettingText>) -> Self {
        self.environment.retain(|(known, _)| known != name);
        self.environment.push((name.to_owned(), value.into().0));
        self
    }

    /// What a site in production is started with, as if behind a proxy that speaks HTTPS: no knobs, no demo users.
    pub fn in_production(self) -> Self {
        let plan = self.without_knobs().without("DEMO_PASSWORD");
        plan.setting("PROFILE", "production")
            .setting("SECRET", SECRET)
            .setting("SERVER__PUBLIC_URL", "https://127.0.0.1:{port}")
    }

    /// Leaves an environment variable out.
    pub fn without(mut self, name: &str) -> Self {
        self.environment.retain(|(known, _)| known != name);
        self
    }

    /// Leaves the test knobs off.
    pub fn without_knobs(self) -> Self {
        self.without("TOOLCRIB_TEST_KNOBS")
    }

    /// Says that the test makes pages panic, so that panics in the log are no failure.
    pub fn panics_expected(mut self) -> Self {
        self.panics_expected = true;
        self
    }

    /// Starts it on a copy of a SQLite file whose demo users have [`PASSWORD`].
    pub fn filled_from(mut self, file: &Path) -> Self {
        self.filled_from = Some(file.to_owned());
        self
    }

    /// Starts it on a database that the test has made itself and removes itself.
    pub fn on_database(mut self, url: &str) -> Self {
        self.database_url = Some(url.to_owned());
        self
    }

    /// Starts it with an administrator signed in already, for tests whose first look at the status must be quick.
    pub async fn start_watched(self) -> Server {
        let server = self.start().await;
        let _ = server.status().await;
        server
    }

    /// Starts it and waits until it says that it is ready.
    ///
    /// # Panics
    ///
    /// When it ends or is not ready in time; the message shows its log.
    pub async fn start(mut self) -> Server {
        for (name, value) in overrides() {
            self = self.setting(&name, value);
        }
        Server::start(self).await
    }
}

/// `TOOLCRIB_TEST_OVERRIDE`, taken apart.
fn overrides() -> Vec<(String, String)> {
    let given = std::env::var("TOOLCRIB_TEST_OVERRIDE").unwrap_or_default();
    let pairs = given.split(',').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned())).collect()
}

/// A setting's value as it stands in the environment; made of texts and numbers.
#[derive(Debug, Clone)]
pub struct SettingText(String);

macro_rules! setting_text {
    ($($kind:ty),+) => { $(
        impl From<$kind> for SettingText {
            fn from(value: $kind) -> Self {
                Self(value.to_string())
            }
        }
    )+ };
}

setting_text!(&str, String, i32, u64, usize);
