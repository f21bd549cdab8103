//! What the table does, by itself and beside a model that is too simple to be wrong.

mod model;

use super::*;

const RULES: Rules = Rules { streams: 4, of_session: 2, queue: 3, recent: 4 };

fn table(at: Instant) -> LiveTable<&'static str> {
    LiveTable::new(RULES, at)
}

fn wish(session: Option<i64>, user: &str, topics: &[&str], places: &[(&str, &str)]) -> Wish {
    let user = (!user.is_empty()).then(|| (user.to_owned(), user.to_uppercase()));
    let mut wish = Wish::new(Viewer { session, entry: None, user }, topics);
    for (topic, doing) in places {
        wish.present(topic, doing);
    }
    wish
}

fn draft(topic: &str, data: u64) -> Draft {
    Draft::new(topic, "moved", &data).expect("sound")
}

/// Everything that waits for a stream: names and data.
fn told(table: &mut LiveTable<&'static str>, id: StreamId) -> Vec<String> {
    let mut told = Vec::new();
    while let Next::Event(event) = table.next(id) {
        told.push(format!("{} {} {}", event.topic, event.name, event.json));
    }
    told
}

fn present(user: &str, doing: &str) -> String {
    format!(r#"{{"user_id":"{user}","display_name":"{}","doing":"{doing}"}}"#, user.to_uppercase())
}

#[test]
fn an_event_reaches_those_who_listen_to_its_topic_in_order_and_nobody_else() {
    let now = Instant::now();
    let mut table = table(now);
    let both = table.open(&wish(None, "", &["a", "b"], &[]), "both", now).expect("room").id;
    let one = table.open(&wish(None, "", &["b"], &[]), "one", now).expect("room").id;
    assert_eq!(table.publish(draft("a", 1), now), ["both"]);
    assert_eq!(table.publish(draft("b", 2), now), ["both", "one"]);
    assert_eq!(table.publish(draft("c", 3), now), [""; 0]);
    assert_eq!(told(&mut table, both), ["a moved 1", "b moved 2"]);
    assert_eq!(told(&mut table, one), ["b moved 2"]);
    assert_eq!(table.counts(), Counts { streams: 2, topics: 2, published_total: 3, dropped_total: 0 });
}

#[test]
fn a_stream_whose_queue_is_full_is_gone_with_its_place_and_its_presence() {
    let now = Instant::now();
    let mut table = table(now);
    let slow = table.open(&wish(Some(1), "ann", &["a"], &[("b", "editing")]), "slow", now).expect("room").id;
    let other = table.open(&wish(None, "", &["b"], &[]), "other", now).expect("room").id;
    assert_eq!(told(&mut table, other), [format!("b presence [{}]", present("ann", "editing"))]);
    for number in 0..3 {
        table.publish(draft("a", number), now);
    }
    assert_eq!(table.counts().streams, 2);
    assert_eq!(table.publish(draft("a", 3), now), ["slow", "other"], "both have something to do");
    assert_eq!(table.next(slow), Next::Ended, "also what was in its queue is gone");
    assert_eq!(told(&mut table, other), ["b presence []"]);
    assert_eq!(table.counts(), Counts { streams: 1, topics: 1, published_total: 4, dropped_total: 1 });
    assert_eq!(table.sessions(), [0; 0]);
}

#[test]
fn somebody_who_is_there_twice_is_named_once_until_both_have_gone() {
    let now = Instant::now();
    let mut table = table(now);
    let listener = table.open(&wish(None, "", &["c"], &[]), "listener", now).expect("room").id;
    let here = wish(Some(1), "ann", &["c"], &[("c", "editing")]);
    let first = table.open(&here, "first", now).expect("room").id;
    let once = [format!("c presence [{}]", present("ann", "editing"))];
    assert_eq!(told(&mut table, listener), once);
    assert_eq!(told(&mut table, first), once, "who comes learns who is there");
    let second = table.open(&here, "second", now).expect("room").id;
    assert_eq!(told(&mut table, listener), [""; 0], "nothing has changed");
    assert_eq!(told(&mut table, second), once, "who comes learns it all the same");
    table.close(first);
    assert_eq!(told(&mut table, listener), [""; 0]);
    table.close(second);
    assert_eq!(told(&mut table, listener), ["c presence []"]);
    assert_eq!(table.present("c"), []);
}

#[test]
fn a_visitor_who_is_not_signed_in_is_not_present() {
    let now = Instant::now();
    let mut table = table(now);
    table.open(&wish(Some(1), "", &["c"], &[("c", "editing")]), "nobody", now).expect("room");
    assert_eq!(table.present("c"), []);
}

#[test]
fn there_are_no_more_streams_than_may_be_and_no_more_of_one_session() {
    let now = Instant::now();
    let mut table = table(now);
    let of = |session| wish(session, "", &["a"], &[]);
    let first = table.open(&of(Some(1)), "", now).expect("room").id;
    table.open(&of(Some(1)), "", now).expect("room");
    assert_eq!(table.open(&of(Some(1)), "", now).expect_err("a third"), Refusal::OfSession);
    table.open(&of(None), "", now).expect("room");
    table.open(&of(None), "", now).expect("room");
    assert_eq!(table.open(&of(None), "", now).expect_err("a fifth"), Refusal::Full);
    table.close(first);
    table.open(&of(Some(1)), "", now).expect("room again");
    table.stop();
    assert_eq!(table.open(&of(None), "", now).expect_err("too late"), Refusal::Stopping);
    assert_eq!(table.counts().streams, 0);
}

#[test]
fn a_beat_wakes_all_and_ends_what_is_open_for_too_long() {
    let now = Instant::now();
    let later = now + Duration::from_secs(5);
    let mut table = table(now);
    let old = table.open(&wish(None, "", &["a"], &[]), "old", now).expect("room").id;
    let young = table.open(&wish(None, "", &["a"], &[]), "young", later).expect("room").id;
    assert_eq!(table.beat(Duration::from_secs(6), later), ["old", "young"]);
    assert_eq!([table.next(old), table.next(old)], [Next::Beat, Next::Nothing]);
    table.beat(Duration::from_secs(5), later);
    assert_eq!([table.next(old), table.next(young)], [Next::Ended, Next::Beat]);
}

#[test]
fn the_end_of_a_session_ends_its_streams_alone() {
    let now = Instant::now();
    let mut table = table(now);
    let of = |session| wish(session, "", &["a"], &[]);
    let ended = table.open(&of(Some(1)), "ended", now).expect("room").id;
    let other = table.open(&of(Some(2)), "other", now).expect("room").id;
    let nobody = table.open(&of(None), "nobody", now).expect("room").id;
    assert_eq!(table.end_session(1), ["ended"]);
    assert_eq!(table.end_session(3), [""; 0]);
    assert_eq!([table.next(ended), table.next(other), table.next(nobody)], [Next::Ended, Next::Nothing, Next::Nothing]);
}

#[test]
fn a_stream_knows_how_long_ago_the_last_event_was_at_most() {
    let start = Instant::now();
    let at = |seconds| start + Duration::from_secs(seconds);
    let mut table = table(start);
    let last = |table: &mut LiveTable<&'static str>, topic, seconds| {
        let opened = table.open(&wish(None, "", &[topic], &[]), "", at(seconds)).expect("room");
        table.close(opened.id);
        opened.last.as_secs()
    };
    assert_eq!(last(&mut table, "a", 3), 3, "nothing since the start");
    table.publish(draft("a", 1), at(5));
    assert_eq!(last(&mut table, "a", 9), 4);
    assert_eq!(last(&mut table, "b", 9), 9);
    for second in 10..14 {
        table.publish(draft("c", second), at(second));
    }
    assert_eq!(last(&mut table, "a", 20), 15, "what is not remembered may have been until then");
    assert_eq!(last(&mut table, "c", 20), 7);
}

