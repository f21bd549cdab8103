//! The object log's table: what is noted is stored, whatever the database does meanwhile, and what is deleted is what
//! was shown (G16, G17).

use toolcrib::object_log::{self, Column, Entry, Filter, FlushError, ObjectLog, Priority, Range, Sort, Stored};
use toolcrib_tests::random::Random;

use crate::support::prelude::*;

on_both_engines! {
    five_hundred_notes_at_once_are_five_hundred_rows,
    while_the_database_is_away_nothing_is_lost_up_to_the_bound,
    a_log_that_grows_too_large_loses_its_oldest_entries,
    every_text_can_be_stored,
    lists_are_sorted_filtered_and_paged_as_a_naive_model_does_it,
    deleting_down_to_an_entry_deletes_what_a_naive_model_would,
    an_entry_deleted_meanwhile_deletes_nothing_else,
    only_what_was_seen_is_deleted,
    numbers_are_never_used_twice,
}

const ALL: Range = Range { before: None, offset: 0, limit: 100_000 };

async fn site(engine: Engine, settings: &str) -> Running {
    Running::start(engine, settings, |site| site.app_module::<PlainApp>()).await
}

fn ids(entries: &[Stored]) -> Vec<i64> {
    entries.iter().map(|entry| entry.id).collect()
}

async fn read(site: &Running, filter: &Filter, sort: Sort, range: Range) -> Vec<Stored> {
    let mut conn = site.site.db().read().await.expect("a connection");
    object_log::entries(&mut conn, filter, sort, range).await.expect("entries")
}

/// The whole log, the oldest first.
async fn whole(site: &Running) -> Vec<Stored> {
    read(site, &Filter::default(), Sort { column: Column::Time, descending: false }, ALL).await
}

fn log(site: &Running) -> &ObjectLog {
    site.site.object_log()
}

fn note(site: &Running, priority: Priority, label: &str) {
    log(site).note(Entry::new(priority, label));
}

async fn five_hundred_notes_at_once_are_five_hundred_rows(engine: Engine) {
    let site = site(engine, "").await;
    all_at_once(500, |number| {
        let log = log(&site).clone();
        async move { log.note(Entry::new(Priority::Error, "at once").object(&number)) }
    })
    .await;
    log(&site).flush().await.expect("stored");
    let mut numbers: Vec<usize> = whole(&site)
        .await
        .iter()
        .map(|entry| entry.object.as_deref().expect("object").parse().expect("number"))
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..500).collect::<Vec<_>>());
    assert_eq!(log(&site).dropped_total(), 0);
}

async fn while_the_database_is_away_nothing_is_lost_up_to_the_bound(engine: Engine) {
    let settings = "database.max_writers = 1\ndatabase.acquire_timeout_ms = 200";
    let site = site(engine, settings).await;
    let held = site.site.db().begin().await.expect("the one writing connection");
    for number in 0..10_050 {
        log(&site).note(Entry::new(Priority::Info, "waits").object(&number));
    }
    assert_eq!(log(&site).flush().await, Err(FlushError::NotTaken));
    assert_eq!(whole(&site).await.len(), 0);
    held.rollback().await.expect("given back");
    log(&site).flush().await.expect("stored");
    let numbers: Vec<i64> = whole(&site)
        .await
        .iter()
        .map(|entry| entry.object.as_deref().expect("object").parse().expect("number"))
        .collect();
    assert_eq!(numbers, (50..10_050).collect::<Vec<_>>(), "the oldest were dropped, the others are in their order");
    assert_eq!(log(&site).dropped_total(), 50);
}

async fn a_log_that_grows_too_large_loses_its_oldest_entries(engine: Engine) {
    let site = site(engine, "object_log.max_entries = 200").await;
    for number in 0..1_000 {
        log(&site).note(Entry::new(Priority::Info, "grows").object(&number));
        if number % 7 == 0 {
            log(&site).flush().await.expect("stored");
            assert!(whole(&site).await.len() <= 202 + 7, "one in a hundred too many, and those of one write");
        }
    }
    log(&site).flush().await.expect("stored");
    let left = whole(&site).await;
    assert!((200..=209).contains(&left.len()), "{} are left", left.len());
    assert_eq!(left.last().expect("entries").object.as_deref(), Some("999"));
}

