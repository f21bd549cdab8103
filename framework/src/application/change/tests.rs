use super::*;
use crate::application::cell::Content;

fn text(length: usize) -> Value {
    // Two of the bytes are the quotes.
    Value::encode(&"x".repeat(length - 2)).unwrap()
}

fn number(number: i64) -> Value {
    Value::encode(&number).unwrap()
}

fn snapshot(name: &str, version: u64, content: Content) -> Snapshot {
    Snapshot::from_cells([(name.into(), Cell { version, durable: true, content })])
}

fn only(changes: &Changes) -> &Change {
    changes.iter().next().unwrap().1
}

#[test]
fn names_have_one_to_two_hundred_bytes() {
    let (view, mut changes) = (Snapshot::empty(), Changes::new());
    let mut put = |name: &str| changes.put(&view, name, true, number(1));
    assert!(matches!(put(""), Err(ChangeError::Empty)));
    put(&"n".repeat(200)).unwrap();
    assert!(matches!(put(&"n".repeat(201)), Err(ChangeError::NameTooLong { length: 201, limit: 200 })));
    // Bytes, not letters.
    assert!(matches!(put(&"ä".repeat(101)), Err(ChangeError::NameTooLong { length: 202, .. })));
    assert!(matches!(put("a\0b"), Err(ChangeError::Zero { .. })));
    assert_eq!(changes.iter().count(), 1);
}

#[test]
fn every_write_is_limited_and_leaves_nothing_when_refused() {
    let (view, mut changes) = (Snapshot::empty(), Changes::new());
    let large = text(VALUE_MAX + 1);
    let key = "k".repeat(KEY_MAX + 1);
    let refused = [
        changes.put(&view, "x", true, large.clone()),
        changes.put_if_absent(&view, "x", true, large.clone()).map(|_| ()),
        changes.queue_push(&view, "x", true, large.clone()),
        changes.map_put(&view, "x", true, "k", large.clone()),
        changes.map_put(&view, "x", true, &key, number(1)),
        changes.map_put(&view, "x", true, "\0", number(1)),
        changes.bag_add(&view, "x", true, text(BAG_ITEM_MAX + 1)),
        changes.count(&view, "", true, 1),
        changes.remove(&view, "").map(|_| ()),
    ];
    assert!(refused.iter().all(Result::is_err), "{refused:?}");
    assert!(changes.is_empty());
}

#[test]
fn the_largest_that_fit_are_taken() {
    let (view, mut changes) = (Snapshot::empty(), Changes::new());
    changes.put(&view, "v", true, text(VALUE_MAX)).unwrap();
    changes.queue_push(&view, "q", true, text(VALUE_MAX)).unwrap();
    changes.map_put(&view, "m", true, &"k".repeat(KEY_MAX), text(VALUE_MAX)).unwrap();
    changes.bag_add(&view, "b", true, text(BAG_ITEM_MAX)).unwrap();
}

#[test]
fn messages_say_what_to_do() {
    let (view, mut changes) = (Snapshot::empty(), Changes::new());
    changes.count(&view, "Tally", true, 1).unwrap();
    let told = |refused: Result<(), ChangeError>| refused.unwrap_err().to_string();
    assert_eq!(
        told(changes.put(&view, "Tally", true, number(1))),
        "`Tally` is a counter, not a value: use another name, or remove the counter first"
    );
    assert_eq!(
        told(changes.count(&view, "Tally", false, 1)),
        "`Tally` is used as volatile but was made durable: declare it the same everywhere"
    );
    assert_eq!(
        told(changes.put(&view, "big", true, text(VALUE_MAX + 1))),
        "`big`: a value has 65537 bytes as JSON: keep it within 65536, or store it as rows of a table"
    );
    assert_eq!(
        told(changes.count(&view, "Tally", true, i64::MAX)),
        "`Tally` would leave the range of a 64-bit number: count in larger units, or remove it to start anew"
    );
}

#[test]
fn a_unit_sees_its_own_writes_and_nobody_else_does() {
    let (view, mut changes) = (Snapshot::empty(), Changes::new());
    changes.put(&view, "v", true, number(1)).unwrap();
    assert_eq!(changes.value(&view, "v").unwrap(), Some(&number(1)));
    assert_eq!(Changes::new().value(&view, "v").unwrap(), None);
    changes.remove(&view, "v").unwrap();
    assert_eq!(changes.value(&view, "v").unwrap(), None);
}

