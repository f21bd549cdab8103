use std::collections::VecDeque;

use proptest::prelude::*;

use super::*;

fn names(list: &[&str]) -> Vec<Arc<str>> {
    list.iter().map(|name| Arc::from(*name)).collect()
}

#[test]
fn a_claim_takes_all_its_names_or_waits_for_all() {
    let (one, two, three) = (Owner::next(), Owner::next(), Owner::next());
    let mut objects = Objects::default();
    assert_eq!(objects.claim(one, &names(&["a", "b"])), Claim::Granted);
    assert_eq!(objects.claim(two, &names(&["b", "c"])), Claim::Queued);
    assert_eq!(objects.holders(), [("a".into(), one), ("b".into(), one)], "nothing is held while waiting");
    // The name is free, but `two` was first.
    assert_eq!(objects.claim(three, &names(&["c"])), Claim::Queued);
    assert_eq!(objects.release(one), [two]);
    assert_eq!(objects.release(two), [three]);
    assert_eq!(objects.release(three), []);
    assert!(objects.is_empty());
}

#[test]
fn a_claim_of_nothing_is_granted() {
    let mut objects = Objects::default();
    assert_eq!(objects.claim(Owner::next(), &[]), Claim::Granted);
    assert!(objects.is_empty());
}

#[test]
fn nobody_overtakes_a_claim() {
    let (one, two, three) = (Owner::next(), Owner::next(), Owner::next());
    let mut objects = Objects::default();
    assert_eq!(objects.lock(one, "a"), None);
    assert_eq!(objects.claim(two, &names(&["a", "b"])), Claim::Queued);
    assert_eq!(objects.lock(three, "b"), Some(two), "it is free, and somebody is in line");
    assert_eq!(objects.release(one), [two]);
    assert_eq!(objects.release(two), []);
    assert_eq!(objects.lock(three, "b"), None);
}

#[test]
fn who_holds_does_not_wait() {
    let (one, two) = (Owner::next(), Owner::next());
    let mut objects = Objects::default();
    assert_eq!((objects.lock(one, "a"), objects.lock(two, "b")), (None, None));
    assert_eq!(objects.claim(one, &names(&["b"])), Claim::Refused);
    assert_eq!(objects.claim(one, &names(&["a", "c"])), Claim::Granted, "nothing to wait for");
}

#[test]
fn a_claim_given_up_makes_way() {
    let (one, two, three) = (Owner::next(), Owner::next(), Owner::next());
    let mut objects = Objects::default();
    assert_eq!(objects.lock(one, "a"), None);
    assert_eq!(objects.claim(two, &names(&["a", "b"])), Claim::Queued);
    assert_eq!(objects.claim(three, &names(&["b"])), Claim::Queued);
    assert_eq!(objects.cancel_claim(two), [three]);
    assert_eq!(objects.cancel_claim(two), []);
    assert_eq!((objects.release(three), objects.release(one)), (vec![], vec![]));
    assert!(objects.is_empty());
}

/// Who holds what and who waits, searched from the front.
#[derive(Default)]
struct Model {
    held: Vec<(Owner, Arc<str>)>,
    line: VecDeque<(Owner, Vec<Arc<str>>)>,
}

impl Model {
    fn holder(&self, name: &str) -> Option<Owner> {
        self.held.iter().find(|(_, held)| **held == *name).map(|(owner, _)| *owner)
    }

    fn holds(&self, owner: Owner) -> bool {
        self.held.iter().any(|(holder, _)| *holder == owner)
    }

    fn waits(&self, owner: Owner) -> bool {
        self.line.iter().any(|(waiting, _)| *waiting == owner)
    }

    fn hold(&mut self, owner: Owner, names: &[Arc<str>]) {
        for name in names {
            if self.holder(name).is_none() {
                self.held.push((owner, Arc::clone(name)));
            }
        }
    }

    fn lock(&mut self, owner: Owner, name: &str) -> Option<Owner> {
        let holder = self.holder(name);
        let first = self.line.iter().find(|(_, names)| names.iter().any(|it| **it == *name)).map(|(owner, _)| *owner);
        let other = holder.or(first).filter(|it| *it != owner);
        if other.is_none() {
            self.hold(owner, &[name.into()]);
        }
        other
    }

    fn claim(&mut self, owner: Owner, names: &[Arc<str>]) -> Claim {
        let wanted = |name: &Arc<str>| self.line.iter().any(|(_, names)| names.contains(name));
        let free = |name: &Arc<str>| match self.holder(name) {
            Some(holder) => holder == owner,
            None => !wanted(name),
        };
        if self.waits(owner) {
            Claim::Refused
        } else if names.iter().all(free) {
            self.hold(owner, names);
            Claim::Granted
        } else if self.holds(owner) {
            Claim::Refused
        } else {
            self.line.push_back((owner, names.to_vec()));
            Claim::Queued
        }
    }

    /// Those in line, the first in front, who want nothing that is held or wanted by one before them.
    fn serve(&mut self) -> Vec<Owner> {
        let (mut taken, mut granted) = (Vec::new(), Vec::new());
        for (owner, names) in std::mem::take(&mut self.line) {
            let free = |name: &Arc<str>| !taken.contains(name) && self.holder(name).is_none_or(|it| it == owner);
            if names.iter().all(free) {
                self.hold(owner, &names);
                granted.push(owner);
            } else {
                taken.extend(names.iter().cloned());
                self.line.push_back((owner, names));
            }
        }
        granted
    }

    fn cancel(&mut self, owner: Owner) -> Vec<Owner> {
        self.line.retain(|(waiting, _)| *waiting != owner);
        self.serve()
    }

    fn release(&mut self, owner: Owner) -> Vec<Owner> {
        self.held.retain(|(holder, _)| *holder != owner);
        self.cancel(owner)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn locks_and_claims_go_to_whom_a_plain_list_would_give_them(
        actions in prop::collection::vec((0..6_usize, 0..5_u8, prop::collection::vec(0..5_usize, 1..4)), 0..60)
    ) {
        let (mut objects, mut model) = (Objects::default(), Model::default());
        let owners: Vec<Owner> = (0..6).map(|_| Owner::next()).collect();
        for (owner, action, list) in actions {
            let owner = owners[owner];
            let list: Vec<_> = list.into_iter().map(|name| ["a", "b", "c", "d", "e"][name]).collect();
            let (first, list) = (list[0], names(&list));
            match action {
                0 => prop_assert_eq!(objects.lock(owner, first), model.lock(owner, first)),
                1 | 2 => prop_assert_eq!(objects.claim(owner, &list), model.claim(owner, &list)),
                3 => prop_assert_eq!(objects.cancel_claim(owner), model.cancel(owner)),
                _ => prop_assert_eq!(objects.release(owner), model.release(owner)),
            }
            let mut held: Vec<_> = model.held.iter().map(|(owner, name)| (Arc::clone(name), *owner)).collect();
            held.sort_unstable_by(|left, right| left.0.cmp(&right.0));
            prop_assert_eq!(objects.holders(), held);
            for (owner, name) in &model.held {
                prop_assert!(!objects.is_held_by_other(name, *owner));
            }
        }
        // Nobody waits for ever: as long as anyone waits, somebody holds.
        while let Some((owner, _)) = model.held.first().cloned() {
            prop_assert_eq!(objects.release(owner), model.release(owner));
        }
        prop_assert!(model.line.is_empty());
        prop_assert!(objects.is_empty(), "{:?}", objects);
    }
}
