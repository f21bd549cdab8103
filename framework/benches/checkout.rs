//! Checkout and checkin of a pool, without contention: `cargo bench -p toolcrib --bench checkout`.

#![expect(clippy::expect_used, clippy::panic, reason = "a measurement ends with what went wrong")]

use std::hint::black_box;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use tokio::sync::oneshot;
use toolcrib::pool::{Checkout, Granted, Handover, Limits, Placement, PoolCore};

type Core = PoolCore<u64, oneshot::Sender<Granted<u64>>>;

/// A pool with one idle instance, behind the lock the framework keeps it behind.
fn pool(workers: usize) -> Mutex<Core> {
    let mut core = Core::new(Limits { max: 32, queue_max: 128 }, Placement::default(), workers);
    let now = Instant::now();
    if let Checkout::Create(approval) = core.checkout(0, now, now, oneshot::channel) {
        core.created(approval);
    }
    assert!(matches!(core.checkin(1, 0, now), Handover::Settled));
    Mutex::new(core)
}

fn round_trip(pool: &Mutex<Core>) {
    let now = Instant::now();
    let decision = pool.lock().expect("lock").checkout(0, now, now + Duration::from_secs(5), oneshot::channel);
    let Checkout::Reuse(instance) = decision else { panic!("the instance was idle") };
    let handover = pool.lock().expect("lock").checkin(black_box(instance), 0, Instant::now());
    assert!(matches!(handover, Handover::Settled));
}

fn checkout(criterion: &mut Criterion) {
    for workers in [1, 4, 64] {
        let pool = pool(workers);
        criterion.bench_function(&format!("checkout and checkin, {workers} workers"), |bencher| {
            bencher.iter(|| round_trip(&pool));
        });
    }
}

criterion_group!(benches, checkout);
criterion_main!(benches);
