//! Random schedules: every answer is compared with the model's, and the invariants hold after every step.

use super::model::{Answer, Caller, Instance, Model, Next};
use super::*;
use proptest::prelude::*;
use proptest::test_runner::{Config, FileFailurePersistence};

/// One thing that happens. `which` picks among what there is at that moment; nothing happens if there is nothing.
#[derive(Debug, Clone)]
enum Event {
    Checkout { home: usize, patience: u64 },
    Created { which: usize },
    CreateFailed { which: usize, gone: usize },
    Checkin { which: usize, gone: usize },
    Discard { which: usize, gone: usize },
    Cancel { which: usize },
    Expire,
    TimePasses { ms: u64 },
    ClearIdle,
    TurnAway,
    Close,
}

fn event() -> impl Strategy<Value = Event> {
    let which = 0..64_usize;
    // How many callers in a row turn out to have left when their grant comes: mostly none.
    let gone = prop_oneof![6 => Just(0_usize), 1 => 1..4_usize];
    prop_oneof![
        24 => (0..6_usize, 0..12_u64).prop_map(|(home, patience)| Event::Checkout { home, patience }),
        8 => which.clone().prop_map(|which| Event::Created { which }),
        3 => (which.clone(), gone.clone()).prop_map(|(which, gone)| Event::CreateFailed { which, gone }),
        12 => (which.clone(), gone.clone()).prop_map(|(which, gone)| Event::Checkin { which, gone }),
        3 => (which.clone(), gone).prop_map(|(which, gone)| Event::Discard { which, gone }),
        4 => which.prop_map(|which| Event::Cancel { which }),
        3 => Just(Event::Expire),
        8 => (0..5_u64).prop_map(|ms| Event::TimePasses { ms }),
        1 => Just(Event::ClearIdle),
        1 => Just(Event::TurnAway),
    ]
}

fn schedule() -> impl Strategy<Value = Vec<Event>> {
    let events = proptest::collection::vec(event(), 1..60);
    // A pool is closed in one schedule of four, anywhere.
    (events, prop_oneof![3 => Just(None), 1 => (0..60_usize).prop_map(Some)]).prop_map(|(mut events, close)| {
        if let Some(at) = close {
            events.insert(at.min(events.len()), Event::Close);
        }
        events
    })
}

/// How a request's wish for an instance ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Granted,
    Rejected,
    TimedOut,
    Cancelled,
}

/// The pool under test, its model, and everything that is out of the pool's hands.
struct World {
    core: PoolCore<Instance, Caller>,
    model: Model,
    now: Instant,
    fates: Vec<Option<Fate>>,
    tickets: Vec<(Caller, Ticket)>,
    /// Leaves to create, with the worker the instance will live on.
    creating: Vec<(usize, Approval)>,
    in_use: Vec<Instance>,
    homes: Vec<usize>,
    instances: u32,
    /// The last of the queue to be granted, which nobody older may follow.
    last_granted: Option<Caller>,
}

impl World {
    fn new(limits: Limits, placement: Placement, workers: usize) -> Self {
        let counts = Status::default();
        let (idle, queue, late) = (Vec::new(), Vec::new(), Vec::new());
        Self {
            core: PoolCore::new(limits, placement, workers),
            model: Model { limits, placement, workers, closed: false, idle, queue, late, counts },
            now: Instant::now(),
            fates: Vec::new(),
            tickets: Vec::new(),
            creating: Vec::new(),
            in_use: Vec::new(),
            homes: Vec::new(),
            instances: 0,
            last_granted: None,
        }
    }

