mod mutations;

use super::*;
use crate::history::Kind;
use crate::history::Outcome;

/// A unit as in `r x 1 2, append y 3`.
fn unit(invoked: u64, completed: u64, steps: &str) -> Unit {
    let (mut call, mut seen) = (Vec::new(), Vec::new());
    for step in steps.split(", ") {
        let mut words = step.split(' ');
        let (what, key) = (words.next().expect("a word"), words.next().expect("a list").to_owned());
        let mut numbers = words.map(|word| word.parse::<i64>().expect("a number"));
        if what == "r" {
            seen.push(numbers.collect());
            call.push(Step::Read(key));
        } else {
            call.push(Step::Append(key, numbers.next().expect("a number")));
        }
    }
    Unit { process: 0, node: None, invoked, completed, call, outcome: Outcome::Done(seen) }
}

/// All of one time, so that no times say anything.
fn at_once(steps: &str) -> Unit {
    unit(0, 100, steps)
}

fn without_answer(outcome: Outcome<Vec<Vec<i64>>>, unit: Unit) -> Unit {
    Unit { outcome, ..unit }
}

fn judged(units: &[Unit]) -> Result<Report, Vec<Fault>> {
    let of_one = |(process, unit): (usize, &Unit)| Unit { process, ..unit.clone() };
    check(&History::new(units.iter().enumerate().map(of_one).collect()))
}

#[track_caller]
fn kinds(units: &[Unit]) -> Vec<Kind> {
    judged(units).map_or_else(|faults| faults.iter().map(|fault| fault.kind).collect(), |_| Vec::new())
}

#[test]
fn units_one_after_the_other_are_sound() {
    assert_eq!(kinds(&[]), []);
    assert_eq!(
        kinds(&[
            unit(0, 1, "append x 1, r x 1, append y 2"),
            unit(2, 3, "r x 1, append x 3, append x 4, r x 1 3 4, r y 2"),
            unit(4, 5, "r x 1 3 4, r y 2, r z"),
        ]),
        []
    );
}

#[test]
fn a_unit_that_contradicts_itself_is_found() {
    assert_eq!(kinds(&[at_once("append x 1, r x")]), [Kind::Internal]);
    assert_eq!(kinds(&[at_once("r x 1, append x 1")]), [Kind::Internal]);
    assert_eq!(kinds(&[at_once("append x 1"), at_once("r x, r x 1")])[0], Kind::Internal);
}

#[test]
fn elements_from_nowhere_and_doubled_ones_are_found() {
    assert_eq!(kinds(&[at_once("r x 1")]), [Kind::Phantom]);
    assert_eq!(kinds(&[at_once("append x 1"), at_once("r x 1 1")]), [Kind::Duplicate]);
}

#[test]
fn two_orders_of_one_list_are_found() {
    let units = [at_once("append x 1"), at_once("append x 2"), at_once("r x 1 2"), at_once("r x 2")];
    assert_eq!(kinds(&units), [Kind::Incompatible]);
}

#[test]
fn an_acknowledged_append_that_vanished_is_found() {
    assert_eq!(kinds(&[unit(0, 1, "append x 1"), unit(2, 3, "r x")])[0], Kind::Vanished);
    // Overwritten by somebody who had read an older version.
    let units = [unit(0, 9, "r x, append x 1"), unit(0, 9, "r x, append x 2"), unit(10, 11, "r x 2")];
    assert_eq!(kinds(&units)[..2], [Kind::LostUpdate, Kind::Vanished]);
    // Nobody who asked later has looked.
    assert_eq!(kinds(&[unit(0, 9, "append x 1"), unit(2, 3, "r x")]), []);
}

#[test]
fn a_lost_update_is_found() {
    let units = [at_once("r x, append x 1"), at_once("r x, append x 2"), at_once("r x 1 2")];
    assert_eq!(kinds(&units), [Kind::LostUpdate, Kind::ReadSkew]);
}

#[test]
fn what_was_undone_must_not_show() {
    let failed = without_answer(Outcome::Failed, at_once("append x 1"));
    assert_eq!(kinds(&[failed.clone(), at_once("r x")]), []);
    assert_eq!(kinds(&[failed, at_once("r x 1")]), [Kind::AbortedRead]);
}

