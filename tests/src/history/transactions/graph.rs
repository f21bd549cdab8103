//! A graph of units, and where it goes in circles.

use std::collections::HashMap;
use std::collections::VecDeque;

/// Why one comes before another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Edge {
    /// It appended to the list first.
    WriteWrite,
    /// The other saw what it appended.
    WriteRead,
    /// It did not see what the other appended.
    ReadWrite,
    /// It was answered before the other was asked.
    RealTime,
}

impl Edge {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::WriteWrite => "ww",
            Self::WriteRead => "wr",
            Self::ReadWrite => "rw",
            Self::RealTime => "rt",
        }
    }
}

/// The graph: units first, then moments.
pub(super) struct Graph {
    pub(super) units: usize,
    edges: Vec<Vec<(usize, Edge)>>,
}

/// Which walks through the graph count.
#[derive(Debug, Clone, Copy)]
pub(super) struct Walk {
    /// The edges that may be taken.
    pub(super) edges: &'static [Edge],
    /// Whether two rw may follow one another.
    pub(super) adjacent: bool,
}

/// Where a walk stands: a unit or moment, and whether the next step may be an rw.
type Place = usize;

impl Graph {
    pub(super) fn new(units: usize) -> Self {
        Self { units, edges: vec![Vec::new(); units] }
    }

    /// Adds so many moments; the number of the first.
    pub(super) fn add_moments(&mut self, count: usize) -> usize {
        let first = self.edges.len();
        self.edges.resize(first + count, Vec::new());
        first
    }

    pub(super) fn add(&mut self, from: usize, to: usize, edge: Edge) {
        if from != to && !self.edges[from].contains(&(to, edge)) {
            self.edges[from].push((to, edge));
        }
    }

    pub(super) fn from(&self, node: usize) -> &[(usize, Edge)] {
        &self.edges[node]
    }

    /// The places of a walk: each node twice, `2n` where the next step is no rw, `2n + 1` where it is one. A step that is
    /// no rw leads to both, so that the next may be either; an rw leads to the former only. Where rw may be adjacent each
    /// node is one place.
    fn steps(&self, walk: Walk, place: Place) -> impl Iterator<Item = (Place, Edge)> {
        let (node, must_be_rw) = (place / 2, place % 2 == 1);
        let allowed = self.edges[node].iter().filter(move |(_, edge)| {
            walk.edges.contains(edge) && (walk.adjacent || (*edge == Edge::ReadWrite) == must_be_rw)
        });
        allowed.flat_map(move |(to, edge)| {
            let also = (!walk.adjacent && *edge != Edge::ReadWrite).then_some((2 * to + 1, *edge));
            [(2 * to, *edge)].into_iter().chain(also)
        })
    }

    /// The places from which a walk leads back, in groups of those that lead to one another.
    pub(super) fn circles(&self, walk: Walk) -> Vec<Vec<Place>> {
        let places = 2 * self.edges.len();
        // Tarjan's, without recursion: a history is a long path.
        let (mut index, mut low) = (vec![usize::MAX; places], vec![usize::MAX; places]);
        let mut waiting = vec![false; places];
        let (mut stack, mut circles, mut next) = (Vec::new(), Vec::new(), 0);
        for root in 0..places {
            if index[root] != usize::MAX {
                continue;
            }
            let mut path: Vec<(Place, Vec<Place>)> = Vec::new();
            let mut entered = Some(root);
            loop {
                if let Some(place) = entered.take() {
                    (index[place], low[place]) = (next, next);
                    next += 1;
                    stack.push(place);
                    waiting[place] = true;
                    path.push((place, self.steps(walk, place).map(|(to, _)| to).collect()));
                }
                let Some((place, ahead)) = path.last_mut() else { break };
                let place = *place;
                if let Some(to) = ahead.pop() {
                    if index[to] == usize::MAX {
                        entered = Some(to);
                    } else if waiting[to] {
                        low[place] = low[place].min(index[to]);
                    }
                    continue;
                }
                path.pop();
                if let Some((parent, _)) = path.last() {
                    low[*parent] = low[*parent].min(low[place]);
                }
                if low[place] == index[place] {
                    let from = stack.iter().rposition(|found| *found == place).unwrap_or_default();
                    let circle = stack.split_off(from);
                    for place in &circle {
                        waiting[*place] = false;
                    }
                    if circle.len() > 1 {
                        circles.push(circle);
                    }
                }
            }
        }
        circles
    }

    /// The shortest walk from a place of a circle back to it, as nodes and the edge that leads on from each.
    pub(super) fn shortest(&self, walk: Walk, start: Place) -> Option<Vec<(usize, Edge)>> {
        let mut came: HashMap<Place, (Place, Edge)> = HashMap::new();
        let mut queue = VecDeque::from([start]);
        while let Some(place) = queue.pop_front() {
            for (to, edge) in self.steps(walk, place) {
                if to == start {
                    let mut cycle = vec![(place / 2, edge)];
                    let mut at = place;
                    while at != start {
                        let (before, edge) = came[&at];
                        cycle.push((before / 2, edge));
                        at = before;
                    }
                    cycle.reverse();
                    return Some(cycle);
                }
                came.entry(to).or_insert_with(|| {
                    queue.push_back(to);
                    (place, edge)
                });
            }
        }
        None
    }
}
