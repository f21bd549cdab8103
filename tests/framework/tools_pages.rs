//! `/tools/locks`, `/tools/application` and what `/tools/status` says of both: what is there while it is there, for
//! administrators only.

use serde_json::{Value, json};
use toolcrib_tests::html;

use crate::support::prelude::*;
use crate::support::script::{Run, bag, counter, map, queue, variable};

const LOCKS: &str = "/tools/locks";
const APPLICATION: &str = "/tools/application";

/// What a hostile visitor would like to have in a page.
const SCRIPT: &str = "<script>alert(1)</script>\"'&";

/// A site whose pages take locks, and its administrator.
async fn site(engine: Engine) -> (Running, Visitor) {
    let settings = "pages.run.max = 50";
    let site = Running::start(engine, settings, |site| site.app_module::<PlainApp>().page::<Run>()).await;
    let admin = site.visitor();
    admin.sign_in("ada", "admin").await;
    (site, admin)
}

async fn document(admin: &Visitor, path: &str) -> Value {
    admin.get_json(path).await.expect_status(200).json()
}

/// What a reader of a page sees.
async fn seen(admin: &Visitor, path: &str) -> String {
    html::visible_text(&admin.read(path).await)
}

fn run_path(steps: &str) -> String {
    format!("/run?do={}", html::percent_encoded(steps))
}

fn names(rows: &Value) -> Vec<&str> {
    rows.as_array().expect("rows").iter().map(|row| row["name"].as_str().expect("a name")).collect()
}

/// The requests of holders or waiters, in order.
fn requests(rows: &Value) -> Vec<&str> {
    rows.as_array().expect("rows").iter().map(|row| row["request"].as_str().expect("an id")).collect()
}

fn id(answer: &Answer) -> &str {
    answer.header("x-request-id").expect("an id")
}

async fn waiting(site: &Running, count: u64) {
    holds_within("they wait for locks", Duration::from_secs(10), async || site.status().await.locks.waiting == count)
        .await;
}

// ===== locks =====

#[test]
fn a_lock_is_shown_with_its_holder_and_its_waiters_in_order_while_it_is_held() {
    run(async {
        let (site, admin) = site(Engine::Sqlite).await;
        let holder = site.visitor().opens(run_path("x:Client/7,x:client/7,wait:held"));
        site.stage.gate("held").arrivals(1).await;
        let held_from = Instant::now();
        let second = site.visitor().opens(run_path("r:client/7"));
        waiting(&site, 1).await;
        let third = site.visitor().opens(run_path("x:client/7"));
        waiting(&site, 2).await;

        let before = Instant::now();
        let shown = document(&admin, "/tools/locks.json").await;
        let page = seen(&admin, LOCKS).await;
        site.stage.gate("held").open(1);
        let [holder, second, third] = [holder.answer().await, second.answer().await, third.answer().await];

        assert_eq!(names(&shown["names"]), ["client/7"]);
        let lock = &shown["names"][0];
        assert_eq!((&lock["mode"], requests(&lock["holders"])), (&json!("exclusive"), vec![id(&holder)]));
        assert_eq!((&lock["holders"][0]["page"], &lock["holders"][0]["count"]), (&json!("run"), &json!(2)));
        assert_eq!(requests(&lock["waiters"]), [id(&second), id(&third)]);
        assert_eq!(
            (&lock["waiters"][0]["mode"], &lock["waiters"][1]["mode"]),
            (&json!("read-only"), &json!("exclusive"))
        );
        let times =
            [&lock["holders"][0]["held_ms"], &lock["waiters"][0]["waiting_ms"], &lock["waiters"][1]["waiting_ms"]];
        let times = times.map(|time| u128::from(time.as_u64().expect("milliseconds")));
        assert!(times[0] >= (before - held_from).as_millis(), "{times:?}");
        assert!(times[0] >= times[1] && times[1] >= times[2], "{times:?}");
        assert_eq!((&shown["totals"]["held"], &shown["totals"]["waiting"]), (&json!(1), &json!(2)));
        assert_eq!((&shown["totals"]["granted"], &shown["totals"]["waited"]), (&json!(1), &json!(2)));
        assert_eq!(shown["application"], Value::Null);

        for words in
            ["Locks [1]", "client/7 exclusive", "taken 2 times", "Held 1", "Waiting 2", "Granted 1", "Had to wait 2"]
        {
            assert!(page.contains(words), "{words}: {page}");
        }
        let places = [&holder, &second, &third].map(|answer| page.find(id(answer)).expect("a request"));
        assert!(places.is_sorted(), "the holder, then those who wait in their order: {page}");
        assert!(page.contains("Nobody holds it."), "that is the application's: {page}");

        let after = document(&admin, "/tools/locks.json").await;
        assert_eq!((&after["names"], &after["totals"]["granted"]), (&json!([]), &json!(3)));
        let page = seen(&admin, LOCKS).await;
        assert!(page.contains("Locks [0]") && page.contains("No lock is held."), "{page}");
    });
}

