//! Starts the application with the first request that needs it, and ends it with the site.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::application::{Ask, Start};
use crate::object_log::{Entry, Priority};
use crate::page::{ApplicationHooks, Site};
use crate::session::guarded;

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
        let outcome = guarded((self.hooks.start)(&self.site), Instant::now() + HOOK_LIMIT).await;
        let started = outcome.is_ok();
        match outcome {
            Ok(()) => {
                self.site.events().record("application_start", self.site.title(), None);
                self.started.store(true, Ordering::Release);
            }
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

    /// Ends the application, if it was started.
    pub(super) async fn end(&self) {
        if !self.is_started() {
            return;
        }
        if let Err(error) = guarded((self.hooks.end)(&self.site), Instant::now() + HOOK_LIMIT).await {
            self.site.object_log().note(Entry::new(Priority::Error, "Application did not end well").error(&error));
        }
        self.site.events().record("application_end", self.site.title(), None);
    }
}
