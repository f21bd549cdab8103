//! The rules one by one, then all of them under random schedules against a naive model.

mod schedules;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// A module's state and a clock that moves only when told to.
struct Bench {
    state: RestartState,
    now: Instant,
}

impl Bench {
    fn new() -> Self {
        Self::with(RestartPolicy::default())
    }

    fn with(policy: RestartPolicy) -> Self {
        Self { state: RestartState::new(policy), now: Instant::now() }
    }

    fn admit(&mut self) -> Admission {
        self.state.admit(self.now)
    }

    #[track_caller]
    fn serve(&mut self) -> Pass {
        match self.admit() {
            Admission::Serve(pass) => pass,
            other => panic!("expected to be served, not {other:?}"),
        }
    }

    #[track_caller]
    fn probe(&mut self) -> Pass {
        match self.admit() {
            Admission::Probe(pass) => pass,
            other => panic!("expected to probe, not {other:?}"),
        }
    }

    #[track_caller]
    fn refused_for(&mut self) -> Duration {
        match self.admit() {
            Admission::Refuse { retry_after } => retry_after,
            other => panic!("expected to be refused, not {other:?}"),
        }
    }

    fn fails(&mut self, pass: Pass, failure: Failure) -> Change {
        self.state.failed(pass, failure, self.now)
    }

    /// Takes the module out of service by creation failures.
    fn break_down(&mut self) -> Change {
        let pass = self.serve();
        for _ in 0..4 {
            assert_eq!(self.fails(pass, Failure::Creation), Change::Unchanged);
        }
        self.fails(pass, Failure::Creation)
    }
}

fn out_for(seconds: u64) -> Change {
    Change::OutOfService { pause: Duration::from_secs(seconds) }
}

#[test]
fn thirty_panics_in_a_row_keep_the_module_in_service() {
    let mut bench = Bench::new();
    for _ in 0..30 {
        let pass = bench.serve();
        assert_eq!(bench.fails(pass, Failure::Panic), Change::Unchanged);
    }
    bench.serve();
}

#[test]
fn a_page_that_panics_every_tenth_time_keeps_serving() {
    let mut bench = Bench::new();
    for request in 0..10_000 {
        let pass = bench.serve();
        let change = match request % 10 {
            0 => bench.fails(pass, Failure::Panic),
            _ => bench.state.succeeded(pass),
        };
        assert_eq!(change, Change::Unchanged);
    }
}

#[test]
fn the_fiftieth_panic_within_ten_seconds_takes_the_module_out() {
    let mut bench = Bench::new();
    for _ in 0..49 {
        let pass = bench.serve();
        assert_eq!(bench.fails(pass, Failure::Panic), Change::Unchanged);
    }
    bench.now += SECOND * 10;
    let pass = bench.serve();
    assert_eq!(bench.fails(pass, Failure::Panic), out_for(5));
}

#[test]
fn the_fifth_creation_failure_within_ten_seconds_takes_the_module_out() {
    let mut bench = Bench::new();
    assert_eq!(bench.break_down(), out_for(5));
    assert_eq!(bench.refused_for(), SECOND * 5);
    bench.now += SECOND * 2;
    assert_eq!(bench.refused_for(), SECOND * 3);
}

#[test]
fn failures_far_apart_are_forgotten() {
    let mut bench = Bench::new();
    for _ in 0..100 {
        let pass = bench.serve();
        assert_eq!(bench.fails(pass, Failure::Creation), Change::Unchanged);
        bench.now += Duration::from_millis(2501);
    }
}

#[test]
fn a_success_ends_the_run_of_both_kinds() {
    let mut bench = Bench::new();
    let pass = bench.serve();
    for _ in 0..3 {
        for _ in 0..49 {
            assert_eq!(bench.fails(pass, Failure::Panic), Change::Unchanged);
        }
        for _ in 0..4 {
            assert_eq!(bench.fails(pass, Failure::Creation), Change::Unchanged);
        }
        assert_eq!(bench.state.succeeded(pass), Change::Unchanged);
    }
}

#[test]
fn the_two_kinds_are_counted_apart() {
    let mut bench = Bench::new();
    let pass = bench.serve();
    for _ in 0..4 {
        assert_eq!(bench.fails(pass, Failure::Creation), Change::Unchanged);
        assert_eq!(bench.fails(pass, Failure::Panic), Change::Unchanged);
    }
    assert_eq!(bench.fails(pass, Failure::Panic), Change::Unchanged);
    bench.serve();
}

#[test]
fn an_intensity_of_zero_never_takes_the_module_out() {
    let panics = RestartIntensity { max: 0, within: SECOND };
    let mut bench = Bench::with(RestartPolicy { panics, ..RestartPolicy::default() });
    for _ in 0..1000 {
        let pass = bench.serve();
        assert_eq!(bench.fails(pass, Failure::Panic), Change::Unchanged);
    }
}

