//! Which worker a thread is.

use std::cell::Cell;

thread_local! {
    static HOME: Cell<usize> = const { Cell::new(0) };
}

/// Says once, when a worker starts, which one this thread is.
pub(crate) fn enter(number: usize) {
    HOME.set(number);
}

/// The worker this thread is; threads that are no worker count as the first.
pub(crate) fn home() -> usize {
    HOME.get()
}
