//! Critical sections under a lock over all nodes, as they were from the inside.

use toolcrib_tests::history::History;
use toolcrib_tests::history::Kind;
use toolcrib_tests::history::Operation;
use toolcrib_tests::history::Outcome;
use toolcrib_tests::history::counter;
use toolcrib_tests::history::counter::Call;
use toolcrib_tests::history::counter::Counts;
use toolcrib_tests::history::exclusion;
use toolcrib_tests::history::exclusion::Access;
use toolcrib_tests::history::exclusion::Section;
use toolcrib_tests::on_all_engines;
use toolcrib_tests::prelude::*;

use super::crowd::CLIENTS;
use super::crowd::Crowd;
use super::crowd::Member;
use super::crowd::acquitted;
use super::crowd::report;
use super::crowd::roomy;
use super::recorder::Promise;

on_all_engines! {
    one_works_at_a_machine_and_many_watch,
}

const PATH: &str = "/examples/workshop";
const MACHINES: [&str; 3] = ["lathe", "press", "saw"];

/// A stay: at which machine, and how; what the page said of it.
pub(super) type Stays = History<(&'static str, Access), Stay>;

/// What the page says of a stay.
#[derive(Debug, Clone, serde::Deserialize)]
pub(super) struct Stay {
    entered: i64,
    left: i64,
    node: serde_json::Value,
    pieces: i64,
}

fn stay(answer: &Answer) -> Stay {
    serde_json::from_slice(&answer.body).unwrap_or_else(|error| panic!("no stay ({error}): {answer:?}"))
}

async fn used_by(mut member: Member, watching: bool) -> Vec<Operation<(&'static str, Access), Stay>> {
    let mut done = Vec::new();
    while member.goes_on() {
        let machine = MACHINES[usize::try_from(member.random.below(3)).expect("a small number")];
        let (access, mode) = match watching && member.random.below(4) == 0 {
            true => (Access::ReadOnly, "read_only"),
            false => (Access::Exclusive, "exclusive"),
        };
        let hold = member.random.below(4).to_string();
        let form = member.form(PATH, &[("name", machine), ("mode", mode), ("hold_ms", &hold)]);
        let record = member.recorder.ask(form, Promise::OneUnit, stay).await;
        done.push(record.of(member.number, (machine, access)));
    }
    done
}

/// What the crowd does at the machines, where one of four watches or all work.
pub(super) async fn history(crowd: &Crowd, watching: bool) -> Stays {
    History::new(crowd.does(|member| used_by(member, watching)).await)
}

/// The stays as the checker wants them.
pub(super) fn sections(stays: &Stays) -> Vec<Section> {
    let section = |operation: &Operation<(&'static str, Access), Stay>| {
        let (machine, access) = operation.call;
        operation.answer().map(|stay| Section {
            name: machine.to_owned(),
            access,
            entered: stay.entered,
            left: stay.left,
            who: format!("client {} on node {}", operation.process, stay.node),
        })
    };
    stays.operations.iter().filter_map(section).collect()
}

/// What was made at one machine, as a counter: who works adds one and is told the number, who watches reads.
pub(super) fn pieces(stays: &Stays, machine: &str) -> Counts {
    let of_machine = stays.operations.iter().filter(|operation| operation.call.0 == machine);
    let count = |operation: &Operation<(&'static str, Access), Stay>| {
        let call = if operation.call.1 == Access::Exclusive { Call::Add } else { Call::Read };
        let outcome = match &operation.outcome {
            Outcome::Done(stay) => Outcome::Done(stay.pieces),
            Outcome::Failed => Outcome::Failed,
            Outcome::Unknown => Outcome::Unknown,
        };
        let Operation { process, invoked, completed, .. } = *operation;
        Operation { process, node: None, invoked, completed, call, outcome }
    };
    History::new(of_machine.map(count).collect())
}

/// Fails unless nobody met anybody at a machine, and every piece has a number of its own. The numbers are those of a
/// counter that cannot conflict: it is the lock alone that keeps them apart.
#[track_caller]
pub(super) fn nobody_met(stays: &Stays) {
    acquitted(exclusion::check(&sections(stays)));
    for machine in MACHINES {
        acquitted(counter::check(&pieces(stays, machine), 0).map_err(|fault| vec![fault]));
    }
}

async fn one_works_at_a_machine_and_many_watch(engine: Engine) {
    let server = roomy(engine).start_watched().await;
    let crowd = Crowd::of(|| server.visitor()).await;
    let stays = history(&crowd, true).await;
    report(PATH, &server, &stays, &crowd).await;
    assert!(sections(&stays).len() > CLIENTS, "too little to tell");
    nobody_met(&stays);
    // The checker looked at something: the same stays, one of them a microsecond longer than the next one's beginning.
    let mut planted = sections(&stays);
    planted.sort_by_key(|section| section.entered);
    let lathe = |section: &&mut Section| section.name == "lathe" && section.access == Access::Exclusive;
    let mut at_lathe = planted.iter_mut().filter(lathe);
    let (first, second) = (at_lathe.next().expect("a stay"), at_lathe.next().expect("another one"));
    first.left = second.entered + 1;
    let faults = exclusion::check(&planted).expect_err("an overlap of one microsecond");
    assert_eq!(faults[0].kind, Kind::Overlap);
}
