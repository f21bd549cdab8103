//! Durable variables are there after a stop, and two processes on one database never overwrite each other (G24, AC-30).

use crate::support::attempts;
use crate::support::prelude::*;
use crate::support::script::Run;
use crate::support::script::counter;
use crate::support::script::variable;

on_both_engines! {
    what_is_durable_is_there_after_a_restart_and_what_is_volatile_is_not,
    what_was_answered_is_in_the_database,
    increments_of_two_processes_all_count,
    changes_at_once_by_two_processes_all_count,
    two_processes_take_each_item_of_a_queue_once,
    two_processes_fill_one_queue_and_lose_nothing,
    two_processes_sell_no_more_than_there_is,
    a_value_another_process_wrote_is_never_overwritten_unseen,
}

fn pages(site: toolcrib::server::SiteBuilder) -> toolcrib::server::SiteBuilder {
    site.app_module::<PlainApp>().page::<Run>()
}

async fn site(engine: Engine) -> Running {
    Running::start(engine, "", pages).await
}

async fn what_is_durable_is_there_after_a_restart_and_what_is_volatile_is_not(engine: Engine) {
    let site = site(engine).await;
    let durable = "put:A:7,add:C:3,push:Q:one,push:Q:two,push:Q:three,pop:Q,enter:M:k:v,enter:M:gone:x,strike:M:gone,\
                   throw-in:G:t,throw-in:G:t,put:Removed:1,remove:Removed";
    let volatile = "put:~A:7,add:~C:3,push:~Q:one,enter:~M:k:v,throw-in:~G:t";
    site.visitor().read(&format!("/run?do={durable}")).await;
    site.visitor().read(&format!("/run?do={volatile}")).await;
    site.site.application().set(&variable("AtOnce"), &8).await.expect("written");
    site.site.application().add(&counter("C"), 1).await.expect("added");
    let read = "/run?do=get:A,value:C,len:Q,peek:Q,look:M:k,keys:M,many:G:t,get:Removed,get:AtOnce";
    let read_volatile = "/run?do=get:~A,value:~C,len:~Q,look:~M:k,many:~G:t";
    assert_eq!(site.visitor().read(read).await, "7 4 2 two v 1 2 - 8");
    assert_eq!(site.visitor().read(read_volatile).await, "7 3 1 v 1");
    let site = site.restarted("", pages).await;
    assert_eq!(site.visitor().read(read).await, "7 4 2 two v 1 2 - 8");
    assert_eq!(site.visitor().read(read_volatile).await, "- 0 0 - 0");
    let go_on = "/run?do=update:A,add:C:1,value:C,push:Q:four,pop:Q,pop:Q,pop:Q,enter:M:k:w,take-out:G:t,many:G:t";
    assert_eq!(site.visitor().read(go_on).await, "8 5 two three four true 1");
    let site = site.restarted("", pages).await;
    assert_eq!(site.visitor().read(read).await, "8 5 0 - w 1 1 - 8");
}

/// Without asking the process that wrote it.
async fn what_was_answered_is_in_the_database(engine: Engine) {
    let site = site(engine).await;
    for number in 1..=10 {
        site.visitor().read("/run?do=update:Tally,add:Rc:1").await;
        const TALLY: &str = "SELECT CAST(value AS BIGINT) FROM toolcrib_variables WHERE name = 'Tally'";
        const RC: &str = "SELECT amount FROM toolcrib_variables WHERE name = 'Rc'";
        assert_eq!((site.number(TALLY).await, site.number(RC).await), (number, number));
    }
}

/// Each POST is a unit: plain variable and counter, from both. Who loses waits for its turn within its process only, so
/// the schedule is one of many short waits.
async fn increments_of_two_processes_all_count(engine: Engine) {
    const PATIENT: &str =
        "retry.delays_ms = \"5,10,20,30,50,50,50,100,100,100,100,200,200,200,200,200,500,500,500,500\"";
    let first = Running::start(engine, PATIENT, pages).await;
    first.visitor().read("/run?do=put:Tally:1").await;
    let second = first.beside(PATIENT, pages).await;
    let mut visitors = Vec::new();
    for turn in 0..8 {
        let visitor = if turn % 2 == 0 { first.visitor() } else { second.visitor() };
        visitors.push((visitor.token().await, visitor));
    }
    let visitors = std::sync::Arc::new(visitors);
    all_at_once(8, |turn| {
        let visitors = std::sync::Arc::clone(&visitors);
        async move {
            let (token, visitor) = &visitors[turn];
            for _ in 0..8 {
                let path = "/run?do=get:Tally,hold:1,row:click,next:Tally,add:Rc:1";
                visitor.post_with(token, path, &[]).await.expect_status(200);
            }
        }
    })
    .await;
    const TALLY: &str = "SELECT CAST(value AS BIGINT) FROM toolcrib_variables WHERE name = 'Tally'";
    const RC: &str = "SELECT amount FROM toolcrib_variables WHERE name = 'Rc'";
    assert_eq!((first.number(TALLY).await, first.number(RC).await, first.notes("click").await), (65, 64, 64));
    for site in [&first, &second] {
        let requests = site.status().await.requests;
        assert_eq!(requests.exhausted, 0, "{requests:?}");
        assert!(requests.add_up(), "{requests:?}");
    }
    assert_eq!(first.visitor().read("/run?do=update:Tally").await, "66");
    assert_eq!(second.visitor().read("/run?do=update:Tally").await, "67");
}