    fn happens(&mut self, event: &Event) {
        match *event {
            Event::Checkout { home, patience } => self.checkout(home, patience),
            Event::Created { which } => {
                if let Some((home, approval)) = pick(&mut self.creating, which) {
                    self.core.created(approval);
                    self.model.created();
                    self.in_use.push((self.instances, home));
                    self.instances += 1;
                }
            }
            Event::CreateFailed { which, gone } => {
                if let Some((_, approval)) = pick(&mut self.creating, which) {
                    let handover = self.core.create_failed(approval, self.now);
                    let expected = self.model.create_failed(self.now);
                    self.deliver(handover, &expected, gone);
                }
            }
            Event::Checkin { which, gone } => {
                if let Some(instance) = pick(&mut self.in_use, which) {
                    let handover = self.core.checkin(instance, instance.1, self.now);
                    let expected = self.model.checkin(instance, self.now);
                    self.deliver(handover, &expected, gone);
                }
            }
            Event::Discard { which, gone } => {
                if pick(&mut self.in_use, which).is_some() {
                    let handover = self.core.discard(self.now);
                    let expected = self.model.discard(self.now);
                    self.deliver(handover, &expected, gone);
                }
            }
            Event::Cancel { which } => {
                // Tickets are kept, so that some are of requests long granted or timed out.
                let count = self.tickets.len().max(1);
                if let Some(&(caller, ticket)) = self.tickets.get(which % count) {
                    let removed = self.core.cancel(ticket);
                    assert_eq!(removed, self.model.cancel(caller), "cancel of {caller}");
                    if removed {
                        self.ends(caller, Fate::Cancelled);
                    }
                }
            }
            Event::Expire => self.expire(),
            Event::TimePasses { ms } => self.now += Duration::from_millis(ms),
            Event::ClearIdle => assert_eq!(self.core.clear_idle(), self.model.clear_idle()),
            Event::TurnAway => {
                let leaving = self.core.turn_away();
                self.turned_away(&leaving);
            }
            Event::Close => {
                self.model.closed = true;
                let (idle, leaving) = self.core.close();
                assert_eq!(idle, self.model.clear_idle());
                self.turned_away(&leaving);
            }
        }
        self.assert_invariants();
    }

    fn checkout(&mut self, home: usize, patience: u64) {
        let caller = self.fates.len();
        self.fates.push(None);
        self.homes.push(home);
        let deadline = self.now + Duration::from_millis(patience);
        let expected = self.model.checkout(caller, home, self.now, deadline);
        let answer = match self.core.checkout(home, self.now, deadline, || (caller, ())) {
            Checkout::Reuse(instance) => {
                self.ends(caller, Fate::Granted);
                self.in_use.push(instance);
                Answer::Reuse(instance)
            }
            Checkout::Create(approval) => {
                self.ends(caller, Fate::Granted);
                self.creating.push((home, approval));
                Answer::Create
            }
            Checkout::Waiting(ticket, ()) => {
                self.tickets.push((caller, ticket));
                Answer::Wait
            }
            Checkout::Refused(refusal) => {
                self.ends(caller, Fate::Rejected);
                Answer::Refused(refusal)
            }
        };
        assert_eq!(answer, expected, "checkout of {caller}");
    }

    /// Does what a shell does with a handover; the first `gone` callers it is offered to have left.
    fn deliver(&mut self, mut handover: Handover<Instance, Caller>, expected: &Next, gone: usize) {
        let mut expected = Some(expected);
        let mut following;
        for offered in 0.. {
            let (caller, granted) = match handover {
                Handover::Settled => return assert_eq!(expected, Some(&Next::Settled)),
                Handover::Unwanted(instance) => return assert_eq!(expected, Some(&Next::Unwanted(instance))),
                Handover::Granted(Grant { waiter, granted }) => (waiter, granted),
            };
            assert!(self.last_granted < Some(caller), "{caller} was overtaken");
            self.last_granted = Some(caller);
            let home = match &granted {
                Granted::Reuse(instance) => {
                    assert_eq!(expected, Some(&Next::Reuse(caller, *instance)));
                    instance.1
                }
                Granted::Create(_) => {
                    assert_eq!(expected, Some(&Next::Create(caller)));
                    self.homes[caller]
                }
            };
            if offered >= gone {
                self.ends(caller, Fate::Granted);
                return match granted {
                    Granted::Reuse(instance) => self.in_use.push(instance),
                    Granted::Create(approval) => self.creating.push((home, approval)),
                };
            }
            self.ends(caller, Fate::Cancelled);
            self.model.counts.cancelled_total += 1;
            following = match &granted {
                Granted::Reuse(instance) => {
                    self.model.counts.uses_total -= 1;
                    self.model.checkin(*instance, self.now)
                }
                Granted::Create(_) => self.model.create_failed(self.now),
            };
            expected = Some(&following);
            handover = self.core.take_back(granted, home, self.now);
        }
    }

