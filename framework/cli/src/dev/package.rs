//! Which package's program is the site, and where its files are.

use std::path::{Path, PathBuf};

use cargo_metadata::{Metadata, MetadataCommand, Package, TargetKind};

/// What is built and run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Program {
    pub(super) package: String,
    pub(super) bin: String,
    /// The folder of the workspace: the compiler names files from here.
    pub(super) workspace: PathBuf,
    /// The package's own folder.
    pub(super) folder: PathBuf,
    /// Folders whose files the build reads.
    pub(super) watched: Vec<PathBuf>,
}

/// It is not clear what to run.
#[derive(Debug, thiserror::Error)]
pub(super) enum ProgramError {
    #[error("this is no Cargo workspace or package")]
    Metadata(#[source] cargo_metadata::Error),
    #[error("there is no package {0} here")]
    NoPackage(String),
    #[error("no package here has a program: run this at a site's root")]
    NoProgram,
    #[error("several packages have a program: choose one by -p ({0})")]
    Packages(String),
    #[error("the package {package} has several programs: choose one by --bin ({bins})")]
    Bins { package: String, bins: String },
    #[error("the package {package} has no program {bin}")]
    NoBin { package: String, bin: String },
}

impl Program {
    /// Asks Cargo about the folder this runs in.
    pub(super) fn find(package: Option<&str>, bin: Option<&str>) -> Result<Self, ProgramError> {
        let metadata = MetadataCommand::new().no_deps().exec().map_err(ProgramError::Metadata)?;
        choose(&metadata, package, bin)
    }
}

fn choose(metadata: &Metadata, package: Option<&str>, bin: Option<&str>) -> Result<Program, ProgramError> {
    let package = match package {
        Some(name) => {
            let found = metadata.packages.iter().find(|package| package.name.as_str() == name);
            found.ok_or_else(|| ProgramError::NoPackage(name.to_owned()))?
        }
        None => {
            let members = metadata.workspace_default_packages();
            let mut with_program = members.into_iter().filter(|package| !bins(package).is_empty());
            match (with_program.next(), with_program.next()) {
                (None, _) => return Err(ProgramError::NoProgram),
                (Some(only), None) => only,
                (Some(one), Some(other)) => {
                    let rest = with_program.map(|package| package.name.as_str());
                    let names: Vec<&str> = [one.name.as_str(), other.name.as_str()].into_iter().chain(rest).collect();
                    return Err(ProgramError::Packages(names.join(", ")));
                }
            }
        }
    };
    let name = package.name.as_str().to_owned();
    let all = bins(package);
    let bin = match (bin.or(package.default_run.as_deref()), all.as_slice()) {
        (Some(bin), all) if all.contains(&bin) => bin,
        (Some(bin), _) => return Err(ProgramError::NoBin { package: name, bin: bin.to_owned() }),
        (None, []) => return Err(ProgramError::NoProgram),
        (None, [only]) => only,
        (None, several) => return Err(ProgramError::Bins { package: name, bins: several.join(", ") }),
    };
    let workspace = metadata.workspace_root.as_std_path().to_path_buf();
    let folder = package.manifest_path.as_std_path().parent().unwrap_or(&workspace).to_path_buf();
    let bin = bin.to_owned();
    Ok(Program { package: name, bin, watched: watched(metadata, &workspace), workspace, folder })
}

fn bins(package: &Package) -> Vec<&str> {
    let is_bin = |target: &&cargo_metadata::Target| target.kind.contains(&TargetKind::Bin);
    package.targets.iter().filter(is_bin).map(|target| target.name.as_str()).collect()
}

/// The workspace, and the folders elsewhere that its packages name as dependencies.
fn watched(metadata: &Metadata, workspace: &Path) -> Vec<PathBuf> {
    let mut folders = vec![workspace.to_path_buf()];
    for path in metadata.packages.iter().flat_map(|package| &package.dependencies).filter_map(|d| d.path.as_ref()) {
        let path = path.as_std_path().to_path_buf();
        if !folders.iter().any(|folder| path.starts_with(folder)) {
            folders.push(path);
        }
    }
    folders
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_workspaces_site_is_the_default_members() {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.toml");
        let metadata = MetadataCommand::new().manifest_path(manifest).no_deps().exec().expect("metadata");
        let program = choose(&metadata, None, None).expect("the demo");
        assert_eq!((program.package.as_str(), program.bin.as_str()), ("demo-site", "demo-site"));
        assert_eq!(program.watched, std::slice::from_ref(&program.workspace));
        assert_eq!(choose(&metadata, Some("toolcrib-cli"), None).expect("this").bin, "toolcrib");
        assert!(matches!(choose(&metadata, Some("x"), None), Err(ProgramError::NoPackage(_))));
        assert!(matches!(choose(&metadata, None, Some("x")), Err(ProgramError::NoBin { .. })));
        assert!(matches!(choose(&metadata, Some("toolcrib"), None), Err(ProgramError::NoProgram)));
    }
}
