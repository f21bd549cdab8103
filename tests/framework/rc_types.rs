//! Conflict-free types: what merges, and the few things that conflict (G8, G14, G15, AC-10, AC-16, T14).

use std::collections::BTreeSet;

use crate::support::RETRYING;
use crate::support::UnderWay;
use crate::support::attempts;
use crate::support::prelude::*;
use crate::support::script::Run;

on_both_engines! {
    clicks_from_everywhere_are_counted_without_a_conflict,
    of_thirty_in_stock_a_hundred_takers_get_thirty,
    two_takers_of_the_last_one_meet_and_two_of_the_last_two_do_not,
    a_hundred_producers_and_one_consumer_never_meet,
    two_consumers_take_each_item_once,
    what_one_unit_pushes_stays_together_and_in_order,
    different_keys_of_a_map_merge_and_the_same_key_conflicts,
    a_bag_conflicts_over_the_last_of_a_kind_only,
    conflict_free_changes_are_undone_with_their_unit,
}

async fn site(engine: Engine) -> Running {
    Running::start(engine, "pages.run.max = 250", |site| site.app_module::<PlainApp>().page::<Run>()).await
}

/// Runs these steps, which meet at the gate `here`, at the same moment; the texts and the number of attempts of all.
async fn together(site: &Running, all: &[String]) -> Vec<(String, u32)> {
    let requests: Vec<UnderWay> = all.iter().map(|steps| site.visitor().opens(format!("/run?do={steps}"))).collect();
    let gate = site.stage.gate("here");
    gate.arrivals(u32::try_from(all.len()).expect("few")).await;
    gate.open(all.len());
    let mut said = Vec::with_capacity(all.len());
    for request in requests {
        let answer = request.answer().await.expect_status(200);
        said.push((answer.text(), attempts(&answer)));
    }
    said
}

/// What both of two said, the one that was served first before the other; only the other was replayed, and once.
fn one_after_the_other(mut said: Vec<(String, u32)>) -> [String; 2] {
    said.sort_by_key(|(_, attempts)| *attempts);
    let [(first, 1), (second, 2)] = said.as_slice() else { panic!("one of two was to be replayed: {said:?}") };
    [first.clone(), second.clone()]
}

/// Every replay is logged as a conflict over these words; answers how many there were.
async fn conflicts_logged(site: &Running, words: &[&str]) -> u64 {
    let entries = site.logged(RETRYING).await;
    for entry in &entries {
        assert!(words.iter().all(|word| entry.says(word)), "{words:?}: {entry:?}");
    }
    let retried = site.status().await.requests.retried;
    assert_eq!(u64::try_from(entries.len()).expect("few"), retried);
    retried
}

/// That nobody was replayed, and the log is silent.
async fn nobody_met(site: &Running) {
    assert_eq!(site.status().await.requests.retried, 0);
    assert_eq!(site.log().await.len(), 0);
}

/// AC-10, and at a gate, so that all have their view before the first commits.
async fn clicks_from_everywhere_are_counted_without_a_conflict(engine: Engine) {
    let site = site(engine).await;
    for kind in ["", "~"] {
        let steps: Vec<String> =
            (0..30).map(|_| format!("value:{kind}Rc,add:{kind}Rc:2,meet:here,value:{kind}Rc")).collect();
        for (text, attempts) in together(&site, &steps).await {
            assert_eq!((text.as_str(), attempts), ("0 2", 1));
        }
        all_at_once(20, |number| {
            let visitor = site.visitor();
            let path = format!("/run?do=value:{kind}Rc,hold:1,add:{kind}Rc:{}", if number % 2 == 0 { 3 } else { -1 });
            async move {
                for _ in 0..10 {
                    visitor.get(&path).await.expect_status(200);
                }
            }
        })
        .await;
        assert_eq!(site.visitor().read(&format!("/run?do=value:{kind}Rc")).await, "260");
    }
    nobody_met(&site).await;
}

/// G15.
async fn of_thirty_in_stock_a_hundred_takers_get_thirty(engine: Engine) {
    let site = site(engine).await;
    site.visitor().read("/run?do=add:Stock:30").await;
    let answers = all_at_once(100, |_| {
        let visitor = site.visitor();
        async move { visitor.get("/run?do=take:Stock:1,hold:1").await.expect_status(200).text() }
    })
    .await;
    assert_eq!(answers.iter().filter(|answer| *answer == "true").count(), 30);
    assert_eq!(answers.iter().filter(|answer| *answer == "false").count(), 70);
    assert_eq!(site.visitor().read("/run?do=value:Stock,take:Stock:1").await, "0 false");
    let requests = site.status().await.requests;
    assert_eq!(requests.exhausted, 0, "{requests:?}");
    assert_eq!(u64::try_from(site.logged(RETRYING).await.len()).expect("few"), requests.retried);
}