/// PostgreSQL takes no NUL in a text: one entry with it must not keep the others from being stored.
async fn every_text_can_be_stored(engine: Engine) {
    let site = site(engine, "").await;
    let odd = "\0 \u{1} ' \" $1 \\ ü 🔧 \u{fffe}";
    let long = odd.repeat(3_000);
    for text in [odd, &long, ""] {
        let entry = Entry::new(Priority::Warn, text).url(text).request(text, u32::MAX).page(text).session(text);
        log(&site).note(entry.object(text).error(&std::io::Error::other(text.to_owned())));
    }
    log(&site).flush().await.expect("stored");
    let stored = whole(&site).await;
    assert_eq!(stored.len(), 3);
    assert_eq!(stored[0].label, odd.replace('\0', "\u{fffd}"));
    assert_eq!(serde_json::from_str::<String>(stored[0].object.as_deref().expect("object")).expect("JSON"), odd);
    assert_eq!(stored[0].attempt, i64::from(u32::MAX));
    assert!(stored[1].object.as_deref().expect("object").len() <= Entry::OBJECT_LIMIT);
    assert_eq!((stored[2].label.as_str(), stored[2].object.as_deref()), ("", Some("\"\"")));
}

// ===== against a naive model =====

/// Many values are equal, so that the order within equal ones matters.
async fn fill(site: &Running, random: &mut Random, count: u64) {
    for _ in 0..count {
        let mut pick = |texts: [&'static str; 3]| texts[usize::try_from(random.below(3)).expect("small")];
        let priority = [Priority::Error, Priority::Warn, Priority::Trace][pick(["", "1", "22"]).len()];
        let entry = Entry::new(priority, pick(["alpha", "beta", "gamma"]))
            .url(pick(["", "/a", "/b"]))
            .request(pick(["", "r1", "r2"]), 1)
            .page(pick(["", "p", "q"]));
        log(site).note(entry);
    }
    log(site).flush().await.expect("stored");
    // Everything was noted by one thread.
    let mut tx = site.site.db().begin().await.expect("a transaction");
    db::query("UPDATE toolcrib_object_log SET worker = id % 3").execute(&mut tx).await.expect("workers");
    tx.commit().await.expect("a commit");
}

fn passes(filter: &Filter, entry: &Stored) -> bool {
    filter.priority.is_none_or(|priority| priority == entry.priority())
        && filter.label.as_ref().is_none_or(|label| *label == entry.label)
        && filter.request.as_ref().is_none_or(|request| *request == entry.request_id)
}

/// The list as somebody would make it by hand.
fn listed(entries: &[Stored], filter: &Filter, sort: Sort) -> Vec<Stored> {
    let key = |entry: &Stored| match sort.column {
        Column::Time => format!("{:020}", entry.id),
        Column::Priority => entry.priority.to_string(),
        Column::Label => entry.label.clone(),
        Column::Worker => format!("{:020}", entry.worker),
        Column::Url => entry.url.clone(),
        Column::Request => entry.request_id.clone(),
        Column::Page => entry.page.clone(),
    };
    let mut list: Vec<Stored> = entries.iter().filter(|entry| passes(filter, entry)).cloned().collect();
    list.sort_by(|one, other| {
        let order = key(one).cmp(&key(other));
        let order = if sort.descending { order.reverse() } else { order };
        order.then(other.id.cmp(&one.id))
    });
    list
}

fn filters() -> Vec<Filter> {
    let priorities = [None, Some(Priority::Error), Some(Priority::Warn), Some(Priority::Fatal)];
    let labels = [None, Some("beta"), Some("nowhere")];
    let both = priorities.into_iter().flat_map(|priority| labels.map(|label| (priority, label)));
    let all = both
        .flat_map(|(priority, label)| [None, Some("r2"), Some("nowhere")].map(|request| (priority, label, request)));
    let text = |text: Option<&str>| text.map(str::to_owned);
    all.map(|(priority, label, request)| Filter { priority, label: text(label), request: text(request) }).collect()
}

fn sorts() -> Vec<Sort> {
    Column::ALL.into_iter().flat_map(|column| [false, true].map(|descending| Sort { column, descending })).collect()
}

async fn lists_are_sorted_filtered_and_paged_as_a_naive_model_does_it(engine: Engine) {
    let site = site(engine, "").await;
    fill(&site, &mut Random::seeded("lists"), 60).await;
    let entries = whole(&site).await;
    assert_eq!(entries.len(), 60);
    for filter in filters() {
        for sort in sorts() {
            let wanted = listed(&entries, &filter, sort);
            assert_eq!(ids(&read(&site, &filter, sort, ALL).await), ids(&wanted), "{filter:?} {sort}");
            let part = read(&site, &filter, sort, Range { before: None, offset: 3, limit: 5 }).await;
            assert_eq!(ids(&part), ids(wanted.get(3..wanted.len().min(8)).unwrap_or_default()), "{filter:?} {sort}");
            let before = entries[30].id;
            let earlier = read(&site, &filter, sort, Range { before: Some(before), ..ALL }).await;
            let wanted: Vec<i64> = ids(&wanted).into_iter().filter(|id| *id < before).collect();
            assert_eq!(ids(&earlier), wanted, "{filter:?} {sort} before {before}");
        }
        let mut conn = site.site.db().read().await.expect("a connection");
        let matching = object_log::matching(&mut conn, &filter).await.expect("a count");
        assert_eq!(
            matching,
            i64::try_from(entries.iter().filter(|entry| passes(&filter, entry)).count()).expect("few")
        );
    }
    let mut conn = site.site.db().read().await.expect("a connection");
    let counts = object_log::counts(&mut conn).await.expect("counts");
    assert_eq!(counts.total(), 60);
    for priority in Priority::ALL {
        let count = entries.iter().filter(|entry| entry.priority() == priority).count();
        assert_eq!(counts.of(priority), i64::try_from(count).expect("few"), "{priority:?}");
    }
}

async fn deleting_down_to_an_entry_deletes_what_a_naive_model_would(engine: Engine) {
    let site = site(engine, "").await;
    let mut random = Random::seeded("delete down to");
    fill(&site, &mut random, 60).await;
    let entries = whole(&site).await;
    for filter in filters() {
        for sort in sorts() {
            let list = listed(&entries, &filter, sort);
            for _ in 0..6 {
                let last = &entries[usize::try_from(random.below(60)).expect("small")];
                let seen = entries[usize::try_from(random.below(60)).expect("small")].id;
                let end = list.iter().position(|entry| entry.id == last.id);
                let mut doomed = ids(&list[..end.map_or(0, |end| end + 1)]);
                doomed.retain(|id| *id <= seen);
                let wanted: Vec<i64> = ids(&entries).into_iter().filter(|id| !doomed.contains(id)).collect();

                let mut tx = site.site.db().begin().await.expect("a transaction");
                let deleted = object_log::delete_down_to(&mut tx, last.id, &filter, sort, seen).await.expect("deleted");
                let by_time = Sort { column: Column::Time, descending: false };
                let left = object_log::entries(&mut tx, &Filter::default(), by_time, ALL).await.expect("entries");
                tx.rollback().await.expect("undone");
                assert_eq!(ids(&left), wanted, "{filter:?} {sort} down to {} seen {seen}", last.id);
                assert_eq!(usize::try_from(deleted).expect("few"), doomed.len());
            }
        }
    }
}

async fn an_entry_deleted_meanwhile_deletes_nothing_else(engine: Engine) {
    let site = site(engine, "").await;
    fill(&site, &mut Random::seeded("deleted meanwhile"), 10).await;
    let gone = whole(&site).await[4].id;
    let mut tx = site.site.db().begin().await.expect("a transaction");
    assert_eq!(object_log::delete(&mut tx, gone).await.expect("deleted"), 1);
    assert_eq!(object_log::delete(&mut tx, gone).await.expect("not there"), 0);
    assert_eq!(object_log::set_tagged(&mut tx, gone, true).await.expect("not there"), 0);
    for sort in sorts() {
        let deleted = object_log::delete_down_to(&mut tx, gone, &Filter::default(), sort, i64::MAX).await;
        assert_eq!(deleted.expect("not there"), 0, "{sort}");
    }
    tx.commit().await.expect("a commit");
    assert_eq!(whole(&site).await.len(), 9);
}

async fn only_what_was_seen_is_deleted(engine: Engine) {
    let site = site(engine, "").await;
    for label in ["shown", "shown", "came later"] {
        note(&site, Priority::Warn, label);
    }
    log(&site).flush().await.expect("stored");
    let seen = whole(&site).await[1].id;
    let mut tx = site.site.db().begin().await.expect("a transaction");
    assert_eq!(object_log::delete_all(&mut tx, Priority::Error, seen).await.expect("deleted"), 0);
    assert_eq!(object_log::delete_all(&mut tx, Priority::Warn, seen).await.expect("deleted"), 2);
    tx.commit().await.expect("a commit");
    let left = whole(&site).await;
    assert_eq!(left.iter().map(|entry| entry.label.as_str()).collect::<Vec<_>>(), ["came later"]);
}

/// A form that deletes an entry must not meet another one that came into its place.
async fn numbers_are_never_used_twice(engine: Engine) {
    let site = site(engine, "").await;
    let mut last = 0;
    for _ in 0..3 {
        note(&site, Priority::Info, "once");
        log(&site).flush().await.expect("stored");
        let entry = whole(&site).await.pop().expect("an entry");
        assert!(entry.id > last, "{} after {last}", entry.id);
        last = entry.id;
        let mut tx = site.site.db().begin().await.expect("a transaction");
        object_log::delete(&mut tx, last).await.expect("deleted");
        tx.commit().await.expect("a commit");
    }
}
