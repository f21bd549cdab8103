//! Who must come before whom.

use super::Units;
use super::graph::Edge;
use super::graph::Graph;
use super::versions::List;
use super::versions::Versions;

/// The graph of the units. Behind the units come moments: a unit leads to the moment at which it was answered, moments
/// lead to the next ones, and a moment leads to whoever asked right after it. So real time costs a few edges for each unit
/// instead of one for each pair.
pub(super) fn of(history: &Units, versions: &Versions<'_>) -> Graph {
    let mut graph = Graph::new(history.operations.len());
    for list in versions.lists.values() {
        appends(&mut graph, list);
    }
    for (unit, seen) in versions.seen.iter().enumerate() {
        for (key, version) in seen {
            reading(&mut graph, unit, &versions.lists[key], *version);
        }
    }
    real_time(&mut graph, history, versions);
    graph
}

/// ww: each append after the one before it.
fn appends(graph: &mut Graph, list: &List<'_>) {
    for version in 1..list.order.len() {
        if let (Some(one), Some(next)) = (list.maker(version), list.maker(version + 1)) {
            graph.add(one, next, Edge::WriteWrite);
        }
    }
    if let Some(last) = list.maker(list.order.len()) {
        for unseen in &list.unseen {
            graph.add(last, *unseen, Edge::WriteWrite);
        }
    }
}

/// wr from whoever made the version that was read, rw to whoever made the next one.
fn reading(graph: &mut Graph, unit: usize, list: &List<'_>, version: usize) {
    if let Some(maker) = list.maker(version) {
        graph.add(maker, unit, Edge::WriteRead);
    }
    match list.maker(version + 1) {
        Some(next) => graph.add(unit, next, Edge::ReadWrite),
        // One of those made the next version, and the others come after it.
        None if version == list.order.len() => {
            for unseen in &list.unseen {
                graph.add(unit, *unseen, Edge::ReadWrite);
            }
        }
        None => {}
    }
}

fn real_time(graph: &mut Graph, history: &Units, versions: &Versions<'_>) {
    let units = || history.operations.iter().enumerate().filter(|(number, _)| versions.happened[*number]);
    let mut ends: Vec<_> =
        units().filter(|(_, unit)| unit.answer().is_some()).map(|(number, unit)| (unit.completed, number)).collect();
    ends.sort_unstable();
    let first = graph.add_moments(ends.len());
    for (place, (_, unit)) in ends.iter().enumerate() {
        graph.add(*unit, first + place, Edge::RealTime);
        if place > 0 {
            graph.add(first + place - 1, first + place, Edge::RealTime);
        }
    }
    for (number, unit) in units() {
        let before = ends.partition_point(|(completed, _)| *completed < unit.invoked);
        if before > 0 {
            graph.add(first + before - 1, number, Edge::RealTime);
        }
    }
}
