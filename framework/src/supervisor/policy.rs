//! When a module that keeps failing is taken out of service, and how it comes back.
//!
//! [`RestartState`] is a pure state machine, one per module. A single failure changes nothing: the pool replaces the
//! instance on demand (W12). Only a run of failures without a success between, denser than the policy allows, takes
//! the module out. It returns by itself: after a pause one request is let through as a probe, and its outcome decides.
//!
//! ```text
//!              too many failures in a row, too fast
//!   ┌─────────┐ ────────────────────────────────► ┌────────────────┐
//!   │ Serving │                                   │ OutOfService   │ pause, doubled after each failed probe
//!   └─────────┘                                   └────────────────┘
//!        ▲          probe       ┌─────────┐  pause over   │   ▲
//!        └───────────────────── │ Probing │ ◄─────────────┘   │
//!                   succeeds    └─────────┘ ──────────────────┘ probe fails
//! ```
//!
//! Every admitted request carries a [`Pass`] and reports with it. What was admitted before the last change of service
//! no longer counts: fifty requests that panic together are one outage, not two, and a request that outlived the start
//! of an outage does not end it.
//!
//! A *success* is a use that ended soundly, with any answer, an error page included. That an instance could be created
//! is not one; otherwise a module that starts well and always panics would never be taken out.
//! A use cut off by its deadline, cancelled, or refused by the pool says nothing about the module: it is reported as
//! [undecided](RestartState::undecided).

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How many failures, how close together, are too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RestartIntensity {
    /// The failure that takes the module out of service; 0 means that none does.
    pub max: u32,
    /// The time all of them must fall into.
    pub within: Duration,
}

/// When to take a module out of service and when to try it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RestartPolicy {
    /// For instances that could not be created. Defaults to 5 within 10 s.
    pub creation_failures: RestartIntensity,
    /// For panics in a module's code. Defaults to 50 within 10 s: a page that panics now and then keeps serving.
    pub panics: RestartIntensity,
    /// How long the module is out of service at first. Defaults to 5 s.
    pub pause: Duration,
    /// What the pause is doubled up to while probes keep failing. Defaults to 60 s.
    pub longest_pause: Duration,
    /// How long a probe keeps others out; then a silent one is given up and the next request probes. Defaults to 10 s.
    pub probe_limit: Duration,
}

impl Default for RestartPolicy {
    fn default() -> Self {
        let within = Duration::from_secs(10);
        Self {
            creation_failures: RestartIntensity { max: 5, within },
            panics: RestartIntensity { max: 50, within },
            pause: Duration::from_secs(5),
            longest_pause: Duration::from_mins(1),
            probe_limit: Duration::from_secs(10),
        }
    }
}

/// What failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// An instance could not be created.
    Creation,
    /// The module's code panicked.
    Panic,
}

/// Stands for one admitted request when it reports its outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pass {
    /// The period of service it was admitted in.
    period: u64,
    /// The probe it is, counted over all outages; 0 for an ordinary request.
    probe: u64,
}

/// The steady pass, if there is one, readable without a lock.
#[derive(Debug)]
pub(super) struct SteadyPass(AtomicU64);

impl SteadyPass {
    /// Stands for "no steady pass": a period of service is never counted up to it.
    const NONE: u64 = u64::MAX;

    pub(super) fn new(pass: Option<Pass>) -> Self {
        Self(AtomicU64::new(pass.map_or(Self::NONE, |pass| pass.period)))
    }

    pub(super) fn set(&self, pass: Option<Pass>) {
        self.0.store(pass.map_or(Self::NONE, |pass| pass.period), Ordering::Release);
    }

    pub(super) fn look(&self) -> Option<Pass> {
        let period = self.0.load(Ordering::Acquire);
        (period != Self::NONE).then_some(Pass { period, probe: 0 })
    }
}

/// Whether a request may use the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "a pass that does not report keeps a probe open until its time limit"]
pub enum Admission {
    /// It may.
    Serve(Pass),
    /// It may, and its outcome decides whether the module comes back.
    Probe(Pass),
    /// It may not; the module's own 503 page tells it when to come back.
    Refuse {
        /// The time until the next probe at the latest; never zero. A header in whole seconds rounds up.
        retry_after: Duration,
    },
}

/// What a report changed, for the log and for those who wait in the module's pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "a module that went out of service has waiters to turn away"]
pub enum Change {
    /// Nothing.
    Unchanged,
    /// The module went out of service, at first or again.
    OutOfService {
        /// For how long.
        pause: Duration,
    },
    /// The module serves again.
    BackInService,
}

/// Whether a module is in service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// Requests are served.
    Serving,
    /// Requests are refused. When the pause is over the state stays until the next request, which becomes the probe.
    OutOfService {
        /// When the pause began.
        since: Instant,
        /// How long it lasts.
        pause: Duration,
    },
    /// One request tries the module, all others are refused.
    Probing {
        /// When that request was admitted.
        since: Instant,
    },
}

