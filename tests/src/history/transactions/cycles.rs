//! The cycles no strict snapshot isolation has, and those it may have.

use std::collections::BTreeSet;

use super::Report;
use super::Units;
use super::graph::Edge;
use super::graph::Graph;
use super::graph::Walk;
use crate::history::Fault;
use crate::history::Kind;

use Edge::{ReadWrite, RealTime, WriteRead, WriteWrite};

/// From the plainest to those that need the most to be seen. Each finds what the ones before it found, too.
const WALKS: [Walk; 5] = [
    Walk { edges: &[WriteWrite], adjacent: true },
    Walk { edges: &[WriteWrite, WriteRead], adjacent: true },
    Walk { edges: &[WriteWrite, WriteRead, ReadWrite], adjacent: false },
    Walk { edges: &[WriteWrite, WriteRead, RealTime], adjacent: true },
    Walk { edges: &[WriteWrite, WriteRead, ReadWrite, RealTime], adjacent: false },
];

/// How many circles of a kind are told, and from how many of its places the shortest cycle is sought.
const TOLD: usize = 3;
const STARTS: usize = 40;

pub(super) fn find(history: &Units, graph: &Graph) -> Vec<Fault> {
    let mut faults: Vec<Fault> = Vec::new();
    for walk in WALKS {
        for circle in graph.circles(walk).into_iter().take(TOLD) {
            let units = circle.iter().copied().filter(|place| place / 2 < graph.units);
            let cycles = units.take(STARTS).filter_map(|place| graph.shortest(walk, place));
            let Some(cycle) = cycles.min_by_key(|cycle| (skipped(cycle), cycle.len())) else { continue };
            let fault = told(history, graph, &cycle);
            if faults.iter().all(|known| known.kind != fault.kind) {
                faults.push(fault);
            }
        }
    }
    faults
}

/// How many readings of a cycle were of what was too old.
fn skipped(cycle: &[(usize, Edge)]) -> usize {
    cycle.iter().filter(|(_, edge)| *edge == ReadWrite).count()
}

fn told(history: &Units, graph: &Graph, cycle: &[(usize, Edge)]) -> Fault {
    let has = |wanted: Edge| cycle.iter().any(|(_, edge)| *edge == wanted);
    let kind = match (skipped(cycle), has(RealTime)) {
        (0, false) if has(WriteRead) => Kind::CircularInformation,
        (0, false) => Kind::WriteCycle,
        (0, true) => Kind::BackwardsInTime,
        (1, false) => Kind::ReadSkew,
        (1, true) => Kind::StaleRead,
        (_, false) => Kind::NonadjacentSkew,
        (_, true) => Kind::NonadjacentStaleRead,
    };
    // Of a walk through moments its first edge is told, which says rt as well.
    let units = cycle.iter().filter(|(node, _)| *node < graph.units);
    let lines = units.map(|(unit, edge)| format!("{} -{}->", history.operations[*unit].told(), edge.name()));
    Fault::new(kind, lines.chain(["the first one".to_owned()]))
}

/// What is left where nothing was found that is forbidden.
pub(super) fn report(graph: &Graph, units: usize) -> Report {
    let skips: BTreeSet<(usize, usize)> = (0..graph.units)
        .flat_map(|unit| graph.from(unit).iter().filter(|(_, edge)| *edge == ReadWrite).map(move |(to, _)| (unit, *to)))
        .collect();
    let write_skews = skips.iter().filter(|(one, other)| one < other && skips.contains(&(*other, *one))).count();
    let walk = Walk { edges: &[WriteWrite, WriteRead, ReadWrite], adjacent: true };
    let edges = (0..graph.units).flat_map(|unit| graph.from(unit)).filter(|(_, edge)| *edge != RealTime).count();
    Report { units, edges, write_skews, not_serializable: graph.circles(walk).len() }
}
