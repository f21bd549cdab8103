//! Forms that others fill in for the user: refused, and nothing is written.

use toolcrib_tests::Request;
use toolcrib_tests::prelude::*;

on_all_engines! {
    a_form_without_the_session_s_token_is_refused,
    a_form_with_the_session_s_token_is_taken,
    a_form_from_elsewhere_is_refused_even_with_the_token,
    a_form_from_here_is_taken,
    a_link_from_elsewhere_may_be_followed,
    signing_in_and_out_needs_the_token_too,
    no_form_is_taken_without_the_token,
}

/// Sends a form for a new client, put together by `dress`; whether the client was created, and the answer.
async fn attempt(anna: &Client, path: &str, dress: impl FnOnce(Request, &[(&str, &str)]) -> Request) -> (bool, Answer) {
    let client = NewClient::valid();
    let answer = dress(anna.post(path), &client.fields()).send().await;
    (anna.export().await.count(client.account()) == 1, answer)
}

fn with<'a>(token: &'a str, fields: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut all = vec![("_csrf", token)];
    all.extend_from_slice(fields);
    all
}

async fn a_form_without_the_session_s_token_is_refused(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.visitor();
    let anonymous = anna.csrf_token().await;
    anna.sign_in("anna").await;
    let token = anna.csrf_token().await;
    assert_ne!(token, anonymous, "the token survived the sign-in");
    let boris = server.signed_in("boris").await.csrf_token().await;
    let stranger = server.visitor().csrf_token().await;
    let truncated = &token[..token.len() - 1];
    let mut altered = token.clone().into_bytes();
    altered[0] = if altered[0] == b'A' { b'B' } else { b'A' };
    let altered = String::from_utf8(altered).expect("a token in ASCII");

    let cases = [
        ("another user's token", boris.as_str()),
        ("a stranger's token", &stranger),
        ("the token of the time before the sign-in", &anonymous),
        ("a truncated token", truncated),
        ("an altered token", &altered),
        ("an empty token", ""),
    ];
    for (what, wrong) in cases {
        let (created, answer) = attempt(&anna, "/clients", |post, fields| post.form(&with(wrong, fields))).await;
        assert_eq!((answer.status, created), (403, false), "{what}: {answer:?}");
        let (created, answer) =
            attempt(&anna, "/clients", |post, fields| post.header("x-csrf-token", wrong).form(fields)).await;
        assert_eq!((answer.status, created), (403, false), "{what}, as a header: {answer:?}");
    }
    let (created, answer) = attempt(&anna, "/clients", |post, fields| post.form(fields)).await;
    assert_eq!((answer.status, created), (403, false), "no token: {answer:?}");
    let path = format!("/clients?_csrf={token}");
    let (created, answer) = attempt(&anna, &path, |post, fields| post.form(fields)).await;
    assert_eq!((answer.status, created), (403, false), "the token in the address: {answer:?}");
    let (created, answer) = attempt(&anna, "/clients", |post, fields| {
        let mut twice = with(&token, fields);
        twice.push(("_csrf", "another"));
        post.form(&twice)
    })
    .await;
    assert_eq!((answer.status, created), (403, false), "two tokens: {answer:?}");
}

async fn a_form_with_the_session_s_token_is_taken(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let token = anna.csrf_token().await;
    let (created, answer) = attempt(&anna, "/clients", |post, fields| post.form(&with(&token, fields))).await;
    assert_eq!((answer.status, created), (303, true), "{answer:?}");
    let (created, answer) =
        attempt(&anna, "/clients", |post, fields| post.header("x-csrf-token", &token).form(fields)).await;
    assert_eq!((answer.status, created), (303, true), "as a header: {answer:?}");
}

async fn a_form_from_elsewhere_is_refused_even_with_the_token(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let token = anna.csrf_token().await;
    let port = server.port();
    let other = format!("http://127.0.0.1:{}", port + 1);
    let longer = format!("http://127.0.0.1:{port}.evil.example");
    let cases = [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("origin", &other),
        ("origin", &longer),
        ("origin", ""),
    ];
    for (name, value) in cases {
        let (created, answer) =
            attempt(&anna, "/clients", |post, fields| post.header(name, value).form(&with(&token, fields))).await;
        assert_eq!((answer.status, created), (403, false), "{name}: {value}: {answer:?}");
    }
    let (created, answer) = attempt(&anna, "/clients", |post, fields| {
        post.header("origin", "https://evil.example")
            .header("sec-fetch-site", "same-origin")
            .form(&with(&token, fields))
    })
    .await;
    assert_eq!((answer.status, created), (403, false), "one header lies: {answer:?}");
}

async fn a_form_from_here_is_taken(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let token = anna.csrf_token().await;
    let origin = format!("http://127.0.0.1:{}", server.port());
    let (created, answer) = attempt(&anna, "/clients", |post, fields| {
        post.header("origin", &origin).header("sec-fetch-site", "same-origin").form(&with(&token, fields))
    })
    .await;
    assert_eq!((answer.status, created), (303, true), "{answer:?}");
}

/// Following a link from elsewhere is not an attack.
async fn a_link_from_elsewhere_may_be_followed(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let page = anna
        .request(reqwest::Method::GET, "/clients")
        .header("sec-fetch-site", "cross-site")
        .header("sec-fetch-mode", "navigate")
        .send()
        .await;
    assert_eq!(page.status, 200, "{page:?}");
}

/// Nobody is signed in, or out, by somebody else's form.
async fn signing_in_and_out_needs_the_token_too(engine: Engine) {
    let server = Server::on(engine).start().await;
    let visitor = server.visitor();
    let fields = [("username", "boris"), ("password", PASSWORD), ("next", "/")];
    let answer = visitor.post("/login").form(&fields).send().await;
    assert_eq!(answer.status, 403, "{answer:?}");
    assert!(!visitor.is_signed_in().await);

    let token = visitor.csrf_token().await;
    let answer =
        visitor.post("/login").header("origin", "https://evil.example").form_with_token(&token, &fields).send().await;
    assert_eq!(answer.status, 403, "{answer:?}");
    assert!(!visitor.is_signed_in().await);

    let anna = server.signed_in("anna").await;
    let answer = anna.post("/logout").form(&[]).send().await;
    assert_eq!(answer.status, 403, "{answer:?}");
    assert!(anna.is_signed_in().await);
}

/// Every other place where forms are taken.
async fn no_form_is_taken_without_the_token(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let client = NewClient::valid();
    let id = anna.create(&client).await;
    let before = anna.export().await;
    for path in [&format!("/clients/{id}"), "/import", "/examples/drill", "/examples/mirror", "/examples/relay"] {
        let fields = [("name", "Changed"), ("q", "changed"), ("set", "changed"), ("version", "1")];
        let answer = anna.post(path).form(&fields).send().await;
        assert_eq!(answer.status, 403, "{path}: {answer:?}");
    }
    assert_eq!(anna.export().await, before);
    assert_eq!(anna.drill("").await.leftover, None);
}
