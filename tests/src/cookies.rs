//! A visitor's cookies, open to inspection and to copying, which browsers' jars are not.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::PoisonError;

use reqwest::header::HeaderMap;
use reqwest::header::SET_COOKIE;

/// One `Set-Cookie` line, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cookie {
    /// Its name.
    pub name: String,
    /// Its value, as it is sent back.
    pub value: String,
    /// Its attributes, names in lower case; flags have an empty value.
    pub attributes: BTreeMap<String, String>,
    /// The line as it came.
    pub line: String,
}

impl Cookie {
    /// Reads one `Set-Cookie` line.
    #[must_use]
    pub fn parse(line: &str) -> Option<Self> {
        let mut parts = line.split(';').map(str::trim);
        let (name, value) = parts.next()?.split_once('=')?;
        let attributes = parts
            .map(|part| part.split_once('=').unwrap_or((part, "")))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        Some(Self { name: name.to_owned(), value: value.to_owned(), attributes, line: line.to_owned() })
    }

    /// Whether this line tells the browser to forget the cookie.
    #[must_use]
    pub fn removes(&self) -> bool {
        let zero = |value: &String| value.parse::<i64>().is_ok_and(|seconds| seconds <= 0);
        self.value.is_empty()
            || self.attributes.get("max-age").is_some_and(zero)
            || self.attributes.get("expires").is_some_and(|when| when.contains("1970"))
    }
}

/// All cookies that an answer sets.
#[must_use]
pub(crate) fn set_by(headers: &HeaderMap) -> Vec<Cookie> {
    headers.get_all(SET_COOKIE).iter().filter_map(|line| Cookie::parse(line.to_str().ok()?)).collect()
}

/// A visitor's cookies.
#[derive(Debug, Default)]
pub struct Jar(Mutex<BTreeMap<String, String>>);

impl Jar {
    /// Takes what an answer sets.
    pub fn take(&self, headers: &HeaderMap) {
        let mut held = self.lock();
        for cookie in set_by(headers) {
            if cookie.removes() {
                held.remove(&cookie.name);
            } else {
                held.insert(cookie.name, cookie.value);
            }
        }
    }

    /// The `Cookie` header, if there is anything to send.
    #[must_use]
    pub fn header(&self) -> Option<String> {
        let held = self.lock();
        let pairs: Vec<_> = held.iter().map(|(name, value)| format!("{name}={value}")).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// Copies of all cookies, by name.
    #[must_use]
    pub fn cookies(&self) -> BTreeMap<String, String> {
        self.lock().clone()
    }

    /// Puts these cookies in place of those held.
    pub fn replace(&self, cookies: BTreeMap<String, String>) {
        *self.lock() = cookies;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
