//! Random schedules against a model that keeps the whole history and looks through it at every step.

use super::*;
use proptest::prelude::*;
use proptest::test_runner::{Config, FileFailurePersistence};

/// One thing that happens. `which` picks among all requests ever admitted; most of them are picked more than once, so
/// that late and repeated reports are the rule here.
#[derive(Debug, Clone)]
enum Event {
    Request,
    Succeeds { which: usize },
    Fails { which: usize, failure: Failure },
    IsUndecided { which: usize },
    TimePasses { ms: u64 },
}

fn event() -> impl Strategy<Value = Event> {
    // Recent requests are likelier to report.
    let which = || prop_oneof![4 => 0..3_usize, 1 => 0..40_usize];
    let failure = prop_oneof![Just(Failure::Creation), Just(Failure::Panic)];
    prop_oneof![
        6 => Just(Event::Request),
        2 => which().prop_map(|which| Event::Succeeds { which }),
        10 => (which(), failure).prop_map(|(which, failure)| Event::Fails { which, failure }),
        1 => which().prop_map(|which| Event::IsUndecided { which }),
        6 => (0..12_u64).prop_map(|ms| Event::TimePasses { ms }),
    ]
}

/// What happened that matters, newest last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Entry {
    Failed(Failure, Instant),
    Succeeded,
    WentOut { at: Instant, pause: Duration },
    Probed { at: Instant, request: usize },
    WasUndecided,
    CameBack,
}

#[derive(Debug)]
struct World {
    state: RestartState,
    policy: RestartPolicy,
    now: Instant,
    history: Vec<Entry>,
    /// The passes, each with the number of changes of service before it.
    admitted: Vec<(Pass, usize)>,
}

impl World {
    fn new(policy: RestartPolicy) -> Self {
        let (history, admitted) = (Vec::new(), Vec::new());
        Self { state: RestartState::new(policy), policy, now: Instant::now(), history, admitted }
    }

    /// How often the module went out or came back.
    fn changes(&self) -> usize {
        let is_change = |entry: &&Entry| matches!(entry, Entry::WentOut { .. } | Entry::CameBack);
        self.history.iter().filter(is_change).count()
    }

    /// The entry that says what service is like now; none means that nothing ever happened to it.
    fn latest(&self) -> Option<Entry> {
        let says = |entry: &&Entry| !matches!(entry, Entry::Failed(..) | Entry::Succeeded);
        self.history.iter().rfind(says).copied()
    }

    fn pauses_of_this_outage(&self) -> u32 {
        let outage = self.history.rsplit(|entry| *entry == Entry::CameBack).next().unwrap_or_default();
        u32::try_from(outage.iter().filter(|entry| matches!(entry, Entry::WentOut { .. })).count())
            .expect("few outages")
    }

    fn expected_service(&self) -> Service {
        match self.latest() {
            None | Some(Entry::CameBack) => Service::Serving,
            Some(Entry::WentOut { at, pause }) => Service::OutOfService { since: at, pause },
            Some(Entry::Probed { at, .. }) => Service::Probing { since: at },
            other => {
                assert_eq!(other, Some(Entry::WasUndecided));
                Service::OutOfService { since: self.last_probe(), pause: Duration::ZERO }
            }
        }
    }

    fn last_probe(&self) -> Instant {
        let at = self.history.iter().rev().find_map(|entry| match entry {
            Entry::Probed { at, .. } => Some(*at),
            _ => None,
        });
        at.expect("a probe")
    }

    fn is_run_too_long(&self, failure: Failure) -> bool {
        let intensity = match failure {
            Failure::Creation => self.policy.creation_failures,
            Failure::Panic => self.policy.panics,
        };
        let run = self.history.iter().rev().take_while(|entry| matches!(entry, Entry::Failed(..)));
        let counts = |entry: &&Entry| match **entry {
            Entry::Failed(kind, at) => kind == failure && self.now - at <= intensity.within,
            _ => false,
        };
        intensity.max > 0 && run.filter(counts).count() >= intensity.max as usize
    }

