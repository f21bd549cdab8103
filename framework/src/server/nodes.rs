//! What this node tells the others, and what it makes of what they tell.

use crate::cluster::{Change, Cluster, Kind};
use crate::events::Event;
use crate::live::Live;
use crate::page::{GiveUp, Site};
use crate::session::Sessions;

/// Streams of sessions that end are ended, on all nodes.
pub(super) fn tell_session_ends(sessions: &Sessions, live: &Live, cluster: Option<&Cluster>) {
    let (live, cluster) = (live.clone(), cluster.cloned());
    sessions.on_end(move |session| {
        live.end_session(session);
        if let Some(cluster) = &cluster {
            cluster.tell(Kind::Session, session.to_string(), None);
        }
    });
}

/// Begins to follow the other nodes, where there can be any. `objects` are the shared objects that can be given up to
/// them.
pub(super) fn follow(site: &Site, objects: Vec<(&'static str, GiveUp)>) {
    let Some(cluster) = site.application().cluster().cloned() else { return };
    site.jobs().join(cluster.clone());
    let (teller, name) = (cluster.clone(), cluster.name().to_owned());
    site.events().share(move |event| {
        let event = Event { node: Some(name.clone()), ..event.clone() };
        teller.tell(Kind::Event, &*event.kind, serde_json::to_string(&event).ok());
    });
    let (live, events, jobs) = (site.live().clone(), site.events().clone(), site.jobs().clone());
    let told = move |change: &Change| {
        live.heard(change);
        if change.node == cluster.number() {
            return;
        }
        match change.kind() {
            Some(Kind::Event) => {
                let event = change.detail.as_deref().and_then(|detail| serde_json::from_str(detail).ok());
                event.into_iter().for_each(|event| events.heard(event));
            }
            Some(Kind::Jobs) => jobs.ring(),
            Some(Kind::Wanted) => {
                objects.iter().filter(|(name, _)| *name == change.subject).for_each(|(_, give_up)| give_up());
            }
            _ => {}
        }
    };
    let live = site.live().clone();
    live.joined();
    site.application().follow(told, move || live.joined());
}
