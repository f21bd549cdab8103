//! Random histories of several units and transactions against the specification: whatever was published is what the
//! committed units give one after the other, every answer is the one that follows from what may still come, and the
//! database holds the same.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::database::Database;
use super::spec::{self, Op, Refusal, Spec, Touched, Var, Writer};
use super::*;
use crate::application::cell::{BagItem, MapEntry};

const NAMES: [&str; 7] = ["v", "w", "c", "q", "m", "b", "x"];
const KEYS: [&str; 3] = ["k", "l", "n"];
/// Transactions that may be open at a time.
const SLOTS: usize = 3;
const UNITS: usize = 5;

#[derive(Debug, Clone, Copy)]
enum Action {
    Begin {
        blind: bool,
    },
    Write {
        unit: usize,
        what: What,
        odd: bool,
        volatile: bool,
    },
    Lock {
        unit: usize,
        name: usize,
    },
    Prepare {
        unit: usize,
        slot: usize,
    },
    Publish {
        slot: usize,
    },
    Discard {
        slot: usize,
    },
    /// The answer to a COMMIT is lost.
    Lose {
        slot: usize,
        committed: bool,
    },
    Abort {
        unit: usize,
    },
}

#[derive(Debug, Clone, Copy)]
enum What {
    Put { w: bool },
    Remove { name: usize },
    Count { by: i64 },
    Take { by: u64 },
    Push,
    Pop,
    Enter { key: usize },
    Leave { key: usize },
    Add { item: i64 },
    TakeOut { item: i64 },
}

/// A random number, used up bit by bit: many times cheaper than a strategy for each part of an action.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: u64) -> u64 {
        let side = self.0 % sides;
        self.0 /= sides;
        side
    }

    fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).unwrap()
    }

    fn number(&mut self, sides: u64) -> i64 {
        i64::try_from(self.below(sides)).unwrap()
    }

    fn once_in(&mut self, sides: u64) -> bool {
        self.below(sides) == sides - 1
    }

    fn what(&mut self) -> What {
        match self.below(21) {
            0..3 => What::Put { w: self.once_in(2) },
            3..5 => What::Remove { name: self.index(NAMES.len()) },
            5..7 => What::Count { by: self.number(7) - 3 },
            7..10 => What::Take { by: self.below(5) },
            10..12 => What::Push,
            12..14 => What::Pop,
            14..16 => What::Enter { key: self.index(KEYS.len()) },
            16 => What::Leave { key: self.index(KEYS.len()) },
            17..19 => What::Add { item: self.number(3) },
            _ => What::TakeOut { item: self.number(3) },
        }
    }

    fn action(&mut self) -> Action {
        match self.below(31) {
            0..4 => Action::Begin { blind: self.once_in(7) },
            4..16 => Action::Write {
                unit: self.index(UNITS),
                what: self.what(),
                odd: self.once_in(7),
                volatile: self.once_in(4),
            },
            16..24 => Action::Prepare { unit: self.index(UNITS), slot: self.index(SLOTS) },
            24..27 => Action::Publish { slot: self.index(SLOTS) },
            27 => Action::Discard { slot: self.index(SLOTS) },
            28 => Action::Lose { slot: self.index(SLOTS), committed: self.once_in(2) },
            29 => Action::Lock { unit: self.index(UNITS), name: self.index(NAMES.len()) },
            _ => Action::Abort { unit: self.index(UNITS) },
        }
    }
}

/// A unit, as the state sees it and as the specification does.
struct Live {
    id: Writer,
    unit: Unit,
    blind: bool,
    start: Spec,
    now: Spec,
    touched: BTreeMap<&'static str, Touched>,
    turn: u64,
}

#[derive(Default)]
struct Open {
    tx: Option<TxId>,
    units: Vec<Live>,
    writes: Vec<Write>,
}

