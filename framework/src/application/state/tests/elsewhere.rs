//! Several nodes on one database: what each publishes of what the others committed, in whichever order commits, their
//! answers and the looks at the log come.

use proptest::prelude::*;

use super::database::Database;
use super::*;

/// The database, and its log of who changed what.
#[derive(Default)]
struct Shared {
    database: Database,
    log: Vec<(usize, TxId, Vec<Arc<str>>)>,
}

/// A look that was begun: what was read, and up to where.
struct Look {
    cells: Vec<(Arc<str>, Option<Cell>)>,
    own: Vec<TxId>,
    unknown: Vec<TxId>,
    upto: usize,
}

struct Node {
    number: usize,
    state: ApplicationState,
    /// Up to where the log was taken.
    taken: usize,
    look: Option<Look>,
    /// Committed, and nobody has said so here.
    unanswered: Vec<TxId>,
}

impl Node {
    fn new(number: usize) -> Self {
        let state = ApplicationState::of_node(Snapshot::empty(), number as u64);
        Self { number, state, taken: 0, look: None, unanswered: Vec::new() }
    }

    /// Commits a unit; what came of it is told here later.
    fn commit(&mut self, shared: &mut Shared, unit: impl FnOnce(Unit) -> Unit) -> bool {
        let unit = unit(Unit::new(&self.state));
        let tx = self.state.begin();
        if unit.prepare(&mut self.state, tx) != Prepared::Accepted {
            return false;
        }
        let writes = self.state.writes(tx);
        let names = writes.iter().map(|write| Arc::clone(write.variable())).collect();
        if !shared.database.try_commit(writes) {
            self.state.discard(tx);
            return false;
        }
        shared.log.push((self.number, tx, names));
        self.unanswered.push(tx);
        true
    }

    fn answer(&mut self) {
        if let Some(tx) = self.unanswered.pop() {
            self.state.publish(tx);
        }
    }

    /// The answer to a COMMIT is lost: the transaction is given up here.
    fn lose_answer(&mut self) {
        if let Some(tx) = self.unanswered.pop() {
            self.state.discard(tx);
        }
    }

    fn begin_look(&mut self, shared: &Shared) {
        let new = &shared.log[self.taken..];
        let own: Vec<TxId> = new.iter().filter(|(node, ..)| *node == self.number).map(|(_, tx, _)| *tx).collect();
        let unknown = self.state.unknown(&own);
        let concerns = |(node, tx, _): &&(usize, TxId, Vec<Arc<str>>)| *node != self.number || unknown.contains(tx);
        let names: std::collections::BTreeSet<Arc<str>> =
            new.iter().filter(concerns).flat_map(|(_, _, names)| names.iter().cloned()).collect();
        let stored: BTreeMap<Arc<str>, Cell> = shared.database.load().into_iter().collect();
        let cells = names.into_iter().map(|name| (Arc::clone(&name), stored.get(&name).cloned())).collect();
        self.look = Some(Look { cells, own, unknown, upto: shared.log.len() });
    }

    fn end_look(&mut self) {
        if let Some(Look { cells, own, unknown, upto }) = self.look.take()
            && self.state.catch_up(cells, &own, &unknown).is_some()
        {
            self.taken = upto;
        }
    }

    fn catch_up(&mut self, shared: &Shared) {
        self.end_look();
        self.begin_look(shared);
        self.end_look();
    }

    /// Two counters that every unit changes together.
    #[track_caller]
    fn assert_whole(&self) {
        assert_eq!(counter(&self.state, "left"), counter(&self.state, "right"), "half of a unit is to be seen");
    }

    fn contents(&self) -> BTreeMap<Arc<str>, Content> {
        let cell = |(name, cell): (&Arc<str>, &Arc<Cell>)| (Arc::clone(name), unversioned(&cell.content));
        self.state.snapshot().iter().map(cell).collect()
    }
}

/// Versions of entries are no part of what there is to see.
fn unversioned(content: &Content) -> Content {
    match content {
        Content::Map(entries) => Content::Map(
            entries
                .iter()
                .map(|(key, entry)| {
                    let entry = crate::application::cell::MapEntry { value: entry.value.clone(), version: 0 };
                    (Arc::clone(key), entry)
                })
                .collect(),
        ),
        other => other.clone(),
    }
}