/// A guard is met or not by what all have made of the counter, not by what one has seen.
async fn two_takers_of_the_last_one_meet_and_two_of_the_last_two_do_not(engine: Engine) {
    let site = site(engine).await;
    let take = |name: &str| vec![format!("take:{name}:1,meet:here"); 2];
    site.visitor().read("/run?do=add:Two:2,add:One:1,add:Nine:9").await;
    let both = together(&site, &take("Two")).await;
    assert_eq!(both, [("true".to_owned(), 1), ("true".to_owned(), 1)]);
    nobody_met(&site).await;

    assert_eq!(one_after_the_other(together(&site, &take("One")).await), ["true", "false"]);
    assert_eq!(site.visitor().read("/run?do=value:Two,value:One").await, "0 0");
    assert_eq!(conflicts_logged(&site, &["One"]).await, 1);

    // Five of nine, and five more: together too much, whoever comes second.
    let nine = together(&site, &vec!["take:Nine:5,meet:here,take:Nine:4".to_owned(); 2]).await;
    assert_eq!(one_after_the_other(nine), ["true true", "false false"]);
    assert_eq!(site.visitor().read("/run?do=value:Nine").await, "0");
}

/// G14, AC-16: 100 pushes that all overlap one another and a consumer's work.
async fn a_hundred_producers_and_one_consumer_never_meet(engine: Engine) {
    let site = site(engine).await;
    site.visitor().read("/run?do=push:Jobs:first,push:Jobs:second").await;
    let mut steps: Vec<String> = (0..100).map(|number| format!("push:Jobs:job{number},meet:here")).collect();
    steps.push("pop:Jobs,meet:here,pop:Jobs".to_owned());
    let said = together(&site, &steps).await;
    assert!(said.iter().all(|(_, attempts)| *attempts == 1), "{said:?}");
    assert_eq!(said[100].0, "first second");
    assert_eq!(site.visitor().read("/run?do=len:Jobs").await, "100");
    let mut jobs = BTreeSet::new();
    let consumer = site.visitor();
    for _ in 0..100 {
        jobs.insert(consumer.read("/run?do=pop:Jobs").await);
    }
    assert_eq!(jobs, (0..100).map(|number| format!("job{number}")).collect());
    assert_eq!(consumer.read("/run?do=pop:Jobs,peek:Jobs,len:Jobs").await, "- - 0");
    nobody_met(&site).await;
}

async fn two_consumers_take_each_item_once(engine: Engine) {
    let site = site(engine).await;
    site.visitor().read("/run?do=push:Jobs:1,push:Jobs:2,push:Jobs:3").await;
    let both = together(&site, &vec!["pop:Jobs,meet:here".to_owned(); 2]).await;
    assert_eq!(one_after_the_other(both), ["1", "2"], "the second came again and took the next");
    assert_eq!(conflicts_logged(&site, &["Jobs"]).await, 1);
    assert_eq!(site.visitor().read("/run?do=pop:Jobs").await, "3");

    site.visitor()
        .read(&format!("/run?do={}", (0..40).map(|n| format!("push:Jobs:{n}")).collect::<Vec<_>>().join(",")))
        .await;
    let taken = all_at_once(4, |_| {
        let visitor = site.visitor();
        async move {
            let mut taken = Vec::new();
            loop {
                match visitor.read("/run?do=pop:Jobs,hold:1").await.as_str() {
                    "-" => return taken,
                    item => taken.push(item.parse::<u32>().expect("a number")),
                }
            }
        }
    })
    .await;
    for mine in &taken {
        assert!(mine.is_sorted(), "the queue's order: {mine:?}");
    }
    let mut all: Vec<u32> = taken.into_iter().flatten().collect();
    all.sort_unstable();
    assert_eq!(all, (0..40).collect::<Vec<_>>(), "each once");
    conflicts_logged(&site, &["Jobs"]).await;
    assert_eq!(site.status().await.requests.exhausted, 0);
}

/// The order of commits.
async fn what_one_unit_pushes_stays_together_and_in_order(engine: Engine) {
    let site = site(engine).await;
    let late = site.visitor().opens("/run?do=push:Jobs:late1,meet:here,push:Jobs:late2");
    site.stage.gate("here").arrivals(1).await;
    site.visitor().read("/run?do=push:Jobs:early1,push:Jobs:early2,peek:Jobs").await;
    site.stage.gate("here").open(1);
    late.answer().await.expect_status(200);
    let all = site.visitor().read("/run?do=pop:Jobs,pop:Jobs,pop:Jobs,pop:Jobs,pop:Jobs").await;
    assert_eq!(all, "early1 early2 late1 late2 -");
    nobody_met(&site).await;
}

