//! Two sites that share nothing, taken for one: the checkers must say so.

use toolcrib_tests::Proxy;
use toolcrib_tests::SECRET;
use toolcrib_tests::history::Kind;
use toolcrib_tests::history::counter;
use toolcrib_tests::history::exclusion;
use toolcrib_tests::history::transactions;
use toolcrib_tests::prelude::*;

use super::counters::TALLY;
use super::crowd::Crowd;
use super::crowd::roomy;
use super::lists;
use super::workshop;

/// Each has a database, a lock table and a memory of its own, and visitors come now to the one, now to the other.
#[test]
fn two_sites_that_share_nothing_are_found_guilty() {
    toolcrib_tests::run(async {
        // One secret, so that what the one signs for a visitor without a session is good at the other.
        let site = async || roomy(Engine::Postgres).setting("SECRET", SECRET).start().await;
        let (one, other) = (site().await, site().await);
        let proxy = Proxy::start(&[one.port(), other.port()]);
        for number in 0..2 {
            let is_in = async || proxy.is_in_rotation(number);
            holds_within("both sites are in rotation", Duration::from_secs(20), is_in).await;
        }
        let address = format!("http://127.0.0.1:{}", proxy.port());
        let crowd = Crowd::of(|| one.visitor_without_keep_alive().at(&address)).await;

        let (counts, end) = TALLY.history(&crowd).await;
        let fault = counter::check(&counts, 0).expect_err("two tallies are no tally");
        eprintln!("{} operations, {end} at last: {fault}", counts.operations.len());
        assert_eq!(fault.kind, Kind::HandedOutTwice);

        let stays = workshop::history(&crowd, true).await;
        let faults = exclusion::check(&workshop::sections(&stays)).expect_err("two lathes are no lathe");
        eprintln!("{} stays, {} overlaps: {}", stays.operations.len(), faults.len(), faults[0]);
        assert!(faults.iter().all(|fault| fault.kind == Kind::Overlap), "{faults:?}");

        let units = lists::history(&crowd).await;
        let faults = transactions::check(&units).expect_err("two lists are no list");
        let kinds: Vec<_> = faults.iter().map(|fault| fault.kind).collect();
        eprintln!("{} units: {kinds:?}", units.operations.len());
        assert!(kinds.contains(&Kind::Incompatible) && kinds.contains(&Kind::Vanished), "{kinds:?}");
    });
}
