//! A setting that cannot be used, by name.

use super::{FILE, OWN_NAMES};

/// A setting could not be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// A name nobody reads: most likely a typing error.
    #[error("unknown setting {name} ({written}){}", hint(.near))]
    Unknown {
        /// Its dotted name.
        name: String,
        /// How it was written: an environment variable or the file.
        written: String,
        /// A known name that looks like it.
        near: Option<String>,
    },
    /// A value that does not fit.
    #[error("setting {name} ({}): {problem}", env_name(.name))]
    Value {
        /// The setting's dotted name.
        name: String,
        /// What is wrong with it, and what would be right.
        problem: String,
    },
    /// The file cannot be read or is not TOML.
    #[error("cannot read {FILE}: {0}")]
    File(String),
}

fn hint(near: &Option<String>) -> String {
    near.as_ref().map(|near| format!("; did you mean {near}?")).unwrap_or_default()
}

/// How a setting is written in the environment.
pub(super) fn env_name(name: &str) -> String {
    match OWN_NAMES.iter().find(|(_, setting)| *setting == name) {
        Some((variable, _)) => (*variable).to_owned(),
        None => format!("TOOLCRIB_{}", name.replace('.', "__").to_uppercase()),
    }
}
