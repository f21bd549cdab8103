//! Guessing passwords is slowed down, for an account and for an address; nobody is locked out by it.

use toolcrib_tests::prelude::*;

// Each process counts for itself who guesses.
on_both_engines! {
    guessing_one_account_from_one_address_is_stopped,
    guessing_one_account_from_many_addresses_is_stopped,
    guessing_many_accounts_from_one_address_is_stopped,
    signing_in_rightly_is_never_limited,
}

/// Sends wrong passwords until one is answered 429, at most `limit` of them; that answer.
async fn guess(
    limit: usize,
    mut visitor: impl FnMut(usize) -> Client,
    name: impl Fn(usize) -> String,
) -> Option<Answer> {
    for number in 0..limit {
        let visitor = visitor(number);
        let (name, password) = (name(number), format!("guess {number}"));
        let answer = visitor.try_sign_in(&name, &password).await;
        assert!(!matches!(answer.status, 302 | 303) && answer.status < 500, "{answer:?}");
        if answer.status == 429 {
            return Some(answer);
        }
    }
    None
}

async fn guessing_one_account_from_one_address_is_stopped(engine: Engine) {
    let server = Server::on(engine).start().await;
    let guesser = server.visitor_from([127, 0, 0, 5]);
    let stopped = guess(30, |_| guesser.clone(), |_| "anna".to_owned()).await.expect("429 within 30 guesses");
    stopped.retry_after();
    let anna = server.visitor_from([127, 0, 0, 2]);
    anna.sign_in("anna").await;
    assert!(anna.is_signed_in().await);
}

async fn guessing_one_account_from_many_addresses_is_stopped(engine: Engine) {
    let server = Server::on(engine).start().await;
    let from = |number: usize| server.visitor_from([127, 0, 1, u8::try_from(number + 1).expect("few")]);
    let stopped = guess(30, from, |_| "anna".to_owned()).await.expect("429 within 30 guesses");
    stopped.retry_after();
    let anna = server.visitor_from([127, 0, 0, 2]);
    anna.sign_in("anna").await;
    assert!(anna.is_signed_in().await);
}

async fn guessing_many_accounts_from_one_address_is_stopped(engine: Engine) {
    let server = Server::on(engine).start().await;
    let guesser = server.visitor_from([127, 0, 0, 7]);
    let stopped =
        guess(100, |_| guesser.clone(), |number| format!("user{number}")).await.expect("429 within 100 guesses");
    stopped.retry_after();
    let boris = server.visitor_from([127, 0, 0, 8]);
    boris.sign_in("boris").await;
    assert!(boris.is_signed_in().await);
}

async fn signing_in_rightly_is_never_limited(engine: Engine) {
    let server = Server::on(engine).start().await;
    for _ in 0..40 {
        server.visitor_from([127, 0, 0, 9]).sign_in("vera").await;
    }
}