struct World {
    state: ApplicationState,
    spec: Spec,
    database: Database,
    units: Vec<Live>,
    open: [Open; SLOTS],
    locks: BTreeMap<&'static str, Owner>,
    delivered: BTreeSet<i64>,
    /// Numbers for units, values, items, turns.
    serial: u64,
}

impl World {
    /// A world in which there is something to conflict about.
    fn new() -> Self {
        let mut world = Self {
            state: empty(),
            spec: Spec::new(),
            database: Database::default(),
            units: Vec::new(),
            open: Default::default(),
            locks: BTreeMap::new(),
            delivered: BTreeSet::new(),
            serial: 0,
        };
        world.begin(false);
        for what in [
            What::Put { w: false },
            What::Count { by: 4 },
            What::Push,
            What::Push,
            What::Push,
            What::Enter { key: 0 },
            What::Enter { key: 1 },
            What::Add { item: 0 },
            What::Add { item: 0 },
            What::Add { item: 1 },
        ] {
            world.write(0, what, false, false);
        }
        world.prepare(0, 0);
        world.publish(0);
        world
    }

    fn next(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    fn act(&mut self, action: Action) {
        let there = |unit: usize| unit < self.units.len();
        match action {
            Action::Begin { blind } if self.units.len() < UNITS => self.begin(blind),
            Action::Write { unit, what, odd, volatile } if there(unit) => self.write(unit, what, odd, volatile),
            Action::Lock { unit, name } if there(unit) => self.lock(unit, NAMES[name]),
            Action::Prepare { unit, slot } if there(unit) => self.prepare(unit, slot),
            Action::Publish { slot } => self.publish(slot),
            Action::Discard { slot } => self.discard(slot),
            Action::Lose { slot, committed } => self.lose(slot, committed),
            Action::Abort { unit } if there(unit) => {
                let live = self.units.remove(unit);
                self.end(&live);
            }
            _ => {}
        }
    }

    fn begin(&mut self, blind: bool) {
        let id = self.next();
        let unit = if blind { Unit::blind(&self.state) } else { Unit::new(&self.state) };
        let (start, now) = (self.spec.clone(), self.spec.clone());
        self.units.push(Live { id, unit, blind, start, now, touched: BTreeMap::new(), turn: u64::MAX });
    }

    fn write(&mut self, unit: usize, what: What, odd: bool, volatile: bool) {
        let number = i64::try_from(self.next()).unwrap();
        let name = match what {
            What::Remove { name } => NAMES[name],
            _ if odd => "x",
            What::Put { w } => ["v", "w"][usize::from(w)],
            What::Count { .. } | What::Take { .. } => "c",
            What::Push | What::Pop => "q",
            What::Enter { .. } | What::Leave { .. } => "m",
            What::Add { .. } | What::TakeOut { .. } => "b",
        };
        let live = &mut self.units[unit];
        live.write(name, what, name != "x" || !volatile, number);
    }

    fn lock(&mut self, unit: usize, name: &'static str) {
        let live = &self.units[unit];
        let seen = live.unit.view.get(name).map(|cell| cell.version);
        let answer = self.state.lock_object(live.unit.owner, name, seen);
        let holder = *self.locks.entry(name).or_insert(live.unit.owner);
        let writer = |spec: &Spec| spec.get(name).map(|var| var.writer);
        let touched = self.open.iter().flat_map(|open| &open.units).any(|other| other.touched.contains_key(name));
        let expected = if holder != live.unit.owner {
            ObjectLock::Denied { holder }
        } else if writer(&live.start) != writer(&self.spec) || touched {
            ObjectLock::Changed
        } else {
            ObjectLock::Granted
        };
        assert_eq!(answer, expected);
    }

    fn end(&mut self, live: &Live) {
        assert_eq!(self.state.release_objects(live.unit.owner), []);
        self.locks.retain(|_, holder| *holder != live.unit.owner);
    }

    fn prepare(&mut self, unit: usize, slot: usize) {
        let tx = *self.open[slot].tx.get_or_insert_with(|| self.state.begin());
        let mut live = self.units.remove(unit);
        live.compare();
        let answer = live.unit.prepare(&mut self.state, tx);
        let expected = self.expected(&live, slot);
        match answer {
            Prepared::Accepted => {
                assert_eq!(expected, Expected::Fine);
                live.turn = self.next();
                self.open[slot].units.push(live);
                self.open[slot].writes = self.state.writes(tx);
            }
            Prepared::Wait(other) => {
                assert_eq!(expected, Expected::Wait);
                let waited = self.open.iter().find(|open| open.tx == Some(other) && !open.units.is_empty());
                assert!(other != tx && waited.is_some(), "waits for {other:?}, which has ended");
                self.units.push(live);
            }
            Prepared::Conflict(conflict) => {
                assert_eq!(expected, Expected::Conflict, "{conflict}");
                self.end(&live);
            }
        }
    }

    fn publish(&mut self, slot: usize) {
        let open = std::mem::take(&mut self.open[slot]);
        let Some(tx) = open.tx else { return };
        let before = self.state.snapshot().version();
        self.database.commit(open.writes);
        self.state.publish(tx);
        assert!(self.state.snapshot().version() > before || open.units.iter().all(|live| live.touched.is_empty()));
        self.committed(&open.units);
    }

    fn committed(&mut self, units: &[Live]) {
        for live in units {
            for (name, touched) in &live.touched {
                touched.commit(&mut self.spec, name, live.id, live.turn, live.blind).expect("what was accepted holds");
                for (_, op) in &touched.ops {
                    if let Op::Pop(item) = op
                        && !touched.ops.contains(&(true, Op::Remove))
                        && !touched.ops.contains(&(false, Op::Remove))
                    {
                        assert!(self.delivered.insert(*item), "item {item} delivered twice");
                    }
                }
            }
            self.end(live);
        }
        self.compare();
    }

    fn discard(&mut self, slot: usize) {
        let open = std::mem::take(&mut self.open[slot]);
        let Some(tx) = open.tx else { return };
        self.state.discard(tx);
        self.committed(&[]);
        for live in &open.units {
            self.end(live);
        }
    }

    /// Nobody knows whether the transaction was committed, so the rows are loaded again.
    fn lose(&mut self, slot: usize, committed: bool) {
        let touched = |open: &Open| -> BTreeSet<&'static str> {
            open.units.iter().flat_map(|live| live.touched.keys().copied()).collect()
        };
        let names = touched(&self.open[slot]);
        let volatile = names.contains("x");
        let shared = (0..SLOTS).any(|other| other != slot && !names.is_disjoint(&touched(&self.open[other])));
        let Some(tx) = self.open[slot].tx else { return };
        if volatile || shared {
            return if committed { self.publish(slot) } else { self.discard(slot) };
        }
        let open = std::mem::take(&mut self.open[slot]);
        if committed {
            self.database.commit(open.writes);
        }
        self.state.discard(tx);
        let loaded: BTreeMap<_, _> = self.database.load().into_iter().collect();
        self.state.reload(names.iter().map(|name| (Arc::from(*name), loaded.get(*name).cloned())).collect());
        let units = if committed {
            open.units
        } else {
            open.units.iter().for_each(|live| self.end(live));
            Vec::new()
        };
        self.committed(&units);
        // Nobody may take what was loaded for what was there before.
        let id = self.next();
        for name in names {
            if let Some(var) = self.spec.get_mut(name)
                && !matches!(var.content, spec::Content::Value(_))
            {
                var.writer = id;
            }
        }
    }

