//! A store of lists that keeps the promise, and clients of it with random delays.

use std::collections::BTreeMap;

use super::Step;
use super::Unit;
use super::Units;
use crate::history::History;
use crate::history::Outcome;
use crate::random::Random;

/// The lists.
const KEYS: [&str; 4] = ["x", "y", "z", "u"];

type Lists = BTreeMap<String, Vec<i64>>;

/// What a client is about.
enum Doing {
    Nothing,
    /// The unit has been asked for and has no view yet.
    Asked {
        invoked: u64,
        call: Vec<Step>,
    },
    /// The unit has its view.
    Looking {
        invoked: u64,
        call: Vec<Step>,
        view: Lists,
    },
    /// The unit has ended; the client does not know yet. Nothing where it was undone.
    Ended {
        invoked: u64,
        call: Vec<Step>,
        seen: Option<Vec<Vec<i64>>>,
    },
}

/// So many units of so many clients: each sees all that was committed when it first looks, and commits unless another
/// appended to one of its lists meanwhile; then it looks again. In the end one client reads all.
pub(super) fn sound(seed: u64, clients: usize, units: usize) -> Units {
    let mut random = Random::from_seed(seed);
    let mut store = Lists::new();
    let mut doing: Vec<Doing> = (0..clients).map(|_| Doing::Nothing).collect();
    let (mut now, mut number, mut operations) = (0, 0, Vec::new());
    while operations.len() < units {
        now += 1 + random.below(3);
        let process = below(&mut random, clients);
        let before = std::mem::replace(&mut doing[process], Doing::Nothing);
        doing[process] = match before {
            Doing::Nothing => Doing::Asked { invoked: now, call: any_call(&mut random, &mut number) },
            Doing::Asked { invoked, call } => Doing::Looking { invoked, call, view: store.clone() },
            Doing::Looking { invoked, call, view } => match random.below(20) {
                0 => Doing::Ended { invoked, call, seen: None },
                _ if collides(&call, &view, &store) => Doing::Looking { invoked, call, view: store.clone() },
                _ => {
                    let seen = executed(&call, view, &mut store);
                    Doing::Ended { invoked, call, seen: Some(seen) }
                }
            },
            Doing::Ended { invoked, call, seen } => {
                // Some never hear what came of it.
                let outcome = match (random.below(20), seen) {
                    (0, _) => Outcome::Unknown,
                    (_, Some(seen)) => Outcome::Done(seen),
                    (_, None) => Outcome::Failed,
                };
                operations.push(Unit { process, node: None, invoked, completed: now, call, outcome });
                Doing::Nothing
            }
        };
    }
    // Whoever is not done yet is not heard of again.
    for (process, doing) in doing.into_iter().enumerate() {
        if let Doing::Asked { invoked, call }
        | Doing::Looking { invoked, call, .. }
        | Doing::Ended { invoked, call, .. } = doing
        {
            operations.push(Unit { process, node: None, invoked, completed: now, call, outcome: Outcome::Unknown });
        }
    }
    operations.push(reading(&store, clients, now + 10));
    History::new(operations)
}

/// A unit that reads all lists as they are.
pub(super) fn reading(store: &Lists, process: usize, now: u64) -> Unit {
    let call = KEYS.iter().map(|key| Step::Read((*key).to_owned())).collect();
    let seen = KEYS.iter().map(|key| store.get(*key).cloned().unwrap_or_default()).collect();
    Unit { process, node: None, invoked: now, completed: now + 1, call, outcome: Outcome::Done(seen) }
}

pub(super) fn below(random: &mut Random, limit: usize) -> usize {
    let limit = u64::try_from(limit).expect("a small number");
    usize::try_from(random.below(limit)).expect("a small number")
}

fn any_call(random: &mut Random, number: &mut i64) -> Vec<Step> {
    let step = |random: &mut Random| {
        let key = KEYS[below(random, KEYS.len())].to_owned();
        if random.below(2) == 0 {
            return Step::Read(key);
        }
        *number += 1;
        Step::Append(key, *number)
    };
    let mut step = step;
    (0..=below(random, 4)).map(|_| step(random)).collect()
}

fn collides(call: &[Step], view: &Lists, store: &Lists) -> bool {
    call.iter().any(|step| matches!(step, Step::Append(key, _) if view.get(key) != store.get(key)))
}

fn executed(call: &[Step], mut view: Lists, store: &mut Lists) -> Vec<Vec<i64>> {
    let mut seen = Vec::new();
    for step in call {
        match step {
            Step::Read(key) => seen.push(view.get(key).cloned().unwrap_or_default()),
            Step::Append(key, number) => {
                view.entry(key.clone()).or_default().push(*number);
                store.insert(key.clone(), view[key].clone());
            }
        }
    }
    seen
}
