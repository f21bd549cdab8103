//! The loop: build, switch, wait for a change.
//!
//! ```text
//!  build ──failed──► notice                        ┌────────────────────────────┐
//!    └──built──► shut the door ─► those inside leave ─► stop the old site ─► start the new ─► open, reload
//! ```
//!
//! The old site stops before the new one starts. Two at a time would be a little faster to look at and wrong: the new
//! one migrates the database under the old one, loads the application's variables while the old one still changes them,
//! and starts an application that the other has not ended. They would also have to share the SQLite file, and agreeing
//! on that (`db/ownership.rs`) takes longer than a stop and a start. Requests wait at the door meanwhile.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use super::build::{Outcome, build};
use super::changes::Changes;
use super::door::Behind;
use super::notice::Notice;
use super::package::Program;
use super::proxy::Proxy;
use super::say;
use super::site::Site;
use super::watch::Watch;

/// How long requests under way may hold up a switch; those that take longer have the site's own grace time on top.
const LEAVE: Duration = Duration::from_secs(5);

/// How many builds in a row may be outdated by the next change before one is shown all the same.
const OUTDATED_MAX: usize = 3;

/// The loop's own state.
#[derive(Debug)]
pub(super) struct Cycle {
    pub(super) program: Program,
    pub(super) arguments: Vec<String>,
    pub(super) public_port: u16,
    pub(super) proxy: Arc<Proxy>,
    pub(super) watch: Watch,
    /// The site and the program file it was started from.
    pub(super) running: Option<(Site, Stamp)>,
}

/// Tells whether a program file is the same as before.
pub(super) type Stamp = Option<(SystemTime, u64)>;

impl Cycle {
    /// Runs until it is dropped.
    pub(super) async fn run(&mut self) -> std::convert::Infallible {
        let mut changes = Changes { other: true, ..Changes::default() };
        loop {
            self.turn(&mut changes).await;
            changes = self.next_change().await;
        }
    }

    /// One build and what follows from it.
    async fn turn(&mut self, changes: &mut Changes) {
        let began = Instant::now();
        let mut outdated = 0;
        let outcome = loop {
            self.show_styles(changes);
            let outcome = build(&self.program).await;
            if !self.watch.is_dirty() || outdated == OUTDATED_MAX {
                break outcome;
            }
            outdated += 1;
            changes.merge(self.watch.changed().await);
        };
        match outcome {
            Outcome::Built(program) => self.built(&program, changes, began).await,
            Outcome::Failed(notice) => self.fail(notice),
        }
    }

    fn show_styles(&self, changes: &Changes) {
        for name in self.proxy.styles.show(&changes.styles) {
            self.proxy.hub.style(&name);
        }
    }

    async fn built(&mut self, program: &Path, changes: &Changes, began: Instant) {
        let stamp = stamp(program);
        if let Some((site, running)) = &self.running
            && *running == stamp
            && !changes.settings
        {
            // Nothing that is in the program: another crate's file, or a mistake that was taken back.
            self.proxy.door.set(Behind::Site(site.address));
            self.proxy.hub.mended();
            return;
        }
        let built = began.elapsed();
        self.proxy.door.set(Behind::Shut);
        if let Some((site, _)) = self.running.take() {
            self.proxy.door.emptied(LEAVE).await;
            site.stop().await;
        }
        let environment = |port| self.proxy.public.environment(self.public_port, port);
        match Site::start(program, &self.arguments, environment).await {
            Ok(site) => {
                let was_notice = self.proxy.hub.has_notice();
                self.proxy.styles.built();
                self.proxy.door.set(Behind::Site(site.address));
                self.running = Some((site, stamp));
                if !changes.is_style_only() || was_notice {
                    self.proxy.hub.reload();
                }
                let switched = began.elapsed().saturating_sub(built);
                say(&format!(
                    "toolcrib: ready at {} (built in {:.1} s, switched in {} ms)",
                    self.proxy.public.url(self.public_port),
                    built.as_secs_f64(),
                    switched.as_millis()
                ));
            }
            Err(notice) => self.fail(notice),
        }
    }

    fn fail(&self, notice: Notice) {
        say(&format!("toolcrib: {}", notice.title));
        for problem in notice.problems.iter().filter(|problem| !problem.place.is_empty()) {
            say(&format!("toolcrib: {}: {}", problem.place, problem.message));
        }
        let notice = Arc::new(notice);
        self.proxy.door.set(Behind::Notice(Arc::clone(&notice)));
        self.proxy.hub.problem(notice);
    }

    /// Waits for a change; a site that ends meanwhile is told of.
    async fn next_change(&mut self) -> Changes {
        loop {
            let Some((site, _)) = &mut self.running else { return self.watch.changed().await };
            let notice = tokio::select! {
                changes = self.watch.changed() => return changes,
                notice = site.ended() => notice,
            };
            self.running = None;
            self.fail(notice);
        }
    }

    /// Stops the site.
    pub(super) async fn stop(&mut self) {
        self.proxy.door.set(Behind::Shut);
        if let Some((site, _)) = self.running.take() {
            site.stop().await;
        }
    }
}

fn stamp(program: &Path) -> Stamp {
    let known = std::fs::metadata(PathBuf::from(program)).ok()?;
    Some((known.modified().ok()?, known.len()))
}
