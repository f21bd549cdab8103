//! `/tools/object-log`, its document and the events: for administrators only, and nothing is deleted by looking
//! (G17, T30, AC-29).

use serde_json::{Value, json};
use toolcrib::object_log::{Entry, Priority};
use toolcrib_tests::html;

use crate::support::prelude::*;

const LOG: &str = "/tools/object-log";
const JSON: &str = "/tools/object-log.json";

/// A site without any entries, and its administrator.
async fn site(engine: Engine) -> (Running, Visitor) {
    let site = Running::start(engine, "", |site| site.app_module::<PlainApp>()).await;
    let admin = site.visitor();
    admin.sign_in("ada", "admin").await;
    (site, admin)
}

fn note(site: &Running, priority: Priority, labels: &[&str]) {
    for label in labels {
        site.site.object_log().note(Entry::new(priority, label));
    }
}

async fn document(admin: &Visitor, query: &str) -> Value {
    admin.get_json(&format!("{JSON}{query}")).await.expect_status(200).json()
}

fn labels(document: &Value) -> Vec<&str> {
    document["entries"]
        .as_array()
        .expect("entries")
        .iter()
        .map(|entry| entry["label"].as_str().expect("text"))
        .collect()
}

/// What is between the brackets of the heading.
fn heading(page: &str) -> String {
    let (_, rest) = page.split_once("<h1>Object Log [").expect("a heading");
    rest.split_once("]</h1>").expect("a number").0.to_owned()
}

/// The hidden fields of the row of an entry, by its label, and the address its form goes to.
fn row(page: &str, label: &str) -> (String, String) {
    let at = page.find(&format!(">{label}</a>")).unwrap_or_else(|| panic!("no {label} in {page}"));
    let row = page.get(at..).expect("the row");
    let action = html::tags_named(row, "form")[0].get("action").expect("an address").to_owned();
    (action, html::input_value(row, "id").expect("a number"))
}

async fn press(admin: &Visitor, page: &str, label: &str, button: &str) -> Answer {
    let (action, id) = row(page, label);
    let token = html::csrf_token(page).expect("a token");
    let seen = html::input_value(page, "seen").expect("a number");
    let answer = admin.post_with(&token, &action, &[("do", button), ("id", &id), ("seen", &seen)]).await;
    answer.expect_status(303)
}

on_both_engines! {
    the_log_is_filtered_and_deleted_from_as_it_is_shown,
    the_document_has_everything_an_entry_has,
}

async fn the_log_is_filtered_and_deleted_from_as_it_is_shown(engine: Engine) {
    let (site, admin) = site(engine).await;
    note(&site, Priority::Warn, &["w1", "w2"]);
    note(&site, Priority::Error, &["e1", "e2", "e3"]);
    note(&site, Priority::Warn, &["w3", "w4", "w5"]);
    note(&site, Priority::Trace, &["t1", "t2"]);
    assert_eq!(heading(&admin.read(LOG).await), "10");

    // Delete down to the third of the five warnings.
    let warnings = admin.read(&format!("{LOG}?priority=warn")).await;
    assert_eq!(heading(&warnings), "10", "the heading counts all");
    for (label, shown) in [("w1", true), ("w5", true), ("e1", false), ("t2", false)] {
        assert_eq!(warnings.contains(&format!(">{label}</a>")), shown, "{label}");
    }
    assert!(warnings.find(">w5</a>") < warnings.find(">w4</a>"), "the newest first");
    // Somebody else's warning comes in before the button is pressed.
    note(&site, Priority::Warn, &["w6"]);
    site.site.object_log().flush().await.expect("stored");
    let answer = press(&admin, &warnings, "w3", "delete_down_to").await;
    assert_eq!(answer.location(), format!("{LOG}?priority=warn"), "back to where it was pressed");
    let after = admin.read(answer.location()).await;
    assert_eq!(heading(&after), "8");
    assert!(html::visible_text(&after).contains("3 entries were deleted."));
    assert_eq!(labels(&document(&admin, "").await), ["w6", "t2", "t1", "e3", "e2", "e1", "w2", "w1"]);

    // One of another order.
    let by_label = admin.read(&format!("{LOG}?priority=error&sort=label")).await;
    assert!(by_label.find(">e1</a>") < by_label.find(">e2</a>"));
    let answer = press(&admin, &by_label, "e1", "delete").await;
    assert_eq!(answer.location(), format!("{LOG}?priority=error&sort=label"));
    assert_eq!(labels(&document(&admin, "?priority=error").await), ["e3", "e2"]);

    // Pressed again, by somebody who still sees the entry: it is gone, and no other goes with it.
    let answer = press(&admin, &by_label, "e1", "delete").await;
    assert!(html::visible_text(&admin.read(answer.location()).await).contains("somebody else was faster"));
    press(&admin, &by_label, "e1", "delete_down_to").await;
    assert_eq!(labels(&document(&admin, "").await), ["w6", "t2", "t1", "e3", "e2", "w2", "w1"]);

    // Tagged, and all of a priority.
    press(&admin, &admin.read(LOG).await, "e3", "tag").await;
    let page = admin.read(LOG).await;
    assert!(page.contains(">error*</td>"), "{page}");
    let fields = [("do", "delete_all"), ("priority", "warn"), ("seen", "999999")];
    admin.post(LOG, &fields).await.expect_status(303);
    assert_eq!(labels(&document(&admin, "").await), ["t2", "t1", "e3", "e2"]);
    admin.post(LOG, &[("do", "delete_all"), ("priority", "bogus")]).await.expect_status(404);
    admin.post(LOG, &[("do", "shred"), ("id", "1")]).await.expect_status(400);
    admin.post(LOG, &[("do", "delete"), ("id", "x")]).await.expect_status(400);
    assert_eq!(document(&admin, "").await["total"], json!(4));
}

