//! Application variables in units of work: what a unit sees, and what conflicts (D13; G1, G2, G20, A1, A7, A8, A14).

use crate::support::attempts;
use crate::support::prelude::*;
use crate::support::script::Run;
use crate::support::script::variable;

on_both_engines! {
    what_was_answered_is_there_for_the_next_request,
    a_unit_sees_its_own_changes_and_others_see_them_after_the_commit,
    a_unit_reads_what_was_there_when_it_began,
    a_written_variable_conflicts_and_a_read_one_does_not,
    units_that_write_different_variables_do_not_meet,
    a_variable_is_read_while_its_writer_waits_for_the_database,
    a_variable_is_read_while_the_application_is_busy,
    who_only_reads_is_never_replayed_and_never_logged,
    one_of_many_who_set_an_absent_variable_does,
    reading_and_writing_at_once_without_a_lock_loses_updates,
    an_update_at_once_loses_nothing,
    contents_are_one_copy_of_everything,
    a_value_taken_out_is_a_copy,
    remove_all_removes_every_value_and_nothing_else,
}

async fn site(engine: Engine) -> Running {
    Running::start(engine, "pages.run.max = 200", |site| site.app_module::<PlainApp>().page::<Run>()).await
}

/// G1, W1: over any connection, to any worker.
async fn what_was_answered_is_there_for_the_next_request(engine: Engine) {
    let site = site(engine).await;
    for round in 1..=30 {
        // With rows of its own a unit is committed another way.
        let row = if round % 2 == 0 { "row:own," } else { "" };
        let said = site.visitor().read(&format!("/run?do={row}update:Tally")).await;
        assert_eq!(said, round.to_string());
        assert_eq!(site.visitor().read("/run?do=get:Tally").await, said);
        assert_eq!(site.site.application().get(&variable("Tally")).expect("a value"), Some(round));
    }
    let answers = all_at_once(8, |_| {
        let visitor = site.visitor();
        async move {
            for _ in 0..10 {
                let written: i64 = visitor.read("/run?do=update:Tally").await.parse().expect("a number");
                let read: i64 = visitor.read("/run?do=get:Tally").await.parse().expect("a number");
                assert!(read >= written, "{written} was answered, {read} was read afterwards");
            }
        }
    })
    .await;
    assert_eq!(answers.len(), 8);
    assert_eq!(site.visitor().read("/run?do=get:Tally").await, "110");
}

async fn a_unit_sees_its_own_changes_and_others_see_them_after_the_commit(engine: Engine) {
    let site = site(engine).await;
    let steps = "put:A:1,get:A,update:A,remove:B,get:B,add:C:3,value:C,push:Q:x,peek:Q,enter:M:k:v,look:M:k,\
                 throw-in:G:t,many:G:t,meet:here";
    let writer = site.visitor().opens(format!("/run?do={steps}"));
    site.stage.gate("here").arrivals(1).await;
    let reader = "/run?do=get:A,value:C,peek:Q,look:M:k,many:G:t";
    assert_eq!(site.visitor().read(reader).await, "- 0 - - 0", "not before the commit");
    site.stage.gate("here").open(1);
    assert_eq!(writer.answer().await.expect_status(200).text(), "1 2 - 3 x v 1");
    assert_eq!(site.visitor().read(reader).await, "2 3 x v 1");
}

async fn a_unit_reads_what_was_there_when_it_began(engine: Engine) {
    let site = site(engine).await;
    site.visitor().read("/run?do=put:Left:1,put:Right:1,put:~Left:1,put:~Right:1").await;
    let reader = site.visitor().opens("/run?do=get:Left,meet:here,get:Right,get:~Left,get:~Right");
    site.stage.gate("here").arrivals(1).await;
    site.visitor().read("/run?do=put:Left:2,put:Right:2,put:~Left:2,put:~Right:2").await;
    site.stage.gate("here").open(1);
    let answer = reader.answer().await.expect_status(200);
    assert_eq!((answer.text().as_str(), attempts(&answer)), ("1 1 1 1", 1));
}

/// What happens to the variable `V` between a unit's reading and its writing.
#[derive(Debug, Clone, Copy)]
enum Meanwhile {
    Put,
    Removed,
}

/// One unit, and what it comes to.
struct Rule {
    fact: &'static str,
    before: Option<i64>,
    steps: &'static str,
    meanwhile: Meanwhile,
    attempts: u32,
    said: &'static str,
    after: Option<i64>,
}

