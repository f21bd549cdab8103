//! Reads the files: the part of the lint that touches the disk.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use cargo_metadata::{MetadataCommand, Package};
use serde::Deserialize;
use walkdir::WalkDir;

use super::{AllowError, Allowed, Finding, Rule, rust_file, template};

/// The allow-list that is looked for in each folder.
pub const FILE: &str = "lint.toml";

/// Most files of one folder: beyond that it is most likely the wrong folder.
const MAX_FILES: usize = 20_000;

/// Deepest folder.
const MAX_DEPTH: usize = 32;

/// Largest file that is opened, in bytes.
const MAX_BYTES: u64 = 4 << 20;

/// What came of it.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Report {
    /// What is to be mended.
    pub findings: Vec<Finding>,
    /// How many files were read.
    pub files: usize,
}

/// The lint could not be done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FolderError {
    /// A file or folder that cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// More files, or deeper folders, than templates have.
    #[error("{0} has more than {MAX_FILES} files: name the folder of the templates")]
    TooMany(PathBuf),
    /// An allow-list that cannot be used.
    #[error("cannot use {path}")]
    Allow {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: AllowError,
    },
    /// Nobody said which folders, and Cargo does not know either.
    #[error("no folder is named, and this is no Cargo workspace")]
    Workspace(#[source] cargo_metadata::Error),
    /// Nobody said which folders, and there are none.
    #[error("no folder is named, and no package here has templates")]
    Nothing,
}

/// Reads the templates and Rust files below some folders, or one file each.
///
/// Hidden folders, `target` and symbolic links are left out. A [`FILE`] in a folder allows what it names there; `allow`
/// is one more list for all of them.
///
/// # Errors
/// [`FolderError`].
pub fn lint(folders: &[PathBuf], allow: Option<&Path>) -> Result<Report, FolderError> {
    let mut report = Report::default();
    for folder in folders {
        let mut findings = Vec::new();
        for path in files(folder)? {
            if let Some(found) = lint_file(&path)? {
                report.files += 1;
                findings.extend(found);
            }
        }
        let list = folder.join(FILE);
        if list.is_file() {
            findings = allowed(&list)?.sift(&list.to_string_lossy(), findings);
        }
        report.findings.extend(findings);
    }
    if let Some(list) = allow {
        report.findings = allowed(list)?.sift(&list.to_string_lossy(), report.findings);
    }
    Ok(report)
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, FolderError> {
    let read = |error: walkdir::Error| {
        let path = error.path().unwrap_or(folder).to_path_buf();
        let cycle = || std::io::Error::other("links that lead in a circle");
        FolderError::Read { path, source: error.into_io_error().unwrap_or_else(cycle) }
    };
    let mut files = Vec::new();
    let seen = |entry: &walkdir::DirEntry| {
        let name = entry.file_name().to_string_lossy();
        entry.depth() == 0 || !(name.starts_with('.') || (entry.file_type().is_dir() && name == "target"))
    };
    for entry in WalkDir::new(folder).max_depth(MAX_DEPTH).sort_by_file_name().into_iter().filter_entry(seen) {
        let entry = entry.map_err(read)?;
        if entry.file_type().is_file() {
            files.push(entry.into_path());
        }
        if files.len() > MAX_FILES {
            return Err(FolderError::TooMany(folder.to_path_buf()));
        }
    }
    Ok(files)
}

/// `None`: not a file this is about.
fn lint_file(path: &Path) -> Result<Option<Vec<Finding>>, FolderError> {
    let extension = path.extension().unwrap_or_default().to_string_lossy();
    let is_markup =
        matches!(&*extension, "html" | "htm" | "xml" | "svg" | "askama" | "j2" | "jinja" | "jinja2" | "rinja");
    if !is_markup && !matches!(&*extension, "rs" | "txt" | "md" | "yml" | "yaml" | "") {
        return Ok(None);
    }
    let read = |source| FolderError::Read { path: path.to_path_buf(), source };
    let name = path.strip_prefix(".").unwrap_or(path).to_string_lossy();
    let unreadable = |message: &str| {
        let (file, message) = (name.to_string(), message.to_owned());
        Ok(Some(vec![Finding { file, line: 1, rule: Rule::Unreadable, message, written: String::new() }]))
    };
    if std::fs::metadata(path).map_err(read)?.len() > MAX_BYTES {
        return if is_markup { unreadable("files of more than 4 MiB are not read") } else { Ok(None) };
    }
    match String::from_utf8(std::fs::read(path).map_err(read)?) {
        Ok(text) if extension == "rs" => Ok(Some(rust_file(&name, &text))),
        Ok(text) => Ok(Some(template(&name, &text))),
        Err(_) if is_markup => unreadable("not UTF-8"),
        Err(_) => Ok(None),
    }
}

fn allowed(path: &Path) -> Result<Allowed, FolderError> {
    let text =
        std::fs::read_to_string(path).map_err(|source| FolderError::Read { path: path.to_path_buf(), source })?;
    Allowed::parse(&text).map_err(|source| FolderError::Allow { path: path.to_path_buf(), source })
}

/// `askama.toml`, as far as it matters here.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Askama {
    general: General,
}

#[derive(Debug, Deserialize)]
#[serde(default)]
struct General {
    dirs: Vec<PathBuf>,
}

impl Default for General {
    fn default() -> Self {
        Self { dirs: vec!["templates".into()] }
    }
}

/// The folders with templates, and with the Rust files that name them, of all packages of the workspace here.
///
/// # Errors
/// [`FolderError`] where there is no workspace or it has no templates.
pub fn of_workspace() -> Result<Vec<PathBuf>, FolderError> {
    let metadata = MetadataCommand::new().no_deps().exec().map_err(FolderError::Workspace)?;
    let here = std::env::current_dir().unwrap_or_default();
    let mut folders = BTreeSet::new();
    let renders = |package: &&Package| {
        package.dependencies.iter().any(|dependency| matches!(&*dependency.name, "askama" | "toolcrib"))
    };
    for package in metadata.packages.iter().filter(renders) {
        let Some(root) = package.manifest_path.parent().map(|root| root.as_std_path().to_path_buf()) else { continue };
        for dir in template_dirs(&root)?.into_iter().chain(["src".into()]) {
            let Ok(folder) = root.join(dir).canonicalize() else { continue };
            folders.insert(folder.strip_prefix(&here).map(Path::to_path_buf).unwrap_or(folder));
        }
    }
    // What lies in another one is read with it.
    let all: Vec<PathBuf> = folders.into_iter().collect();
    let inside = |folder: &PathBuf| all.iter().any(|other| other != folder && folder.starts_with(other));
    let folders: Vec<PathBuf> = all.iter().filter(|folder| !inside(folder)).cloned().collect();
    if folders.is_empty() { Err(FolderError::Nothing) } else { Ok(folders) }
}

pub(crate) fn template_dirs(root: &Path) -> Result<Vec<PathBuf>, FolderError> {
    let path = root.join("askama.toml");
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(source) => return Err(FolderError::Read { path, source }),
    };
    // What is wrong with it, the compiler says better.
    Ok(toml::from_str::<Askama>(&text).unwrap_or_default().general.dirs)
}
