//! The rules under any order of events: a model of one job, its workers and its administrator.

use proptest::prelude::*;

use super::*;

pub(in crate::jobs) const ATTEMPTS: u32 = 3;
pub(in crate::jobs) const LEASE: i64 = 30;

pub(in crate::jobs) fn queued(due_at: i64) -> Standing {
    let free_at = Some(due_at);
    Standing { state: JobState::Queued, attempts: 0, fence: 0, free_at, due_at, ended_at: None }
}

fn running() -> Standing {
    queued(0).after(Event::Claim { until: LEASE }, 0).expect("it is due")
}

/// What happens in the model; a worker is named by the claim it once had.
#[derive(Debug, Clone, Copy)]
pub(in crate::jobs) enum Happens {
    TimePasses(i64),
    Claim,
    Renew(i64),
    Succeeded(i64),
    Failed(i64, u64),
    GaveUp(i64),
    Vanished(i64),
    PutBack(i64),
    Cancel,
    Again,
}

pub(in crate::jobs) fn happens() -> impl Strategy<Value = Happens> {
    let claim = 0..6_i64;
    prop_oneof![
        4 => (0..50_i64).prop_map(Happens::TimePasses),
        4 => Just(Happens::Claim),
        2 => claim.clone().prop_map(Happens::Renew),
        1 => claim.clone().prop_map(Happens::Succeeded),
        3 => (claim.clone(), 0..40_u64).prop_map(|(claim, delay)| Happens::Failed(claim, delay)),
        1 => claim.clone().prop_map(Happens::GaveUp),
        1 => claim.clone().prop_map(Happens::Vanished),
        2 => claim.prop_map(Happens::PutBack),
        1 => Just(Happens::Cancel),
        1 => Just(Happens::Again),
    ]
}

impl Happens {
    pub(in crate::jobs) fn event(self, now: i64) -> Option<Event> {
        Some(match self {
            Self::TimePasses(_) => return None,
            Self::Claim => Event::Claim { until: now + LEASE },
            Self::Renew(fence) => Event::Renew { fence, until: now + LEASE },
            Self::Succeeded(fence) => Event::Succeeded { fence },
            Self::Failed(fence, delay) => {
                Event::Failed { fence, attempts_max: ATTEMPTS, delay: Duration::from_micros(delay) }
            }
            Self::GaveUp(fence) => Event::GaveUp { fence, began: true },
            Self::Vanished(fence) => Event::GaveUp { fence, began: false },
            Self::PutBack(fence) => Event::PutBack { fence, wait: Duration::ZERO },
            Self::Cancel => Event::Cancel,
            Self::Again => Event::Again,
        })
    }

