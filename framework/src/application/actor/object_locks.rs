//! Object locks and claims, as messages.

use actix::prelude::*;
use tokio::sync::oneshot;

use super::ApplicationActor;
use super::messages::{ClaimObjects, LockObject, ObjectHolders, ReleaseObjects};
use crate::application::objects::Claim;
use crate::locks::Owner;

impl Handler<LockObject> for ApplicationActor {
    type Result = ();

    fn handle(&mut self, LockObject { owner, name, seen, reply }: LockObject, _: &mut Context<Self>) {
        let locked = self.state.lock_object(owner, &name, seen);
        if reply.send(locked).is_err() {
            self.release(owner);
        }
    }
}

impl Handler<ClaimObjects> for ApplicationActor {
    type Result = ();

    fn handle(&mut self, ClaimObjects { owner, names, reply }: ClaimObjects, _: &mut Context<Self>) {
        match self.state.claim(owner, &names) {
            Claim::Granted => self.granted(owner, reply),
            Claim::Queued => {
                self.claims.insert(owner, reply);
            }
            // A unit claims once, before it holds anything; dropping the reply says that it failed.
            Claim::Refused => tracing::error!("a unit claimed variables twice"),
        }
    }
}

impl Handler<ObjectHolders> for ApplicationActor {
    type Result = ();

    fn handle(&mut self, ObjectHolders { reply }: ObjectHolders, _: &mut Context<Self>) {
        // Whoever asked may have gone.
        let _ = reply.send(self.state.holders());
    }
}

impl Handler<ReleaseObjects> for ApplicationActor {
    type Result = ();

    fn handle(&mut self, ReleaseObjects(owner): ReleaseObjects, _: &mut Context<Self>) {
        self.release(owner);
    }
}

impl ApplicationActor {
    fn granted(&mut self, owner: Owner, reply: oneshot::Sender<()>) {
        if reply.send(()).is_err() {
            self.release(owner);
        }
    }

    fn release(&mut self, owner: Owner) {
        self.claims.remove(&owner);
        for next in self.state.release_objects(owner) {
            if let Some(reply) = self.claims.remove(&next) {
                self.granted(next, reply);
            }
        }
    }
}
