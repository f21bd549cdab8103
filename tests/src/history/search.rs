//! Linearizability by trying, with a memory of what was tried.

use std::collections::HashSet;
use std::fmt::Debug;
use std::hash::Hash;

use super::Fault;
use super::Kind;
use super::Operation;
use crate::random::Random;

/// How many steps are tried before a history is called too hard.
const PATIENCE: usize = 20_000_000;

/// What a variable does, one operation after the other.
pub(super) trait Model {
    type Call: Debug;
    type Answer: Debug;
    type State: Clone + Eq + Hash + Debug;

    /// What is stored after the call, if it can be answered like that in this state. An operation whose outcome is
    /// unknown has no answer: any would do.
    fn step(&self, state: &Self::State, call: &Self::Call, answer: Option<&Self::Answer>) -> Option<Self::State>;
}

/// An end of the list below.
const NONE: usize = usize::MAX;

/// The moments of the operations that are not linearized yet, in their order, as a linked list from which an operation
/// can be taken and put back where it was.
struct Moments {
    /// The operation, and whether this is its end.
    entries: Vec<(usize, bool)>,
    next: Vec<usize>,
    previous: Vec<usize>,
    /// Where an operation begins and ends; [`NONE`] for the end of one that never ends.
    places: Vec<(usize, usize)>,
    first: usize,
}

impl Moments {
    fn of<C, A>(operations: &[&Operation<C, A>]) -> Self {
        let mut entries: Vec<(u64, bool, usize)> = Vec::with_capacity(2 * operations.len());
        for (number, operation) in operations.iter().enumerate() {
            entries.push((operation.invoked, false, number));
            if operation.answer().is_some() {
                entries.push((operation.completed, true, number));
            }
        }
        // Of one moment the beginnings come first: what touches may be in either order.
        entries.sort_unstable();
        let mut places = vec![(NONE, NONE); operations.len()];
        for (place, (_, is_end, number)) in entries.iter().enumerate() {
            let of_operation = &mut places[*number];
            *(if *is_end { &mut of_operation.1 } else { &mut of_operation.0 }) = place;
        }
        let count = entries.len();
        let next = (0..count).map(|place| if place + 1 < count { place + 1 } else { NONE }).collect();
        let previous = (0..count).map(|place| place.checked_sub(1).unwrap_or(NONE)).collect();
        let first = if count == 0 { NONE } else { 0 };
        let entries = entries.into_iter().map(|(_, is_end, number)| (number, is_end)).collect();
        Self { entries, next, previous, places, first }
    }

    fn take(&mut self, operation: usize) {
        let (begin, end) = self.places[operation];
        self.unlink(begin);
        if end != NONE {
            self.unlink(end);
        }
    }

    /// Only ever what was taken last.
    fn put_back(&mut self, operation: usize) {
        let (begin, end) = self.places[operation];
        if end != NONE {
            self.link(end);
        }
        self.link(begin);
    }

    fn unlink(&mut self, place: usize) {
        let (previous, next) = (self.previous[place], self.next[place]);
        match previous {
            NONE => self.first = next,
            previous => self.next[previous] = next,
        }
        if next != NONE {
            self.previous[next] = previous;
        }
    }

    fn link(&mut self, place: usize) {
        let (previous, next) = (self.previous[place], self.next[place]);
        match previous {
            NONE => self.first = place,
            previous => self.next[previous] = place,
        }
        if next != NONE {
            self.previous[next] = place;
        }
    }
}

/// Looks for an order in which the operations can have happened. Those that failed are to be left out beforehand.
pub(super) fn search<M: Model>(
    model: &M,
    start: M::State,
    operations: &[&Operation<M::Call, M::Answer>],
) -> Result<(), Fault> {
    let mut moments = Moments::of(operations);
    let marks = marks(operations.len());
    let mut open = operations.iter().filter(|operation| operation.answer().is_some()).count();
    let (mut state, mut done) = (start, 0_u128);
    let mut tried = HashSet::new();
    let mut taken: Vec<(usize, M::State)> = Vec::new();
    // How far it got, for the evidence.
    let mut furthest: (usize, Option<usize>, String) = (0, None, String::new());
    let mut place = moments.first;
    for _ in 0..PATIENCE {
        if open == 0 {
            return Ok(());
        }
        let (operation, is_end) = if place == NONE { (NONE, true) } else { moments.entries[place] };
        if !is_end {
            let asked = operations[operation];
            if let Some(next) = model.step(&state, &asked.call, asked.answer())
                && tried.insert((done ^ marks[operation], next.clone()))
            {
                done ^= marks[operation];
                open -= usize::from(asked.answer().is_some());
                taken.push((operation, std::mem::replace(&mut state, next)));
                moments.take(operation);
                place = moments.first;
            } else {
                place = moments.next[place];
            }
            continue;
        }
        if taken.len() >= furthest.0 {
            furthest = (taken.len(), (operation != NONE).then_some(operation), format!("{state:?}"));
        }
        // Somebody has an answer already and is not linearized: this way does not go on.
        let Some((last, before)) = taken.pop() else {
            return Err(dead_end(operations, &furthest));
        };
        done ^= marks[last];
        open += usize::from(operations[last].answer().is_some());
        state = before;
        moments.put_back(last);
        place = moments.next[moments.places[last].0];
    }
    Err(Fault::new(Kind::Undecided, [format!("{} operations, {PATIENCE} steps", operations.len())]))
}

/// A random number for each operation: the sum of those done, bit by bit, stands for the set of them. Two sets with one
/// sum are as good as impossible at 128 bits, and a set of thousands of bits for every state tried is too much to keep.
fn marks(count: usize) -> Vec<u128> {
    let mut random = Random::from_seed(0x70_6f_72_63);
    (0..count).map(|_| u128::from(random.number()) << 64 | u128::from(random.number())).collect()
}

fn dead_end<C: Debug, A: Debug>(
    operations: &[&Operation<C, A>],
    (done, stuck, state): &(usize, Option<usize>, String),
) -> Fault {
    let mut evidence = vec![format!("after at most {done} of {} operations, with {state} stored:", operations.len())];
    if let Some(stuck) = stuck.map(|stuck| operations[stuck]) {
        evidence.push(stuck.told());
        let beside = operations.iter().filter(|other| {
            !std::ptr::eq(**other, stuck) && other.invoked <= stuck.completed && other.ends() >= stuck.invoked
        });
        evidence.extend(beside.take(12).map(|other| format!("beside it: {}", other.told())));
    }
    Fault::new(Kind::NotLinearizable, evidence)
}
