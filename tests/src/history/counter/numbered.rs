//! A counter whose additions answer different values: there is one order they can have happened in.

use std::collections::BTreeMap;

use super::Count;
use crate::history::Fault;
use crate::history::Kind;
use crate::history::Moment;

/// The addition that made a value, and who read it.
#[derive(Default)]
struct Place<'a> {
    add: Option<&'a Count>,
    reads: Vec<&'a Count>,
}

pub(super) fn check(adds: &[&Count], unknown: &[&Count], reads: &[&Count], start: i64) -> Result<(), Fault> {
    let places = places(adds, reads, start)?;
    in_order(&places)?;
    filled(&places, unknown, start)
}

/// What is known of each value, in their order.
fn places<'a>(adds: &[&'a Count], reads: &[&'a Count], start: i64) -> Result<BTreeMap<i64, Place<'a>>, Fault> {
    let mut places: BTreeMap<i64, Place<'a>> = BTreeMap::new();
    for add in adds {
        let Some(value) = add.answer() else { continue };
        if *value <= start {
            return Err(Fault::new(Kind::NeverWritten, [format!("it began with {start}"), add.told()]));
        }
        if let Some(first) = places.entry(*value).or_default().add.replace(add) {
            return Err(Fault::new(Kind::HandedOutTwice, [first.told(), add.told()]));
        }
    }
    for read in reads {
        let Some(value) = read.answer() else { continue };
        if *value < start {
            return Err(Fault::new(Kind::NeverWritten, [format!("it began with {start}"), read.told()]));
        }
        places.entry(*value).or_default().reads.push(read);
    }
    Ok(places)
}

/// Nothing of a later place may have ended before something of an earlier place began.
fn in_order(places: &BTreeMap<i64, Place<'_>>) -> Result<(), Fault> {
    let mut latest: Option<&Count> = None;
    for place in places.values() {
        for operation in place.add.iter().chain(&place.reads).copied() {
            if let Some(earlier) = latest.filter(|earlier| operation.ends() < earlier.invoked) {
                return Err(Fault::new(Kind::OutOfOrder, [operation.told(), earlier.told()]));
            }
            // Those who read one value are in no order among themselves, but all come after the addition.
            if Some(operation) == place.add {
                latest = later(latest, operation);
            }
        }
        for read in &place.reads {
            latest = later(latest, read);
        }
    }
    Ok(())
}

fn later<'a>(one: Option<&'a Count>, other: &'a Count) -> Option<&'a Count> {
    Some(one.filter(|one| one.invoked >= other.invoked).unwrap_or(other))
}

/// Every value up to the largest was made by somebody: where no answer says by whom, it was an addition of unknown
/// outcome that had begun before any later place ended.
fn filled(places: &BTreeMap<i64, Place<'_>>, unknown: &[&Count], start: i64) -> Result<(), Fault> {
    let Some((&largest, _)) = places.last_key_value() else { return Ok(()) };
    let made = places.values().filter(|place| place.add.is_some()).count();
    let missing = usize::try_from(largest - start).unwrap_or(usize::MAX) - made;
    let mut gaps = (start + 1..=largest).filter(|value| places.get(value).is_none_or(|place| place.add.is_none()));
    if missing > unknown.len() {
        let first: Vec<_> = gaps.take(5).map(|value| value.to_string()).collect();
        let evidence = format!(
            "{missing} values up to {largest} were made by nobody who had an answer, {} additions had none: {} …",
            unknown.len(),
            first.join(", ")
        );
        return Err(Fault::new(Kind::NobodysAddition, [evidence]));
    }
    let mut beginnings: Vec<&Count> = unknown.to_vec();
    beginnings.sort_by_key(|add| add.invoked);
    let deadlines = deadlines(places);
    for (gap, add) in gaps.by_ref().zip(beginnings) {
        // Of the value itself those who read it, of later ones everybody.
        let (_, deadline) = deadlines.range(gap..).next().map_or((gap, None), |(value, ended)| (*value, Some(*ended)));
        if let Some(ended) = deadline.filter(|ended| ended.ends() < add.invoked) {
            let evidence = [format!("nobody had begun to make {gap} when this ended:"), ended.told(), add.told()];
            return Err(Fault::new(Kind::NobodysAddition, evidence));
        }
    }
    Ok(())
}

/// For each place whatever of it and of all later ones ended first.
fn deadlines<'a>(places: &BTreeMap<i64, Place<'a>>) -> BTreeMap<i64, &'a Count> {
    let mut first: Option<&'a Count> = None;
    let mut deadlines = BTreeMap::new();
    for (value, place) in places.iter().rev() {
        for operation in place.add.iter().chain(&place.reads).copied() {
            let ends: Moment = operation.ends();
            if first.is_none_or(|first| ends < first.ends()) {
                first = Some(operation);
            }
        }
        if let Some(first) = first {
            deadlines.insert(*value, first);
        }
    }
    deadlines
}
