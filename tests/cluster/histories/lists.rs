//! Units of work over several lists.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use serde_json::Value;
use serde_json::json;
use toolcrib_tests::history::History;
use toolcrib_tests::history::Operation;
use toolcrib_tests::history::transactions;
use toolcrib_tests::history::transactions::Step;
use toolcrib_tests::history::transactions::Units;
use toolcrib_tests::on_all_engines;
use toolcrib_tests::prelude::*;
use toolcrib_tests::random::Random;

use super::crowd::Crowd;
use super::crowd::Member;
use super::crowd::acquitted;
use super::crowd::report;
use super::crowd::roomy;
use super::recorder::Promise;

on_all_engines! {
    units_over_lists_are_strict_snapshots,
}

const PATH: &str = "/examples/append";
const KEYS: [&str; 5] = ["x", "y", "z", "u", "v"];

/// How many appends to a list are tried: the page takes 2,000, and each reading brings all of them along.
const MOST: usize = 600;

type Unit = Operation<Vec<Step>, Vec<Vec<i64>>>;

/// What all clients know of the lists.
#[derive(Debug, Default)]
struct Plan {
    next: AtomicI64,
    tried: [AtomicUsize; KEYS.len()],
}

impl Plan {
    /// One to four steps; half of them append, as long as the lists have room.
    fn unit(&self, random: &mut Random) -> Vec<Step> {
        let steps = 1 + random.below(4);
        (0..steps).map(|_| self.step(random)).collect()
    }

    fn step(&self, random: &mut Random) -> Step {
        let place = usize::try_from(random.below(KEYS.len() as u64)).expect("a small number");
        let key = KEYS[place].to_owned();
        if random.below(2) == 0 || self.tried[place].fetch_add(1, Ordering::Relaxed) >= MOST {
            Step::Read(key)
        } else {
            Step::Append(key, self.next.fetch_add(1, Ordering::Relaxed) + 1)
        }
    }
}

/// The steps as the page wants them.
fn written(steps: &[Step]) -> String {
    let step = |step: &Step| match step {
        Step::Read(key) => json!(["r", key]),
        Step::Append(key, number) => json!(["append", key, number]),
    };
    Value::Array(steps.iter().map(step).collect()).to_string()
}

/// What the readings of an answer saw.
fn seen(answer: &Answer) -> Vec<Vec<i64>> {
    let document = answer.json();
    let steps = document["ops"].as_array().unwrap_or_else(|| panic!("no ops in {answer:?}"));
    let readings = steps.iter().filter(|step| step[0] == "r").map(|step| step[2].clone());
    readings.map(|list| serde_json::from_value(list).expect("a list of numbers")).collect()
}

async fn asked(member: &Member, steps: Vec<Step>) -> Unit {
    let form = member.form(PATH, &[("ops", &written(&steps))]);
    member.recorder.ask(form, Promise::OneUnit, seen).await.of(member.number, steps)
}

/// What the crowd does to the lists, and a last look at all of them.
pub(super) async fn history(crowd: &Crowd) -> Units {
    let plan = Arc::new(Plan::default());
    let mut operations = crowd
        .does(|mut member| {
            let plan = Arc::clone(&plan);
            async move {
                let mut done = Vec::new();
                while member.goes_on() {
                    let steps = plan.unit(&mut member.random);
                    done.push(asked(&member, steps).await);
                }
                done
            }
        })
        .await;
    let all = KEYS.iter().map(|key| Step::Read((*key).to_owned())).collect();
    let last = asked(&crowd.last(), all).await;
    assert!(last.answer().is_some(), "the last look is not answered: {last:?}");
    operations.push(last);
    History::new(operations)
}

/// Fails unless each number that was acknowledged is in its list once, and all others are of units that may have happened.
#[track_caller]
pub(super) fn nothing_lost_or_doubled(history: &Units) {
    let last = history.operations.last().and_then(Operation::answer).expect("the last look");
    for (key, list) in KEYS.iter().zip(last) {
        let appended = |unit: &Unit| -> Vec<i64> {
            let numbers = unit.call.iter().filter_map(|step| match step {
                Step::Append(to, number) if to == key => Some(*number),
                _ => None,
            });
            numbers.collect()
        };
        let times = |number: &i64| list.iter().filter(|found| *found == number).count();
        for unit in &history.operations {
            for number in appended(unit) {
                let found = times(&number);
                let is_right =
                    if unit.answer().is_some() { found == 1 } else { found <= usize::from(unit.may_have_happened()) };
                assert!(is_right, "{number} is {found} times in {key}: {}", unit.told());
            }
        }
    }
}

async fn units_over_lists_are_strict_snapshots(engine: Engine) {
    let server = roomy(engine).start_watched().await;
    let crowd = Crowd::of(|| server.visitor()).await;
    let history = history(&crowd).await;
    report(PATH, &server, &history, &crowd).await;
    nothing_lost_or_doubled(&history);
    let found = acquitted(transactions::check(&history));
    eprintln!("{found:?}");
    assert!(found.units > 100 && found.edges > found.units, "too little to tell: {found:?}");
}
