//! May this change of one variable be accepted?

mod work;

use self::work::Merge;
use super::TxId;
use super::net::{Net, NetWork};
use crate::application::cell::{Cell, Kind};
use crate::application::change::{Base, Change, Work};
use crate::application::conflict::{Conflict, ConflictKind};

/// A variable at the moment a change of it is judged.
#[derive(Debug)]
pub(super) struct Scene<'a> {
    pub(super) name: &'a str,
    pub(super) published: Option<&'a Cell>,
    /// What the transaction has accepted already.
    pub(super) own: Option<&'a Net>,
    /// What other transactions have accepted and not ended.
    pub(super) others: Vec<(TxId, &'a Net)>,
}

#[derive(Debug)]
pub(super) enum Verdict {
    Fine,
    Wait(TxId),
    Conflict(Conflict),
}

/// The variable as the transaction has it by now.
#[derive(Debug, Clone, Copy)]
struct Standing {
    version: u64,
    kind: Kind,
    durable: bool,
}

impl<'a> Scene<'a> {
    pub(super) fn judge(&self, change: &Change) -> Verdict {
        let standing = self.standing();
        let current = standing.map(|standing| standing.version);
        let base = match &change.work {
            Some(Work::Put { base, .. }) => change.removes.or(Some(*base)),
            _ => change.removes,
        };
        let stale = match base {
            Some(base) => !base.allows(current),
            // A conflict-free operation needs the variable it saw, whatever that holds by now.
            None => change.seen.is_some() && current.is_none(),
        };
        let remaining = if change.removes.is_some() { None } else { standing };
        let misfit = match (remaining, &change.work) {
            (Some(there), Some(work)) => there.kind != work.kind() || there.durable != change.durable,
            _ => false,
        };
        if stale || misfit {
            return Verdict::Conflict(self.whole_conflict(change.seen));
        }
        match self.others.iter().find(|(_, net)| base.is_some() || excludes(net, change)) {
            Some((other, _)) => Verdict::Wait(*other),
            None => self.merge(change).judge(change),
        }
    }

    /// The conflict over the variable as a whole; an excerpt of what it is now tells why.
    pub(super) fn whole_conflict(&self, seen: Option<u64>) -> Conflict {
        let now = match self.own {
            Some(net) => net.apply(self.published, None),
            None => self.published.cloned(),
        };
        Conflict {
            kind: ConflictKind::WriteWrite,
            name: self.name.to_owned(),
            entry: None,
            seen,
            current: now.as_ref().map(|cell| cell.version),
            needs: None,
            value: now.as_ref().map(|cell| cell.content.excerpt()).unwrap_or_default(),
        }
    }

    fn standing(&self) -> Option<Standing> {
        match self.own {
            Some(net) => {
                let kind = net.work.as_ref()?.kind();
                Some(Standing { version: net.version, kind, durable: net.durable })
            }
            None => {
                let cell = self.published?;
                Some(Standing { version: cell.version, kind: cell.kind(), durable: cell.durable })
            }
        }
    }

    fn merge(&self, change: &Change) -> Merge<'_, 'a> {
        // After a removal by this very unit there is nothing left to merge with.
        let kept = change.removes.is_none();
        let removed = self.own.is_some_and(|net| net.removes);
        Merge {
            scene: self,
            stored: self.published.filter(|_| kept && !removed).map(|cell| &cell.content),
            own: self.own.filter(|_| kept).and_then(|net| net.work.as_ref()),
        }
    }
}

impl Base {
    /// Whether what stands there now is what the write was based on.
    fn allows(self, current: Option<u64>) -> bool {
        match self {
            Self::Any => true,
            Self::Absent => current.is_none(),
            Self::Version(seen) => current == Some(seen),
        }
    }

    fn version(self) -> Option<u64> {
        if let Self::Version(version) = self { Some(version) } else { None }
    }
}

/// Whether what another transaction does to the variable keeps everyone else off the whole of it.
fn excludes(net: &Net, change: &Change) -> bool {
    match (&net.work, &change.work) {
        (Some(NetWork::Value(_)) | None, _) => true,
        (Some(held), Some(work)) => net.removes || held.kind() != work.kind() || net.durable != change.durable,
        (Some(_), None) => net.removes,
    }
}