async fn different_keys_of_a_map_merge_and_the_same_key_conflicts(engine: Engine) {
    let site = site(engine).await;
    let different: Vec<String> =
        (0..100).map(|key| format!("keys:Board,enter:Board:key{key}:{key},meet:here")).collect();
    for (text, attempts) in together(&site, &different).await {
        assert_eq!((text.as_str(), attempts), ("0", 1));
    }
    assert_eq!(site.visitor().read("/run?do=keys:Board,look:Board:key7,look:Board:key99").await, "100 7 99");
    nobody_met(&site).await;

    // A key that is removed, one that is added, one that is changed: three keys.
    let three = [
        "strike:Board:key1,meet:here".to_owned(),
        "enter:Board:new:1,meet:here".to_owned(),
        "look:Board:key2,enter:Board:key2:changed,meet:here".to_owned(),
    ];
    let said = together(&site, &three).await;
    assert_eq!(said, [("true".to_owned(), 1), (String::new(), 1), ("2".to_owned(), 1)]);
    nobody_met(&site).await;

    // Two writers of one key: the second has seen the first's value when it comes again.
    let one = ["a", "b"].map(|who| format!("look:Board:key5,enter:Board:key5:{who},meet:here"));
    let said = together(&site, &one).await;
    let (first, last) = if said[0].1 == 1 { ("a", "b") } else { ("b", "a") };
    assert_eq!(one_after_the_other(said), ["5", first]);
    assert_eq!(site.visitor().read("/run?do=look:Board:key5").await, last);
    assert_eq!(conflicts_logged(&site, &["Board", "key5"]).await, 1);

    // Writing what another removes is a conflict as well; so is adding what another adds.
    let both = ["strike:Board:key6,meet:here".to_owned(), "enter:Board:key6:x,meet:here".to_owned()];
    one_after_the_other(together(&site, &both).await);
    let added = together(&site, &vec!["look:Board:none,enter:Board:none:x,meet:here".to_owned(); 2]).await;
    assert_eq!(one_after_the_other(added), ["-", "x"]);
}

async fn a_bag_conflicts_over_the_last_of_a_kind_only(engine: Engine) {
    let site = site(engine).await;
    let add: Vec<String> = (0..40).map(|_| "throw-in:Chips:red,meet:here".to_owned()).collect();
    assert!(together(&site, &add).await.iter().all(|(_, attempts)| *attempts == 1));
    let mixed = [
        "throw-in:Chips:red,meet:here".to_owned(),
        "take-out:Chips:red,meet:here".to_owned(),
        "take-out:Chips:red,meet:here".to_owned(),
        "throw-in:Chips:blue,meet:here".to_owned(),
    ];
    let said = together(&site, &mixed).await;
    assert!(said.iter().all(|(_, attempts)| *attempts == 1), "{said:?}");
    assert_eq!(site.visitor().read("/run?do=many:Chips:red,many:Chips:blue,take-out:Chips:green").await, "39 1 false");
    nobody_met(&site).await;

    let last = together(&site, &vec!["take-out:Chips:blue,meet:here".to_owned(); 2]).await;
    assert_eq!(one_after_the_other(last), ["true", "false"]);
    assert_eq!(conflicts_logged(&site, &["Chips", "blue"]).await, 1);
    assert_eq!(site.visitor().read("/run?do=many:Chips:blue").await, "0");
}

async fn conflict_free_changes_are_undone_with_their_unit(engine: Engine) {
    let site = site(engine).await;
    let before = "add:Rc:5,push:Jobs:a,enter:Board:k:v,throw-in:Chips:red";
    site.visitor().read(&format!("/run?do={before}")).await;
    let changes = "add:Rc:1,take:Rc:2,push:Jobs:b,pop:Jobs,enter:Board:k:w,strike:Board:k,throw-in:Chips:red";
    site.visitor().get(&format!("/run?do={changes},error")).await.expect_status(500);
    let read = "/run?do=value:Rc,len:Jobs,peek:Jobs,look:Board:k,many:Chips:red";
    assert_eq!(site.visitor().read(read).await, "5 1 a v 1");
    let replayed = site.visitor().get(&format!("/run?do={changes},retry-once")).await.expect_status(200);
    assert_eq!((attempts(&replayed), replayed.text().as_str()), (2, "true a true"));
    assert_eq!(site.visitor().read(read).await, "4 1 b - 2", "done once");
}