#[test]
fn reads_and_what_found_nothing_to_do_note_nothing() {
    let view = snapshot("c", 3, Content::Counter(1));
    let mut changes = Changes::new();
    assert_eq!(changes.counter(&view, "c").unwrap(), 1);
    assert!(!changes.decrement_if_ge(&view, "c", true, 2).unwrap());
    assert!(!changes.remove(&view, "gone").unwrap());
    assert_eq!(changes.queue_pop(&view, "q", true).unwrap(), None);
    assert!(!changes.map_remove(&view, "m", true, "k").unwrap());
    assert!(!changes.bag_remove(&view, "b", true, &number(1)).unwrap());
    assert!(changes.is_empty());
}

#[test]
fn the_base_is_what_was_seen_at_the_first_write() {
    let view = snapshot("v", 4, Content::Value(number(1)));
    let mut changes = Changes::new();
    changes.put(&view, "v", true, number(2)).unwrap();
    changes.remove(&view, "v").unwrap();
    changes.put(&view, "v", true, number(3)).unwrap();
    assert_eq!((only(&changes).removes, only(&changes).seen), (Some(Base::Version(4)), Some(4)));

    let mut absent = Changes::new();
    absent.put(&Snapshot::empty(), "v", true, number(1)).unwrap();
    assert!(matches!(only(&absent).work, Some(Work::Put { base: Base::Absent, .. })));

    let mut blind = Changes::last_writer_wins();
    blind.put(&view, "v", true, number(1)).unwrap();
    assert!(matches!(only(&blind).work, Some(Work::Put { base: Base::Any, .. })));
}

#[test]
fn what_is_set_if_absent_must_still_be_absent_at_commit() {
    let mut blind = Changes::last_writer_wins();
    assert!(blind.put_if_absent(&Snapshot::empty(), "v", true, number(1)).unwrap());
    assert!(!blind.put_if_absent(&Snapshot::empty(), "v", true, number(2)).unwrap());
    assert!(matches!(only(&blind).work, Some(Work::Put { base: Base::Absent, .. })));
    assert_eq!(blind.value(&Snapshot::empty(), "v").unwrap(), Some(&number(1)));
}

#[test]
fn guards_add_up_in_order() {
    let view = snapshot("c", 1, Content::Counter(10));
    let mut changes = Changes::new();
    let work = |changes: &Changes| match only(changes).work {
        Some(Work::Counter(work)) => (work.delta, work.floor),
        _ => panic!("no counter"),
    };
    changes.count(&view, "c", true, 2).unwrap();
    assert_eq!(work(&changes), (2, None));
    assert!(changes.decrement_if_ge(&view, "c", true, 12).unwrap());
    assert_eq!(work(&changes), (-10, Some(10)));
    changes.count(&view, "c", true, 5).unwrap();
    assert!(changes.decrement_if_ge(&view, "c", true, 1).unwrap());
    assert_eq!(work(&changes), (-6, Some(10)), "the first guard asks for more");
    assert!(!changes.decrement_if_ge(&view, "c", true, 5).unwrap());
}

#[test]
fn a_counter_reaches_both_ends_of_its_range_and_not_beyond() {
    let (view, mut changes) = (Snapshot::empty(), Changes::new());
    changes.count(&view, "c", true, i64::MAX).unwrap();
    changes.count(&view, "c", true, 1).unwrap_err();
    assert_eq!(changes.counter(&view, "c").unwrap(), i64::MAX);
    changes.count(&view, "d", true, i64::MIN).unwrap();
    changes.count(&view, "d", true, -1).unwrap_err();
    assert_eq!(changes.counter(&view, "d").unwrap(), i64::MIN);
    assert!(changes.decrement_if_ge(&view, "c", true, u64::try_from(i64::MAX).unwrap()).unwrap());
    assert_eq!(changes.counter(&view, "c").unwrap(), 0);
}

#[test]
fn names_are_a_consistent_copy_with_the_own_changes() {
    let cell = |content| Cell { version: 1, durable: true, content };
    let cells = ["b", "d"].map(|name| (name.into(), cell(Content::Counter(1))));
    let view = Snapshot::from_cells(cells);
    let mut changes = Changes::new();
    changes.put(&view, "c", true, number(1)).unwrap();
    changes.count(&view, "b", true, 1).unwrap();
    changes.remove(&view, "d").unwrap();
    changes.put(&view, "a", true, number(1)).unwrap();
    assert_eq!(changes.names(&view).iter().map(|name| &**name).collect::<Vec<_>>(), ["a", "b", "c"]);
}
