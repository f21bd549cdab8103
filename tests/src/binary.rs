//! Where the demo's binary is.

use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

static BINARY: OnceLock<PathBuf> = OnceLock::new();

/// The demo's binary: `TOOLCRIB_DEMO_BIN`, or what cargo builds now (a no-op when it is fresh).
///
/// # Panics
///
/// When there is none, with what to run.
#[must_use]
pub(crate) fn demo() -> &'static Path {
    BINARY.get_or_init(|| match std::env::var_os("TOOLCRIB_DEMO_BIN") {
        Some(path) => given(PathBuf::from(path)),
        None => built(),
    })
}

/// The folder of the workspace.
#[must_use]
pub(crate) fn workspace() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().expect("the crate lies in the workspace").to_path_buf()
}

fn given(path: PathBuf) -> PathBuf {
    assert!(path.is_file(), "TOOLCRIB_DEMO_BIN names {}, which is not a file", path.display());
    path
}

/// Builds in the profile that this test was built in, so that the two share what they depend on.
fn built() -> PathBuf {
    let test = std::env::current_exe().expect("the path of the running test");
    let target = test.ancestors().nth(2).expect("tests lie in target/<profile>/deps");
    let mut build = Command::new(option_env!("CARGO").unwrap_or("cargo"));
    build.current_dir(workspace()).args(["build", "--quiet", "--package", "demo-site"]);
    if target.ends_with("release") {
        build.arg("--release");
    }
    let done = build.status();
    let path = target.join("demo-site");
    assert!(
        done.as_ref().is_ok_and(std::process::ExitStatus::success) && path.is_file(),
        "the demo's binary could not be built ({done:?}); run `cargo build --package demo-site` and see why, or set \
         TOOLCRIB_DEMO_BIN to a binary (tests/run does both)"
    );
    path
}
