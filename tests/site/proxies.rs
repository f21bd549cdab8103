//! Behind a proxy: where a request came from is what the proxy says, if it is one that is named, and nobody else's word.

use reqwest::Method;
use toolcrib_tests::prelude::*;

on_both_engines! {
    without_a_named_proxy_nobody_is_believed,
    another_than_the_named_proxy_is_not_believed,
    guesses_behind_a_named_proxy_count_for_who_made_them,
    what_a_visitor_writes_in_front_does_not_hide_him,
    the_log_says_where_a_request_came_from,
}

const GUESSER: &str = "203.0.113.5";
const ANNA: &str = "203.0.113.6";

/// Sends the form to sign in, with these values of `X-Forwarded-For`.
async fn sign_in(visitor: &Client, password: &str, forwarded_for: &[&str]) -> u16 {
    let token = visitor.csrf_token().await;
    let fields = [("username", "anna"), ("password", password), ("next", "/")];
    let mut request = visitor.post("/login").form_with_token(&token, &fields);
    for value in forwarded_for {
        request = request.header("x-forwarded-for", value);
    }
    request.send().await.status
}

/// Guesses until told to wait; how many guesses that took.
async fn guess(visitor: &Client, forwarded_for: impl Fn(usize) -> Vec<String>) -> Option<usize> {
    for number in 0..12 {
        let values = forwarded_for(number);
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        if sign_in(visitor, &format!("guess {number}"), &values).await == 429 {
            return Some(number + 1);
        }
    }
    None
}

/// Another address for each guess.
fn made_up(number: usize) -> String {
    format!("198.51.100.{number}")
}

async fn without_a_named_proxy_nobody_is_believed(engine: Engine) {
    let server = Server::on(engine).start().await;
    assert!(guess(&server.visitor(), |number| vec![made_up(number)]).await.is_some(), "each guess counts as another's");
}

async fn another_than_the_named_proxy_is_not_believed(engine: Engine) {
    let server = Server::on(engine).setting("SERVER__TRUSTED_PROXIES", "127.0.0.2, 10.0.0.0/8, ::1").start().await;
    assert!(guess(&server.visitor(), |number| vec![made_up(number)]).await.is_some(), "each guess counts as another's");
}

async fn guesses_behind_a_named_proxy_count_for_who_made_them(engine: Engine) {
    for proxies in ["127.0.0.1", "127.0.0.0/8"] {
        let server = Server::on(engine).setting("SERVER__TRUSTED_PROXIES", proxies).start().await;
        assert!(guess(&server.visitor(), |_| vec![GUESSER.to_owned()]).await.is_some());
        assert_eq!(sign_in(&server.visitor(), PASSWORD, &[GUESSER]).await, 429, "even with the right password");
        assert_eq!(sign_in(&server.visitor(), PASSWORD, &[ANNA]).await, 303, "anna is not the guesser");
    }
}

async fn what_a_visitor_writes_in_front_does_not_hide_him(engine: Engine) {
    let server = Server::on(engine).setting("SERVER__TRUSTED_PROXIES", "127.0.0.1").start().await;
    let in_one_header = guess(&server.visitor(), |number| vec![format!("{}, {GUESSER}", made_up(number))]).await;
    assert!(in_one_header.is_some());
    let server = Server::on(engine).setting("SERVER__TRUSTED_PROXIES", "127.0.0.1").start().await;
    let in_two = guess(&server.visitor(), |number| vec![made_up(number), GUESSER.to_owned()]).await;
    assert!(in_two.is_some());
}

async fn the_log_says_where_a_request_came_from(engine: Engine) {
    let server = Server::on(engine).setting("SERVER__TRUSTED_PROXIES", "127.0.0.1").start().await;
    let by_proxy = server.visitor();
    for (path, value) in [
        ("/login?1", "203.0.113.7"),
        ("/login?2", "198.51.100.1, [2001:db8::7]:4711"),
        ("/login?3", "198.51.100.1, unknown"),
    ] {
        let answer = by_proxy.request(Method::GET, path).header("x-forwarded-for", value).send().await;
        answer.expect_status(200);
    }
    server.visitor_from([127, 0, 0, 5]).request(Method::GET, "/login").header("x-forwarded-for", ANNA).send().await;
    let peers = eventually("the requests are in the log", Duration::from_secs(5), async || {
        let log = server.log();
        let lines = log.lines().filter(|line| line.contains("toolcrib::request") && line.contains("/login"));
        let peers: Vec<_> = lines.filter_map(|line| word_after(line, "peer=")).collect();
        (peers.len() >= 4).then_some(peers)
    })
    .await;
    assert_eq!(peers, ["203.0.113.7", "2001:db8::7", "127.0.0.1", "127.0.0.5"]);
}

/// What follows a name in a line of the log; the log of development is coloured only at a terminal.
fn word_after(line: &str, name: &str) -> Option<String> {
    let (_, rest) = line.split_once(name)?;
    Some(rest.split_whitespace().next().unwrap_or_default().to_owned())
}
