//! The judgement of conflict-free operations, entry by entry.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Scene, Verdict};
use crate::application::cell::{Content, excerpt};
use crate::application::change::{BagWork, Change, CounterWork, MapWork, QueueWork, Work};
use crate::application::conflict::{Conflict, ConflictKind};
use crate::application::state::TxId;
use crate::application::state::net::{Net, NetWork};
use crate::application::state::tally::{Admission, Tally, admit};

/// What a conflict-free operation is merged with.
#[derive(Debug)]
pub(super) struct Merge<'s, 'a> {
    pub(super) scene: &'s Scene<'a>,
    /// What is published, unless it is removed first.
    pub(super) stored: Option<&'s Content>,
    /// What the same transaction has accepted already.
    pub(super) own: Option<&'s NetWork>,
}

impl Merge<'_, '_> {
    pub(super) fn judge(&self, change: &Change) -> Verdict {
        match &change.work {
            None | Some(Work::Put { .. }) => Verdict::Fine,
            Some(Work::Counter(work)) => self.counter(work, change.seen),
            Some(Work::Queue(work)) => self.queue(work, change.seen),
            Some(Work::Map(work)) => self.map(work),
            Some(Work::Bag(work)) => self.bag(work, change.seen),
        }
    }

    fn counter(&self, work: &CounterWork, seen: Option<u64>) -> Verdict {
        let count = if let Some(Content::Counter(count)) = self.stored { *count } else { 0 };
        let incoming = Tally { delta: work.delta.into(), floor: work.floor.map(Into::into) };
        let tally = |work: &NetWork| if let NetWork::Counter(tally) = work { Some(*tally) } else { None };
        let own = self.own.and_then(tally).unwrap_or_default();
        let kind = match admit(count, own, incoming, &self.tallies(tally), i64::MIN) {
            Admission::Yes => return Verdict::Fine,
            Admission::Wait(other) => return Verdict::Wait(other),
            Admission::Guard => ConflictKind::Guard,
            Admission::Range => ConflictKind::Overflow,
        };
        let needs = if kind == ConflictKind::Guard { work.floor } else { None };
        Verdict::Conflict(Conflict { kind, needs, ..self.scene.whole_conflict(seen) })
    }

    fn queue(&self, work: &QueueWork, seen: Option<u64>) -> Verdict {
        let taken = |net: Option<&NetWork>, position: &u64| match net {
            Some(NetWork::Queue { pops, .. }) => pops.contains(position),
            _ => false,
        };
        let there = |position| matches!(self.stored, Some(Content::Queue(items)) if items.contains_key(position));
        if let Some(gone) = work.pops.iter().find(|position| !there(*position) || taken(self.own, position)) {
            let entry = Some(gone.to_string());
            return Verdict::Conflict(Conflict { entry, ..self.scene.whole_conflict(seen) });
        }
        self.wait_for(|net| work.pops.iter().any(|position| taken(net.work.as_ref(), position)))
    }

    fn map(&self, work: &BTreeMap<Arc<str>, MapWork>) -> Verdict {
        for (key, entry) in work {
            let stored = if let Some(Content::Map(entries)) = self.stored { entries.get(key) } else { None };
            let own = if let Some(NetWork::Map(entries)) = self.own { entries.get(key) } else { None };
            let now = match own {
                Some(own) => own.value.as_ref().map(|value| (own.version, value)),
                None => stored.map(|entry| (entry.version, &entry.value)),
            };
            let current = now.map(|(version, _)| version);
            if !entry.base.allows(current) {
                return Verdict::Conflict(Conflict {
                    kind: ConflictKind::WriteWrite,
                    name: self.scene.name.to_owned(),
                    entry: Some(key.to_string()),
                    seen: entry.base.version(),
                    current,
                    needs: None,
                    value: now.map(|(_, value)| excerpt(value.json())).unwrap_or_default(),
                });
            }
        }
        self.wait_for(|net| match &net.work {
            Some(NetWork::Map(held)) => work.keys().any(|key| held.contains_key(key)),
            _ => false,
        })
    }

    fn bag(&self, work: &BTreeMap<Arc<str>, BagWork>, seen: Option<u64>) -> Verdict {
        let mut verdict = Verdict::Fine;
        for (text, item) in work {
            let stored = if let Some(Content::Bag(items)) = self.stored { items.get(text) } else { None };
            let count = stored.map_or(0, |item| item.count);
            let incoming = Tally { delta: item.delta.into(), floor: Some(item.floor.into()) };
            let tally = |work: &NetWork| match work {
                NetWork::Bag(items) => Some(items.get(text)?.tally),
                _ => None,
            };
            let own = self.own.and_then(tally).unwrap_or_default();
            let kind = match admit(count, own, incoming, &self.tallies(tally), 0) {
                Admission::Yes => continue,
                Admission::Wait(other) => {
                    verdict = Verdict::Wait(other);
                    continue;
                }
                // An occurrence this unit takes was taken by others.
                Admission::Guard => ConflictKind::WriteWrite,
                Admission::Range => ConflictKind::Overflow,
            };
            let value = (i128::from(count) + own.delta).to_string();
            let entry = Some(excerpt(text));
            return Verdict::Conflict(Conflict { kind, entry, value, ..self.scene.whole_conflict(seen) });
        }
        verdict
    }

    fn tallies(&self, tally: impl Fn(&NetWork) -> Option<Tally>) -> Vec<(TxId, Tally)> {
        let others = self.scene.others.iter();
        others.filter_map(|(other, net)| Some((*other, tally(net.work.as_ref()?)?))).collect()
    }

    fn wait_for(&self, held: impl Fn(&Net) -> bool) -> Verdict {
        match self.scene.others.iter().find(|(_, net)| held(net)) {
            Some((other, _)) => Verdict::Wait(*other),
            None => Verdict::Fine,
        }
    }
}