/// `V` is the variable written meanwhile: 10, or removed. The unit's view is taken at its first step.
const RULES: [Rule; 11] = {
    use Meanwhile::{Put, Removed};
    const fn rule(
        fact: &'static str,
        before: Option<i64>,
        steps: &'static str,
        meanwhile: Meanwhile,
        attempts: u32,
        said: &'static str,
        after: Option<i64>,
    ) -> Rule {
        Rule { fact, before, steps, meanwhile, attempts, said, after }
    }
    [
        rule("read, and another written", Some(1), "get:V,meet:here,put:Other:5", Put, 1, "1", Some(10)),
        rule("read, then written", Some(1), "get:V,meet:here,next:V", Put, 2, "10 11", Some(11)),
        rule("written unread", None, "get:Other,meet:here,put:V:5", Put, 2, "-", Some(5)),
        rule("written before the other", None, "put:V:5,meet:here", Put, 2, "", Some(5)),
        rule("first looked at after the other", None, "meet:here,put:V:5", Put, 1, "", Some(5)),
        rule("updated", Some(1), "get:Other,meet:here,update:V", Put, 2, "- 11", Some(11)),
        rule("removed", Some(1), "get:Other,meet:here,remove:V", Put, 2, "-", None),
        rule("written, and removed meanwhile", Some(1), "get:Other,meet:here,put:V:5", Removed, 2, "-", Some(5)),
        rule("found absent and set", None, "get:Other,meet:here,absent:V:5", Put, 2, "- false", Some(10)),
        rule("found there and left alone", Some(1), "get:Other,meet:here,absent:V:5", Put, 1, "- false", Some(10)),
        rule("written twice", Some(1), "put:V:5,meet:here,put:V:6", Put, 2, "", Some(6)),
    ]
};

async fn a_written_variable_conflicts_and_a_read_one_does_not(engine: Engine) {
    let site = site(engine).await;
    let application = site.site.application();
    for kind in ["", "~"] {
        for (number, rule) in RULES.iter().enumerate() {
            let name = format!("{kind}V{number}");
            let fact = format!("{name}: {}", rule.fact);
            let subject = variable(&name);
            if let Some(value) = rule.before {
                application.set(&subject, &value).await.expect(&fact);
            }
            let steps = rule.steps.replace(":V", &format!(":{name}")).replace("Other", &format!("{kind}Other{number}"));
            let request = site.visitor().opens(format!("/run?do={steps}"));
            site.stage.gate("here").arrivals(1).await;
            match rule.meanwhile {
                Meanwhile::Put => application.set(&subject, &10).await.expect(&fact),
                Meanwhile::Removed => {
                    application.remove(&subject).await.expect(&fact);
                }
            }
            site.stage.gate("here").open(1);
            let answer = request.answer().await.expect_status(200);
            assert_eq!((attempts(&answer), answer.text().as_str()), (rule.attempts, rule.said), "{fact}");
            assert_eq!(application.get(&subject).expect(&fact), rule.after, "{fact}");
        }
    }
    let requests = site.status().await.requests;
    assert_eq!(requests.retried, 16, "{requests:?}");
    assert!(requests.add_up(), "{requests:?}");
}

async fn units_that_write_different_variables_do_not_meet(engine: Engine) {
    let site = site(engine).await;
    let requests: Vec<_> = (0..12)
        .map(|number| {
            let (own, next) = (number, (number + 1) % 12);
            let steps = format!("get:V{own},get:V{next},meet:here,next:V{own},row:different");
            site.visitor().opens(format!("/run?do={steps}"))
        })
        .collect();
    site.stage.gate("here").arrivals(12).await;
    site.stage.gate("here").open(12);
    for request in requests {
        let answer = request.answer().await.expect_status(200);
        assert_eq!((attempts(&answer), answer.text().as_str()), (1, "- - 1"), "reading the next one's is no conflict");
    }
    assert_eq!(site.notes("different").await, 12);
    assert_eq!(site.status().await.requests.retried, 0);
}

