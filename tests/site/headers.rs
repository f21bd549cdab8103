//! The headers that tell a browser what to forbid, on every kind of answer.

use std::collections::BTreeMap;

use toolcrib_tests::prelude::*;

on_all_engines! {
    every_kind_of_answer_has_the_security_headers,
    the_gate_s_own_refusals_have_them_too,
    pages_for_signed_in_users_are_never_stored,
    assets_may_be_kept,
    pages_hold_no_inline_code,
}

/// What is wrong with an answer's headers.
fn faults(answer: &Answer) -> Vec<String> {
    let mut faults = Vec::new();
    let expected = [("x-content-type-options", "nosniff"), ("cross-origin-opener-policy", "same-origin")];
    for (name, value) in expected {
        if answer.header(name) != Some(value) {
            faults.push(format!("{name}: {:?} instead of {value}", answer.header(name)));
        }
    }
    let referrer = answer.header("referrer-policy").unwrap_or("");
    if !["no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"].contains(&referrer) {
        faults.push(format!("referrer-policy: {referrer:?}"));
    }
    if answer.header("cross-origin-resource-policy").is_none() {
        faults.push("no cross-origin-resource-policy".to_owned());
    }
    for name in ["access-control-allow-origin", "x-powered-by"] {
        if answer.header(name).is_some() {
            faults.push(format!("{name} is there"));
        }
    }
    if answer.header("server").is_some_and(|server| server.contains(|letter: char| letter.is_ascii_digit())) {
        faults.push("server tells a version".to_owned());
    }
    faults.extend(policy_faults(answer.header("content-security-policy").unwrap_or("")));
    faults
}

fn policy_faults(policy: &str) -> Vec<String> {
    let parts: BTreeMap<_, _> = policy
        .split(';')
        .map(|part| part.trim().split_once(' ').unwrap_or((part.trim(), "")))
        .map(|(name, value)| (name, value.trim()))
        .collect();
    let expected = [
        ("default-src", "'self'"),
        ("object-src", "'none'"),
        ("base-uri", "'none'"),
        ("frame-ancestors", "'none'"),
        ("form-action", "'self'"),
    ];
    let mut faults: Vec<_> = expected
        .into_iter()
        .filter(|(name, value)| parts.get(name) != Some(value))
        .map(|(name, value)| format!("content-security-policy: {name} is not {value} in {policy:?}"))
        .collect();
    for loose in ["unsafe-inline", "unsafe-eval", "unsafe-hashes", "data:", "http:", "https:", "*"] {
        if policy.contains(loose) {
            faults.push(format!("content-security-policy allows {loose}: {policy:?}"));
        }
    }
    faults
}

/// One answer of every kind.
async fn every_kind(server: &Server) -> Vec<(&'static str, u16, Answer)> {
    let visitor = server.visitor();
    let anna = server.signed_in("anna").await;
    let token = anna.csrf_token().await;
    let login = visitor.get("/login").await;
    let sheet = html::tags_named(&login.text(), "link")
        .iter()
        .find(|link| link.get("rel") == Some("stylesheet"))
        .and_then(|link| link.get("href").map(str::to_owned))
        .expect("a stylesheet on the sign-in page");
    let json = anna.try_create(&NewClient::valid().with("name", "")).await;
    let created = anna.post("/clients").form_with_token(&token, &NewClient::valid().fields()).send().await;
    let id = anna.create(&NewClient::valid()).await;
    let wide = vec![b'a'; 3 << 20];
    // Each node has a drill of its own; this one's is held.
    let crowd = server.node(0).visitor();
    let holder = tokio::spawn({
        let crowd = crowd.clone();
        async move { crowd.drill("hold_ms=3000").await.status }
    });
    holds_within("the only drill is out", Duration::from_secs(2), async || {
        server.status().await.pool("drill").active == 1
    })
    .await;
    let busy = crowd.get("/examples/drill").await;
    let _ = holder.await;
    vec![
        ("a page", 200, login),
        ("a signed-in page", 200, anna.get("/").await),
        ("a panel", 200, anna.get(&format!("/clients/{id}/panels/contacts")).await),
        ("a JSON answer", 200, visitor.get_json("/examples/drill").await),
        ("a download", 200, anna.get("/clients.csv").await),
        ("the stylesheet", 200, visitor.get(&sheet).await),
        ("an unknown asset", 404, visitor.get("/assets/no-such.css").await),
        ("a probe", 200, visitor.get("/healthz").await),
        ("a redirect", 303, created),
        ("a refused form", 403, anna.post("/clients").form(&[]).send().await),
        ("an anonymous JSON request", 401, visitor.get_json("/clients").await),
        ("an unknown page", 404, visitor.get("/no/such/page").await),
        ("an unknown client", 404, anna.get("/clients/987654321").await),
        (
            "a wrong method",
            405,
            anna.request(reqwest::Method::PUT, "/login").header("x-csrf-token", &token).send().await,
        ),
        ("a body too large", 413, anna.post("/clients").body("application/x-www-form-urlencoded", wide).send().await),
        ("a form with errors", 422, json),
        ("a page that failed", 500, visitor.get("/examples/drill?fail=error").await),
        ("a page that panicked", 500, visitor.get("/examples/drill?fail=panic").await),
        ("a page out of reach", 503, busy),
    ]
}

