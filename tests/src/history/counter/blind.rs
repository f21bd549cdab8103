//! A counter whose additions answer nothing: any may have made any value, so what matters is how many had begun, and how
//! many had to be over, when somebody read one.
//!
//! The n-th addition to take effect has a window: not before all who read less than n had asked, and not after
//! anybody who read n or more was answered. The windows only move forward with n, so an addition fits into those of some
//! numbers in a row. One number after the other gets the addition that fits it and has the fewest left; one of unknown
//! outcome, which fits all later numbers too, only where there is no other. If two additions come out in an order that
//! their times forbid, they fit the other way round as well, so nothing more is to be checked.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::Count;
use crate::history::Fault;
use crate::history::Kind;
use crate::history::Moment;

/// When the n-th addition takes effect, and the readings that say so.
struct Window<'a> {
    from: Option<&'a Count>,
    to: Option<&'a Count>,
}

impl Window<'_> {
    fn begins(&self) -> Moment {
        self.from.map_or(0, |read| read.invoked)
    }

    fn ends(&self) -> Moment {
        self.to.map_or(Moment::MAX, |read| read.ends())
    }
}

pub(super) fn check(adds: &[&Count], unknown: &[&Count], reads: &[&Count], start: i64) -> Result<(), Fault> {
    let windows = windows(adds.len() + unknown.len(), reads, start)?;
    let first = |add: &Count| windows.partition_point(|window| window.ends() < add.invoked);
    let last = |add: &Count| windows.partition_point(|window| window.begins() <= add.ends());
    let mut waiting: Vec<_> = adds.iter().map(|add| (first(add), last(add), *add)).collect();
    waiting.sort_by_key(|(first, ..)| *first);
    let mut waiting = waiting.into_iter().peekable();
    let mut unknown: Vec<_> = unknown.iter().map(|add| first(add)).collect();
    unknown.sort_unstable();
    let mut unknown = unknown.into_iter().peekable();
    // By the first number that they do not fit any more.
    let mut fitting: BinaryHeap<(Reverse<usize>, usize)> = BinaryHeap::new();
    let mut known: Vec<&Count> = Vec::new();
    for (number, window) in windows.iter().enumerate() {
        while let Some((_, last, add)) = waiting.next_if(|(first, ..)| *first <= number) {
            fitting.push((Reverse(last), known.len()));
            known.push(add);
        }
        match fitting.pop() {
            Some((Reverse(last), place)) if last <= number => {
                let evidence = [known[place].told()].into_iter().chain(window.from.map(Count::told));
                return Err(Fault::new(Kind::OutOfOrder, evidence));
            }
            Some(_) => {}
            None if waiting.peek().is_none() && window.to.is_none() => return Ok(()),
            None => {
                unknown.next_if(|first| *first <= number).ok_or_else(|| nobodys(number, start, window))?;
            }
        }
    }
    match fitting.pop().map(|(_, place)| known[place]).or(waiting.next().map(|(.., add)| add)) {
        Some(add) => Err(Fault::new(Kind::OutOfOrder, [add.told()])),
        None => Ok(()),
    }
}

fn nobodys(number: usize, start: i64, window: &Window<'_>) -> Fault {
    let evidence = [format!("nobody had begun to make {start} + {} when this was answered:", number + 1)];
    Fault::new(Kind::NobodysAddition, evidence.into_iter().chain(window.to.map(Count::told)))
}

/// The windows of the additions, for as many as there may be.
fn windows<'a>(most: usize, reads: &[&'a Count], start: i64) -> Result<Vec<Window<'a>>, Fault> {
    // By how many additions they saw.
    let mut readings: Vec<Vec<&Count>> = vec![Vec::new(); most + 1];
    for read in reads {
        let Some(value) = read.answer() else { continue };
        let Ok(seen) = usize::try_from(value - start) else {
            return Err(Fault::new(Kind::NeverWritten, [format!("it began with {start}"), read.told()]));
        };
        let Some(readings) = readings.get_mut(seen) else {
            return Err(Fault::new(Kind::NobodysAddition, [format!("there were {most} additions"), read.told()]));
        };
        readings.push(read);
    }
    let mut windows: Vec<Window<'a>> = Vec::with_capacity(most);
    let mut from: Option<&Count> = None;
    for readings in readings.iter().take(most) {
        from = readings.iter().copied().chain(from).max_by_key(|read| read.invoked);
        windows.push(Window { from, to: None });
    }
    let mut to: Option<&Count> = None;
    for (window, readings) in windows.iter_mut().zip(readings.iter().skip(1)).rev() {
        to = readings.iter().copied().chain(to).min_by_key(|read| read.ends());
        window.to = to;
    }
    for window in &windows {
        if let (Some(from), Some(to)) = (window.from, window.to)
            && to.ends() < from.invoked
        {
            return Err(Fault::new(Kind::OutOfOrder, [to.told(), from.told()]));
        }
    }
    Ok(windows)
}
