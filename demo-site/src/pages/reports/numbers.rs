//! What the reports say, computed from the sums of one currency.

use crate::db::reports::{BEFORE, NO_MONTH, Stage, Sum};
use crate::domain::charts::{per_cent, weighted};
use crate::domain::months::Span;

/// Deals, and their worth in minor units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Heap {
    pub(super) deals: i64,
    pub(super) amount_minor: i64,
}

/// One stage of the funnel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) name: String,
    pub(super) outcome: String,
    /// Those that are there now.
    pub(super) here: Heap,
    /// Those that are there or further.
    pub(super) reached: i64,
    /// What part of those of the stage before reached this one, in per cent.
    pub(super) conversion: Option<i64>,
}

/// The open deals expected in a month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Expected {
    pub(super) month: String,
    pub(super) open: Heap,
    /// Their worth, each counted by its stage's probability.
    pub(super) weighted_minor: i64,
}

/// The deals closed in a month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Closed {
    pub(super) month: String,
    pub(super) won: Heap,
    pub(super) lost: Heap,
}

impl Heap {
    fn of<'a>(sums: impl Iterator<Item = &'a Sum>) -> Self {
        sums.fold(Self::default(), |heap, sum| Self {
            deals: heap.deals.saturating_add(sum.deals),
            amount_minor: heap.amount_minor.saturating_add(sum.amount_minor),
        })
    }
}

/// How far deals came. A deal's stage is where it is now: those further on were at all open stages before. Which stage a lost one
/// came to is not known, so lost deals are a step of their own without a conversion.
pub(super) fn funnel(stages: &[Stage], sums: &[Sum]) -> Vec<Step> {
    let here = |stage: &Stage| Heap::of(sums.iter().filter(|sum| sum.stage_id == stage.id));
    let going = stages.iter().filter(|stage| stage.outcome != "lost");
    let mut steps: Vec<Step> = going
        .map(|stage| Step {
            name: stage.name.clone(),
            outcome: stage.outcome.clone(),
            here: here(stage),
            reached: 0,
            conversion: None,
        })
        .collect();
    // Won deals passed every open stage, wherever the won stage stands among them.
    steps.sort_by_key(|step| step.outcome == "won");
    let mut reached = 0;
    for step in steps.iter_mut().rev() {
        reached += step.here.deals;
        step.reached = reached;
    }
    let before: Vec<i64> = steps.iter().map(|step| step.reached).collect();
    for (step, before) in steps.iter_mut().skip(1).zip(before) {
        step.conversion = per_cent(step.reached, before);
    }
    let lost = stages.iter().filter(|stage| stage.outcome == "lost");
    steps.extend(lost.map(|stage| {
        let here = here(stage);
        Step { name: stage.name.clone(), outcome: stage.outcome.clone(), here, reached: here.deals, conversion: None }
    }));
    steps
}

/// What is expected by month: before this one, in each of them, later, on no day. The months are always there, the rest where there
/// is something.
pub(super) fn forecast(stages: &[Stage], sums: &[Sum], months: &[Span]) -> Vec<Expected> {
    let last = place(months.len());
    let names = months.iter().enumerate().map(|(index, month)| (place(index), month.name.clone()));
    let lines = [(BEFORE, "Earlier".to_owned())].into_iter().chain(names);
    let lines = lines.chain([(last, "Later".to_owned()), (NO_MONTH, "No day".to_owned())]);
    let expected = lines.map(|(place, month)| {
        let mut line = Expected { month, open: Heap::default(), weighted_minor: 0 };
        for stage in stages.iter().filter(|stage| stage.outcome == "open") {
            let here = Heap::of(sums.iter().filter(|sum| sum.stage_id == stage.id && sum.month == place));
            line.open.deals += here.deals;
            line.open.amount_minor = line.open.amount_minor.saturating_add(here.amount_minor);
            let weighted = weighted(here.amount_minor, stage.probability);
            line.weighted_minor = line.weighted_minor.saturating_add(weighted);
        }
        (place, line)
    });
    let always = |place: i64| (0..last).contains(&place);
    expected.filter(|(place, line)| always(*place) || line.open.deals > 0).map(|(_, line)| line).collect()
}

