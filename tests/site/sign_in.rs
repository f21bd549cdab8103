//! Signing in and out.

use toolcrib_tests::prelude::*;

on_all_engines! {
    a_protected_page_asks_to_sign_in_and_then_opens,
    fragments_and_json_are_refused_with_401,
    an_unknown_name_and_a_wrong_password_look_the_same,
    odd_names_and_passwords_are_refused_politely,
    a_session_gets_a_new_id_at_sign_in,
    an_id_that_the_visitor_made_up_is_never_adopted,
    next_leads_nowhere_else,
    next_leads_to_a_page_of_this_site_with_its_query,
    signing_out_ends_one_session_only,
    the_own_password_is_changed_from_the_account_area,
}

/// A page without what is different every time: tokens, ids, the name that was typed.
fn comparable(answer: &Answer, typed: &str) -> String {
    let mut text = answer.text();
    let mut secrets = vec![typed.to_owned()];
    secrets.extend(html::csrf_token(&text));
    secrets.extend(html::input_value(&text, "_csrf"));
    secrets.extend(answer.header("x-request-id").map(str::to_owned));
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        text = text.replace(secret.as_str(), "…");
    }
    text
}

/// AC-7.
async fn a_protected_page_asks_to_sign_in_and_then_opens(engine: Engine) {
    let server = Server::on(engine).start().await;
    let secret = NewClient::valid();
    let boris = server.signed_in("boris").await;
    let id = boris.create(&secret).await;
    let path = format!("/clients/{id}");

    let visitor = server.visitor();
    let page = visitor.get(&path).await.expect_status(200);
    assert!(page.asks_to_sign_in(), "{page:?}");
    assert!(!page.text().contains(secret.get("name")), "{page:?}");
    let next = html::input_value(&page.text(), "next").expect("the form knows where to go next");
    assert_eq!(next, path);

    let wrong = visitor.post_form("/login", &[("username", "anna"), ("password", "wrong"), ("next", &next)]).await;
    assert!(wrong.status < 500 && wrong.asks_to_sign_in(), "{wrong:?}");
    assert!(!matches!(wrong.status, 302 | 303), "{wrong:?}");
    assert!(html::tags(&wrong.text()).iter().any(|tag| tag.get("role") == Some("alert")), "no error shown: {wrong:?}");
    assert!(!visitor.is_signed_in().await);

    let right = visitor.post_form("/login", &[("username", "anna"), ("password", PASSWORD), ("next", &next)]).await;
    assert_eq!((right.status, right.location()), (303, path.as_str()), "{right:?}");
    assert!(visitor.get(&path).await.expect_status(200).text().contains(secret.get("name")));
    let before = server.status().await.sessions.ended_total;

    let kept = visitor.copied();
    let out = visitor.sign_out().await;
    assert_eq!(out.status, 303, "{out:?}");
    for browser in [&visitor, &kept] {
        let back = browser.get(&path).await;
        assert!(back.asks_to_sign_in() && !back.text().contains(secret.get("name")), "{back:?}");
    }
    server.signed_out(before.logout + 1).await;
}

/// D7.
async fn fragments_and_json_are_refused_with_401(engine: Engine) {
    let server = Server::on(engine).start().await;
    let id = server.signed_in("anna").await.create(&NewClient::valid()).await;
    let visitor = server.visitor();
    let json = visitor.get_json("/clients").await.expect_status(401);
    assert!(json.is_json(), "{json:?}");
    for panel in ["contacts", "deals", "activities"] {
        let answer = visitor.panel(id, panel).await.expect_status(401);
        assert!(!answer.text().contains("data-tracking-id"), "{answer:?}");
    }
    visitor.get_json("/tools/status.json").await.expect_status(401);
}

async fn an_unknown_name_and_a_wrong_password_look_the_same(engine: Engine) {
    let server = Server::on(engine).start().await;
    let mut seen = Vec::new();
    for name in ["anna", "nobody"] {
        let answer = server.visitor().try_sign_in(name, "wrong").await;
        let mut headers: Vec<_> = answer.headers.keys().map(ToString::to_string).collect();
        headers.sort();
        seen.push((answer.status, headers, comparable(&answer, name)));
    }
    assert_eq!(seen[0], seen[1]);
}

/// Whatever is typed as a name or a password, the answer is a form, never a failure.
async fn odd_names_and_passwords_are_refused_politely(engine: Engine) {
    let server = Server::on(engine).start().await;
    let long = "p".repeat(100_000);
    let cases = [
        ("", ""),
        ("anna", ""),
        ("", PASSWORD),
        ("anna' OR '1'='1", "x"),
        ("anna\0", PASSWORD),
        ("ANNA ", "x"),
        ("anna", &long),
        (&long, "x"),
        ("änna", "пароль"),
        ("anna\r\nX-Evil: 1", "x"),
    ];
    for (number, (name, password)) in cases.into_iter().enumerate() {
        let address = u8::try_from(number + 20).expect("few cases");
        let visitor = server.visitor_from([127, 0, 0, address]);
        let answer = visitor.try_sign_in(name, password).await;
        assert!(answer.status < 500 && !matches!(answer.status, 302 | 303), "{name:?}: {answer:?}");
        assert!(answer.header("x-evil").is_none());
        assert!(!visitor.is_signed_in().await);
    }
}

