//! Visitors who count all the time, and what they were told.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use tokio::task::JoinHandle;
use toolcrib_tests::prelude::*;

/// What counts by one: the page, what its form says.
pub(crate) const COUNTERS: [(&str, &[(&str, &str)]); 4] = [
    ("/examples/tally", &[]),
    ("/examples/rc-tally", &[]),
    ("/examples/serial", &[]),
    // Mixed, since one lock guards both.
    ("/examples/sales", &[("mode", "locked")]),
];

/// What came of the posts to one page.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// The values that were answered with 200.
    pub(crate) acknowledged: Vec<i64>,
    /// How many were refused by a 503 that says when to come back: they must not have counted.
    pub(crate) refused: usize,
    /// How many had no answer, or one that says that nobody knows: they may have counted, each once.
    pub(crate) unknown: usize,
    /// What nobody may be answered: other statuses, a 503 that does not say when to come back.
    pub(crate) wrong: Vec<String>,
    /// When the latest acknowledgement came.
    latest: Option<Instant>,
}

impl Ledger {
    fn note(&mut self, sent: Result<Answer, String>) {
        match sent {
            Ok(answer) if answer.status == 200 => {
                self.latest = Some(answer.finished);
                let value = answer.json()["value"].as_i64();
                self.acknowledged.push(value.unwrap_or_else(|| panic!("no value in {answer:?}")));
            }
            Ok(answer) if answer.status == 503 && answer.header("retry-after").is_some() => self.refused += 1,
            Ok(answer) if answer.status == 500 => self.unknown += 1,
            Ok(answer) => self.wrong.push(format!("{answer:?}")),
            Err(_) => self.unknown += 1,
        }
    }

    /// Fails unless `before` became `after` by what was acknowledged, and by nothing else but what nobody knows of.
    #[track_caller]
    pub(crate) fn assert_explains(&self, path: &str, before: i64, after: i64) {
        assert!(self.wrong.is_empty(), "{path}: {:?}", self.wrong);
        let mut values = self.acknowledged.clone();
        values.sort_unstable();
        let doubled: Vec<_> = values.windows(2).filter(|pair| pair[0] == pair[1]).collect();
        assert!(doubled.is_empty(), "{path}: answered twice: {doubled:?}");
        let (acknowledged, unknown) = (number(values.len()), number(self.unknown));
        let counted = after - before;
        eprintln!(
            "{path}: {acknowledged} acknowledged, {} refused, {unknown} without an answer, {counted} counted",
            self.refused
        );
        assert!(
            (acknowledged..=acknowledged + unknown).contains(&counted),
            "{path}: {acknowledged} acknowledged, {unknown} without an answer, {counted} counted ({before} became {after})"
        );
        let beyond: Vec<_> = values.iter().filter(|value| **value <= before || **value > after).collect();
        assert!(beyond.is_empty(), "{path}: answered, and not between {before} and {after}: {beyond:?}");
    }
}

fn number(count: usize) -> i64 {
    i64::try_from(count).expect("a small number")
}

/// Visitors who post to all counters, each one after another, until they are stopped.
#[derive(Debug)]
pub(crate) struct Load {
    ledgers: Vec<Arc<Mutex<Ledger>>>,
    stop: Arc<AtomicBool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Load {
    /// Starts so many visitors for each counter.
    pub(crate) async fn start(server: &Server, each: usize) -> Self {
        let stop = Arc::<AtomicBool>::default();
        let (mut ledgers, mut tasks) = (Vec::new(), Vec::new());
        for (path, fields) in COUNTERS {
            let ledger = Arc::<Mutex<Ledger>>::default();
            for _ in 0..each {
                let visitor = server.visitor();
                let token = visitor.csrf_token().await;
                let (ledger, stop) = (Arc::clone(&ledger), Arc::clone(&stop));
                tasks.push(tokio::spawn(async move {
                    while !stop.load(Ordering::Relaxed) {
                        let post = visitor.post(path).accept_json().form_with_token(&token, fields);
                        let sent = post.try_send().await.map_err(|error| error.to_string());
                        let is_served = sent.as_ref().is_ok_and(|answer| answer.status == 200);
                        lock(&ledger).note(sent);
                        if !is_served {
                            // Whoever is refused comes back later, as browsers do, and not as fast as the wire lets them.
                            tokio::time::sleep(Duration::from_millis(50)).await;
                        }
                    }
                }));
            }
            ledgers.push(ledger);
        }
        Self { ledgers, stop, tasks }
    }

    /// Waits until each counter has counted so many times more.
    pub(crate) async fn counts_on(&self, times: usize) {
        let counted = || self.ledgers.iter().map(|ledger| lock(ledger).acknowledged.len());
        let before: Vec<_> = counted().collect();
        holds_within("all counters count", Duration::from_secs(60), async || {
            counted().zip(&before).all(|(now, before)| now >= before + times)
        })
        .await;
    }

    /// When each counter has been acknowledged again after that moment, and the latest of these moments.
    pub(crate) async fn acknowledged_after(&self, moment: Instant) -> Instant {
        let mut first = vec![None; self.ledgers.len()];
        holds_within("all counters count again", Duration::from_secs(60), async || {
            for (first, ledger) in first.iter_mut().zip(&self.ledgers) {
                let latest = lock(ledger).latest.filter(|latest| *latest > moment);
                *first = first.or(latest);
            }
            first.iter().all(Option::is_some)
        })
        .await;
        first.into_iter().flatten().max().expect("there are counters")
    }

    /// Ends it; what each counter was told, in the order of [`COUNTERS`].
    pub(crate) async fn stop(self) -> Vec<Ledger> {
        self.stop.store(true, Ordering::Relaxed);
        for task in self.tasks {
            task.await.expect("a visitor ends");
        }
        self.ledgers.iter().map(|ledger| std::mem::take(&mut *lock(ledger))).collect()
    }
}

fn lock(ledger: &Mutex<Ledger>) -> MutexGuard<'_, Ledger> {
    ledger.lock().unwrap_or_else(PoisonError::into_inner)
}