#[test]
fn who_is_present_on_other_nodes_is_told_here_until_that_node_says_otherwise_or_is_gone() {
    let now = Instant::now();
    let mut table = table(now);
    let topic = Topic::from("deals/1");
    let there =
        |user: &str| Present { user_id: user.into(), display_name: user.to_uppercase(), doing: "editing".into() };
    let reader = table.open(&wish(None, "", &["deals/1"], &[]), "reader", now).expect("a stream").id;
    assert_eq!(table.present_elsewhere(2, &topic, vec![there("anna")]), ["reader"]);
    assert_eq!(told(&mut table, reader).len(), 1);
    assert_eq!(table.present("deals/1"), [there("anna")]);
    // Here as well: she is named once, and the others are told of those here alone.
    let here = table.open(&wish(None, "anna", &[], &[("deals/1", "editing")]), "here", now).expect("a stream").id;
    assert_eq!(table.present("deals/1"), [there("anna")]);
    assert_eq!(table.take_untold(), [(Topic::clone(&topic), vec![there("anna")])]);
    assert_eq!(table.take_untold(), []);
    table.node_gone(2);
    assert_eq!(table.present("deals/1"), [there("anna")]);
    table.present_elsewhere(3, &topic, vec![there("boris")]);
    table.close(here);
    assert_eq!(table.take_untold(), [(Topic::clone(&topic), vec![])]);
    assert_eq!(table.present("deals/1"), [there("boris")]);
    table.forget_elsewhere();
    assert_eq!(table.present("deals/1"), []);
}
