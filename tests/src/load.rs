//! Many requests at once.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use tokio::sync::Barrier;
use tokio::task::JoinSet;

/// Runs `count` tasks, all let loose at the same moment; results in the order of their numbers.
///
/// # Panics
///
/// When one of them panics.
pub async fn all_at_once<T, F>(count: usize, task: impl Fn(usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let barrier = Arc::new(Barrier::new(count));
    let mut running = JoinSet::new();
    for number in 0..count {
        let (barrier, task) = (Arc::clone(&barrier), task(number));
        running.spawn(async move {
            barrier.wait().await;
            (number, task.await)
        });
    }
    in_order(running).await
}

/// Runs `total` tasks, `parallel` at a time; results in the order of their numbers.
///
/// # Panics
///
/// When one of them panics.
pub async fn in_parallel<T, F>(
    total: usize,
    parallel: usize,
    task: impl Fn(usize) -> F + Clone + Send + 'static,
) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let next = Arc::new(AtomicUsize::new(0));
    let mut running = JoinSet::new();
    for _ in 0..parallel {
        let (next, task) = (Arc::clone(&next), task.clone());
        running.spawn(async move {
            let mut done = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= total {
                    return done;
                }
                done.push((number, task(number).await));
            }
        });
    }
    let mut all = Vec::with_capacity(total);
    while let Some(done) = running.join_next().await {
        all.extend(done.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic())));
    }
    all.sort_by_key(|(number, _)| *number);
    all.into_iter().map(|(_, value)| value).collect()
}

async fn in_order<T: 'static>(mut running: JoinSet<(usize, T)>) -> Vec<T> {
    let mut all = Vec::with_capacity(running.len());
    while let Some(done) = running.join_next().await {
        all.push(done.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic())));
    }
    all.sort_by_key(|(number, _)| *number);
    all.into_iter().map(|(_, value)| value).collect()
}