    /// Ends everything, and everyone who waits gets an answer.
    fn finish(mut self) {
        let mut rounds = 0;
        while !self.units.is_empty() || self.open.iter().any(|open| open.tx.is_some()) {
            for slot in 0..SLOTS {
                self.publish(slot);
            }
            if !self.units.is_empty() {
                self.prepare(0, 0);
            }
            rounds += 1;
            assert!(rounds <= 2 * UNITS, "someone waits for ever");
        }
        assert!(self.state.is_idle(), "{:?}", self.state);
        assert!(self.locks.is_empty());
    }

    /// The published snapshot, the specification and the database hold the same.
    fn compare(&self) {
        let snapshot = self.state.snapshot();
        let published: BTreeMap<_, _> = snapshot.iter().map(|(name, cell)| (&**name, plain(cell))).collect();
        let specified: BTreeMap<_, _> = self.spec.iter().map(|(name, var)| (*name, plain_var(var))).collect();
        assert_eq!(published, specified);
        let stored = self.database.load();
        assert_eq!(stored.len(), snapshot.iter().filter(|(_, cell)| cell.durable).count());
        for (name, row) in stored {
            let cell = snapshot.get(&name).unwrap();
            assert_eq!(row.content, cell.content);
            assert!(row.version == cell.version || cell.kind() != Kind::Value);
        }
    }
}