/// The cookie that a sign-in changes: the session's.
async fn session_cookie(server: &Server) -> String {
    let visitor = server.visitor();
    let _ = visitor.csrf_token().await;
    let before = visitor.jar().cookies();
    visitor.sign_in("vera").await;
    let after = visitor.jar().cookies();
    let changed = after.into_iter().find(|(name, value)| before.get(name) != Some(value));
    changed.expect("a sign-in sets a cookie").0
}

/// S12, with an id that an anonymous visitor has been given: the example puts a field into their session.
async fn a_session_gets_a_new_id_at_sign_in(engine: Engine) {
    let server = Server::on(engine).start().await;
    let name = session_cookie(&server).await;
    let visitor = server.visitor();
    visitor.post_form_json("/examples/mirror", &[("name", "Alice"), ("q", "x")]).await.expect_status(200);
    let mut ids = vec![visitor.jar().cookies().remove(&name).expect("an anonymous session")];
    for user in ["anna", "boris"] {
        let planted = visitor.copied();
        visitor.sign_in(user).await;
        ids.push(visitor.jar().cookies().remove(&name).expect("a session"));
        assert!(!planted.is_signed_in().await, "an id from before the sign-in of {user} is signed in");
        assert!(visitor.is_signed_in().await);
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 3, "{ids:?}");
}

async fn an_id_that_the_visitor_made_up_is_never_adopted(engine: Engine) {
    let server = Server::on(engine).start().await;
    let name = session_cookie(&server).await;
    for made_up in ["A".repeat(64), "0123456789abcdef".repeat(4)] {
        let visitor = server.visitor();
        visitor.jar().replace([(name.clone(), made_up.clone())].into());
        let planted = visitor.copied();
        visitor.sign_in("anna").await;
        assert_ne!(visitor.jar().cookies().get(&name), Some(&made_up));
        assert!(!planted.is_signed_in().await);
    }
}

/// S22: wherever `next` points, the visitor stays here.
async fn next_leads_nowhere_else(engine: Engine) {
    let server = Server::on(engine).start().await;
    let places = [
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https://evil.example/",
        "https:evil.example",
        "http:/evil.example",
        "%2f%2fevil.example",
        "\t//evil.example",
        " //evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "///evil.example",
        "javascript:alert(1)",
        "data:text/html,x",
        "evil.example",
        "@evil.example",
        "/..//evil.example",
        "/.//evil.example",
        "/%5cevil.example",
        "/\r\nLocation: https://evil.example",
    ];
    for place in places {
        let visitor = server.visitor();
        let shown = visitor.request(reqwest::Method::GET, "/login").send().await.text();
        let token = html::csrf_token(&shown).expect("a token");
        let fields = [("username", "anna"), ("password", PASSWORD), ("next", place)];
        let answer = visitor.post("/login").form_with_token(&token, &fields).send().await;
        assert_eq!(answer.status, 303, "{place:?}: {answer:?}");
        let here = reqwest::Url::parse(&format!("{}/login", visitor.base())).expect("an address");
        let target = here.join(answer.location()).unwrap_or_else(|error| panic!("{place:?}: {error} in {answer:?}"));
        assert_eq!(target.origin(), here.origin(), "{place:?} leads to {target}");
        assert!(!target.path().starts_with("//"), "{place:?} leads to {target}");
    }
}

async fn next_leads_to_a_page_of_this_site_with_its_query(engine: Engine) {
    let server = Server::on(engine).start().await;
    let visitor = server.visitor();
    let page = visitor.get("/clients?q=steel&page=2").await;
    let next = html::input_value(&page.text(), "next").expect("a next");
    assert_eq!(next, "/clients?q=steel&page=2");
    let answer = visitor.post_form("/login", &[("username", "anna"), ("password", PASSWORD), ("next", &next)]).await;
    assert_eq!(answer.location(), "/clients?q=steel&page=2");
}

/// A person who signs out on one device stays signed in on the other.
async fn signing_out_ends_one_session_only(engine: Engine) {
    let server = Server::on(engine).start().await;
    let (desk, phone) = (server.signed_in("anna").await, server.signed_in("anna").await);
    let _ = desk.sign_out().await;
    assert!(!desk.is_signed_in().await);
    assert!(phone.is_signed_in().await);
}

async fn the_own_password_is_changed_from_the_account_area(engine: Engine) {
    const OTHER: &str = "another fine secret";
    let server = Server::on(engine).start().await;
    let (desk, phone) = (server.signed_in("anna").await, server.signed_in("anna").await);
    assert!(desk.get("/").await.text().contains("href=\"/account/password\""));
    let wrong = [("current", "wrong"), ("new", OTHER), ("repeated", OTHER)];
    let refused = desk.post_form("/account/password", &wrong).await.expect_status(422);
    assert!(refused.text().contains("That is not your current password."), "{refused:?}");
    let right = [("current", PASSWORD), ("new", OTHER), ("repeated", OTHER)];
    desk.post_form("/account/password", &right).await.expect_status(303);
    assert!(desk.get("/account/password").await.text().contains("Your password has been changed."));
    assert!(!phone.is_signed_in().await);
    phone.try_sign_in("anna", PASSWORD).await.expect_status(422);
    phone.try_sign_in("anna", OTHER).await.expect_status(303);
}