    /// The claim by which somebody writes.
    fn claim(self) -> Option<i64> {
        match self {
            Self::Renew(fence)
            | Self::Succeeded(fence)
            | Self::Failed(fence, _)
            | Self::GaveUp(fence)
            | Self::Vanished(fence)
            | Self::PutBack(fence) => Some(fence),
            Self::TimePasses(_) | Self::Claim | Self::Cancel | Self::Again => None,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_one_claim_holds_and_what_has_ended_stays_so(story in prop::collection::vec(happens(), 1..60)) {
        let (mut now, mut job) = (0, queued(10));
        // The claims that were lost, ended or given back.
        let mut over: Vec<i64> = Vec::new();
        let mut held: Option<i64> = None;
        for step in story {
            if let Happens::TimePasses(micros) = step {
                now += micros;
                continue;
            }
            let Some(after) = step.event(now).and_then(|event| job.after(event, now)) else { continue };
            if let Some(claim) = step.claim() {
                prop_assert!(!over.contains(&claim), "{step:?} wrote by a claim that was over");
                prop_assert_eq!(held, Some(claim));
            }
            match step {
                Happens::Claim => {
                    prop_assert!(job.free_at.is_some_and(|free_at| free_at <= now), "it was not free");
                    over.extend(held);
                    held = Some(after.fence);
                    prop_assert_eq!(after.fence, job.fence + 1);
                    prop_assert_eq!(after.attempts, job.attempts + 1);
                }
                Happens::Renew(_) => prop_assert!(after.free_at >= Some(now)),
                _ => {
                    over.extend(held.take());
                    prop_assert_eq!(after.fence, job.fence, "only a claim counts");
                }
            }
            if job.state.is_ended() {
                prop_assert!(matches!(step, Happens::Again), "{step:?} changed what had ended");
            }
            prop_assert_eq!(after.free_at.is_none(), after.state.is_ended());
            prop_assert_eq!(after.ended_at.is_some(), after.state.is_ended());
            prop_assert_eq!(held.is_some(), after.state == JobState::Running);
            if matches!(step, Happens::Failed(..)) {
                prop_assert_eq!(after.state == JobState::Failed, after.attempts >= ATTEMPTS);
            }
            job = after;
        }
    }
}

#[test]
fn a_job_is_tried_so_often_and_no_more() {
    let mut job = queued(0);
    for attempt in 1..=ATTEMPTS {
        job = job.after(Event::Claim { until: LEASE }, 0).expect("it is due");
        assert_eq!(job.attempts, attempt);
        let failed = Event::Failed { fence: job.fence, attempts_max: ATTEMPTS, delay: Duration::ZERO };
        job = job.after(failed, 0).expect("it was held");
    }
    assert_eq!((job.state, job.free_at, job.ended_at), (JobState::Failed, None, Some(0)));
    let again = job.after(Event::Again, 7).expect("it failed");
    assert_eq!((again.state, again.attempts, again.due_at, again.ended_at), (JobState::Queued, 0, 7, None));
}

#[test]
fn a_failed_attempt_waits_and_one_broken_off_keeps_its_place() {
    let job = running();
    let failed = Event::Failed { fence: 1, attempts_max: ATTEMPTS, delay: Duration::from_micros(50) };
    let failed = job.after(failed, 10).expect("it was held");
    assert_eq!((failed.attempts, failed.free_at, failed.due_at), (1, Some(60), 60));
    assert_eq!(failed.after(Event::Claim { until: 90 }, 59), None);
    let put_back = job.after(Event::PutBack { fence: 1, wait: Duration::ZERO }, 10).expect("it was held");
    assert_eq!((put_back.attempts, put_back.free_at, put_back.due_at), (0, Some(0), 0));
    let later = job.after(Event::PutBack { fence: 1, wait: Duration::from_micros(5) }, 10).expect("it was held");
    assert_eq!((later.free_at, later.due_at), (Some(15), 0));
}

#[test]
fn a_claim_that_lapsed_is_taken_by_the_next_and_counts() {
    let job = running();
    assert_eq!(job.after(Event::Claim { until: 60 }, LEASE - 1), None);
    let taken = job.after(Event::Claim { until: 60 }, LEASE).expect("it lapsed");
    assert_eq!((taken.fence, taken.attempts), (2, 2));
    assert_eq!(taken.after(Event::Succeeded { fence: 1 }, LEASE), None, "the first worker was only slow");
    assert_eq!(taken.after(Event::Succeeded { fence: 2 }, LEASE).expect("held").state, JobState::Done);
}

#[test]
fn only_what_waits_is_cancelled_and_only_what_failed_is_tried_again() {
    let job = running();
    let done = job.after(Event::Succeeded { fence: 1 }, 1).expect("held");
    let failed = job.after(Event::GaveUp { fence: 1, began: true }, 1).expect("held");
    let cancelled = queued(0).after(Event::Cancel, 1).expect("it waits");
    for standing in [job, done, failed, cancelled] {
        assert_eq!(standing.after(Event::Cancel, 1), None, "{standing:?}");
    }
    for standing in [job, done, cancelled, queued(0)] {
        assert_eq!(standing.after(Event::Again, 1), None, "{standing:?}");
    }
}

#[test]
fn the_waits_grow_and_are_spread_by_a_fifth() {
    for (attempt, seconds) in [(1, 1), (2, 5), (3, 30), (4, 120), (5, 600), (6, 600), (u32::MAX, 600)] {
        let shortest = Duration::from_secs(seconds);
        assert_eq!(back_off(attempt, 0), shortest);
        assert_eq!(back_off(attempt, 200), shortest + shortest / 5);
        for random in [1, 17, 201, u64::MAX] {
            let wait = back_off(attempt, random);
            assert!(wait >= shortest && wait <= shortest + shortest / 5, "{attempt} {random} {wait:?}");
        }
    }
    assert_ne!(back_off(3, 7), back_off(3, 150));
    assert_eq!(back_off(0, 0), Duration::from_secs(1));
}