#[test]
fn what_is_unknown_may_show_or_not() {
    let unknown = without_answer(Outcome::Unknown, unit(0, 1, "append x 1, append y 2"));
    assert_eq!(kinds(&[unknown.clone(), unit(2, 3, "r x")]), []);
    assert_eq!(kinds(&[unknown.clone(), unit(2, 3, "r x"), unit(4, 5, "r x 1, r y 2")]), []);
    // But not one half of it.
    assert_eq!(kinds(&[unknown.clone(), unit(2, 3, "r x 1, r y"), unit(6, 7, "r y 2")]), [Kind::ReadSkew]);
    assert_eq!(kinds(&[unknown, unit(2, 3, "r x 1"), unit(4, 5, "r x")]), [Kind::StaleRead]);
}

#[test]
fn a_list_in_the_middle_of_a_unit_is_found() {
    let units = [at_once("append x 1, append x 2"), at_once("r x 1"), at_once("r x 1 2")];
    assert_eq!(kinds(&units)[0], Kind::IntermediateRead);
}

#[test]
fn appends_that_passed_one_another_are_found() {
    let units =
        [at_once("append x 1, append y 1"), at_once("append x 2, append y 2"), at_once("r x 1 2"), at_once("r y 2 1")];
    assert_eq!(kinds(&units)[0], Kind::WriteCycle);
}

#[test]
fn units_that_saw_each_other_are_found() {
    let units = [at_once("append x 1, r y 2"), at_once("append y 2, r x 1")];
    assert_eq!(kinds(&units), [Kind::CircularInformation]);
}

#[test]
fn read_skew_is_found() {
    let units = [at_once("append x 1, append y 2"), at_once("r x 1, r y"), at_once("r y 2")];
    assert_eq!(kinds(&units), [Kind::ReadSkew]);
    let faults = judged(&units).unwrap_err();
    assert_eq!(faults[0].evidence.len(), 3, "{}", faults[0]);
}

/// Two who read see two writers in different orders: each write was seen by the one and not by the other.
#[test]
fn skews_that_are_not_side_by_side_are_found() {
    let units = [at_once("append x 1"), at_once("append y 2"), at_once("r x 1, r y"), at_once("r x, r y 2")];
    assert_eq!(kinds(&units), [Kind::NonadjacentSkew]);
}

#[test]
fn write_skew_is_allowed_and_counted() {
    let units = [at_once("r x, r y, append x 1"), at_once("r x, r y, append y 2"), unit(101, 102, "r x 1, r y 2")];
    let report = judged(&units).expect("snapshot isolation allows it");
    assert_eq!((report.units, report.write_skews, report.not_serializable), (3, 1, 1));
    // Three in a circle, no two of whom skip each other.
    let units = [
        at_once("r y, append x 1"),
        at_once("r z, append y 2"),
        at_once("r x, append z 3"),
        unit(101, 102, "r x 1, r y 2, r z 3"),
    ];
    let report = judged(&units).expect("snapshot isolation allows it");
    assert_eq!((report.write_skews, report.not_serializable), (0, 1));
}

#[test]
fn a_stale_read_is_found_by_the_times_alone() {
    let units = [unit(0, 1, "append x 1"), unit(2, 3, "r x"), unit(4, 5, "r x 1")];
    assert_eq!(kinds(&units), [Kind::StaleRead]);
    // At the same moment nothing says who was first.
    let units = [unit(0, 2, "append x 1"), unit(2, 3, "r x"), unit(4, 5, "r x 1")];
    assert_eq!(kinds(&units), []);
    // Two readers, one after the other, of an append that is still under way.
    let units = [unit(0, 9, "append x 1"), unit(1, 2, "r x 1"), unit(3, 4, "r x")];
    assert_eq!(kinds(&units), [Kind::StaleRead]);
}

#[test]
fn what_had_not_begun_must_not_show() {
    assert_eq!(kinds(&[unit(0, 1, "r x 1"), unit(2, 3, "append x 1")]), [Kind::BackwardsInTime]);
    let units = [unit(0, 1, "append x 1"), unit(2, 3, "append x 2"), unit(4, 5, "r x 2 1")];
    assert_eq!(kinds(&units), [Kind::BackwardsInTime]);
}

#[test]
fn a_reader_between_two_writers_sees_the_first_if_it_sees_the_second() {
    let units = [unit(0, 1, "append x 1"), unit(2, 3, "append y 2"), unit(0, 4, "r y 2, r x"), unit(5, 6, "r x 1")];
    assert_eq!(kinds(&units), [Kind::StaleRead]);
}
