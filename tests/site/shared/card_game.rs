//! The card game: an object that is shared, and moves in the one order in which they happened (A16).

use std::collections::BTreeSet;

use serde_json::Value;
use toolcrib_tests::load::in_parallel;
use toolcrib_tests::prelude::*;
use toolcrib_tests::rounds;

use crate::support::Scene;
use crate::support::number;

on_all_engines! {
    a_hundred_moves_at_once_have_one_order,
    moves_survive_kill_9,
}

const GAME: &str = "/examples/card-game";

/// The moves of an answer: number and text.
fn moves(document: &Value) -> Vec<(i64, String)> {
    let moves = document["moves"].as_array().unwrap_or_else(|| panic!("no moves in {document}"));
    moves
        .iter()
        .map(|entry| {
            let text = entry["move"].as_str().unwrap_or_else(|| panic!("no move in {entry}"));
            (number(entry, "number"), text.to_owned())
        })
        .collect()
}

/// AC-25.
async fn a_hundred_moves_at_once_have_one_order(engine: Engine) {
    let scene = Scene::beside_others(Server::on(engine)).await;
    for round in 0..rounds(1, 5) {
        let before = moves(&scene.shown(GAME).await);
        let answers = in_parallel(100, 100, {
            let visitor = scene.visitor.clone();
            move |turn| {
                let visitor = visitor.clone();
                let text = format!("card {turn} of round {round}");
                async move { visitor.post(GAME, &[("move", &text)]).await.expect_status(200) }
            }
        })
        .await;
        let after = moves(&scene.shown(GAME).await);
        assert_eq!(after.len(), before.len() + 100);
        assert_eq!(after[..before.len()], before, "what had been played stays as it was");
        let numbers: Vec<_> = after.iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers, (1..=i64::try_from(after.len()).expect("few moves")).collect::<Vec<_>>());
        let played: BTreeSet<_> = after[before.len()..].iter().map(|(_, text)| text.as_str()).collect();
        let expected: BTreeSet<_> = (0..100).map(|turn| format!("card {turn} of round {round}")).collect();
        assert_eq!(played, expected.iter().map(String::as_str).collect(), "every move once");
        // What anybody was shown is a beginning of the one order, and has their own move in it.
        for (turn, answer) in answers.iter().enumerate() {
            let seen = moves(&answer.json());
            assert!(after.starts_with(&seen), "number {turn} saw another order: {seen:?}");
            let own = format!("card {turn} of round {round}");
            assert!(seen.iter().any(|(_, text)| *text == own), "number {turn} does not see its own move");
        }
    }
    scene.is_quiet().await;
}

async fn moves_survive_kill_9(engine: Engine) {
    let mut scene = Scene::beside_others(Server::on(engine)).await;
    for text in ["knave of hearts", "queen & king <of> \"clubs\"", "Trumpf ♠"] {
        scene.visitor.post(GAME, &[("move", text)]).await.expect_status(200);
    }
    let before = moves(&scene.shown(GAME).await);
    assert_eq!(before.len(), 3, "{before:?}");
    scene.server.kill();
    scene.server.start_again().await;
    assert_eq!(moves(&scene.shown(GAME).await), before);
}