/// A7, G21: reading sends nothing to anyone, so nobody's being busy is in the way.
async fn a_variable_is_read_while_its_writer_waits_for_the_database(engine: Engine) {
    let site = site(engine).await;
    site.visitor().read("/run?do=put:Tally:1").await;
    let mut tx = site.site.db().begin().await.expect("a transaction");
    let taken = "UPDATE toolcrib_variables SET version = version WHERE name = 'Tally'";
    db::query(taken).execute(&mut tx).await.expect("the variable's row");
    let mut writer = site.visitor().opens("/run?do=put:Tally:2");
    let at_once = tokio::spawn({
        let site = site.site.clone();
        async move { site.application().set(&variable("Other"), &3).await }
    });
    writer.stays_unanswered(Duration::from_millis(200)).await;
    for _ in 0..20 {
        let read = site.visitor().opens("/run?do=get:Tally");
        let answer = tokio::time::timeout(Duration::from_secs(1), read.answer()).await.expect("read at once");
        assert_eq!(answer.expect_status(200).text(), "1", "what was committed last");
    }
    assert!(!writer.is_answered());
    tx.rollback().await.expect("the row is free");
    writer.answer().await.expect_status(200);
    at_once.await.expect("no panic").expect("written");
    assert_eq!(site.visitor().read("/run?do=get:Tally,get:Other").await, "2 3");
}

/// The same, while the one place where changes meet can do nothing at all.
async fn a_variable_is_read_while_the_application_is_busy(engine: Engine) {
    let site = site(engine).await;
    site.visitor().read("/run?do=put:Tally:1").await;
    let (done, wait) = std::sync::mpsc::channel::<()>();
    let busy = tokio::spawn({
        let (site, stage) = (site.site.clone(), site.stage.clone());
        async move {
            let update = move |old: Option<i64>| {
                stage.raise("busy");
                wait.recv_timeout(Duration::from_secs(10)).expect("the test goes on");
                old.unwrap_or(0) + 1
            };
            let update = std::sync::Mutex::new(Some(update));
            let once = move |old| (update.lock().expect("not poisoned").take().expect("called once"))(old);
            site.application().update(&variable("Tally"), once).await
        }
    });
    holds_within("it is busy", Duration::from_secs(5), async || site.stage.is_up("busy")).await;
    for _ in 0..20 {
        let read = site.visitor().opens("/run?do=get:Tally,value:C");
        let answer = tokio::time::timeout(Duration::from_secs(1), read.answer()).await.expect("read at once");
        assert_eq!(answer.expect_status(200).text(), "1 0");
    }
    let mut writer = site.visitor().opens("/run?do=update:Other");
    writer.stays_unanswered(Duration::from_millis(200)).await;
    done.send(()).expect("it waits");
    assert_eq!(busy.await.expect("no panic").expect("updated"), 2);
    writer.answer().await.expect_status(200);
}

/// G20, while others write what is read.
async fn who_only_reads_is_never_replayed_and_never_logged(engine: Engine) {
    let site = site(engine).await;
    let before = site.log().await.len();
    let application = site.site.clone();
    let stage = site.stage.clone();
    let writer = tokio::spawn(async move {
        let mut written = 0;
        while !stage.is_up("enough") {
            written = application.application().update(&variable("Tally"), |old| old.unwrap_or(0) + 1).await?;
        }
        Ok::<i64, ApplicationError>(written)
    });
    let read = all_at_once(16, |_| {
        let visitor = site.visitor();
        async move {
            let mut last = 0;
            for _ in 0..15 {
                let answer = visitor.get("/run?do=get:Tally,get:Other,value:C,get:Tally").await.expect_status(200);
                assert_eq!(attempts(&answer), 1, "{answer:?}");
                let said = answer.text();
                let words: Vec<&str> = said.split(' ').collect();
                assert_eq!(words[0], words[3], "one view");
                let now: i64 = words[0].parse().unwrap_or_default();
                assert!(now >= last, "{now} after {last}");
                last = now;
            }
            last
        }
    })
    .await;
    site.stage.raise("enough");
    let written = writer.await.expect("no panic").expect("written");
    assert!(read.iter().all(|last| *last <= written));
    assert!(read.iter().any(|last| *last > 0), "some read while another wrote: {read:?}");
    assert_eq!(site.status().await.requests.retried, 0);
    assert_eq!(site.log().await.len(), before);
}

/// A8, in units and at once.
async fn one_of_many_who_set_an_absent_variable_does(engine: Engine) {
    let site = site(engine).await;
    for steps in ["absent:InUnit:", "now-absent:AtOnce:"] {
        let said = all_at_once(40, |number| {
            let visitor = site.visitor();
            async move { (number, visitor.read(&format!("/run?do={steps}{number}")).await) }
        })
        .await;
        let winners: Vec<usize> = said.iter().filter(|(_, said)| said == "true").map(|(number, _)| *number).collect();
        assert_eq!(winners.len(), 1, "{steps}: {said:?}");
        let name = steps.split(':').nth(1).expect("a name");
        assert_eq!(site.visitor().read(&format!("/run?do=get:{name}")).await, winners[0].to_string());
    }
}