fn act(node: &mut Node, shared: &mut Shared, action: u8) {
    match action {
        0..3 => drop(node.commit(shared, |unit| unit.count("left", 1).count("right", 1))),
        3 => drop(node.commit(shared, |unit| {
            let next = unit.value("v").unwrap_or(0) + 1;
            unit.put("v", next)
        })),
        4 => drop(node.commit(shared, |unit| unit.push("q", 7))),
        5 => drop(node.commit(shared, |unit| unit.enter("m", "k", 1).add("b", 3))),
        6 => drop(node.commit(shared, |unit| if unit.value("v").is_some() { unit.remove("v") } else { unit })),
        7..11 => node.answer(),
        11 => node.lose_answer(),
        12..15 => node.begin_look(shared),
        15..18 => node.end_look(),
        _ => node.catch_up(shared),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_node_ends_up_with_what_the_database_has_and_never_shows_half_of_a_unit(
        actions in proptest::collection::vec((0..3_usize, 0..20_u8), 1..120)
    ) {
        let mut shared = Shared::default();
        let mut nodes: Vec<Node> = (1..=3).map(Node::new).collect();
        for (node, action) in actions {
            act(&mut nodes[node], &mut shared, action);
            nodes[node].assert_whole();
        }
        let stored: BTreeMap<Arc<str>, Content> =
            shared.database.load().into_iter().map(|(name, cell)| (name, unversioned(&cell.content))).collect();
        for node in &mut nodes {
            while !node.unanswered.is_empty() {
                node.answer();
            }
            node.catch_up(&shared);
            prop_assert_eq!(node.contents(), stored.clone());
            prop_assert!(node.state.unseen.is_empty(), "kept for ever");
        }
    }
}

#[test]
fn what_was_answered_here_while_the_others_were_read_is_not_lost() {
    let mut shared = Shared::default();
    let (mut one, mut other) = (Node::new(1), Node::new(2));
    assert!(other.commit(&mut shared, |unit| unit.count("c", 10)));
    one.begin_look(&shared);
    assert!(one.commit(&mut shared, |unit| unit.count("c", 1)));
    one.answer();
    one.end_look();
    assert_eq!(counter(&one.state, "c"), 11);
    one.catch_up(&shared);
    assert_eq!(counter(&one.state, "c"), 11);
}

#[test]
fn what_had_committed_when_the_others_were_read_is_not_counted_twice() {
    let mut shared = Shared::default();
    let (mut one, mut other) = (Node::new(1), Node::new(2));
    assert!(one.commit(&mut shared, |unit| unit.count("c", 1)));
    assert!(other.commit(&mut shared, |unit| unit.count("c", 10)));
    one.catch_up(&shared);
    assert_eq!(counter(&one.state, "c"), 11, "before anybody said that it has committed");
    one.answer();
    assert_eq!(counter(&one.state, "c"), 11);
}

#[test]
fn items_that_two_nodes_push_at_the_same_moment_are_both_there() {
    let mut shared = Shared::default();
    let (mut one, mut other) = (Node::new(1), Node::new(2));
    assert!(one.commit(&mut shared, |unit| unit.push("q", 1)));
    assert!(other.commit(&mut shared, |unit| unit.push("q", 2)));
    one.answer();
    one.catch_up(&shared);
    assert_eq!(queue(&one.state, "q"), [1, 2]);
}

#[test]
fn a_value_another_node_wrote_first_is_not_overwritten() {
    let mut shared = Shared::default();
    let (mut one, mut other) = (Node::new(1), Node::new(2));
    assert!(one.commit(&mut shared, |unit| unit.put("v", 1)));
    assert!(!other.commit(&mut shared, |unit| unit.put("v", 2)));
    other.catch_up(&shared);
    assert_eq!(number(&other.state, "v"), Some(1));
    assert!(other.commit(&mut shared, |unit| unit.put("v", 2)));
}

#[test]
fn a_node_that_joins_anew_has_what_the_database_has() {
    let mut shared = Shared::default();
    let (mut one, mut other) = (Node::new(1), Node::new(2));
    assert!(one.commit(&mut shared, |unit| unit.put("gone", 1).count("c", 1)));
    one.answer();
    other.catch_up(&shared);
    assert!(other.commit(&mut shared, |unit| unit.remove("gone").count("c", 10)));
    assert!(one.commit(&mut shared, |unit| unit.count("c", 100)));
    let seen = one.unanswered.clone();
    let snapshot = Snapshot::from_cells(shared.database.load());
    one.state.start_anew(&snapshot, 7, &seen);
    one.answer();
    assert_eq!((number(&one.state, "gone"), counter(&one.state, "c")), (None, 111));
}
