//! Loads of the two kinds that the articles speak of: so many requests a second, and as many as there are clients.

use std::future::Future;

use toolcrib_tests::prelude::*;
use toolcrib_tests::random::Random;

use crate::support::Poster;
use crate::support::Scene;

/// Sends `per_second` requests for so many seconds, at random moments (evenly spaced ones would never overlap), over so
/// many connections; answers in no order.
pub(crate) async fn paced(
    scene: &Scene,
    per_second: u64,
    seconds: u64,
    connections: usize,
    path: &'static str,
) -> Vec<Answer> {
    let mut random = Random::seeded(path);
    let mut moments: Vec<_> = (0..per_second * seconds).map(|_| random.below(seconds * 1000)).collect();
    moments.sort_unstable();
    let visitors = scene.strangers(connections).await;
    let start = tokio::time::Instant::now();
    let answers = all_at_once(connections, |connection| {
        let own: Vec<_> = moments.iter().copied().skip(connection).step_by(connections).collect();
        let visitor = visitors[connection].clone();
        async move {
            let mut answers = Vec::new();
            for moment in own {
                // A rate is what the load consists of; nothing is waited for.
                tokio::time::sleep_until(start + Duration::from_millis(moment)).await;
                answers.push(visitor.post(path, &[]).await);
            }
            answers
        }
    })
    .await;
    answers.into_iter().flatten().collect()
}

/// So many clients at once, each of which sends its requests one after another: `rounds` of them, or until a minute has
/// passed where the long variant was asked for.
pub(crate) async fn burst<F>(
    scene: &Scene,
    clients: usize,
    rounds: usize,
    request: impl Fn(Poster) -> F + Clone + Send + 'static,
) -> Vec<Answer>
where
    F: Future<Output = Answer> + Send + 'static,
{
    let visitors = scene.strangers(clients).await;
    let started = Instant::now();
    let answers = all_at_once(clients, |client| {
        let (visitor, request) = (visitors[client].clone(), request.clone());
        async move {
            let mut answers = Vec::new();
            while answers.len() < rounds || (toolcrib_tests::long() && started.elapsed() < Duration::from_secs(60)) {
                answers.push(request(visitor.clone()).await);
            }
            answers
        }
    })
    .await;
    answers.into_iter().flatten().collect()
}

/// Fails unless all were served.
#[track_caller]
pub(crate) fn assert_all_served(answers: &[Answer]) {
    let refused: Vec<_> = answers.iter().filter(|answer| answer.status != 200).collect();
    assert!(
        refused.is_empty(),
        "{} of {} were refused, such as {:?}",
        refused.len(),
        answers.len(),
        refused.iter().take(3).collect::<Vec<_>>()
    );
}

/// How long the paced loads last: five seconds, or the articles' two minutes.
pub(crate) fn seconds() -> u64 {
    if toolcrib_tests::long() { 120 } else { 5 }
}
