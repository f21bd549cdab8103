//! What a pool should do, written as plainly as possible: vectors, searched from the front.

use super::*;

/// A request, by number.
pub(super) type Caller = usize;
/// An instance: its number and its worker.
pub(super) type Instance = (u32, usize);

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Reuse(Instance),
    Create,
    Wait,
    Refused(Refusal),
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    Settled,
    Reuse(Caller, Instance),
    Create(Caller),
    Unwanted(Instance),
}

#[derive(Debug)]
pub(super) struct Model {
    pub(super) limits: Limits,
    pub(super) placement: Placement,
    pub(super) workers: usize,
    pub(super) closed: bool,
    pub(super) idle: Vec<Instance>,
    pub(super) queue: Vec<(Caller, Instant)>,
    pub(super) late: Vec<(Caller, Instant)>,
    pub(super) counts: Status,
}

impl Model {
    pub(super) fn status(&self) -> Status {
        Status { max: self.limits.max, idle: self.idle.len(), waiting: self.queue.len(), ..self.counts }
    }

    pub(super) fn has_room(&self) -> bool {
        let taken = self.counts.active + self.counts.creating + self.idle.len();
        self.limits.max == 0 || taken < self.limits.max
    }

    pub(super) fn checkout(&mut self, caller: Caller, home: usize, now: Instant, deadline: Instant) -> Answer {
        if self.closed {
            self.counts.rejected_total += 1;
            return Answer::Refused(Refusal::Closed);
        }
        let local = self.idle.iter().position(|instance| instance.1 % self.workers == home % self.workers);
        let chosen = match self.placement {
            Placement::LocalFirst => local.unwrap_or(0),
            Placement::OldestFirst => 0,
        };
        let others_at_work = self.counts.active + self.counts.creating > 0;
        let creates_here =
            self.placement == Placement::LocalFirst && local.is_none() && others_at_work && self.has_room();
        if !self.idle.is_empty() && !creates_here {
            self.counts.active += 1;
            self.counts.uses_total += 1;
            return Answer::Reuse(self.idle.remove(chosen));
        }
        if self.has_room() {
            self.counts.creating += 1;
            return Answer::Create;
        }
        let refusal = if deadline <= now {
            Refusal::NoWait
        } else {
            self.retire(now);
            if self.queue.len() < self.limits.queue_max {
                self.queue.push((caller, deadline));
                return Answer::Wait;
            }
            Refusal::QueueFull
        };
        self.counts.rejected_total += 1;
        Answer::Refused(refusal)
    }

    pub(super) fn created(&mut self) {
        self.counts.creating -= 1;
        self.counts.active += 1;
        self.counts.created_total += 1;
        self.counts.uses_total += 1;
    }

    pub(super) fn create_failed(&mut self, now: Instant) -> Next {
        self.counts.creating -= 1;
        self.free(now)
    }

    pub(super) fn discard(&mut self, now: Instant) -> Next {
        self.counts.active -= 1;
        self.counts.destroyed_total += 1;
        self.free(now)
    }

    pub(super) fn checkin(&mut self, instance: Instance, now: Instant) -> Next {
        self.retire(now);
        if !self.queue.is_empty() {
            self.counts.uses_total += 1;
            return Next::Reuse(self.queue.remove(0).0, instance);
        }
        self.counts.active -= 1;
        if self.closed {
            self.counts.destroyed_total += 1;
            return Next::Unwanted(instance);
        }
        self.idle.push(instance);
        Next::Settled
    }

    pub(super) fn cancel(&mut self, caller: Caller) -> bool {
        let before = self.queue.len();
        self.queue.retain(|waiting| waiting.0 != caller);
        let removed = self.queue.len() < before;
        self.counts.cancelled_total += u64::from(removed);
        removed
    }

    pub(super) fn expire(&mut self, now: Instant) -> Vec<Caller> {
        self.retire(now);
        self.late.sort_unstable();
        self.late.drain(..).map(|waiting| waiting.0).collect()
    }

    pub(super) fn turn_away(&mut self) -> Vec<Caller> {
        self.counts.rejected_total += self.queue.len() as u64;
        self.late.append(&mut self.queue);
        self.late.sort_unstable();
        self.late.drain(..).map(|waiting| waiting.0).collect()
    }

    pub(super) fn clear_idle(&mut self) -> Vec<Instance> {
        self.counts.destroyed_total += self.idle.len() as u64;
        std::mem::take(&mut self.idle)
    }

    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.queue.iter().chain(&self.late).map(|waiting| waiting.1).min()
    }

    fn free(&mut self, now: Instant) -> Next {
        self.retire(now);
        if self.queue.is_empty() {
            return Next::Settled;
        }
        self.counts.creating += 1;
        Next::Create(self.queue.remove(0).0)
    }

    fn retire(&mut self, now: Instant) {
        let late = self.queue.extract_if(.., |waiting| waiting.1 <= now);
        self.late.extend(late.inspect(|_| self.counts.timed_out_total += 1));
    }
}