#[test]
fn after_the_pause_one_request_probes_and_the_others_are_refused() {
    let mut bench = Bench::new();
    assert_eq!(bench.break_down(), out_for(5));
    bench.now += SECOND * 5;
    let probe = bench.probe();
    bench.now += SECOND;
    assert_eq!(bench.refused_for(), SECOND * 9);
    assert_eq!(bench.state.succeeded(probe), Change::BackInService);
    bench.serve();
}

#[test]
fn the_pause_doubles_to_a_minute_while_probes_fail_and_starts_anew_after_a_success() {
    let mut bench = Bench::new();
    assert_eq!(bench.break_down(), out_for(5));
    let mut pause = 5;
    for (next, failure) in [
        (10, Failure::Creation),
        (20, Failure::Panic),
        (40, Failure::Creation),
        (60, Failure::Panic),
        (60, Failure::Panic),
    ] {
        bench.now += Duration::from_secs(pause);
        let probe = bench.probe();
        assert_eq!(bench.fails(probe, failure), out_for(next));
        pause = next;
    }
    bench.now += Duration::from_secs(pause);
    let probe = bench.probe();
    assert_eq!(bench.state.succeeded(probe), Change::BackInService);
    assert_eq!(bench.break_down(), out_for(5));
}

#[test]
fn requests_that_fail_together_are_one_outage() {
    let mut bench = Bench::new();
    let pass = bench.serve();
    assert_eq!(bench.break_down(), out_for(5));
    for _ in 0..60 {
        assert_eq!(bench.fails(pass, Failure::Panic), Change::Unchanged);
    }
    bench.now += SECOND * 5;
    let probe = bench.probe();
    assert_eq!(bench.fails(pass, Failure::Panic), Change::Unchanged, "not the probe's report");
    assert_eq!(bench.state.succeeded(probe), Change::BackInService);
}

#[test]
fn a_request_admitted_before_the_outage_does_not_end_it() {
    let mut bench = Bench::new();
    let pass = bench.serve();
    assert_eq!(bench.break_down(), out_for(5));
    assert_eq!(bench.state.succeeded(pass), Change::Unchanged);
    bench.refused_for();
}

#[test]
fn a_silent_probe_is_given_up_at_its_time_limit() {
    let mut bench = Bench::new();
    assert_eq!(bench.break_down(), out_for(5));
    bench.now += SECOND * 5;
    bench.probe();
    bench.now += SECOND * 9;
    assert_eq!(bench.refused_for(), SECOND);
    bench.now += SECOND;
    bench.probe();
    assert_eq!(bench.refused_for(), SECOND * 10);
}

#[test]
fn a_slow_probe_that_succeeds_after_its_time_limit_brings_the_module_back() {
    let mut bench = Bench::new();
    assert_eq!(bench.break_down(), out_for(5));
    bench.now += SECOND * 5;
    let slow = bench.probe();
    bench.now += SECOND * 10;
    let second = bench.probe();
    assert_eq!(bench.state.succeeded(slow), Change::BackInService);
    assert_eq!(bench.fails(second, Failure::Panic), Change::Unchanged, "the first verdict counts");
    bench.serve();
}

#[test]
fn an_undecided_probe_makes_room_for_the_next_and_doubles_nothing() {
    let mut bench = Bench::new();
    assert_eq!(bench.break_down(), out_for(5));
    bench.now += SECOND * 5;
    let probe = bench.probe();
    bench.state.undecided(probe);
    let probe = bench.probe();
    assert_eq!(bench.fails(probe, Failure::Creation), out_for(10));
}

#[test]
fn only_the_present_probe_can_make_room() {
    let mut bench = Bench::new();
    let ordinary = bench.serve();
    bench.state.undecided(ordinary);
    assert_eq!(bench.break_down(), out_for(5));
    bench.now += SECOND * 5;
    let slow = bench.probe();
    bench.now += SECOND * 10;
    bench.probe();
    bench.state.undecided(slow);
    bench.state.undecided(ordinary);
    bench.refused_for();
}

#[test]
fn a_clock_read_before_the_lock_was_taken_does_no_harm() {
    let mut bench = Bench::new();
    bench.now += SECOND;
    assert_eq!(bench.break_down(), out_for(5));
    bench.now -= SECOND;
    assert_eq!(bench.refused_for(), SECOND * 5);
}

#[test]
fn endless_times_do_not_overflow() {
    let policy = RestartPolicy { pause: Duration::MAX, longest_pause: Duration::MAX, ..RestartPolicy::default() };
    let mut bench = Bench::with(policy);
    assert_eq!(bench.break_down(), Change::OutOfService { pause: Duration::MAX });
    assert_eq!(bench.refused_for(), Duration::MAX);
}

#[test]
fn a_long_run_of_failures_takes_no_more_memory_than_the_policy_names() {
    let mut bench = Bench::new();
    let pass = bench.serve();
    for _ in 0..1000 {
        bench.now += Duration::from_millis(300);
        assert_eq!(bench.fails(pass, Failure::Panic), Change::Unchanged);
        assert!(bench.state.panics.len() <= 50);
    }
}
