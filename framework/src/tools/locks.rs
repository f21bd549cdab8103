//! Who holds which lock, and who waits for it.

use std::time::Instant;

use askama::Template;
use serde::Serialize;

use super::paging::Paging;
use crate::locks::{Holding, LedgerRow, LockName, Locks, Queued};
use crate::page::{Context, CreateError, Frame, PageInfo, PageModule, PageResult, Site};

/// `/tools/locks`.
pub(crate) struct LocksPage;

/// `/tools/locks.json`.
pub(crate) struct LocksJsonPage;

/// What the table of locks holds at one moment.
#[derive(Debug, Serialize)]
pub(super) struct Ledger {
    /// By name.
    names: Vec<Lock>,
    /// The application's own lock, while somebody has a part in it.
    pub(super) application: Option<Lock>,
    totals: Totals,
}

/// One lock that is held.
#[derive(Debug, Serialize)]
pub(super) struct Lock {
    pub(super) name: String,
    pub(super) mode: String,
    /// In the order they got it.
    pub(super) holders: Vec<Holder>,
    /// In the order they will get it.
    pub(super) waiters: Vec<Waiter>,
}

#[derive(Debug, Serialize)]
pub(super) struct Holder {
    pub(super) page: &'static str,
    pub(super) request: String,
    held_ms: u64,
    pub(super) count: usize,
}

#[derive(Debug, Serialize)]
pub(super) struct Waiter {
    pub(super) page: &'static str,
    pub(super) request: String,
    pub(super) mode: String,
    waiting_ms: u64,
}

/// `held` and `waiting` are those of the rows; the others count from the start, the application's lock included.
#[derive(Debug, Serialize)]
struct Totals {
    held: usize,
    waiting: usize,
    granted: u64,
    waited: u64,
    timed_out: u64,
    deadlocks: u64,
}

#[derive(Template)]
#[template(path = "tools/locks.html")]
struct LocksView {
    ledger: Ledger,
    paging: Paging,
}

impl Ledger {
    pub(super) fn of(locks: &Locks) -> Self {
        let (rows, status) = (locks.ledger(), locks.status());
        let now = Instant::now();
        let (own, named): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.name == LockName::APPLICATION);
        let names: Vec<Lock> = named.iter().map(|row| Lock::new(row, now)).collect();
        let totals = Totals {
            held: names.iter().map(|lock| lock.holders.len()).sum(),
            waiting: names.iter().map(|lock| lock.waiters.len()).sum(),
            granted: status.granted_total,
            waited: status.waited_total,
            timed_out: status.timed_out_total,
            deadlocks: status.deadlocks_total,
        };
        Self { names, application: own.first().map(|row| Lock::new(row, now)), totals }
    }
}

impl Lock {
    fn new(row: &LedgerRow, now: Instant) -> Self {
        let holder = |holding: &Holding| Holder {
            page: holding.party.page,
            request: holding.party.request.to_string(),
            held_ms: millis(holding.since, now),
            count: holding.count,
        };
        let waiter = |queued: &Queued| Waiter {
            page: queued.party.page,
            request: queued.party.request.to_string(),
            mode: queued.mode.to_string(),
            waiting_ms: millis(queued.since, now),
        };
        Self {
            name: row.name.to_string(),
            mode: row.mode.to_string(),
            holders: row.holders.iter().map(holder).collect(),
            waiters: row.waiters.iter().map(waiter).collect(),
        }
    }
}

impl PageModule for LocksPage {
    const INFO: PageInfo = PageInfo::new("locks", "/tools/locks").title("Locks").right("admin").in_menu();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let ledger = Ledger::of(cx.site().application().locks());
        let paging = Paging::of(cx, "", ledger.names.len());
        cx.render(LocksView { ledger, paging })
    }
}

impl PageModule for LocksJsonPage {
    const INFO: PageInfo =
        PageInfo::new("locks.json", "/tools/locks.json").title("Locks as JSON").right("admin").background();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        cx.json(&Ledger::of(cx.site().application().locks()))
    }
}

fn millis(since: Instant, now: Instant) -> u64 {
    u64::try_from(now.saturating_duration_since(since).as_millis()).unwrap_or(u64::MAX)
}

/// A time as people read it.
fn span(millis: u64) -> String {
    match millis {
        short @ 0..1_000 => format!("{short} ms"),
        some @ 1_000..60_000 => format!("{}.{} s", some / 1_000, some % 1_000 / 100),
        long => format!("{} min {} s", long / 60_000, long % 60_000 / 1_000),
    }
}

impl Holder {
    pub(super) fn held(&self) -> String {
        span(self.held_ms)
    }
}

impl Waiter {
    pub(super) fn waiting(&self) -> String {
        span(self.waiting_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_told_in_the_unit_it_is_long_in() {
        let told = [0, 999, 1_000, 1_250, 59_999, 60_000, 3_725_000].map(span);
        assert_eq!(told, ["0 ms", "999 ms", "1.0 s", "1.2 s", "59.9 s", "1 min 0 s", "62 min 5 s"]);
    }
}
