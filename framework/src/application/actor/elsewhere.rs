//! What other nodes did, as messages.

use actix::prelude::*;

use super::ApplicationActor;
use super::messages::{CatchUp, StartAnew, Unknown};

impl Handler<Unknown> for ApplicationActor {
    type Result = ();

    fn handle(&mut self, Unknown { named, reply }: Unknown, _: &mut Context<Self>) {
        // Whoever asked may have gone.
        let _ = reply.send(self.state.unknown(&named));
    }
}

impl Handler<CatchUp> for ApplicationActor {
    type Result = ();

    fn handle(&mut self, CatchUp { cells, seen, reply }: CatchUp, _: &mut Context<Self>) {
        let snapshot = self.state.catch_up(cells, &seen);
        self.published.store(snapshot);
        // Whoever asked may have gone.
        let _ = reply.send(());
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
