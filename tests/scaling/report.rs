//! What is printed.

use crate::Measured;
use crate::cases::CASES;
use crate::counts::{COLUMNS, Counted};
use crate::load::number;
use crate::say;
use crate::sites::CLIENTS;

/// Everything that was measured, a table for each question.
pub(crate) fn tables(sites: &[&str], all: &[Measured]) {
    for clients in [CLIENTS, 1] {
        say(&format!(
            "\nrequests a second, {clients} at a time: median of the rounds (ratio to the first, round by round), p50 and p99 in ms"
        ));
        for (case, described) in CASES.iter().enumerate() {
            for (site, name) in sites.iter().enumerate() {
                let of = |site: usize| -> Vec<&Measured> {
                    all.iter().filter(|one| (one.case, one.site, one.clients) == (case, site, clients)).collect()
                };
                say(&speed(described.name, name, &of(site), &of(0)));
            }
        }
    }
    for clients in [CLIENTS, 1] {
        say(&format!(
            "\na request, {clients} at a time: statements by kind; syncs of the log; notifications a second; processor time in us"
        ));
        say(&format!("{:36}{:18}{}   sum  syncs  notif/s  nodes  postgres", "", "", head()));
        for (case, described) in CASES.iter().enumerate() {
            for (site, name) in sites.iter().enumerate().filter(|(_, name)| **name != "SQLite") {
                let these = all.iter().filter(|one| (one.case, one.site, one.clients) == (case, site, clients));
                say(&cost(described.name, name, &these.collect::<Vec<_>>()));
            }
        }
    }
}

/// What a site does that nobody visits, in a second.
pub(crate) fn idle(site: &str, nodes: usize, seconds: f64, counted: &Counted) {
    let columns: Vec<_> = COLUMNS.iter().map(|kind| format!("{kind} {:.1}", counted.of(kind) / seconds)).collect();
    let each = counted.all() / seconds / number(nodes);
    let (mine, theirs) = (counted.nodes / seconds * 100.0, counted.syncs / seconds);
    say(&format!(
        "idle, {site}: statements a second {} | {each:.1} for each node; {theirs:.1} syncs/s; {:.2} notif/s; nodes {mine:.1} % of a core",
        columns.join(", "),
        counted.notified / seconds
    ));
}

fn speed(case: &str, site: &str, these: &[&Measured], first: &[&Measured]) -> String {
    let rates: Vec<f64> = these.iter().map(|one| one.answers.per_second()).collect();
    let ratios = these.iter().zip(first).map(|(one, other)| one.answers.per_second() / other.answers.per_second());
    let at = |percent| median(these.iter().map(|one| one.answers.at(percent)).collect());
    format!(
        "{case:36}{site:18}{:9.0}/s ({:4.2})  p50 {:8.2}  p99 {:8.2}",
        median(rates),
        median(ratios.collect()),
        at(50),
        at(99)
    )
}

fn cost(case: &str, site: &str, these: &[&Measured]) -> String {
    let mut sum = Counted::default();
    these.iter().for_each(|one| sum.add(&one.counted));
    let requests = these.iter().map(|one| number(one.answers.count)).sum::<f64>().max(1.0);
    let seconds: f64 = these.iter().map(|one| one.answers.seconds).sum();
    let columns: Vec<_> = COLUMNS.iter().map(|kind| format!("{:9.2}", sum.of(kind) / requests)).collect();
    format!(
        "{case:36}{site:18}{} {:6.2} {:6.2} {:8.0} {:6.0} {:9.0}",
        columns.join(""),
        sum.all() / requests,
        sum.syncs / requests,
        sum.notified / seconds,
        sum.nodes / requests * 1e6,
        sum.postgres / requests * 1e6
    )
}

fn head() -> String {
    COLUMNS.iter().map(|kind| format!("{kind:>9}")).collect()
}

fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or_default()
}
