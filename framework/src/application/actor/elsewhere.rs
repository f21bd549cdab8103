//! What other nodes did, as messages.

use actix::prelude::*;

use super::ApplicationActor;
use super::messages::{CatchUp, Seen, StartAnew, Unknown};

impl Handler<Seen> for ApplicationActor {
    type Result = ();

    fn handle(&mut self, Seen { seen, reply }: Seen, _: &mut Context<Self>) {
        let unknown = self.state.unknown(&seen);
        if let Some(snapshot) = self.state.catch_up(Vec::new(), &seen, &unknown) {
            self.published.store(snapshot);
        }
        // Whoever asked may have gone.
        let _ = reply.send(unknown);
    }
}

impl Handler<Unknown> for ApplicationActor {
    type Result = ();

    fn handle(&mut self, Unknown { named, reply }: Unknown, _: &mut Context<Self>) {
        // Whoever asked may have gone.
        let _ = reply.send(self.state.unknown(&named));
    }
}

impl Handler<CatchUp> for ApplicationActor {
    type Result = ();

    fn handle(&mut self, CatchUp { cells, seen, unknown, reply }: CatchUp, _: &mut Context<Self>) {
        let caught = self.state.catch_up(cells, &seen, &unknown);
        let done = caught.is_some();
        if let Some(snapshot) = caught {
            self.published.store(snapshot);
        }
        // Whoever asked may have gone.
        let _ = reply.send(done);
    }
}

impl Handler<StartAnew> for ApplicationActor {
    type Result = ();

    fn handle(&mut self, StartAnew { snapshot, node, seen, reply }: StartAnew, _: &mut Context<Self>) {
        let snapshot = self.state.start_anew(&snapshot, node, &seen);
        self.published.store(snapshot);
        // Whoever asked may have gone.
        let _ = reply.send(());
    }
}