/// A1: `Application("n") = Application("n") + 1` by two at once.
async fn reading_and_writing_at_once_without_a_lock_loses_updates(engine: Engine) {
    let site = site(engine).await;
    let steps = "/run?do=now-get:Sales,meet:here,now-next:Sales";
    let both = [site.visitor().opens(steps), site.visitor().opens(steps)];
    site.stage.gate("here").arrivals(2).await;
    site.stage.gate("here").open(2);
    for request in both {
        assert_eq!(request.answer().await.expect_status(200).text(), "- 1");
    }
    assert_eq!(site.visitor().read("/run?do=get:Sales").await, "1", "one of two is lost, as in ASP");
}

async fn an_update_at_once_loses_nothing(engine: Engine) {
    let site = site(engine).await;
    let answers = all_at_once(40, |_| {
        let visitor = site.visitor();
        async move {
            let mut said = Vec::new();
            for _ in 0..5 {
                said.push(visitor.read("/run?do=now-update:Sales,now-add:Rc:2").await);
            }
            said
        }
    })
    .await;
    let mut sales: Vec<i64> = answers.iter().flatten().map(|said| said.parse().expect("a number")).collect();
    sales.sort_unstable();
    assert_eq!(sales, (1..=200).collect::<Vec<_>>(), "every update has its own number");
    assert_eq!(site.visitor().read("/run?do=get:Sales,value:Rc").await, "200 400");
    assert_eq!(site.status().await.requests.retried, 0);
}

/// A14.
async fn contents_are_one_copy_of_everything(engine: Engine) {
    let site = site(engine).await;
    let steps = "put:A:7,put:~B:8,add:C:3,push:D:x,enter:E:k:v,throw-in:F:t";
    site.visitor().read(&format!("/run?do={steps}")).await;
    let contents = site.site.application().contents();
    let mut listed: Vec<String> =
        contents.iter().map(|variable| format!("{} {}", variable.name, variable.kind)).collect();
    listed.sort();
    assert_eq!(listed, ["A value", "C counter", "D queue", "E map", "F bag", "~B value"]);
    let text = |name: &str| {
        let found = contents.iter().find(|variable| &*variable.name == name).expect("a variable");
        found.text.to_string()
    };
    assert_eq!((text("A"), text("~B"), text("C")), ("7".to_owned(), "8".to_owned(), "3".to_owned()));
    site.visitor().read("/run?do=put:A:9").await;
    assert_eq!(text("A"), "7", "it is a copy");
    assert_eq!(site.status().await.application.variables, 6);
}

const LIST: AppVar<Vec<String>> = AppVar::new("List");

/// A15.
async fn a_value_taken_out_is_a_copy(engine: Engine) {
    let site = site(engine).await;
    let application = site.site.application();
    application.set(&LIST, &vec!["one".to_owned()]).await.expect("written");
    let mut mine = application.get(&LIST).expect("read").expect("a list");
    mine.push("two".to_owned());
    assert_eq!(application.get(&LIST).expect("read").expect("a list"), ["one"]);
    application.set(&LIST, &mine).await.expect("written");
    mine.clear();
    assert_eq!(application.get(&LIST).expect("read").expect("a list"), ["one", "two"]);
}

/// A14: what was declared as an object stays, and so do the conflict-free types, which are objects of ours.
async fn remove_all_removes_every_value_and_nothing_else(engine: Engine) {
    let site = site(engine).await;
    site.visitor().read("/run?do=put:A:7,put:~B:8,put:Z:9,add:C:3,push:D:x,enter:E:k:v,throw-in:F:t").await;
    site.site.application().remove_all().await.expect("removed");
    let left: Vec<String> = site.site.application().contents().iter().map(|variable| variable.name.clone()).collect();
    assert_eq!(left, ["C", "D", "E", "F"]);
    assert_eq!(site.number("SELECT COUNT(*) FROM toolcrib_variables WHERE kind = 'value'").await, 0);
    let steps = "get:A,get:~B,update:A,absent:~B:1,value:C,len:D,keys:E,many:F:t";
    assert_eq!(site.visitor().read(&format!("/run?do={steps}")).await, "- - 1 true 3 1 1 1", "they can be made anew");
}
