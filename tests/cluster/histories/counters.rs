//! The counters: tally, conflict-free tally, serial numbers, sales.

use toolcrib_tests::history::History;
use toolcrib_tests::history::Kind;
use toolcrib_tests::history::Operation;
use toolcrib_tests::history::counter;
use toolcrib_tests::history::counter::Call;
use toolcrib_tests::history::counter::Counts;
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
    clicks_on_the_tally_are_linearizable,
    clicks_on_the_conflict_free_tally_are_linearizable,
    serial_numbers_are_linearizable,
    sales_under_the_lock_are_linearizable,
    sales_by_update_are_linearizable,
    sales_without_either_are_found_guilty,
}

/// A page with a number, and what a post to it says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counter {
    path: &'static str,
    query: &'static str,
    mode: &'static str,
    promise: Promise,
    /// Whether a post answers the value that it made. If not, it answers one more than it saw.
    tells: bool,
}

/// GLASS's `WATally`.
pub(super) const TALLY: Counter =
    Counter { path: "/examples/tally", query: "", mode: "", promise: Promise::OneUnit, tells: true };
const RC_TALLY: Counter = Counter { path: "/examples/rc-tally", tells: false, ..TALLY };
const SERIAL: Counter = Counter { path: "/examples/serial", ..TALLY };
const SALES: Counter = Counter { path: "/examples/sales", promise: Promise::InParts, ..TALLY };

type Count = Operation<Call, i64>;

fn value(answer: &Answer) -> i64 {
    let value = answer.json()["value"].as_i64();
    value.unwrap_or_else(|| panic!("no value in {answer:?}"))
}

impl Counter {
    /// Of four requests three add one.
    async fn used_by(self, mut member: Member) -> Vec<Count> {
        let mut done = Vec::new();
        while member.goes_on() {
            if member.random.below(4) == 0 {
                let read = member.recorder.ask(member.look(self.path), Promise::OneUnit, value).await;
                done.push(read.of(member.number, Call::Read));
            } else {
                let form = member.form(&format!("{}{}", self.path, self.query), &[("mode", self.mode)]);
                let posted = member.recorder.ask(form, self.promise, value).await;
                if self.tells {
                    done.push(posted.of(member.number, Call::Add));
                } else {
                    // It looked, and it added one: two things, both somewhere between question and answer.
                    let looked = posted.clone().map(|value| value - 1);
                    done.push(looked.of(member.number + 2 * CLIENTS, Call::Read));
                    done.push(posted.of(member.number, Call::AddBlindly));
                }
            }
        }
        done
    }

    /// What the crowd does to the counter, and a last look.
    pub(super) async fn history(self, crowd: &Crowd) -> (Counts, i64) {
        let mut operations = crowd.does(|member| self.used_by(member)).await;
        let last = crowd.last();
        let end = last.recorder.ask(last.look(self.path), Promise::OneUnit, value).await;
        let end = end.of(last.number, Call::Read);
        let value = *end.answer().expect("the last look is answered");
        operations.push(end);
        (History::new(operations), value)
    }
}

/// Fails unless every addition that was answered is in the last value, and no more than may be.
#[track_caller]
pub(super) fn nothing_lost_or_doubled(history: &Counts, end: i64) {
    let adds = || history.operations.iter().filter(|operation| operation.call != Call::Read);
    let count = |number: usize| i64::try_from(number).expect("a small number");
    let done = count(adds().filter(|operation| operation.answer().is_some()).count());
    let most = count(adds().filter(|operation| operation.may_have_happened()).count());
    assert!((done..=most).contains(&end), "{done} additions were answered, at most {most} were made: {end}");
}

async fn is_linearizable(engine: Engine, counter: Counter) {
    let server = roomy(engine).start_watched().await;
    let crowd = Crowd::of(|| server.visitor()).await;
    let (history, end) = counter.history(&crowd).await;
    let what = format!("{} {}", counter.path, counter.mode);
    report(&what, &server, &history, &crowd).await;
    nothing_lost_or_doubled(&history, end);
    acquitted(counter::check(&history, 0).map_err(|fault| vec![fault]));
}

async fn clicks_on_the_tally_are_linearizable(engine: Engine) {
    is_linearizable(engine, TALLY).await;
}

async fn clicks_on_the_conflict_free_tally_are_linearizable(engine: Engine) {
    is_linearizable(engine, RC_TALLY).await;
}

async fn serial_numbers_are_linearizable(engine: Engine) {
    is_linearizable(engine, SERIAL).await;
}

async fn sales_under_the_lock_are_linearizable(engine: Engine) {
    is_linearizable(engine, Counter { mode: "locked", ..SALES }).await;
}

async fn sales_by_update_are_linearizable(engine: Engine) {
    is_linearizable(engine, Counter { mode: "update", ..SALES }).await;
}

/// The control: read, then written, by two messages. Sales are lost, and the checker says so (A1).
async fn sales_without_either_are_found_guilty(engine: Engine) {
    let server = roomy(engine).start_watched().await;
    let crowd = Crowd::of(|| server.visitor()).await;
    let unlocked = Counter { mode: "unlocked", query: "?hold_ms=1", ..SALES };
    let (history, end) = unlocked.history(&crowd).await;
    let tally = report("/examples/sales unlocked", &server, &history, &crowd).await;
    assert!(end < i64::try_from(tally.done).expect("a small number"), "no sale was lost: {end} of {tally:?}");
    let fault = counter::check(&history, 0).expect_err("lost sales");
    assert_eq!(fault.kind, Kind::HandedOutTwice, "{fault}");
}