async fn changes_at_once_by_two_processes_all_count(engine: Engine) {
    let first = site(engine).await;
    let second = first.beside("", pages).await;
    let sites = [first.site.clone(), second.site.clone()];
    all_at_once(2, |turn| {
        let site = sites[turn].clone();
        async move {
            for _ in 0..30 {
                site.application().update(&variable("Tally"), |old| old.unwrap_or(0) + 1).await.expect("updated");
                site.application().add(&counter("Rc"), 2).await.expect("added");
            }
        }
    })
    .await;
    const TALLY: &str = "SELECT CAST(value AS BIGINT) FROM toolcrib_variables WHERE name = 'Tally'";
    const RC: &str = "SELECT amount FROM toolcrib_variables WHERE name = 'Rc'";
    assert_eq!((first.number(TALLY).await, first.number(RC).await), (60, 120));
}

async fn two_processes_fill_one_queue_and_lose_nothing(engine: Engine) {
    let first = site(engine).await;
    let second = first.beside("", pages).await;
    let visitors = [first.visitor(), second.visitor()];
    all_at_once(2, |turn| {
        let visitor = visitors[turn].clone();
        async move {
            for number in 0..20 {
                visitor.read(&format!("/run?do=push:Jobs:{turn}x{number}")).await;
            }
        }
    })
    .await;
    assert_eq!(first.number("SELECT COUNT(*) FROM toolcrib_variable_entries").await, 40);
    let restarted = second.restarted("", pages).await;
    let consumer = restarted.visitor();
    let mut jobs: Vec<Vec<usize>> = vec![Vec::new(), Vec::new()];
    for _ in 0..40 {
        let job = consumer.read("/run?do=pop:Jobs").await;
        let (turn, number) = job.split_once('x').expect("a job");
        jobs[turn.parse::<usize>().expect("a number")].push(number.parse().expect("a number"));
    }
    for each in &jobs {
        assert_eq!(each[..], (0..20).collect::<Vec<_>>()[..], "in the order each of them pushed");
    }
    assert_eq!(consumer.read("/run?do=pop:Jobs").await, "-");
}

/// Guards are met or not by what all processes have made of it.
async fn two_processes_sell_no_more_than_there_is(engine: Engine) {
    let first = site(engine).await;
    let chips = ["throw-in:Chips:red"; 10].join(",");
    first.visitor().read(&format!("/run?do=add:Stock:15,{chips}")).await;
    let second = first.beside("", pages).await;
    let visitors = [first.visitor(), second.visitor(), first.visitor(), second.visitor()];
    let sold = all_at_once(4, |turn| {
        let visitor = visitors[turn].clone();
        async move {
            let mut sold = [0, 0];
            for _ in 0..8 {
                sold[0] += usize::from(visitor.read("/run?do=take:Stock:1,hold:1").await == "true");
                sold[1] += usize::from(visitor.read("/run?do=take-out:Chips:red,hold:1").await == "true");
            }
            sold
        }
    })
    .await;
    assert_eq!(sold.iter().map(|sold| sold[0]).sum::<usize>(), 15);
    assert_eq!(sold.iter().map(|sold| sold[1]).sum::<usize>(), 10);
    assert_eq!(first.number("SELECT amount FROM toolcrib_variables WHERE name = 'Stock'").await, 0);
    assert_eq!(first.number("SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) FROM toolcrib_variable_entries").await, 0);
}

async fn two_processes_take_each_item_of_a_queue_once(engine: Engine) {
    let first = site(engine).await;
    let pushes: Vec<String> = (0..20).map(|number| format!("push:Jobs:{number}")).collect();
    first.visitor().read(&format!("/run?do={}", pushes.join(","))).await;
    let second = first.beside("", pages).await;
    let visitors = [first.visitor(), second.visitor()];
    let taken = all_at_once(2, |turn| {
        let visitor = visitors[turn].clone();
        async move {
            let mut taken = Vec::new();
            for _ in 0..8 {
                let item = visitor.read("/run?do=pop:Jobs,hold:2").await;
                taken.push(item.parse::<u32>().expect("a number"));
            }
            taken
        }
    })
    .await;
    let mut all: Vec<u32> = taken.into_iter().flatten().collect();
    all.sort_unstable();
    assert_eq!(all, (0..16).collect::<Vec<_>>(), "each once, in their order");
    assert_eq!(first.number("SELECT COUNT(*) FROM toolcrib_variable_entries").await, 4);
}

/// The second has read before the first writes: it must come again, and see what the first wrote.
async fn a_value_another_process_wrote_is_never_overwritten_unseen(engine: Engine) {
    let first = site(engine).await;
    first.visitor().read("/run?do=put:Tally:1,put:Bait:1").await;
    let second = first.beside("", pages).await;
    assert_eq!(second.visitor().read("/run?do=get:Tally").await, "1");
    let late = second.visitor().opens("/run?do=get:Tally,meet:here,row:late,next:Tally");
    second.stage.gate("here").arrivals(1).await;
    assert_eq!(first.visitor().read("/run?do=get:Tally,next:Tally").await, "1 2");
    second.stage.gate("here").open(1);
    let answer = late.answer().await.expect_status(200);
    assert_eq!(answer.text(), "2 3");
    assert!(attempts(&answer) >= 2, "it came again, perhaps before what the first wrote had been read: {answer:?}");
    assert_eq!(first.notes("late").await, 1);

    // A variable that was created, and one that was removed, behind the other's back.
    first.visitor().read("/run?do=put:New:10,remove:Bait").await;
    let created = second.visitor().get("/run?do=update:New").await.expect_status(200);
    assert_eq!(created.text(), "11");
    let removed = second.visitor().get("/run?do=update:Bait").await.expect_status(200);
    assert_eq!(removed.text(), "1");
    assert_eq!(first.visitor().read("/run?do=update:New,update:Bait").await, "12 2");
}