/// A variable without the numbers that only have to be consistent.
fn plain(cell: &Cell) -> (bool, String) {
    let number = |value: &Value| value.decode::<i64>().unwrap();
    let content = match &cell.content {
        Content::Value(value) => format!("value {}", number(value)),
        Content::Counter(count) => format!("counter {count}"),
        Content::Queue(items) => format!("queue {:?}", items.values().map(number).collect::<Vec<_>>()),
        Content::Map(entries) => {
            let plain = |(key, entry): (&Arc<str>, &MapEntry)| (key.to_string(), number(&entry.value));
            format!("map {:?}", entries.iter().map(plain).collect::<BTreeMap<_, _>>())
        }
        Content::Bag(items) => {
            let plain = |item: &BagItem| (number(&item.value), item.count);
            format!("bag {:?}", items.values().map(plain).collect::<BTreeMap<_, _>>())
        }
    };
    (cell.durable, content)
}

fn plain_var(var: &Var) -> (bool, String) {
    let content = match &var.content {
        spec::Content::Value(value) => format!("value {value}"),
        spec::Content::Counter(count) => format!("counter {count}"),
        spec::Content::Queue(items) => format!("queue {:?}", items.iter().map(|(_, item)| item).collect::<Vec<_>>()),
        spec::Content::Map(entries) => {
            format!(
                "map {:?}",
                entries.iter().map(|(key, (_, value))| (key.to_string(), value)).collect::<BTreeMap<_, _>>()
            )
        }
        spec::Content::Bag(items) => format!("bag {items:?}"),
    };
    (var.durable, content)
}

