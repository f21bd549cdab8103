//! What committed units should lead to, written as plainly as possible: one unit after the other.

use std::collections::BTreeMap;

/// A unit, by number; it also stands for the version of what the unit wrote.
pub(super) type Writer = u64;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Var {
    pub(super) writer: Writer,
    pub(super) durable: bool,
    pub(super) content: Content,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Content {
    Value(i64),
    Counter(i64),
    /// Items with the turn of the unit that pushed them: its place in the order of acceptance.
    Queue(Vec<(u64, i64)>),
    Map(BTreeMap<&'static str, (Writer, i64)>),
    Bag(BTreeMap<i64, i64>),
}

/// Something a unit did, with what came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Op {
    Put(i64),
    Remove,
    Count(i64),
    Take(i64),
    Push(i64),
    /// The item it got.
    Pop(i64),
    Enter(&'static str, i64),
    Leave(&'static str),
    Add(i64),
    TakeOut(i64),
}

/// Why a unit may not commit now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The variable as a whole is not what was seen.
    Whole,
    /// An entry is not.
    Entry,
    /// There is not enough of it.
    Amount,
}

/// All variables.
pub(super) type Spec = BTreeMap<&'static str, Var>;

/// What a unit did to one variable, and what it had seen there.
#[derive(Debug, Clone, Default)]
pub(super) struct Touched {
    pub(super) ops: Vec<(bool, Op)>,
    /// The variable was seen.
    pub(super) had: bool,
    /// Written as a whole, over this.
    pub(super) whole: Option<Option<Writer>>,
    /// Keys written, over these.
    pub(super) keys: BTreeMap<&'static str, Option<Writer>>,
}

impl Op {
    fn fits(self, content: &Content) -> bool {
        match self {
            Self::Remove => true,
            Self::Put(_) => matches!(content, Content::Value(_)),
            Self::Count(_) | Self::Take(_) => matches!(content, Content::Counter(_)),
            Self::Push(_) | Self::Pop(_) => matches!(content, Content::Queue(_)),
            Self::Enter(..) | Self::Leave(_) => matches!(content, Content::Map(_)),
            Self::Add(_) | Self::TakeOut(_) => matches!(content, Content::Bag(_)),
        }
    }

    fn empty(self) -> Content {
        match self {
            Self::Put(_) | Self::Remove => Content::Value(0),
            Self::Count(_) | Self::Take(_) => Content::Counter(0),
            Self::Push(_) | Self::Pop(_) => Content::Queue(Vec::new()),
            Self::Enter(..) | Self::Leave(_) => Content::Map(BTreeMap::new()),
            Self::Add(_) | Self::TakeOut(_) => Content::Bag(BTreeMap::new()),
        }
    }
}

/// Whether a variable may be used like this at all.
pub(super) fn usable(spec: &Spec, name: &str, durable: bool, op: Op) -> bool {
    spec.get(name).is_none_or(|var| op == Op::Remove || (op.fits(&var.content) && var.durable == durable))
}

/// Does one thing; `turn` is the unit's place in the order of acceptance.
pub(super) fn run(
    spec: &mut Spec,
    name: &'static str,
    writer: Writer,
    turn: u64,
    durable: bool,
    op: Op,
) -> Result<(), Refusal> {
    if !usable(spec, name, durable, op) {
        return Err(Refusal::Whole);
    }
    if op == Op::Remove {
        spec.remove(name);
        return Ok(());
    }
    let var = spec.entry(name).or_insert_with(|| Var { writer, durable, content: op.empty() });
    var.writer = writer;
    match (op, &mut var.content) {
        (Op::Put(number), Content::Value(value)) => *value = number,
        (Op::Count(by), Content::Counter(count)) => *count += by,
        (Op::Take(by), Content::Counter(count)) => {
            if *count < by {
                return Err(Refusal::Amount);
            }
            *count -= by;
        }
        (Op::Push(item), Content::Queue(items)) => {
            let place = items.partition_point(|(other, _)| *other <= turn);
            items.insert(place, (turn, item));
        }
        (Op::Pop(item), Content::Queue(items)) => {
            let place = items.iter().position(|(_, it)| *it == item).ok_or(Refusal::Entry)?;
            items.remove(place);
        }
        (Op::Enter(key, number), Content::Map(entries)) => {
            entries.insert(key, (writer, number));
        }
        (Op::Leave(key), Content::Map(entries)) => {
            entries.remove(key);
        }
        (Op::Add(item), Content::Bag(items)) => *items.entry(item).or_default() += 1,
        (Op::TakeOut(item), Content::Bag(items)) => {
            let count = items.get_mut(&item).ok_or(Refusal::Amount)?;
            *count -= 1;
            if *count == 0 {
                items.remove(&item);
            }
        }
        (op, content) => unreachable!("{op:?} on {content:?}"),
    }
    Ok(())
}

impl Touched {
    /// Notes what is about to be done, given the unit's view at its start and by now.
    pub(super) fn note(&mut self, start: &Spec, name: &'static str, durable: bool, op: Op) {
        let seen = start.get(name);
        self.had = seen.is_some();
        match op {
            Op::Put(_) | Op::Remove => {
                self.whole.get_or_insert(seen.map(|var| var.writer));
            }
            Op::Enter(key, _) | Op::Leave(key) => {
                let entry = match seen.map(|var| &var.content) {
                    Some(Content::Map(entries)) => entries.get(key).map(|(writer, _)| *writer),
                    _ => None,
                };
                self.keys.entry(key).or_insert(entry);
            }
            _ => {}
        }
        self.ops.push((durable, op));
    }

    /// Commits it onto `spec`, or tells why it cannot be. `blind`: the last writer wins.
    pub(super) fn commit(
        &self,
        spec: &mut Spec,
        name: &'static str,
        writer: Writer,
        turn: u64,
        blind: bool,
    ) -> Result<(), Refusal> {
        let now = spec.get(name);
        match self.whole {
            Some(seen) if !blind && now.map(|var| var.writer) != seen => return Err(Refusal::Whole),
            None if self.had && now.is_none() => return Err(Refusal::Whole),
            _ => {}
        }
        if self.whole.is_none() && !blind {
            for (key, seen) in &self.keys {
                match now.map(|var| &var.content) {
                    Some(Content::Map(entries)) if entries.get(key).map(|(writer, _)| *writer) != *seen => {
                        return Err(Refusal::Entry);
                    }
                    None if seen.is_some() => return Err(Refusal::Entry),
                    _ => {}
                }
            }
        }
        // What was done before a removal is of no account.
        let removed = self.ops.iter().rposition(|(_, op)| *op == Op::Remove);
        for (durable, op) in self.ops.iter().skip(removed.unwrap_or(0)) {
            run(spec, name, writer, turn, *durable, *op)?;
        }
        Ok(())
    }
}

/// Whether two operations are for the same kind of variable.
pub(super) fn same_kind(one: Op, other: Op) -> bool {
    one.fits(&other.empty())
}
