//! Style sheets that changed and are not in the program yet: shown from the file while the build is under way.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::{Method, Response};

use super::proxy::{Answer, full};

/// Where the framework serves assets.
const ASSETS: &str = "/assets/";

/// Largest style sheet.
const MAX_BYTES: u64 = 4 << 20;

/// The changed files by name.
#[derive(Debug, Default)]
pub(super) struct Styles {
    changed: Mutex<BTreeMap<String, PathBuf>>,
}

impl Styles {
    /// Shows these from their files from now on, and answers their names.
    pub(super) fn show(&self, files: &BTreeSet<PathBuf>) -> Vec<String> {
        let mut changed = self.changed.lock().unwrap_or_else(PoisonError::into_inner);
        let mut names = Vec::new();
        for file in files.iter().filter(|file| file.is_file()) {
            if let Some(name) = file.file_name().and_then(|name| name.to_str()) {
                changed.insert(name.to_owned(), file.clone());
                names.push(name.to_owned());
            }
        }
        names
    }

    /// The program has them now.
    pub(super) fn built(&self) {
        self.changed.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The answer for a changed one.
    pub(super) async fn answer(&self, method: &Method, path: &str) -> Option<Answer> {
        let name = path.strip_prefix(ASSETS).filter(|_| method == Method::GET)?;
        let file = self.changed.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()?;
        if tokio::fs::metadata(&file).await.ok()?.len() > MAX_BYTES {
            return None;
        }
        let mut answer = Response::new(full(tokio::fs::read(&file).await.ok()?));
        let headers = answer.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/css; charset=utf-8"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Some(answer)
    }
}