impl Live {
    /// Does one thing in the unit's view, and compares what comes of it.
    fn write(&mut self, name: &'static str, what: What, durable: bool, number: i64) {
        let Unit { view, changes, .. } = &mut self.unit;
        // What the specification says: an error, nothing to do, or this.
        let content = self.now.get(name).map(|var| &var.content);
        let (op, possible) = match (what, content) {
            (What::Put { .. }, _) => (Op::Put(number), true),
            (What::Remove { .. }, content) => (Op::Remove, content.is_some()),
            (What::Count { by }, _) => (Op::Count(by), true),
            (What::Take { by }, content) => {
                let by = i64::try_from(by).unwrap();
                let count = if let Some(spec::Content::Counter(count)) = content { *count } else { 0 };
                (Op::Take(by), count >= by)
            }
            (What::Push, _) => (Op::Push(number), true),
            (What::Pop, Some(spec::Content::Queue(items))) if !items.is_empty() => (Op::Pop(items[0].1), true),
            (What::Pop, _) => (Op::Pop(0), false),
            (What::Enter { key }, _) => (Op::Enter(KEYS[key], number), true),
            (What::Leave { key }, content) => {
                let there = matches!(content, Some(spec::Content::Map(map)) if map.contains_key(KEYS[key]));
                (Op::Leave(KEYS[key]), there)
            }
            (What::Add { item }, _) => (Op::Add(item), true),
            (What::TakeOut { item }, content) => {
                let there = matches!(content, Some(spec::Content::Bag(bag)) if bag.contains_key(&item));
                (Op::TakeOut(item), there)
            }
        };
        let expected = spec::usable(&self.now, name, durable, op).then_some(possible);
        let done = match what {
            What::Put { .. } => changes.put(view, name, durable, value(number)).map(|()| true),
            What::Remove { .. } => changes.remove(view, name),
            What::Count { by } => changes.count(view, name, durable, by).map(|()| true),
            What::Take { by } => changes.decrement_if_ge(view, name, durable, by),
            What::Push => changes.queue_push(view, name, durable, value(number)).map(|()| true),
            What::Pop => changes.queue_pop(view, name, durable).map(|item| {
                assert!(item.as_ref().is_none_or(|item| Op::Pop(item.decode().unwrap()) == op));
                item.is_some()
            }),
            What::Enter { key } => changes.map_put(view, name, durable, KEYS[key], value(number)).map(|()| true),
            What::Leave { key } => changes.map_remove(view, name, durable, KEYS[key]),
            What::Add { item } => changes.bag_add(view, name, durable, value(item)).map(|()| true),
            What::TakeOut { item } => changes.bag_remove(view, name, durable, &value(item)),
        };
        assert_eq!(done.ok(), expected, "{what:?} on {name}");
        if expected == Some(true) {
            self.touched.entry(name).or_default().note(&self.start, name, durable, op);
            spec::run(&mut self.now, name, self.id, u64::MAX, durable, op).unwrap();
        }
    }

    /// The unit sees its own changes on top of its snapshot.
    fn compare(&self) {
        let Unit { view, changes, .. } = &self.unit;
        let names = changes.names(view);
        assert!(names.iter().map(|name| &**name).eq(self.now.keys().copied()));
        self.touched.keys().for_each(|name| self.compare_variable(name));
    }

    fn compare_variable(&self, name: &str) {
        let Unit { view, changes, .. } = &self.unit;
        let number = |value: &Value| value.decode::<i64>().unwrap();
        match self.now.get(name).map(|var| &var.content) {
            None => assert_eq!(changes.kind(view, name), None),
            Some(spec::Content::Value(value)) => assert_eq!(self.unit.value(name), Some(*value)),
            Some(spec::Content::Counter(count)) => assert_eq!(changes.counter(view, name).unwrap(), *count),
            Some(spec::Content::Queue(items)) => {
                let expected: Vec<_> = items.iter().map(|(_, item)| *item).collect();
                let seen: Vec<_> = changes.queue_items(view, name).unwrap().iter().map(number).collect();
                assert_eq!(seen, expected);
                assert_eq!(changes.queue_len(view, name).unwrap(), items.len());
                assert_eq!(changes.queue_peek(view, name).unwrap().as_ref().map(number), expected.first().copied());
            }
            Some(spec::Content::Map(entries)) => {
                let seen = changes.map_entries(view, name).unwrap();
                let seen: Vec<_> = seen.iter().map(|(key, value)| (&**key, number(value))).collect();
                assert_eq!(seen, entries.iter().map(|(key, (_, value))| (*key, *value)).collect::<Vec<_>>());
                assert_eq!(changes.map_len(view, name).unwrap(), entries.len());
            }
            Some(spec::Content::Bag(items)) => {
                let seen = changes.bag_items(view, name).unwrap();
                let seen: Vec<_> =
                    seen.iter().map(|(item, count)| (number(item), i64::try_from(*count).unwrap())).collect();
                assert_eq!(seen, items.iter().map(|(item, count)| (*item, *count)).collect::<Vec<_>>());
            }
        }
    }

