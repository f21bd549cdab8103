//! The order of the appends to each list, and all that is wrong without a look at any cycle.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;

use super::Unit;
use super::Units;
use crate::history::Fault;
use crate::history::Kind;
use crate::history::Outcome;

/// What is known of the lists.
pub(super) struct Versions<'a> {
    pub(super) lists: BTreeMap<&'a str, List<'a>>,
    /// Which version of which list a unit saw before its own appends: how many elements there were.
    pub(super) seen: Vec<BTreeMap<&'a str, usize>>,
    /// Whether the unit happened, for all that is known.
    pub(super) happened: Vec<bool>,
}

/// One list.
#[derive(Default)]
pub(super) struct List<'a> {
    /// The longest reading, which all others are the beginning of.
    pub(super) order: &'a [i64],
    /// Whose reading that was.
    reader: usize,
    /// Which unit appended it.
    pub(super) writers: HashMap<i64, usize>,
    /// Units that appended and were acknowledged, but are in no reading: they come after the longest.
    pub(super) unseen: Vec<usize>,
}

impl List<'_> {
    /// Which unit made the version of so many elements.
    pub(super) fn maker(&self, version: usize) -> Option<usize> {
        let element = self.order.get(version.checked_sub(1)?)?;
        self.writers.get(element).copied()
    }
}

impl Versions<'_> {
    pub(super) fn committed(&self) -> usize {
        self.happened.iter().filter(|happened| **happened).count()
    }
}

pub(super) fn infer(history: &Units) -> (Versions<'_>, Vec<Fault>) {
    let units = &history.operations;
    let mut faults = Faults { units, found: Vec::new(), told: BTreeSet::new() };
    let mut lists = writers(units);
    order(units, &mut lists);
    faults.judge_orders(&lists);
    let mut seen_by: Vec<BTreeMap<&str, usize>> = vec![BTreeMap::new(); units.len()];
    for (number, unit) in units.iter().enumerate() {
        for (key, seen, own) in unit.readings() {
            if let Some(version) = faults.judge(&lists[key], number, key, seen, &own) {
                let before = seen_by[number].entry(key).or_insert(version);
                if *before != version {
                    faults.add(Kind::Internal, key, &[number], "read the same list twice, differently");
                }
            }
        }
    }
    let mut happened: Vec<bool> = units.iter().map(|unit| unit.answer().is_some()).collect();
    for list in lists.values_mut() {
        for writer in list.order.iter().filter_map(|element| list.writers.get(element)) {
            happened[*writer] = true;
        }
        let in_order: BTreeSet<i64> = list.order.iter().copied().collect();
        let acknowledged = |(element, writer): (&i64, &usize)| {
            (!in_order.contains(element) && units[*writer].answer().is_some()).then_some(*writer)
        };
        list.unseen = list.writers.iter().filter_map(acknowledged).collect();
        list.unseen.sort_unstable();
        list.unseen.dedup();
    }
    faults.lost_updates(&lists, &seen_by);
    faults.vanished(&lists);
    let found = faults.found;
    (Versions { lists, seen: seen_by, happened }, found)
}

fn writers(units: &[Unit]) -> BTreeMap<&str, List<'_>> {
    let mut lists: BTreeMap<&str, List<'_>> = BTreeMap::new();
    for (number, unit) in units.iter().enumerate() {
        for (key, element) in unit.appends() {
            let before = lists.entry(key).or_default().writers.insert(element, number);
            assert!(before.is_none(), "{element} is appended to {key} twice: this history tells nothing");
        }
    }
    lists
}

/// The longest sound reading of each list gives its order. What is wrong with the others is said elsewhere.
fn order<'a>(units: &'a [Unit], lists: &mut BTreeMap<&'a str, List<'a>>) {
    let mut readings: BTreeMap<&str, Vec<(&'a [i64], usize)>> = BTreeMap::new();
    for (number, unit) in units.iter().enumerate() {
        for (key, seen, own) in unit.readings() {
            if seen.ends_with(&own) {
                readings.entry(key).or_default().push((seen, number));
            }
        }
    }
    for (key, mut readings) in readings {
        readings.sort_by_key(|(seen, _)| Reverse(seen.len()));
        let longest = readings.into_iter().find(|(seen, _)| !repeats(seen));
        let list = lists.entry(key).or_default();
        (list.order, list.reader) = longest.unwrap_or_default();
    }
}

fn repeats(seen: &[i64]) -> bool {
    let distinct: BTreeSet<_> = seen.iter().collect();
    distinct.len() < seen.len()
}

/// What was found, each kind once for a list and a place.
struct Faults<'a> {
    units: &'a [Unit],
    found: Vec<Fault>,
    told: BTreeSet<(Kind, String)>,
}

