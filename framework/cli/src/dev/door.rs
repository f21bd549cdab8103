//! The door between visitors and the site: who is behind it, and who is inside.
//!
//! ```text
//! Shut ──open──► Site ──shut──► Shut        requests wait at a shut door
//!   └──post──► Notice ──shut──► Shut        a notice is answered at once
//! ```

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

use super::notice::Notice;

/// What a request finds behind the door.
#[derive(Debug, Clone)]
pub(super) enum Behind {
    /// Nobody yet: one site has gone, or the first is being built.
    Shut,
    /// The site at this address.
    Site(SocketAddr),
    /// What keeps the site from running.
    Notice(Arc<Notice>),
}

/// How a request came in.
#[derive(Debug)]
pub(super) enum Entered {
    /// It may ask the site; the pass is kept until the answer is complete.
    Site(SocketAddr, Pass),
    /// It gets this answer.
    Notice(Arc<Notice>),
    /// Nothing opened in time.
    TooLate,
}

/// The door. Cloned freely; all are the same.
#[derive(Debug, Clone)]
pub(super) struct Door {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: watch::Sender<()>,
}

#[derive(Debug)]
struct State {
    behind: Behind,
    inside: usize,
}

/// A request is inside. Dropped when it is answered or its client has gone.
#[derive(Debug)]
pub(super) struct Pass {
    shared: Arc<Shared>,
}

impl Shared {
    /// Nothing panics under this lock; were it so, the state would still be sound.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        state.inside = state.inside.saturating_sub(1);
        drop(state);
        self.shared.changed.send_replace(());
    }
}

impl Door {
    /// A shut door.
    pub(super) fn new() -> Self {
        let state = Mutex::new(State { behind: Behind::Shut, inside: 0 });
        Self { shared: Arc::new(Shared { state, changed: watch::Sender::new(()) }) }
    }

    /// Puts something else behind the door. Who is inside stays inside.
    pub(super) fn set(&self, behind: Behind) {
        self.shared.state().behind = behind;
        self.shared.changed.send_replace(());
    }

    /// What is behind it now.
    pub(super) fn behind(&self) -> Behind {
        self.shared.state().behind.clone()
    }

    /// Waits at the door, at most this long.
    pub(super) async fn enter(&self, patience: Duration) -> Entered {
        let mut changed = self.shared.changed.subscribe();
        let waiting = async {
            loop {
                changed.mark_unchanged();
                {
                    let mut state = self.shared.state();
                    match &state.behind {
                        Behind::Site(address) => {
                            let address = *address;
                            // Counted under the same lock: nobody who shuts the door overlooks us.
                            state.inside += 1;
                            return Entered::Site(address, Pass { shared: Arc::clone(&self.shared) });
                        }
                        Behind::Notice(notice) => return Entered::Notice(Arc::clone(notice)),
                        Behind::Shut => {}
                    }
                }
                if changed.changed().await.is_err() {
                    return Entered::TooLate;
                }
            }
        };
        timeout(patience, waiting).await.unwrap_or(Entered::TooLate)
    }

    /// Waits until nobody is inside; false if somebody still is after this long.
    pub(super) async fn emptied(&self, patience: Duration) -> bool {
        let mut changed = self.shared.changed.subscribe();
        let waiting = changed.wait_for(|()| self.shared.state().inside == 0);
        timeout(patience, waiting).await.is_ok_and(|waited| waited.is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_millis(20);
    const LATE: Duration = Duration::from_secs(10);

    fn address() -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], 1))
    }

    #[tokio::test(start_paused = true)]
    async fn who_comes_to_a_shut_door_waits_and_gets_in_when_it_opens() {
        let door = Door::new();
        assert!(matches!(door.enter(SOON).await, Entered::TooLate));
        let waiting = tokio::spawn({
            let door = door.clone();
            async move { door.enter(LATE).await }
        });
        tokio::task::yield_now().await;
        door.set(Behind::Site(address()));
        assert!(matches!(waiting.await.expect("no panic"), Entered::Site(..)));
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_inside_is_waited_for() {
        let door = Door::new();
        door.set(Behind::Site(address()));
        let Entered::Site(_, pass) = door.enter(SOON).await else { panic!("it is open") };
        door.set(Behind::Shut);
        assert!(!door.emptied(SOON).await);
        drop(pass);
        assert!(door.emptied(SOON).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_notice_is_given_to_who_waits() {
        let door = Door::new();
        let waiting = tokio::spawn({
            let door = door.clone();
            async move { door.enter(LATE).await }
        });
        tokio::task::yield_now().await;
        door.set(Behind::Notice(Arc::new(Notice::default())));
        assert!(matches!(waiting.await.expect("no panic"), Entered::Notice(_)));
        assert!(door.emptied(SOON).await);
    }
}