    fn expire(&mut self) {
        let expired = self.core.expire(self.now);
        assert_eq!(expired, self.model.expire(self.now));
        for caller in expired {
            self.ends(caller, Fate::TimedOut);
        }
        assert!(self.core.next_deadline().is_none_or(|deadline| deadline > self.now));
    }

    fn turned_away(&mut self, leaving: &[Caller]) {
        let late: Vec<Caller> = self.model.late.iter().map(|waiting| waiting.0).collect();
        assert_eq!(leaving, self.model.turn_away());
        for &caller in leaving {
            self.ends(caller, if late.contains(&caller) { Fate::TimedOut } else { Fate::Rejected });
        }
    }

    fn ends(&mut self, caller: Caller, fate: Fate) {
        let before = self.fates[caller].replace(fate);
        assert_eq!(before, None, "request {caller} ended twice, the second time as {fate:?}");
    }

    fn ended(&self, fate: Fate) -> u64 {
        self.fates.iter().filter(|ended| **ended == Some(fate)).count() as u64
    }

    fn assert_invariants(&self) {
        let status = self.core.status();
        assert_eq!(status, self.model.status());
        assert_eq!(self.core.next_deadline(), self.model.next_deadline());

        let Status { max, active, idle, creating, waiting, .. } = status;
        assert!(max == 0 || active + idle + creating <= max, "over the limit: {status:?}");
        assert!(waiting == 0 || (idle == 0 && !self.model.has_room()), "a wake-up was lost: {status:?}");
        assert_eq!(status.created_total - status.destroyed_total, (active + idle) as u64, "{status:?}");
        assert_eq!((active, creating), (self.in_use.len(), self.creating.len()), "something leaked");

        // Those retired but not told yet are counted, but do not know it.
        let late = self.model.late.len() as u64;
        assert_eq!(status.rejected_total, self.ended(Fate::Rejected));
        assert_eq!(status.timed_out_total, self.ended(Fate::TimedOut) + late);
        assert_eq!(status.cancelled_total, self.ended(Fate::Cancelled));
        let ended = self.fates.iter().flatten().count() as u64;
        assert_eq!(ended + late + waiting as u64, self.fates.len() as u64, "somebody got lost");
    }

    /// Lets everything come to its end; nothing may be left.
    fn everyone_leaves(&mut self) {
        while !(self.creating.is_empty() && self.in_use.is_empty()) {
            self.happens(&Event::Created { which: 0 });
            self.happens(&Event::Checkin { which: 0, gone: 0 });
        }
        self.now += Duration::from_secs(1);
        self.happens(&Event::Expire);
        let status = self.core.status();
        assert_eq!((status.active, status.creating, status.waiting), (0, 0, 0));
        assert!(self.fates.iter().all(Option::is_some), "somebody never got an answer");
        // What is idle can be used again, and what is free created.
        if !self.model.closed && self.model.limits.max > 0 {
            for _ in 0..self.model.limits.max {
                let taken = self.core.checkout(0, self.now, self.now, || (0, ()));
                assert!(matches!(taken, Checkout::Reuse(_) | Checkout::Create(_)), "capacity leaked: {taken:?}");
            }
        }
    }
}

fn pick<X>(things: &mut Vec<X>, which: usize) -> Option<X> {
    let index = which.checked_rem(things.len())?;
    Some(things.remove(index))
}

proptest! {
    // A failing schedule is shrunk, printed, and its seed kept in `schedules.regressions` beside this file.
    #![proptest_config(Config {
        cases: 10_000,
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..Config::default()
    })]

    #[test]
    fn any_schedule_keeps_the_rules_and_leaves_nothing_behind(
        (max, queue_max, workers) in (0..5_usize, 0..5_usize, 1..5_usize),
        placement in prop_oneof![Just(Placement::LocalFirst), Just(Placement::OldestFirst)],
        schedule in schedule(),
    ) {
        let mut world = World::new(Limits { max, queue_max }, placement, workers);
        for event in &schedule {
            world.happens(event);
        }
        world.everyone_leaves();
    }
}