#[test]
fn several_who_read_are_shown_as_holders_of_one_lock_and_what_went_wrong_is_counted() {
    run(async {
        let (site, admin) = site(Engine::Sqlite).await;
        let readers: Vec<_> = (0..3).map(|_| site.visitor().opens(run_path("r:report,wait:held"))).collect();
        site.stage.gate("held").arrivals(3).await;
        assert!(site.visitor().read(&run_path("brief-x:report")).await.contains("report"), "its time is over");
        site.visitor().read(&run_path("r:own,try-x:own,try-x:own")).await;

        let shown = document(&admin, "/tools/locks.json").await;
        let page = seen(&admin, LOCKS).await;
        site.stage.gate("held").open(3);
        let mut ids = Vec::new();
        for reader in readers {
            ids.push(id(&reader.answer().await.expect_status(200)).to_owned());
        }
        let lock = &shown["names"][0];
        let mut holders = requests(&lock["holders"]);
        holders.sort_unstable();
        ids.sort_unstable();
        assert_eq!(
            (&lock["mode"], &lock["waiters"], holders),
            (&json!("read-only"), &json!([]), ids.iter().map(String::as_str).collect())
        );
        assert_eq!((&shown["totals"]["timed_out"], &shown["totals"]["deadlocks"]), (&json!(1), &json!(2)));
        for words in ["report read-only", "nobody", "Held 3", "Timed out 1", "Deadlocks 2"] {
            assert!(page.contains(words), "{words}: {page}");
        }
    });
}

#[test]
fn the_applications_own_lock_is_apart_from_the_names_of_authors() {
    run(async {
        let (site, admin) = site(Engine::Sqlite).await;
        let holder = site.visitor().opens(run_path("lock,x:application,wait:held"));
        let readers = [(); 2].map(|()| site.visitor().opens(run_path("r:report,wait:held")));
        site.stage.gate("held").arrivals(3).await;
        let waiter = site.visitor().opens(run_path("lock"));
        holds_within("one waits", Duration::from_secs(5), async || site.status().await.application.lock_waiting == 1)
            .await;
        let locks = document(&admin, "/tools/locks.json").await;
        let application = document(&admin, "/tools/application.json").await;
        let (page, status) = (seen(&admin, APPLICATION).await, seen(&admin, "/tools/status").await);
        site.stage.gate("held").open(3);
        let (holder, waiter) = (holder.answer().await, waiter.answer().await);
        for reader in readers {
            reader.answer().await.expect_status(200);
        }

        assert_eq!(names(&locks["names"]), ["application", "report"], "the authors'");
        assert_eq!(locks["names"][0]["waiters"], json!([]));
        for lock in [&locks["application"], &application["lock"]] {
            assert_eq!((&lock["mode"], requests(&lock["holders"])), (&json!("exclusive"), vec![id(&holder)]));
            assert_eq!(requests(&lock["waiters"]), [id(&waiter)]);
        }
        assert_eq!((&locks["totals"]["held"], &locks["totals"]["waiting"]), (&json!(3), &json!(0)));
        assert!(page.contains("application exclusive") && page.contains(id(&waiter)), "{page}");
        let owner = format!("Locked by page run, request {}", id(&holder));
        for words in
            ["Variables 0", "Waiting for its lock 1", &owner, "Names 2", "Held 3", "Timed out 0", "Deadlocks 0"]
        {
            assert!(status.contains(words), "{words}: {status}");
        }

        let after = document(&admin, "/tools/application.json").await;
        assert_eq!(after["lock"], Value::Null);
        assert!(seen(&admin, "/tools/status").await.contains("Not locked"));
    });
}

