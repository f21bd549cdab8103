//! Heart-beats, and the end of streams whose time or whose session is over.

use tokio::sync::oneshot;

use super::handle::Live;
use crate::db::DbError;
use crate::session::Sessions;

/// A running keeper. Dropping it stops it.
#[derive(Debug)]
pub(crate) struct Keeper {
    _stop: oneshot::Sender<()>,
}

impl Keeper {
    /// Starts keeping on the current arbiter.
    pub(crate) fn start(live: Live, sessions: Sessions) -> Self {
        let (stop, mut stopped) = oneshot::channel();
        actix_web::rt::spawn(async move {
            let mut ticks = tokio::time::interval(live.heartbeat());
            ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            loop {
                tokio::select! {
                    _ = &mut stopped => break,
                    _ = ticks.tick() => {}
                }
                live.beat();
                if let Err(error) = look_at_sessions(&live, &sessions).await {
                    // The next beat looks again; a stopped database would fill the log otherwise.
                    tracing::debug!(error = &error as &dyn std::error::Error, "sessions of live streams");
                }
            }
        });
        Self { _stop: stop }
    }
}

/// Ends the streams of sessions that have ended, wherever that was, and of those where somebody else is signed in by now
/// or the same user with other rights: who may still look comes again, and is judged anew.
async fn look_at_sessions(live: &Live, sessions: &Sessions) -> Result<(), DbError> {
    let asked = live.sessions();
    if asked.is_empty() {
        return Ok(());
    }
    let users = sessions.stored_users(&asked).await?;
    live.end_where(|viewer| {
        viewer.session.is_some_and(|session| match users.get(&session) {
            Some(entry) => entry.as_deref() != viewer.entry.as_deref(),
            // Of a stream that was opened meanwhile nothing is known yet.
            None => asked.contains(&session),
        })
    });
    Ok(())
}
