//! Starts the application with the first request that needs it, and ends it with the site.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::application::{Ask, Start};
use crate::object_log::{Entry, Priority};
use crate::page::{ApplicationHooks, Site};
use crate::session::{HookError, guarded};

/// The longest a start or an end may take.
const HOOK_LIMIT: Duration = Duration::from_secs(60);

/// The application's start, shared by all workers.
pub(super) struct ApplicationStart {
    site: Site,
    hooks: ApplicationHooks,
    /// Asked for every request, so without the lock.
    started: AtomicBool,
    start: Mutex<Start<oneshot::Sender<bool>>>,
}

impl ApplicationStart {
    pub(super) fn new(site: Site, hooks: ApplicationHooks) -> Arc<Self> {
        Arc::new(Self { site, hooks, started: AtomicBool::new(false), start: Mutex::default() })
    }

    pub(super) fn is_started(&self) -> bool {
        self.started.load(Ordering::Acquire)
    }

    /// Sees to it that the application is started; false where the start failed or did not end
    /// before `deadline`. The start itself goes on whatever becomes of those who wait for it.
    pub(super) async fn ensure(self: &Arc<Self>, deadline: Instant) -> bool {
        let (waiter, told) = oneshot::channel();
        let ask = self.start.lock().unwrap_or_else(PoisonError::into_inner).ask(waiter);
        match ask {
            Ask::Started => return true,
            Ask::Begin => {
                actix_web::rt::spawn(Arc::clone(self).begin());
            }
            Ask::Wait => {}
        }
        tokio::time::timeout_at(deadline.into(), told).await.is_ok_and(|told| told.unwrap_or(false))
    }

    async fn begin(self: Arc<Self>) {
        let outcome = self.start_once().await;
        let started = outcome.is_ok();
        match outcome {
            Ok(()) => self.started.store(true, Ordering::Release),
            Err(error) => {
                self.site.object_log().note(Entry::new(Priority::Error, "Application did not start").error(&error));
            }
        }
        let waiters = self.start.lock().unwrap_or_else(PoisonError::into_inner).ended(started);
        for waiter in waiters {
            // Whoever asked may have gone.
            let _ = waiter.send(started);
        }
    }

    /// Starts the application, unless it is started on another node: once for all that live (A9).
    async fn start_once(&self) -> Result<(), HookError> {
        let turn = match self.site.application().cluster() {
            None => None,
            Some(cluster) => Some((cluster, cluster.start_turn().await.map_err(HookError::new)?)),
        };
        if !turn.as_ref().is_some_and(|(_, (_, elsewhere))| *elsewhere) {
            self.site.application().catch_up().await?;
            guarded((self.hooks.start)(&self.site), Instant::now() + HOOK_LIMIT).await?;
            self.site.events().record("application_start", self.site.title(), None);
        }
        if let Some((cluster, _)) = &turn {
            cluster.set_started(true).await.map_err(HookError::new)?;
        }
        Ok(())
    }

    /// Ends the application, if it was started; of several nodes the last one does.
    pub(super) async fn end(&self) {
        if !self.is_started() {
            return;
        }
        let turn = match self.site.application().cluster() {
            None => None,
            Some(cluster) => Some((cluster, cluster.start_turn().await)),
        };
        match &turn {
            Some((cluster, Ok((_, true)))) => {
                let left = cluster.set_started(false).await;
                return left.unwrap_or_else(|error| not_told(&error));
            }
            // Nobody knows whether another node lives: better not at all than beside one that does.
            Some((_, Err(error))) => return not_told(error),
            Some((_, Ok((_, false)))) | None => {}
        }
        if let Err(error) = guarded((self.hooks.end)(&self.site), Instant::now() + HOOK_LIMIT).await {
            self.site.object_log().note(Entry::new(Priority::Error, "Application did not end well").error(&error));
        }
        self.site.events().record("application_end", self.site.title(), None);
        if let Some((cluster, _)) = &turn {
            cluster.set_started(false).await.unwrap_or_else(|error| not_told(&error));
        }
    }
}

fn not_told(error: &(dyn std::error::Error + 'static)) {
    tracing::warn!(error, "the application's end could not be agreed upon with other nodes");
}