/// How many faults of a kind are told of each list; where a site has lost one thing it has often lost hundreds.
const TOLD: usize = 3;

impl Faults<'_> {
    fn add(&mut self, kind: Kind, key: &str, units: &[usize], what: &str) {
        let told = self.told.iter().filter(|(known, of)| *known == kind && of.starts_with(&format!("{key} "))).count();
        if told < TOLD && self.told.insert((kind, format!("{key} {what} {units:?}"))) {
            let evidence = units.iter().map(|unit| self.units[*unit].told());
            self.found.push(Fault::new(kind, [format!("list {key}: {what}")].into_iter().chain(evidence)));
        }
    }

    /// What is wrong with the elements of the longest readings, and so with all that are their beginnings.
    fn judge_orders(&mut self, lists: &BTreeMap<&str, List<'_>>) {
        for (key, list) in lists {
            self.judge_elements(list, list.reader, key, list.order);
        }
    }

    fn judge_elements(&mut self, list: &List<'_>, unit: usize, key: &str, seen: &[i64]) {
        for element in seen {
            match list.writers.get(element) {
                None => self.add(Kind::Phantom, key, &[unit], &format!("nobody appended {element}")),
                Some(writer) if self.units[*writer].outcome == Outcome::Failed => {
                    self.add(Kind::AbortedRead, key, &[unit, *writer], &format!("{element} was undone"));
                }
                Some(_) => {}
            }
        }
    }

    /// What is wrong with one reading; if it fits the order, the version that the unit saw before its own appends.
    fn judge(&mut self, list: &List<'_>, unit: usize, key: &str, seen: &[i64], own: &[i64]) -> Option<usize> {
        let Some(foreign) = seen.strip_suffix(own) else {
            self.add(Kind::Internal, key, &[unit], "the unit's own appends are not at the end");
            return None;
        };
        let is_own = |element: &i64| list.writers.get(element) == Some(&unit);
        if self.units[unit].appends().any(|(to, _)| to == key) && foreign.iter().any(is_own) {
            self.add(Kind::Internal, key, &[unit], "the unit's own appends are there already");
        }
        if let Some(last) = foreign.last()
            && let Some(writer) = list.writers.get(last).filter(|writer| **writer != unit)
            && self.units[*writer].appended(key, usize::MAX).last() != Some(last)
        {
            self.add(Kind::IntermediateRead, key, &[unit, *writer], &format!("{last} was not the unit's last"));
        }
        if list.order.starts_with(foreign) {
            return Some(foreign.len());
        }
        self.judge_elements(list, unit, key, foreign);
        if repeats(seen) {
            self.add(Kind::Duplicate, key, &[unit], "an element is there twice");
        } else {
            let longest = format!("neither is the beginning of the other: this, and {:?}", list.order);
            self.add(Kind::Incompatible, key, &[unit], &longest);
        }
        None
    }

    /// Two units that read one version and both appended to it: the second had to be run again.
    fn lost_updates(&mut self, lists: &BTreeMap<&str, List<'_>>, seen: &[BTreeMap<&str, usize>]) {
        for key in lists.keys() {
            let mut bases: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
            for (unit, seen) in seen.iter().enumerate() {
                if let Some(version) = seen.get(key)
                    && self.units[unit].appends().any(|(to, _)| to == *key)
                {
                    bases.entry(*version).or_default().push(unit);
                }
            }
            for (version, units) in bases.into_iter().filter(|(_, units)| units.len() > 1) {
                self.add(Kind::LostUpdate, key, &units, &format!("all appended to the {version} elements they read"));
            }
        }
    }

    /// An acknowledged append that a later reading has not.
    fn vanished(&mut self, lists: &BTreeMap<&str, List<'_>>) {
        for (key, list) in lists {
            let readings = self.units.iter().enumerate();
            let last = readings
                .filter(|(_, unit)| unit.readings().any(|(of, ..)| of == *key))
                .max_by_key(|(_, unit)| unit.invoked);
            let Some((last, invoked)) = last.map(|(number, unit)| (number, unit.invoked)) else { continue };
            for writer in &list.unseen {
                if self.units[*writer].completed < invoked {
                    self.add(
                        Kind::Vanished,
                        key,
                        &[*writer, last],
                        "the second has not what the first was told is there",
                    );
                }
            }
        }
    }
}
