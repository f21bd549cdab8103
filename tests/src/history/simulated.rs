//! A store that is correct by construction, and clients of it with random delays: sound histories for property tests.

use super::History;
use super::Operation;
use super::Outcome;
use crate::random::Random;

/// How many of a hundred operations their clients lose sight of.
const LOST: u64 = 6;
/// How many of a hundred are refused.
const REFUSED: u64 = 3;

/// So many clients ask one after the other, `count` questions in all, each of which takes effect at one moment between
/// question and answer. `ask` chooses a question, `apply` is the store.
pub(crate) fn simulated<C: Clone, A>(
    random: &mut Random,
    clients: usize,
    count: usize,
    mut ask: impl FnMut(&mut Random) -> C,
    mut apply: impl FnMut(&C) -> A,
) -> History<C, A> {
    let mut free = vec![0_u64; clients];
    let mut planned = Vec::with_capacity(count);
    for number in 0..count {
        let process = number % clients;
        let invoked = free[process] + random.below(50);
        let effect = invoked + random.below(40);
        let completed = effect + random.below(40);
        free[process] = completed + random.below(3);
        let chance = random.below(100);
        // Of those nobody hears of again some never happen, some do at once, some long afterwards.
        let effect = match (chance < LOST, chance < LOST + REFUSED, random.below(3)) {
            (true, _, 0) | (false, true, _) => None,
            (true, _, 1) => Some(completed + random.below(500)),
            _ => Some(effect),
        };
        let outcome = if chance < LOST { Some(Outcome::Unknown) } else { effect.is_none().then_some(Outcome::Failed) };
        let call = ask(random);
        planned.push((effect, Planned { process, invoked, completed, call, outcome }));
    }
    // In the order of their effects; those that have none are not applied.
    planned.sort_by_key(|(effect, _)| *effect);
    let operations = planned.into_iter().map(|(effect, planned)| {
        let answer = effect.map(|_| apply(&planned.call));
        let Planned { process, invoked, completed, call, outcome } = planned;
        let outcome = outcome.or(answer.map(Outcome::Done)).unwrap_or(Outcome::Failed);
        Operation { process, node: None, invoked, completed, call, outcome }
    });
    History::new(operations.collect())
}

/// An operation whose answer is not known yet; the outcome, if that is no answer.
struct Planned<C, A> {
    process: usize,
    invoked: u64,
    completed: u64,
    call: C,
    outcome: Option<Outcome<A>>,
}
