use proptest::prelude::*;

use super::super::links::Links;
use super::*;
use crate::adapter::tests::{Note, SECRET, TITLE, pairs};
use crate::session::EndUser;

fn asked(query: &str) -> Asked {
    Asked::of::<Note>(&pairs(query), &Rights::default())
}

fn insider() -> Rights {
    let user =
        EndUser { id: "1".into(), name: "mia".into(), display_name: "Mia".into(), rights: vec!["secrets".into()] };
    Rights::of(Some(user))
}

fn links(query: &str) -> Links {
    Links::of::<Note>("/notes", &pairs(query), &asked(query))
}

#[test]
fn a_page_is_a_number_from_1() {
    for (query, page) in [
        ("", 1),
        ("page=0", 1),
        ("page=-1", 1),
        ("page=abc", 1),
        ("page=", 1),
        ("page=9999999", 9_999_999),
        ("page=99999999999999999999999", i64::MAX),
        ("page=3&page=4", 3),
    ] {
        assert_eq!(asked(query).page, page, "{query}");
    }
    assert_eq!((super::super::pages(0, 10), super::super::pages(21, 10), super::super::pages(20, 10)), (1, 3, 2));
}

#[test]
fn a_size_is_within_its_limits() {
    for (query, size) in [("", 10), ("size=0", 1), ("size=-7", 1), ("size=20", 20), ("size=9999", 50), ("size=x", 10)] {
        assert_eq!(asked(query).size, size, "{query}");
    }
}

#[test]
fn an_unknown_order_is_told_from_those_there_are() {
    let sort = |query: &str| asked(query).sort.map(|(order, descending)| (order.column, descending));
    for (query, expected) in [
        ("", ("title", false)),
        ("sort=nonsense", ("title", false)),
        ("sort=title;drop", ("title", false)),
        ("sort=-title", ("title", true)),
        ("sort=pages", ("pages", true)),
        ("sort=-pages", ("pages", false)),
        ("sort=--pages", ("title", false)),
    ] {
        assert_eq!(sort(query), Some(expected), "{query}");
        let known = ["title", "-title", "pages", "-pages", ""].contains(&query.trim_start_matches("sort="));
        assert_eq!(asked(query).is_order_unknown, !known, "{query}");
    }
}

#[test]
fn nothing_is_asked_about_what_may_not_be_seen() {
    let query = "sort=-secret&secret=x&title=milk";
    let outsider = asked(query);
    assert_eq!(outsider.sort.map(|(order, _)| order.name), Some("title"));
    assert_eq!(outsider.filters.iter().map(|filter| filter.field).collect::<Vec<_>>(), [TITLE]);
    assert!(!outsider.has_order("secret"));
    let insider = Asked::of::<Note>(&pairs(query), &insider());
    assert_eq!(insider.sort.map(|(order, _)| order.name), Some("secret"));
    assert_eq!(insider.filters.iter().map(|filter| filter.field).collect::<Vec<_>>(), [TITLE, SECRET]);
}

#[test]
fn a_filter_is_a_value_of_its_field_or_nothing() {
    let values = |query: &str| asked(query).filters.into_iter().map(|filter| filter.value).collect::<Vec<_>>();
    assert_eq!(values("pages=012"), [Value::from(12_i64)]);
    assert_eq!(values("title=%20milk%20&title=bread"), [Value::from("milk")]);
    let long = format!("title={}", "x".repeat(2_000));
    for query in ["pages=many", "title=", "title=a%00b", "done=on", long.as_str()] {
        assert!(values(query).is_empty(), "{query}");
    }
}

#[test]
fn links_keep_what_was_asked_for_and_drop_what_made_no_sense() {
    let list = links("tab=a%26b&q=two%20words&title=milk&pages=many&sort=-pages&size=20&page=7&page=8");
    assert_eq!(list.page(3), "/notes?tab=a%26b&q=two%20words&title=milk&sort=-pages&size=20&page=3");
    assert_eq!(list.page(1), "/notes?tab=a%26b&q=two%20words&title=milk&sort=-pages&size=20");
    assert_eq!(list.clear(), "/notes?tab=a%26b&sort=-pages&size=20");
    assert_eq!(links("").page(1), "/notes");
    assert_eq!(links("page=2").sort("-pages"), "/notes?sort=-pages");
}

#[test]
fn a_link_to_the_order_at_hand_turns_it() {
    let next = |name: &str, query: &str| next_sort::<Note>(name, asked(query).sort);
    assert_eq!(next("title", ""), "-title");
    assert_eq!(next("title", "sort=-title"), "title");
    assert_eq!(next("pages", ""), "pages");
    assert_eq!(next("pages", "sort=pages"), "-pages");
    assert_eq!(next("pages", "sort=-pages"), "pages");
    assert_eq!(next("nonsense", "sort=-pages"), "-pages");
}

proptest! {
    #[test]
    fn whatever_is_asked_is_within_limits(asked in prop::collection::vec(("page|size|sort|q|title|pages|x", ".{0,30}"), 0..12)) {
        let pairs: Vec<(String, String)> = asked;
        let asked = Asked::of::<Note>(&pairs, &Rights::default());
        prop_assert!(asked.page >= 1 && (1..=50).contains(&asked.size));
        prop_assert!(asked.sort.is_some() && asked.words.len() <= 8 && asked.filters.len() <= MOST_FILTERS);
        prop_assert!(asked.words.iter().all(|word| !word.contains('\0')));
        // A link leads to what it was made of.
        let link = Links::of::<Note>("/notes", &pairs, &asked).page(asked.page);
        let again = link.split_once('?').map_or("", |(_, query)| query);
        let again = Asked::of::<Note>(&crate::adapter::tests::pairs(again), &Rights::default());
        prop_assert_eq!((again.page, again.size, again.words), (asked.page, asked.size, asked.words));
        prop_assert_eq!(again.sort.map(|(order, turned)| (order.name, turned)), asked.sort.map(|(order, turned)| (order.name, turned)));
        prop_assert_eq!(again.filters.len(), asked.filters.len());
    }
}