#[test]
fn the_lock_of_a_session_is_shown_without_the_session() {
    run(async {
        let (site, admin) = site(Engine::Sqlite).await;
        let visitors = [site.visitor(), site.visitor()];
        let mut holders = Vec::new();
        for (number, visitor) in visitors.iter().enumerate() {
            visitor.sign_in(&format!("visitor-{number}"), "").await;
            holders.push(visitor.opens(run_path("scope:session,wait:held")));
        }
        site.stage.gate("held").arrivals(2).await;
        let shown = document(&admin, "/tools/locks.json").await;
        site.stage.gate("held").open(2);
        assert_eq!(names(&shown["names"]), ["scope session", "scope session"]);
        for holder in holders {
            holder.answer().await.expect_status(200);
        }
    });
}

#[test]
fn a_long_list_of_locks_has_pages_with_every_name_on_one() {
    run(async {
        let (site, admin) = site(Engine::Sqlite).await;
        let steps: Vec<String> = (0..250).map(|number| format!("x:n{number:03}")).collect();
        let holder = site.visitor().opens(run_path(&format!("{},wait:held", steps.join(","))));
        site.stage.gate("held").arrivals(1).await;
        let mut shown = Vec::new();
        let mut next = Some(LOCKS.to_owned());
        while let Some(path) = next {
            let page = admin.read(&path).await;
            let text = html::visible_text(&page);
            assert!(text.contains("of 3, 250 names"), "{text}");
            shown.push((0..250).filter(|number| text.contains(&format!("n{number:03} exclusive"))).collect::<Vec<_>>());
            let links = html::tags_named(&page, "a");
            let link = links.iter().find(|link| link.get("rel") == Some("next"));
            next = link.and_then(|link| link.get("href")).map(str::to_owned);
        }
        let all = document(&admin, "/tools/locks.json").await;
        site.stage.gate("held").open(1);
        holder.answer().await.expect_status(200);
        assert_eq!(shown.iter().map(Vec::len).collect::<Vec<_>>(), [100, 100, 50]);
        assert_eq!(shown.concat(), (0..250).collect::<Vec<_>>());
        assert_eq!(names(&all["names"]).len(), 250);
    });
}

// ===== application =====

on_both_engines! {
    every_variable_is_shown_with_what_it_is_and_holds,
    an_object_lock_is_shown_while_it_is_held,
}

