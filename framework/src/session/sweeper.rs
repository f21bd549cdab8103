//! The sweeper: writes down who was seen, ends what timed out, tells every end.
//!
//! It runs whether or not anybody visits the site.

use tokio::sync::oneshot;

use super::Sessions;
use crate::db::DbError;

/// A running sweeper. Dropping it stops it after the sweep under way.
#[derive(Debug)]
pub(crate) struct Sweeper {
    stop: Option<oneshot::Sender<()>>,
    done: Option<oneshot::Receiver<()>>,
}

impl Sweeper {
    /// Starts sweeping on the current arbiter.
    pub(crate) fn start(sessions: Sessions) -> Self {
        let (stop, mut stopped) = oneshot::channel();
        let (finished, done) = oneshot::channel();
        actix_web::rt::spawn(async move {
            let mut ticks = tokio::time::interval(sessions.inner.limits.interval());
            ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            loop {
                tokio::select! {
                    _ = &mut stopped => break,
                    _ = ticks.tick() => sweep(&sessions).await,
                    () = sessions.inner.ended.notified() => tell(&sessions).await,
                }
            }
            // What was seen last must not be lost by a stop.
            if let Err(error) = write_touched(&sessions).await {
                tracing::warn!(error = &error as &dyn std::error::Error, "session sweep");
            }
            let _ = finished.send(());
        });
        Self { stop: Some(stop), done: Some(done) }
    }

    /// Stops after the sweep under way and waits for it.
    pub(crate) async fn stop(mut self) {
        self.stop.take();
        if let Some(done) = self.done.take() {
            let _ = done.await;
        }
    }
}

async fn sweep(sessions: &Sessions) {
    let swept = async {
        write_touched(sessions).await?;
        sessions.inner.store.end_timed_out().await
    };
    if let Err(error) = swept.await {
        // The next sweep tries again; a stopped database would fill the log otherwise.
        tracing::debug!(error = &error as &dyn std::error::Error, "session sweep");
    }
    tell(sessions).await;
}

/// Writes down until when the sessions seen since the last sweep may be idle.
async fn write_touched(sessions: &Sessions) -> Result<(), DbError> {
    let touched = std::mem::take(&mut *sessions.touched());
    if touched.is_empty() {
        return Ok(());
    }
    let outcome = sessions.inner.store.write_touched(&touched).await;
    if outcome.is_err() {
        let mut newer = sessions.touched();
        for (id, idle_at) in touched {
            newer.entry(id).or_insert(idle_at);
        }
    }
    outcome
}

/// Tells every end that was not told yet.
async fn tell(sessions: &Sessions) {
    loop {
        match sessions.inner.store.tell_one(&sessions.inner.hooks).await {
            Ok(Some(told)) => sessions.ended(&told),
            Ok(None) => return,
            Err(error) => {
                tracing::debug!(error = &error as &dyn std::error::Error, "session ends");
                return;
            }
        }
    }
}
