//! What can be said of races without running one.

use super::*;

fn attempt(client: usize, number: u32, began_ms: i64, ended_ms: i64, ending: Ending) -> Attempt {
    Attempt { client, number, outcome: "said by the unit".into(), began_ms, ended_ms, ending }
}

fn race(contest: Contest, after: i64, attempts: Vec<Attempt>) -> Race {
    let before = if contest.is_skew() { 2 } else { 10 };
    Race { example: contest.key(), contest, before, after, expected: contest.expected(before, 2), attempts }
}

fn two_visitors() -> Vec<Attempt> {
    vec![
        attempt(1, 1, 0, 40, Ending::Committed),
        attempt(2, 1, 0, 41, Ending::Retried),
        attempt(2, 2, 51, 92, Ending::Committed),
    ]
}

#[test]
fn a_wish_names_a_contest_and_2_to_8_visitors() {
    let wish = |contest, visitors| Ok(Wish { contest, visitors });
    assert_eq!(Wish::parse(Some("tally"), Some("2")), wish(Contest::Tally, 2));
    assert_eq!(Wish::parse(Some("skew-lock"), Some(" 8 ")), wish(Contest::SkewLock, 8));
    assert_eq!(Wish::parse(Some("serial"), None), wish(Contest::Serial, USUAL_VISITORS));
}

#[test]
fn anything_else_is_refused_with_a_sentence() {
    for (example, clients) in [
        (None, Some("2")),
        (Some("drill"), Some("2")),
        (Some(""), None),
        (Some("tally"), Some("1")),
        (Some("tally"), Some("9")),
        (Some("tally"), Some("-3")),
        (Some("tally"), Some("99999999999999999999")),
        (Some("tally"), Some("")),
        (Some("tally"), Some("two")),
    ] {
        let sentence = Wish::parse(example, clients).unwrap_err();
        assert!(sentence.ends_with('.'), "{example:?} {clients:?}: {sentence}");
    }
}

#[test]
fn the_verdict_follows_the_numbers() {
    let alone = vec![attempt(1, 1, 0, 40, Ending::Committed), attempt(2, 1, 0, 40, Ending::Committed)];
    assert_eq!(race(Contest::RcTally, 12, alone.clone()).verdict(), "Nothing was lost, and nobody had to start over.");
    assert_eq!(race(Contest::Tally, 12, two_visitors()).verdict(), "Nothing was lost: one attempt was run again.");
    assert_eq!(
        race(Contest::SalesUnlocked, 11, alone.clone()).verdict(),
        "1 of 2 changes were lost, and nobody was told."
    );
    assert_eq!(
        race(Contest::SkewRetry, 0, alone.clone()).verdict(),
        "The rule is broken: both have left, and nobody was told."
    );
    assert!(race(Contest::SkewLock, 1, alone.clone()).is_sound());
    assert!(race(Contest::Tally, 13, alone).verdict().starts_with("Somebody else"));
}

#[test]
fn every_visitor_has_a_lane_and_the_last_end_is_the_length() {
    let race = race(Contest::Tally, 12, two_visitors());
    let lanes: Vec<usize> = race.lanes().iter().map(|lane| lane.len()).collect();
    assert_eq!(lanes, [1, 2]);
    assert_eq!(race.length_ms(), 92);
    assert_eq!(race.retried(), 1);
}

#[test]
fn an_attempt_too_short_to_measure_still_has_a_bar() {
    let race = race(Contest::Tally, 10, vec![attempt(1, 1, 0, 0, Ending::Failed)]);
    assert_eq!(race.length_ms(), 1);
    assert_eq!(race.attempts[0].width_ms(), 1);
}

#[test]
fn the_json_is_the_published_one() {
    let race = race(Contest::Tally, 12, vec![attempt(1, 1, 0, 40, Ending::Committed)]);
    assert_eq!(
        serde_json::to_value(&race).unwrap(),
        serde_json::json!({
            "example": "tally", "before": 10, "after": 12, "expected": 12,
            "attempts": [{"client": 1, "number": 1, "outcome": "said by the unit", "began_ms": 0, "ended_ms": 40}],
        })
    );
}