async fn every_variable_is_shown_with_what_it_is_and_holds(engine: Engine) {
    let (site, admin) = site(engine).await;
    let page = seen(&admin, APPLICATION).await;
    assert!(page.contains("Application [0]") && page.contains("There is no variable."), "{page}");
    assert_eq!(document(&admin, "/tools/application.json").await["variables"], json!([]));

    let steps = "put:Tally:7,put:~Now:1,add:Clicks:3,push:Jobs:a,push:Jobs:b,enter:Board:k:v,throw-in:Chips:c";
    site.visitor().read(&run_path(steps)).await;
    let application = site.site.application();
    application.set(&AppVar::new("Long"), &"é".repeat(500)).await.expect("set");
    let declared = (variable("Tally").is_durable(), counter("Clicks").is_durable(), queue("Jobs").is_durable());
    assert_eq!((declared, map("Board").is_durable(), bag("Chips").is_durable()), ((true, true, true), true, true));

    let shown = document(&admin, "/tools/application.json").await;
    assert_eq!(names(&shown["variables"]), ["Board", "Chips", "Clicks", "Jobs", "Long", "Tally", "~Now"]);
    let rows = shown["variables"].as_array().expect("rows");
    let told: Vec<_> = rows.iter().map(|row| [&row["kind"], &row["durable"], &row["text"]].map(Value::clone)).collect();
    let expected = [
        ("map", true, "map of 1"),
        ("bag", true, "bag of 1"),
        ("counter", true, "3"),
        ("queue", true, "queue of 2"),
        ("value", true, told[4][2].as_str().expect("text")),
        ("value", true, "7"),
        ("value", false, "1"),
    ];
    for (told, (kind, durable, text)) in told.iter().zip(expected) {
        assert_eq!(told, &[json!(kind), json!(durable), json!(text)]);
    }
    let long = told[4][2].as_str().expect("text");
    assert!(long.starts_with("\"éé") && long.ends_with("é…") && long.chars().count() <= 200, "{long}");

    let page = seen(&admin, APPLICATION).await;
    for words in ["Application [7]", "Tally value durable", "~Now value volatile", "Jobs queue durable", long] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let version = |shown: &Value| shown["variables"][5]["version"].as_u64().expect("a number");
    site.visitor().read(&run_path("put:Tally:8")).await;
    let changed = document(&admin, "/tools/application.json").await;
    assert!(version(&changed) > version(&shown));
    let row = format!("Tally value durable {} 8", version(&changed));
    assert!(seen(&admin, APPLICATION).await.contains(&row), "{row}");
}

async fn an_object_lock_is_shown_while_it_is_held(engine: Engine) {
    let (site, admin) = site(engine).await;
    assert!(seen(&admin, APPLICATION).await.contains("No variable is locked."));
    let holder = site.visitor().opens(run_path("object:SerialNumber,object:Other,wait:held"));
    site.stage.gate("held").arrivals(1).await;
    let shown = document(&admin, "/tools/application.json").await;
    let page = seen(&admin, APPLICATION).await;
    site.stage.gate("held").open(1);
    holder.answer().await.expect_status(200);
    assert_eq!(names(&shown["object_locks"]), ["Other", "SerialNumber"]);
    let owner = shown["object_locks"][0]["owner"].as_u64().expect("a number");
    assert_eq!(shown["object_locks"][1]["owner"], json!(owner));
    assert!(page.contains(&format!("Other {owner} SerialNumber {owner}")), "{page}");
    holds_within("it is given back", Duration::from_secs(5), async || {
        document(&admin, "/tools/application.json").await["object_locks"] == json!([])
    })
    .await;
}

#[test]
fn variables_are_found_by_the_begin_of_their_names_and_long_lists_have_pages() {
    run(async {
        let (site, admin) = site(Engine::Sqlite).await;
        let steps: Vec<String> = (0..130).map(|number| format!("put:~Seat{number:03}:1")).collect();
        site.visitor().read(&run_path(&format!("{},put:~Tally:1,put:~Tally2:1", steps.join(",")))).await;

        let found = document(&admin, "/tools/application.json?q=~tally").await;
        assert_eq!((names(&found["variables"]), &found["total"]), (vec!["~Tally", "~Tally2"], &json!(132)));
        let page = seen(&admin, "/tools/application?q=~TALLY").await;
        assert!(page.contains("Page 1 of 1, 2 variables") && !page.contains("~Seat000"), "{page}");
        let nothing = seen(&admin, "/tools/application?q=ally").await;
        assert!(
            nothing.contains("No variable's name begins so.") && nothing.contains("Application [132]"),
            "{nothing}"
        );

        let first = admin.read("/tools/application?q=~seat").await;
        assert_eq!(html::input_value(&first, "q").as_deref(), Some("~seat"), "what was searched for stays");
        let links = html::tags_named(&first, "a");
        let next = links.iter().find(|link| link.get("rel") == Some("next")).and_then(|link| link.get("href"));
        let second = seen(&admin, next.expect("a second page")).await;
        let first = html::visible_text(&first);
        assert!(first.contains("Page 1 of 2, 130 variables"), "{first}");
        assert!(first.contains("~Seat099") && !first.contains("~Seat100"), "{first}");
        assert!(second.contains("~Seat100") && second.contains("~Seat129") && !second.contains("~Seat099"), "{second}");
        assert!(!second.contains("~Tally"), "the search goes along: {second}");
        assert!(seen(&admin, "/tools/application?q=~seat&page=77").await.contains("Page 2 of 2"));
    });
}

