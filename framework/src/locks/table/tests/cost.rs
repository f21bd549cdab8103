//! What an operation costs does not depend on how many names there are.

use super::*;

/// The least time of several rounds of everything that happens on a request's way: what else the machine does only adds.
fn round(bench: &mut Bench) -> Duration {
    let (a, b) = (name("a"), name("b"));
    (0..7)
        .map(|_| {
            let started = Instant::now();
            for _ in 0..200 {
                bench.take(1, &a, Exclusive);
                bench.take(2, &b, Exclusive);
                assert!(bench.try_take(3, &a, ReadOnly).is_err());
                let ticket = bench.wait(1, &b, Exclusive, "waiter");
                assert!(bench.refused(2, &a, Exclusive).is_deadlock());
                assert!(matches!(bench.table.time_out(&ticket, bench.now), Cancelled::Left { .. }));
                let _ = bench.wait(2, &a, Exclusive, "waiter");
                assert!(bench.release(1, &a) == ["waiter"]);
                assert!(bench.release_all(2).is_empty());
            }
            started.elapsed()
        })
        .min()
        .unwrap()
}

#[test]
fn an_operation_costs_no_more_with_two_hundred_thousand_names() {
    let mut bench = Bench::new();
    let few = round(&mut bench);
    for number in 0..200_000 {
        // One owner with very many names, and many with one each.
        let owner = if number % 2 == 0 { 1 } else { 1_000 + number };
        bench.take(owner, &name(&format!("other {number}")), Exclusive);
    }
    let many = round(&mut bench);
    // Looking at all names once an operation would cost thousands of times as much.
    assert!(many < few * 20, "{few:?} with few names, {many:?} with many");
}

#[test]
fn a_hundred_thousand_names_leave_nothing_behind() {
    let mut bench = Bench::new();
    for number in 0..100_000 {
        bench.take(number % 100, &name(&format!("account {number}")), Exclusive);
    }
    assert_eq!(bench.table.status().names, 100_000);
    for owner in 0..100 {
        assert_eq!(bench.table.release_all(Owner(owner), bench.now).released, 1_000);
    }
    bench.assert_empty();
}
