//! Runs Cargo and reads what it says.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use cargo_metadata::Message;
use cargo_metadata::diagnostic::{Diagnostic, DiagnosticLevel};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use super::notice::{Notice, plain};
use super::output::{Tail, copy};
use super::package::Program;
use super::problem::{self, Files};
use crate::lint::folder::template_dirs;

/// Most errors kept of one build.
const MAX_DIAGNOSTICS: usize = 500;

/// Largest source file opened to show where an error is.
const MAX_SOURCE: u64 = 2 << 20;

/// How a build ended.
#[derive(Debug)]
pub(super) enum Outcome {
    /// With this program.
    Built(PathBuf),
    /// Without one.
    Failed(Notice),
}

/// Builds the program once.
pub(super) async fn build(program: &Program) -> Outcome {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .args(["build", "--message-format=json-diagnostic-rendered-ansi", "--package", &program.package])
        .args(["--bin", &program.bin])
        .current_dir(&program.workspace)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return Outcome::Failed(Notice::of("Cargo cannot be run", error.to_string(), "")),
    };
    let tail = Tail::default();
    let errors = child.stderr.take().map(|pipe| tokio::spawn(copy(pipe, tail.clone(), tokio::io::stderr())));
    let mut found = Found::default();
    if let Some(pipe) = child.stdout.take() {
        let mut lines = BufReader::new(pipe).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            found.read(&line, &program.bin);
        }
    }
    let status = child.wait().await;
    if let Some(errors) = errors {
        let _ = errors.await;
    }
    match (status, found.executable) {
        (Ok(status), Some(executable)) if status.success() => Outcome::Built(executable),
        (Ok(_), _) if !found.errors.is_empty() => {
            Outcome::Failed(problem::notice(&found.errors, &Tree { program: program.clone() }))
        }
        // No compiler was asked: a manifest that cannot be read, a missing dependency.
        (Ok(status), _) => Outcome::Failed(Notice::of("Cargo cannot build the site", status.to_string(), tail.text())),
        (Err(error), _) => Outcome::Failed(Notice::of("Cargo cannot be run", error.to_string(), tail.text())),
    }
}

/// What the messages of one build say.
#[derive(Debug, Default)]
struct Found {
    executable: Option<PathBuf>,
    errors: Vec<Diagnostic>,
}

impl Found {
    fn read(&mut self, line: &str, bin: &str) {
        match serde_json::from_str::<Message>(line) {
            Ok(Message::CompilerArtifact(artifact)) if artifact.target.name == bin => {
                self.executable = artifact.executable.map(Into::into).or(self.executable.take());
            }
            Ok(Message::CompilerMessage(message)) => {
                let mut message = message.message;
                let rendered = message.rendered.take().unwrap_or_default();
                super::say(rendered.trim_end());
                if matches!(message.level, DiagnosticLevel::Error | DiagnosticLevel::Ice)
                    && self.errors.len() < MAX_DIAGNOSTICS
                {
                    message.rendered = Some(plain(&rendered));
                    self.errors.push(message);
                }
            }
            _ => {}
        }
    }
}

/// The files as they are on the disk.
struct Tree {
    program: Program,
}

impl Tree {
    fn read(path: &Path) -> Option<String> {
        let size = std::fs::metadata(path).ok()?.len();
        if size > MAX_SOURCE { None } else { std::fs::read_to_string(path).ok() }
    }
}

impl Files for Tree {
    fn source(&self, file: &str) -> Option<String> {
        Self::read(&self.program.workspace.join(file))
    }

    fn template(&self, path: &str) -> Option<(String, String)> {
        // Of the package that is run; a template of another one is named by the place of its derive.
        let dirs = template_dirs(&self.program.folder).ok()?;
        dirs.into_iter().find_map(|dir| {
            let file = self.program.folder.join(dir).join(path).canonicalize().ok()?;
            let workspace = self.program.workspace.canonicalize().ok()?;
            let shown = file.strip_prefix(workspace).unwrap_or(&file).to_string_lossy().into_owned();
            Some((shown, Self::read(&file)?))
        })
    }
}