async fn the_document_has_everything_an_entry_has(engine: Engine) {
    let (site, admin) = site(engine).await;
    let log = site.site.object_log();
    log.note(
        Entry::new(Priority::Error, "all of it")
            .url("/x?q=1")
            .request("r7", 3)
            .page("x")
            .object(&json!({"a": [1, null]}))
            .error(&std::io::Error::other("broken"))
            .session("9"),
    );
    note(&site, Priority::Info, &["bare"]);
    let all = document(&admin, "").await;
    assert_eq!(all["total"], json!(2));
    assert_eq!(
        (&all["counts"]["error"], &all["counts"]["info"], &all["counts"]["warn"]),
        (&json!(1), &json!(1), &json!(0))
    );
    assert_eq!((&all["dropped_total"], &all["more"]), (&json!(0), &json!(false)));
    assert_eq!(labels(&all), ["bare", "all of it"]);
    let entry = &all["entries"][1];
    for (name, value) in [
        ("priority", json!("error")),
        ("url", json!("/x?q=1")),
        ("request_id", json!("r7")),
        ("attempt", json!(3)),
        ("page", json!("x")),
        ("worker", json!(0)),
        ("object", json!({"a": [1, null]})),
        ("error", json!("broken")),
        ("session", json!("9")),
        ("tagged", json!(false)),
    ] {
        assert_eq!(entry[name], value, "{name}");
    }
    let at = entry["at"].as_i64().expect("microseconds");
    assert!((now_micros() - at).abs() < 60_000_000);
    assert!(entry["time"].as_str().expect("a time").starts_with("20"), "{entry}");
    let bare = &all["entries"][0];
    assert_eq!((&bare["object"], &bare["error"], &bare["session"]), (&Value::Null, &Value::Null, &Value::Null));

    assert_eq!(labels(&document(&admin, "?priority=info").await), ["bare"]);
    assert_eq!(labels(&document(&admin, "?label=all%20of%20it").await), ["all of it"]);
    assert_eq!(labels(&document(&admin, "?sort=label").await), ["all of it", "bare"]);
    let first = document(&admin, "?limit=1").await;
    assert_eq!((labels(&first), &first["more"]), (vec!["bare"], &json!(true)));
    let next = format!("?limit=1&before={}", first["entries"][0]["id"]);
    assert_eq!(labels(&document(&admin, &next).await), ["all of it"]);
    for query in ["?priority=loud", "?sort=id", "?limit=many", "?before=x"] {
        admin.get_json(&format!("{JSON}{query}")).await.expect_status(400);
    }
}