    /// Commits what it did to one variable.
    fn commit(&self, spec: &mut Spec, name: &'static str) -> Result<(), Refusal> {
        match self.touched.get(name) {
            Some(touched) => touched.commit(spec, name, self.id, self.turn, self.blind),
            None => Ok(()),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Expected {
    Fine,
    Wait,
    Conflict,
}

impl World {
    /// What the answer has to be, found by trying all that may still come.
    fn expected(&self, live: &Live, slot: usize) -> Expected {
        let locked = |name: &&'static str| self.locks.get(*name).is_some_and(|holder| *holder != live.unit.owner);
        if live.touched.keys().any(locked) {
            return Expected::Conflict;
        }
        live.touched.keys().map(|name| self.expected_of(live, slot, name)).max().unwrap_or(Expected::Fine)
    }

    fn expected_of(&self, live: &Live, slot: usize, name: &'static str) -> Expected {
        let others = (0..SLOTS).filter(|other| *other != slot).map(|other| &self.open[other]);
        // The others that touch it at all.
        let others: Vec<&Open> =
            others.filter(|open| open.units.iter().any(|unit| unit.touched.contains_key(name))).collect();
        let futures: Vec<Vec<&Open>> = (0..1_usize << others.len())
            .map(|set| (0..others.len()).filter(|bit| set >> bit & 1 == 1).map(|bit| others[bit]).collect())
            .collect();
        let own = &self.open[slot].units;
        // The variable after these transactions.
        let after = |transactions: &[&Open]| {
            let mut spec: Spec =
                self.spec.iter().filter(|(it, _)| **it == name).map(|(it, var)| (*it, var.clone())).collect();
            for open in transactions {
                commit_all(&open.units, &mut spec, name).expect("accepted transactions may be published in any order");
            }
            spec
        };
        let mine = |mut spec: Spec| {
            commit_all(own, &mut spec, name)?;
            live.commit(&mut spec, name).map(|()| spec)
        };
        let answers: Vec<_> = futures.iter().map(|future| mine(after(future))).collect();
        let touched = &live.touched[name];
        if answers[0].as_ref().err() == Some(&Refusal::Whole) {
            return Expected::Conflict;
        }
        // Whether this unit or another transaction wants the variable as a whole.
        let exclusive =
            others.iter().flat_map(|open| &open.units).filter_map(|unit| unit.touched.get(name)).any(|other| {
                let apart = |(durable, op): &(bool, Op)| {
                    touched.ops.iter().any(|(own, mine)| own != durable || !spec::same_kind(*op, *mine))
                };
                touched.whole.is_some() || other.whole.is_some() || other.ops.iter().any(apart)
            });
        if exclusive {
            return Expected::Wait;
        }
        let refused = |answer: &Result<Spec, Refusal>| answer.as_ref().err().copied();
        if refused(&answers[0]) == Some(Refusal::Entry) || answers.iter().all(|it| refused(it) == Some(Refusal::Amount))
        {
            return Expected::Conflict;
        }
        // The others must still hold if this one comes first.
        let harmless = others.iter().all(|other| {
            let later =
                futures.iter().zip(&answers).filter(|(future, _)| !future.iter().any(|it| std::ptr::eq(*it, *other)));
            later.into_iter().all(|(_, answer)| {
                answer.as_ref().is_ok_and(|spec| commit_all(&other.units, &mut spec.clone(), name).is_ok())
            })
        });
        // Two that write a key wait for one another even where neither minds.
        let same_key = |other: &Touched| other.keys.keys().any(|key| touched.keys.contains_key(key));
        let key = others.iter().flat_map(|open| &open.units).filter_map(|unit| unit.touched.get(name)).any(same_key);
        if answers.iter().all(Result::is_ok) && harmless && !key { Expected::Fine } else { Expected::Wait }
    }
}

fn commit_all(units: &[Live], spec: &mut Spec, name: &'static str) -> Result<(), Refusal> {
    units.iter().try_for_each(|live| live.commit(spec, name))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_published_is_what_the_committed_units_give_one_after_the_other(
        numbers in prop::collection::vec(any::<u64>(), 1..70)
    ) {
        let mut world = World::new();
        for number in numbers {
            world.act(Dice(number).action());
        }
        world.finish();
    }
}
