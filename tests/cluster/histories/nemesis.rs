//! The same loads while a node is killed, or paused for longer than its lease: answers are lost, acknowledged ones not.

use toolcrib_tests::history::Tally;
use toolcrib_tests::history::counter;
use toolcrib_tests::history::transactions;
use toolcrib_tests::on_engine;
use toolcrib_tests::prelude::*;
use toolcrib_tests::rounds;
use toolcrib_tests::wait::time_passes;

use super::counters;
use super::counters::TALLY;
use super::crowd::Crowd;
use super::crowd::acquitted;
use super::crowd::report;
use super::crowd::roomy;
use super::lists;
use super::workshop;

on_engine! { on_two_nodes: TwoNodes,
    clicks_outlive_a_node_that_is_killed,
    clicks_outlive_a_node_that_is_paused,
    units_over_lists_outlive_a_node_that_is_killed,
    units_over_lists_outlive_a_node_that_is_paused,
    nobody_is_met_where_a_node_was_killed,
    nobody_is_met_where_a_node_was_paused,
}

/// How long a node lives on what it knew.
const LEASE: Duration = Duration::from_secs(2);

/// After how long a client gives up: a node that is paused answers nothing.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is done to a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Harm {
    Kill,
    Pause,
}

/// A site with short leases, and a crowd whose load lasts for a while beyond the harm.
async fn site(engine: Engine) -> (Server, Crowd) {
    let lease = u64::try_from(LEASE.as_millis()).expect("a short lease");
    let server = roomy(engine).setting("CLUSTER__LEASE_MS", lease).start_watched().await;
    let lasts = LEASE * u32::try_from(rounds(6, 30)).expect("a small number");
    let crowd = Crowd::patient(|| server.visitor(), PATIENCE, lasts).await;
    (server, crowd)
}

/// Hurts the second node over and over as long as the load lasts; it is well again afterwards.
async fn hurt(server: &Server, harm: Harm, lasts: Duration) {
    let until = Instant::now() + lasts;
    let node = server.node(1);
    // Time itself is what is tested here: a node is away for longer than its lease, and back for a while.
    while Instant::now() + 3 * LEASE < until {
        time_passes(LEASE / 2).await;
        match harm {
            Harm::Kill => {
                node.kill();
                time_passes(LEASE / 2).await;
                node.start_again().await;
            }
            Harm::Pause => {
                node.pause();
                time_passes(LEASE * 2).await;
                node.resume();
            }
        }
        server.is_in_rotation(1).await;
    }
}

/// Fails unless the load went on, and something was hurt.
#[track_caller]
fn went_on(tally: Tally) {
    assert!(tally.done > 100, "hardly anybody was served: {tally:?}");
    assert!(tally.unknown > 0, "nobody was hurt: {tally:?}");
}

async fn clicks(engine: Engine, harm: Harm) {
    let (server, crowd) = site(engine).await;
    let ((history, end), ()) = tokio::join!(TALLY.history(&crowd), hurt(&server, harm, crowd.lasts));
    went_on(report(&format!("{harm:?}: clicks"), &server, &history, &crowd).await);
    counters::nothing_lost_or_doubled(&history, end);
    acquitted(counter::check(&history, 0).map_err(|fault| vec![fault]));
}

async fn units(engine: Engine, harm: Harm) {
    let (server, crowd) = site(engine).await;
    let (history, ()) = tokio::join!(lists::history(&crowd), hurt(&server, harm, crowd.lasts));
    went_on(report(&format!("{harm:?}: units"), &server, &history, &crowd).await);
    lists::nothing_lost_or_doubled(&history);
    eprintln!("{:?}", acquitted(transactions::check(&history)));
}

/// All work and nobody watches: a stay that stores something is refused to a node whose lease is over. One that stores
/// nothing is not, and nobody is worse off.
async fn stays(engine: Engine, harm: Harm) {
    let (server, crowd) = site(engine).await;
    let (stays, ()) = tokio::join!(workshop::history(&crowd, false), hurt(&server, harm, crowd.lasts));
    went_on(report(&format!("{harm:?}: stays"), &server, &stays, &crowd).await);
    workshop::nobody_met(&stays);
}

async fn clicks_outlive_a_node_that_is_killed(engine: Engine) {
    clicks(engine, Harm::Kill).await;
}

async fn clicks_outlive_a_node_that_is_paused(engine: Engine) {
    clicks(engine, Harm::Pause).await;
}

async fn units_over_lists_outlive_a_node_that_is_killed(engine: Engine) {
    units(engine, Harm::Kill).await;
}

async fn units_over_lists_outlive_a_node_that_is_paused(engine: Engine) {
    units(engine, Harm::Pause).await;
}

async fn nobody_is_met_where_a_node_was_killed(engine: Engine) {
    stays(engine, Harm::Kill).await;
}

async fn nobody_is_met_where_a_node_was_paused(engine: Engine) {
    stays(engine, Harm::Pause).await;
}