async fn every_kind_of_answer_has_the_security_headers(engine: Engine) {
    let server = Server::on(engine)
        .setting("PAGES__DRILL__MAX", 1)
        .setting("PAGES__DRILL__QUEUE_TIMEOUT_MS", 0)
        .panics_expected()
        .start_watched()
        .await;
    let mut complaints = Vec::new();
    for (kind, status, answer) in every_kind(&server).await {
        if answer.status != status {
            complaints.push(format!("{kind}: status {} instead of {status}", answer.status));
        }
        if answer.header("x-request-id").is_none() {
            complaints.push(format!("{kind}: no request id"));
        }
        complaints.extend(faults(&answer).into_iter().map(|fault| format!("{kind}: {fault}")));
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

/// What a refusal by the gate itself looks like, before any page is known.
async fn the_gate_s_own_refusals_have_them_too(engine: Engine) {
    let server = Server::on(engine).start().await;
    let mut wire = server.wire().await;
    wire.send("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n").await;
    let answer = wire.answer(Duration::from_secs(5)).await.expect("an answer");
    for name in ["content-security-policy", "x-content-type-options", "referrer-policy", "x-request-id"] {
        assert!(answer.header(name).is_some(), "no {name} in {answer:?}");
    }
}

async fn pages_for_signed_in_users_are_never_stored(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let id = anna.create(&NewClient::valid()).await;
    let paths = [
        "/".to_owned(),
        "/clients".to_owned(),
        "/clients/new".to_owned(),
        "/clients.csv".to_owned(),
        "/search?q=a".to_owned(),
        format!("/clients/{id}"),
        format!("/clients/{id}/edit"),
        format!("/clients/{id}/panels/contacts"),
        format!("/clients/{id}/panels/deals"),
        format!("/clients/{id}/panels/activities"),
    ];
    for path in paths {
        let page = anna.get(&path).await.expect_status(200);
        let control = page.header("cache-control").unwrap_or("");
        assert!(control.contains("no-store"), "{path}: {page:?}");
    }
}

/// Assets are named by their content, so browsers may keep them.
async fn assets_may_be_kept(engine: Engine) {
    let server = Server::on(engine).start().await;
    let visitor = server.visitor();
    let login = visitor.get("/login").await.text();
    let mut assets = Vec::new();
    for tag in html::tags(&login) {
        let address = match tag.name.as_str() {
            "link" => tag.get("href"),
            "script" | "img" => tag.get("src"),
            _ => None,
        };
        assets.extend(address.map(str::to_owned));
    }
    assert!(!assets.is_empty(), "{login}");
    for asset in assets {
        assert!(asset.starts_with('/') && !asset.starts_with("//"), "{asset} is not of this site");
        let answer = visitor.get(&asset).await.expect_status(200);
        assert!(answer.header("cache-control").is_some_and(|control| control.contains("max-age")), "{answer:?}");
        assert!(answer.cookies().is_empty(), "{answer:?}");
    }
}

/// No inline script or style anywhere, since the policy forbids them and they would only break.
async fn pages_hold_no_inline_code(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let id = anna.create(&NewClient::valid()).await;
    for path in ["/", "/clients", "/clients/new", &format!("/clients/{id}"), &format!("/clients/{id}/edit"), "/no/such"]
    {
        let page = anna.get(path).await.text();
        for tag in html::tags(&page) {
            let inline = tag.attributes.keys().any(|name| name == "style" || name.starts_with("on"));
            let bare = tag.name == "style" || (tag.name == "script" && tag.get("src").is_none());
            let island = tag.get("type") == Some("application/json");
            assert!(!inline && (!bare || island), "{path}: {tag:?}");
        }
    }
}