#[test]
fn a_document_of_several_chunks_has_every_entry_once_in_any_order() {
    run(async {
        let (site, admin) = site(Engine::Sqlite).await;
        for number in 0..2_500 {
            site.site.object_log().note(Entry::new(Priority::Info, &format!("{number:04}")));
        }
        let is_stored = async || labels(&document(&admin, "?").await).len() == 2_500;
        holds_within("everything is written", Duration::from_secs(20), is_stored).await;
        for query in ["?", "?sort=label", "?sort=-label", "?sort=priority", "?limit=2500&sort=time"] {
            let document = document(&admin, query).await;
            let mut labels = labels(&document);
            labels.sort_unstable();
            labels.dedup();
            assert_eq!(labels.len(), 2_500, "{query}");
        }
        let part = document(&admin, "?limit=1500").await;
        assert_eq!((labels(&part).len(), labels(&part)[1_499], &part["more"]), (1_500, "1000", &json!(true)));
    });
}

#[test]
fn only_administrators_reach_the_log_and_only_by_a_form_with_its_token() {
    run(async {
        let (site, admin) = site(Engine::Sqlite).await;
        note(&site, Priority::Warn, &["kept"]);
        let page = admin.read(LOG).await;
        let (_, id) = row(&page, "kept");
        let fields = [("do", "delete"), ("id", id.as_str()), ("seen", "999")];
        let all = [("do", "delete_all"), ("priority", "warn"), ("seen", "999")];

        let (anonymous, user) = (site.visitor(), site.visitor());
        user.sign_in("boris", "edit").await;
        for path in [LOG, JSON, "/tools/events.json"] {
            assert_eq!(anonymous.get_json(path).await.status, 401, "{path}");
            assert!(!anonymous.get(path).await.text().contains("kept"), "{path}");
            let refused = user.get(path).await.expect_status(403);
            assert!(!refused.text().contains("kept"), "{path}");
        }
        for fields in [&fields, &all] {
            assert_eq!(anonymous.post(LOG, fields).await.status, 401);
            user.post(LOG, fields).await.expect_status(403);
            admin.post_with("no token", LOG, fields).await.expect_status(403);
            let query: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
            admin.get(&format!("{LOG}?{}", query.join("&"))).await.expect_status(200);
            admin.post(JSON, fields).await.expect_status(405);
        }
        assert_eq!(labels(&document(&admin, "").await), ["kept"]);
        admin.post(LOG, &fields).await.expect_status(303);
        assert_eq!(document(&admin, "").await["total"], json!(0));
    });
}

/// T30: jcrawler must not empty the log.
#[test]
fn a_crawler_with_an_administrators_cookie_deletes_nothing() {
    run(async {
        let (site, admin) = site(Engine::Sqlite).await;
        for number in 0..250 {
            note(&site, Priority::ALL[number % 8], &[&format!("label {}", number % 5)]);
        }
        let (mut known, mut next) = (vec![LOG.to_owned()], 0);
        while let Some(path) = known.get(next).cloned() {
            next += 1;
            let page = admin.get(&path).await;
            assert!(page.status < 500, "{path}: {page:?}");
            for tag in html::tags(&page.text()) {
                let link = tag.get("href").or(tag.get("action")).unwrap_or_default().to_owned();
                if link.starts_with("/tools/") && known.len() < 150 && !known.contains(&link) {
                    known.push(link);
                }
            }
        }
        assert!(next > 50, "only {next} pages: this proves nothing");
        assert_eq!(document(&admin, "").await["total"], json!(250));
    });
}

#[test]
fn a_long_log_has_pages_and_deleting_down_to_counts_those_before() {
    run(async {
        let (site, admin) = site(Engine::Sqlite).await;
        assert!(html::visible_text(&admin.read(LOG).await).contains("The log is empty."));
        for number in 0..250 {
            note(&site, Priority::Info, &[&format!("n{number:03}")]);
        }
        for (query, first, last, number) in [
            ("", "n249", "n150", 1),
            ("?page=3", "n049", "n000", 3),
            ("?page=99", "n049", "n000", 3),
            ("?page=-1", "n249", "n150", 1),
        ] {
            let page = admin.read(&format!("{LOG}{query}")).await;
            assert!(page.find(&format!(">{first}</a>")) < page.find(&format!(">{last}</a>")), "{query}");
            let text = html::visible_text(&page);
            assert!(text.contains(&format!("Page {number} of 3, 250 entries")), "{query}: {text}");
        }
        let second = admin.read(&format!("{LOG}?page=2")).await;
        assert!(second.contains("Delete 101 entries: from the top"), "it says how many, those of page 1 among them");
        press(&admin, &second, "n149", "delete_down_to").await;
        assert_eq!(labels(&document(&admin, "?limit=1").await), ["n148"]);
        assert!(html::visible_text(&admin.read(&format!("{LOG}?label=nothing")).await).contains("No entry passes"));
    });
}