/// What was won and lost in each month.
pub(super) fn closed(stages: &[Stage], sums: &[Sum], months: &[Span]) -> Vec<Closed> {
    let heap = |outcome: &str, at: i64| {
        let is_so = |sum: &&Sum| stages.iter().any(|stage| stage.id == sum.stage_id && stage.outcome == outcome);
        Heap::of(sums.iter().filter(|sum| sum.month == at).filter(is_so))
    };
    let lines = months.iter().enumerate().map(|(index, month)| Closed {
        month: month.name.clone(),
        won: heap("won", place(index)),
        lost: heap("lost", place(index)),
    });
    lines.collect()
}

fn place(index: usize) -> i64 {
    i64::try_from(index).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::months::months;

    /// 12 March 2026, 14:05 UTC.
    const NOW: i64 = 1_773_324_300_000_000;

    fn stages() -> Vec<Stage> {
        let stage = |id, name: &str, outcome: &str, probability| Stage {
            id,
            name: name.to_owned(),
            outcome: outcome.to_owned(),
            probability,
        };
        // Won stands before the last open one: the order of a board is its owner's.
        vec![
            stage(1, "Lead", "open", 10),
            stage(4, "Won", "won", 100),
            stage(2, "Proposal", "open", 60),
            stage(5, "Lost", "lost", 0),
        ]
    }

    fn sum(stage_id: i64, month: i64, deals: i64, amount_minor: i64) -> Sum {
        Sum { stage_id, currency: "EUR".to_owned(), month, deals, amount_minor }
    }

    #[test]
    fn whoever_is_further_was_at_every_open_stage_before() {
        let sums = [sum(1, 0, 5, 500), sum(1, 1, 5, 500), sum(2, 0, 6, 1), sum(4, 0, 4, 1), sum(5, 0, 9, 1)];
        let steps = funnel(&stages(), &sums);
        let told: Vec<_> =
            steps.iter().map(|step| (step.name.as_str(), step.here.deals, step.reached, step.conversion)).collect();
        assert_eq!(
            told,
            [("Lead", 10, 20, None), ("Proposal", 6, 10, Some(50)), ("Won", 4, 4, Some(40)), ("Lost", 9, 9, None)]
        );
        assert!(funnel(&stages(), &[]).iter().all(|step| step.conversion.is_none() && step.reached == 0));
    }

    #[test]
    fn the_forecast_counts_open_deals_by_their_probability() {
        let months = months(NOW, 0, 2);
        let sums =
            [sum(1, BEFORE, 1, 1000), sum(1, 0, 1, 100), sum(2, 0, 2, 100), sum(4, 0, 7, 999), sum(2, NO_MONTH, 1, 10)];
        let told: Vec<_> = forecast(&stages(), &sums, &months)
            .into_iter()
            .map(|line| (line.month, line.open.deals, line.open.amount_minor, line.weighted_minor))
            .collect();
        assert_eq!(
            told,
            [
                ("Earlier".to_owned(), 1, 1000, 100),
                ("Mar 2026".to_owned(), 3, 200, 70),
                ("Apr 2026".to_owned(), 0, 0, 0),
                ("No day".to_owned(), 1, 10, 6),
            ]
        );
    }

    #[test]
    fn won_and_lost_are_told_apart_month_by_month() {
        let months = months(NOW, -1, 2);
        let sums = [sum(4, 0, 2, 20), sum(4, 1, 3, 30), sum(5, 1, 4, 40), sum(1, 1, 9, 90)];
        let closed = closed(&stages(), &sums, &months);
        let told: Vec<_> =
            closed.iter().map(|line| (line.month.as_str(), line.won.deals, line.lost.amount_minor)).collect();
        assert_eq!(told, [("Feb 2026", 2, 0), ("Mar 2026", 3, 40)]);
    }
}
