//! Which files matter, and what their change asks for. Pure.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

/// Most files remembered by name; beyond that only that there were some.
const MAX_FILES: usize = 1_000;

/// What changed since the last build began.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Changes {
    /// Style sheets: their new text can be shown before the build is done.
    pub(super) styles: BTreeSet<PathBuf>,
    /// `toolcrib.toml`: the site is started anew even if nothing is compiled.
    pub(super) settings: bool,
    /// Anything else.
    pub(super) other: bool,
}

impl Changes {
    pub(super) fn is_empty(&self) -> bool {
        self.styles.is_empty() && !self.settings && !self.other
    }

    /// Nothing but style sheets.
    pub(super) fn is_style_only(&self) -> bool {
        !self.styles.is_empty() && !self.settings && !self.other
    }

    /// Notes a file below `root`.
    pub(super) fn note(&mut self, root: &Path, path: &Path) {
        if !matters(path.strip_prefix(root).unwrap_or(path)) {
            return;
        }
        let is_style = path.extension().is_some_and(|extension| extension == "css");
        if path.file_name().is_some_and(|name| name == "toolcrib.toml") {
            self.settings = true;
        } else if is_style && self.styles.len() < MAX_FILES {
            self.styles.insert(path.to_path_buf());
        } else {
            self.other = true;
        }
    }

    /// Both.
    pub(super) fn merge(&mut self, later: Self) {
        self.styles.extend(later.styles);
        self.settings |= later.settings;
        self.other |= later.other;
    }
}

/// Whether a build or the site may read this file: not what either writes, nor what editors leave about.
pub(super) fn matters(path: &Path) -> bool {
    let mut parts = path.components().filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_string_lossy()),
        _ => None,
    });
    let hidden = parts.any(|name| name.starts_with('.') || name == "target" || name == "node_modules");
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name = name.to_ascii_lowercase();
    let left_about = name.ends_with('~') || name.starts_with('#') || name == "4913";
    let is_database = [".db", ".sqlite", ".sqlite3"].iter().any(|end| {
        name.find(end).is_some_and(|at| {
            let after = name.get(at + end.len()..).unwrap_or_default();
            after.is_empty() || after.starts_with('-') || matches!(after, ".owner" | ".join")
        })
    });
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let written = matches!(ending, "log" | "swp" | "swx" | "swo" | "tmp" | "bak" | "orig" | "rej" | "part");
    !name.is_empty() && !hidden && !left_about && !is_database && !written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_matter_and_what_is_written_beside_them_does_not() {
        for path in [
            "templates/a.html",
            "src/db/mod.rs",
            "assets/app.css",
            "migrations/sqlite/0001.sql",
            "toolcrib.toml",
            "Cargo.lock",
            "assets/db.js",
            "notes.db.html",
        ] {
            assert!(matters(Path::new(path)), "{path}");
        }
        for path in [
            "target/debug/x.d",
            ".git/index",
            "src/.a.rs.swp",
            "src/a.rs~",
            "src/4913",
            "crm.db",
            "crm.db-wal",
            "crm.db.owner",
            "a/crm.sqlite3-journal",
            "site.log",
            "",
        ] {
            assert!(!matters(Path::new(path)), "{path}");
        }
    }

    #[test]
    fn what_changed_says_what_is_to_be_done() {
        let root = Path::new("/site.tmp/.x");
        let mut changes = Changes::default();
        changes.note(root, &root.join("crm.db"));
        assert!(changes.is_empty());
        changes.note(root, &root.join("assets/app.css"));
        assert!(changes.is_style_only());
        let mut later = Changes::default();
        later.note(root, &root.join("toolcrib.toml"));
        changes.merge(later);
        assert!(changes.settings && !changes.other && !changes.is_style_only());
        changes.note(root, &root.join("src/lib.rs"));
        assert!(changes.other);
    }
}