// ===== who may look, and what names may hold =====

#[test]
fn only_administrators_see_locks_and_variables_and_nobody_changes_any() {
    run(async {
        let (site, admin) = site(Engine::Sqlite).await;
        site.visitor().read(&run_path("put:Secretive:1")).await;
        let holder = site.visitor().opens(run_path("x:secretive,wait:held"));
        site.stage.gate("held").arrivals(1).await;
        let (anonymous, user) = (site.visitor(), site.visitor());
        user.sign_in("boris", "edit").await;
        let paths = [LOCKS, "/tools/locks.json", APPLICATION, "/tools/application.json"];
        for path in paths {
            let refused = anonymous.get_json(path).await.expect_status(401);
            let sign_in = anonymous.get(path).await;
            let forbidden = user.get(path).await.expect_status(403);
            for answer in [refused, sign_in, forbidden] {
                assert!(!answer.text().to_lowercase().contains("secretive"), "{path}: {answer:?}");
            }
            let shown = admin.get(path).await.expect_status(200);
            assert!(shown.text().to_lowercase().contains("secretive"), "{path}: {shown:?}");
            admin.post(path, &[("do", "delete"), ("name", "Secretive")]).await.expect_status(405);
        }
        site.stage.gate("held").open(1);
        holder.answer().await.expect_status(200);
        assert_eq!(names(&document(&admin, "/tools/application.json").await["variables"]), ["Secretive"]);
        let in_menu = |name| site.site.page(name).map(|page| (page.is_in_menu(), page.is_background()));
        for (page, json) in [("locks", "locks.json"), ("application", "application.json")] {
            assert_eq!((in_menu(page), in_menu(json)), (Some((true, false)), Some((false, true))), "{page}");
        }
    });
}

#[test]
fn what_visitors_name_cannot_become_a_part_of_the_page() {
    run(async {
        let (site, admin) = site(Engine::Sqlite).await;
        site.site.application().set(&AppVar::new(SCRIPT), &SCRIPT.to_owned()).await.expect("set");
        let steps = format!("x:{SCRIPT},object:{SCRIPT},lock,wait:held");
        let holder = site.visitor().opens(run_path(&steps));
        site.stage.gate("held").arrivals(1).await;
        let shown = document(&admin, "/tools/locks.json").await;
        let variables = document(&admin, "/tools/application.json").await;
        let search = format!("{APPLICATION}?q={}", html::percent_encoded(SCRIPT));
        let mut pages = Vec::new();
        for path in [LOCKS, APPLICATION, &search, "/tools/application?q=%22%3E%3Cscript%3E"] {
            pages.push((path.to_owned(), admin.read(path).await));
        }
        site.stage.gate("held").open(1);
        holder.answer().await.expect_status(200);

        assert_eq!(names(&shown["names"]), [SCRIPT]);
        assert_eq!(names(&variables["object_locks"]), [SCRIPT]);
        for (path, page) in &pages {
            assert!(!page.contains("<script"), "{path}: {page}");
        }
        for (path, page) in &pages[..3] {
            assert!(html::visible_text(page).contains(SCRIPT), "it is shown as it is: {path}: {page}");
        }
        assert_eq!(html::input_value(&pages[2].1, "q").as_deref(), Some(SCRIPT));
    });
}