#[test]
fn what_is_noted_cannot_become_a_part_of_the_page() {
    run(async {
        let (site, admin) = site(Engine::Sqlite).await;
        let script = "<script>alert(1)</script>\"'&";
        let entry = Entry::new(Priority::Warn, script).url(script).request(script, 1).object(script);
        site.site.object_log().note(entry.error(&std::io::Error::other(format!("{script}\n{script}"))));
        let page = admin.read(LOG).await;
        assert!(!page.contains("<script"), "{page}");
        // The label's own link finds it again.
        let link = html::tags_named(&page, "a")
            .into_iter()
            .find_map(|tag| tag.get("href").filter(|href| href.contains("label=")).map(str::to_owned));
        let found = admin.read(&link.expect("a link")).await;
        assert!(found.contains("Page 1 of 1, 1 entries"), "{found}");
        assert!(!found.contains("<script"), "{found}");
    });
}

// ===== events =====

#[test]
fn sessions_start_and_end_once_among_the_events_and_in_order() {
    run(async {
        let (site, admin) = site(Engine::Sqlite).await;
        let before = site.status().await.sessions.ended_total.logout;
        let visitor = site.visitor();
        visitor.sign_in("mia", "").await;
        let id = site.number("SELECT MAX(id) FROM toolcrib_sessions").await.to_string();
        visitor.sign_in("mia", "").await;
        visitor.sign_out().await;
        let of_session = async || {
            let document = admin.get_json("/tools/events.json").await.expect_status(200).json();
            let events = document["events"].as_array().expect("events").clone();
            let numbers: Vec<i64> = events.iter().map(|event| event["number"].as_i64().expect("a number")).collect();
            assert_eq!(numbers, (1..=i64::try_from(events.len()).expect("few")).collect::<Vec<_>>());
            let own = events.into_iter().filter(|event| event["subject"] == json!(id));
            own.map(|event| (event["kind"].clone(), event["detail"].clone())).collect::<Vec<_>>()
        };
        let ended = eventually("the end is told", Duration::from_secs(5), async || {
            let events = of_session().await;
            (events.len() > 1).then_some(events)
        })
        .await;
        assert_eq!(ended, [(json!("session_start"), Value::Null), (json!("session_end"), json!("logout"))]);
        assert_eq!(site.status().await.sessions.ended_total.logout - before, 1);
        assert_eq!(of_session().await.len(), 2);
    });
}

/// Cannot be created while the flag is up.
struct Sick;

impl PageModule for Sick {
    const INFO: PageInfo = PageInfo::new("sick", "/sick");

    async fn create(site: &Site) -> Result<Self, CreateError> {
        if Stage::of(site).is_up("sick") { Err(CreateError::new("sick")) } else { Ok(Self) }
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, _: &mut Context<'_>) -> PageResult {
        Ok(Response::text("well"))
    }
}

#[test]
fn a_module_that_leaves_and_comes_back_is_among_the_events() {
    run(async {
        let site = Running::start(Engine::Sqlite, "", |site| site.app_module::<PlainApp>().page::<Sick>()).await;
        let visitor = site.visitor();
        site.stage.raise("sick");
        for _ in 0..6 {
            visitor.get("/sick").await;
        }
        site.stage.lower("sick");
        holds_within("it is back", Duration::from_secs(9), async || visitor.get("/sick").await.status == 200).await;
        let events = site.site.events().latest();
        let kinds: Vec<&str> =
            events.iter().map(|event| &*event.kind).filter(|kind| kind.starts_with("module_")).collect();
        assert_eq!(kinds, ["module_out_of_service", "module_back"]);
    });
}
