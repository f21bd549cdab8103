//! The connections by which nodes hear of changes are cut: the changes are seen all the same.

use toolcrib_tests::prelude::*;

use super::scene::Poster;
use super::scene::plan;
use super::scene::recovered;
use super::scene::value_of;

/// By when a change at one node is seen at the other without any hint.
const SEEN: Duration = Duration::from_secs(3);

const LISTENING: &str = "SELECT COUNT(*) FROM pg_stat_activity \
                         WHERE application_name = 'toolcrib listen' AND datname = current_database()";

/// The statement counts what it cuts, so that a test cannot pass by cutting nothing.
const CUT: &str = "SELECT COUNT(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity \
                   WHERE application_name = 'toolcrib listen' AND datname = current_database()";

const COUNTER: &str = "/examples/rc-tally";

/// Counts at one node and waits until the other shows it; how long that took.
async fn seen_at_the_other(here: &Poster, there: &Poster) -> Duration {
    let answer = here.post(COUNTER, &[]).await;
    let value = value_of(&answer);
    holds_within("the other node shows it", SEEN, async || there.value(COUNTER).await == value).await;
    answer.finished.elapsed()
}

async fn both_listen(server: &Server) {
    holds_within("each node listens", Duration::from_secs(15), async || server.database().number(LISTENING).await >= 2)
        .await;
}

#[test]
fn changes_arrive_while_nobody_can_listen_and_then_they_listen_again() {
    toolcrib_tests::run(async {
        let server = plan().start().await;
        let posters = [Poster::at(&server, 0).await, Poster::at(&server, 1).await];
        both_listen(&server).await;
        let with_hints = seen_at_the_other(&posters[0], &posters[1]).await;
        let (mut cut, mut slowest) = (0, Duration::ZERO);
        for turn in 0..20 {
            // Cut again before each change: who has come back in the meantime hears nothing of it.
            cut += server.database().number(CUT).await;
            let (here, there) = (&posters[turn % 2], &posters[(turn + 1) % 2]);
            slowest = slowest.max(seen_at_the_other(here, there).await);
        }
        assert!(cut >= 2, "only {cut} connections were cut");
        recovered("a change is seen at the other node, with hints", with_hints);
        recovered("a change is seen at the other node, the slowest of 20 without", slowest);
        let started = Instant::now();
        both_listen(&server).await;
        recovered("both nodes listen again", started.elapsed());
        let _ = seen_at_the_other(&posters[1], &posters[0]).await;
    });
}