/// Whether one module is in service, and the failures since its last success.
#[derive(Debug)]
pub struct RestartState {
    policy: RestartPolicy,
    service: Service,
    /// Whether there is anything a success would have to undo: all it looks at as long as nothing fails.
    troubled: bool,
    period: u64,
    probe: u64,
    /// The pause of the present outage, or of the next one.
    pause: Duration,
    creation_failures: VecDeque<Instant>,
    panics: VecDeque<Instant>,
}

impl RestartState {
    /// Starts in service.
    #[must_use]
    pub fn new(policy: RestartPolicy) -> Self {
        Self {
            policy,
            service: Service::Serving,
            troubled: false,
            period: 0,
            probe: 0,
            pause: policy.pause,
            creation_failures: VecDeque::new(),
            panics: VecDeque::new(),
        }
    }

    /// Tells whether the module is in service.
    #[must_use]
    pub fn service(&self) -> Service {
        self.service
    }

    /// The pass of all requests while the module serves and nothing has failed since the last success: as long as
    /// it is the same, neither [`admit`](Self::admit) nor [`succeeded`](Self::succeeded) has anything to decide, and a
    /// shell may hand it out without asking.
    #[must_use]
    pub fn steady(&self) -> Option<Pass> {
        (self.service == Service::Serving && !self.troubled).then_some(Pass { period: self.period, probe: 0 })
    }

    /// Asks whether a request may use the module.
    pub fn admit(&mut self, now: Instant) -> Admission {
        let (since, lasts) = match self.service {
            Service::Serving => return Admission::Serve(Pass { period: self.period, probe: 0 }),
            Service::OutOfService { since, pause } => (since, pause),
            Service::Probing { since } => (since, self.policy.probe_limit),
        };
        // An elapsed time, not a point in time to come: no sum of times that could overflow, and a caller that read
        // the clock before it got the lock does no harm.
        let retry_after = lasts.saturating_sub(now.saturating_duration_since(since));
        if !retry_after.is_zero() {
            return Admission::Refuse { retry_after };
        }
        self.service = Service::Probing { since: now };
        self.probe += 1;
        Admission::Probe(Pass { period: self.period, probe: self.probe })
    }

    /// Reports a use that ended soundly. It ends a run of failures, and an outage if it was the probe.
    ///
    /// A probe given up at its time limit may still bring the module back, so that one that is slow but sound returns.
    #[inline]
    pub fn succeeded(&mut self, pass: Pass) -> Change {
        if !self.troubled || pass.period != self.period {
            return Change::Unchanged;
        }
        self.recover()
    }

    /// Reports a failure. A failed probe takes the module out again for twice as long, whatever it was that failed.
    pub fn failed(&mut self, pass: Pass, failure: Failure, now: Instant) -> Change {
        if pass.period != self.period {
            return Change::Unchanged;
        }
        match self.service {
            Service::Serving => {
                let (failures, intensity) = match failure {
                    Failure::Creation => (&mut self.creation_failures, self.policy.creation_failures),
                    Failure::Panic => (&mut self.panics, self.policy.panics),
                };
                self.troubled = true;
                if !is_exceeded(failures, intensity, now) {
                    return Change::Unchanged;
                }
            }
            // An outage begins a new period and gives no pass before it probes, so this is a probe's report.
            Service::OutOfService { .. } | Service::Probing { .. } => {
                let doubled = self.pause.saturating_mul(2).min(self.policy.longest_pause);
                self.pause = self.pause.max(doubled);
            }
        }
        self.period += 1;
        self.service = Service::OutOfService { since: now, pause: self.pause };
        Change::OutOfService { pause: self.pause }
    }

    /// Reports a use that says nothing about the module. If it was the probe, the next request probes at once.
    pub fn undecided(&mut self, pass: Pass) {
        let Service::Probing { since } = self.service else {
            return;
        };
        // Not a probe that was given up earlier: another one is under way.
        if pass.period == self.period && pass.probe == self.probe {
            self.service = Service::OutOfService { since, pause: Duration::ZERO };
        }
    }

    #[cold]
    fn recover(&mut self) -> Change {
        self.troubled = false;
        self.creation_failures.clear();
        self.panics.clear();
        if self.service == Service::Serving {
            return Change::Unchanged;
        }
        self.period += 1;
        self.service = Service::Serving;
        self.pause = self.policy.pause;
        Change::BackInService
    }
}

/// Adds a failure to the run and tells whether the run is now too long. Holds no more than `intensity.max` entries.
fn is_exceeded(failures: &mut VecDeque<Instant>, intensity: RestartIntensity, now: Instant) -> bool {
    if intensity.max == 0 {
        return false;
    }
    let is_past = |&mut at: &mut Instant| now.saturating_duration_since(at) > intensity.within;
    while failures.pop_front_if(is_past).is_some() {}
    failures.push_back(now);
    failures.len() >= intensity.max as usize
}