    fn happens(&mut self, event: &Event) {
        match *event {
            Event::TimePasses { ms } => self.now += Duration::from_millis(ms),
            Event::Request => self.request(),
            Event::Succeeds { which } => {
                if let Some((pass, period)) = self.pick(which) {
                    let expected = if period != self.changes() {
                        Change::Unchanged
                    } else if self.expected_service() == Service::Serving {
                        self.history.push(Entry::Succeeded);
                        Change::Unchanged
                    } else {
                        self.history.push(Entry::CameBack);
                        Change::BackInService
                    };
                    assert_eq!(self.state.succeeded(pass), expected);
                }
            }
            Event::Fails { which, failure } => {
                if let Some((pass, period)) = self.pick(which) {
                    let expected = if period == self.changes() { self.failed(failure) } else { Change::Unchanged };
                    assert_eq!(self.state.failed(pass, failure, self.now), expected);
                }
            }
            Event::IsUndecided { which } => {
                if let Some((pass, _)) = self.pick(which) {
                    if let Some(Entry::Probed { request, .. }) = self.latest()
                        && self.admitted[request].0 == pass
                    {
                        self.history.push(Entry::WasUndecided);
                    }
                    self.state.undecided(pass);
                }
            }
        }
        assert_eq!(self.state.service(), self.expected_service());
    }

    fn pick(&self, which: usize) -> Option<(Pass, usize)> {
        self.admitted.iter().rev().nth(which.checked_rem(self.admitted.len())?).copied()
    }

    fn request(&mut self) {
        // Refused until then; `None` for serving.
        let until = match self.latest() {
            None | Some(Entry::CameBack) => None,
            Some(Entry::WentOut { at, pause }) => Some(at + pause),
            Some(Entry::Probed { at, .. }) => Some(at + self.policy.probe_limit),
            Some(Entry::WasUndecided | Entry::Failed(..) | Entry::Succeeded) => Some(self.now),
        };
        let pass = match (self.state.admit(self.now), until) {
            (Admission::Serve(pass), None) => pass,
            (Admission::Probe(pass), Some(until)) if until <= self.now => {
                self.history.push(Entry::Probed { at: self.now, request: self.admitted.len() });
                pass
            }
            (Admission::Refuse { retry_after }, Some(until)) if until > self.now => {
                return assert_eq!(retry_after, until - self.now);
            }
            (other, until) => panic!("{other:?}, though refused until {until:?} and now is {:?}", self.now),
        };
        self.admitted.push((pass, self.changes()));
    }

    fn failed(&mut self, failure: Failure) -> Change {
        if self.expected_service() == Service::Serving {
            self.history.push(Entry::Failed(failure, self.now));
            if !self.is_run_too_long(failure) {
                return Change::Unchanged;
            }
        }
        let doubled = self.policy.pause * 2_u32.pow(self.pauses_of_this_outage());
        let pause = doubled.min(self.policy.longest_pause);
        self.history.push(Entry::WentOut { at: self.now, pause });
        Change::OutOfService { pause }
    }

    /// Whatever happened, a module that works again is served again.
    fn recovers(&mut self) {
        for _ in 0..2 {
            match self.state.admit(self.now) {
                Admission::Serve(_) => return,
                Admission::Probe(pass) => assert_eq!(self.state.succeeded(pass), Change::BackInService),
                Admission::Refuse { retry_after } => {
                    assert!(!retry_after.is_zero());
                    self.now += retry_after;
                    let Admission::Probe(pass) = self.state.admit(self.now) else {
                        panic!("told to come back after {retry_after:?}, and refused again");
                    };
                    assert_eq!(self.state.succeeded(pass), Change::BackInService);
                }
            }
        }
        assert!(matches!(self.state.admit(self.now), Admission::Serve(_)));
    }
}

proptest! {
    // A failing schedule is shrunk, printed, and its seed kept in `schedules.regressions` beside this file.
    #![proptest_config(Config {
        cases: 10_000,
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..Config::default()
    })]

    #[test]
    fn any_schedule_follows_the_policy_and_ends_in_service(
        creations in 0..4_u32,
        panics in 0..7_u32,
        within in 0..60_u64,
        schedule in proptest::collection::vec(event(), 1..80),
    ) {
        let within = Duration::from_millis(within);
        let mut world = World::new(RestartPolicy {
            creation_failures: RestartIntensity { max: creations, within },
            panics: RestartIntensity { max: panics, within },
            pause: Duration::from_millis(10),
            longest_pause: Duration::from_millis(35),
            probe_limit: Duration::from_millis(20),
        });
        for event in &schedule {
            world.happens(event);
        }
        world.recovers();
    }
}
