//! What is different when the site is a real one, behind a proxy that speaks HTTPS.

use toolcrib_tests::prelude::*;

on_all_engines! {
    cookies_are_bound_to_this_host_and_to_https,
    browsers_are_told_to_stay_with_https,
    only_the_public_address_is_the_site_s_own_origin,
    there_are_no_knobs_and_nobody_to_sign_in_as,
}

/// S18.
async fn cookies_are_bound_to_this_host_and_to_https(engine: Engine) {
    let server = Server::on(engine).in_production().start().await;
    let visitor = server.visitor();
    let mut seen = visitor.get("/login").await.cookies();
    let token = visitor.csrf_token().await;
    let fields = [("name", "Alice"), ("q", "x")];
    let answer = visitor.post("/examples/mirror").accept_json().form_with_token(&token, &fields).send().await;
    seen.extend(answer.expect_status(200).cookies());
    assert!(seen.len() >= 2, "a visitor with a session has cookies: {seen:?}");
    for cookie in seen {
        assert!(cookie.name.starts_with("__Host-"), "{}", cookie.line);
        assert!(
            cookie.attributes.contains_key("secure") && cookie.attributes.contains_key("httponly"),
            "{}",
            cookie.line
        );
        assert!(!cookie.attributes.contains_key("domain"), "{}", cookie.line);
        assert_eq!(cookie.attributes.get("path").map(String::as_str), Some("/"), "{}", cookie.line);
        assert_eq!(cookie.attributes.get("samesite").map(String::as_str), Some("Lax"), "{}", cookie.line);
    }
}

/// S34.
async fn browsers_are_told_to_stay_with_https(engine: Engine) {
    let server = Server::on(engine).in_production().start().await;
    for path in ["/login", "/no/such/page"] {
        let answer = server.visitor().get(path).await;
        let transport = answer.header("strict-transport-security").unwrap_or("");
        assert!(transport.starts_with("max-age=") && transport != "max-age=0", "{path}: {answer:?}");
    }
}

/// The same host without encryption is somebody else.
async fn only_the_public_address_is_the_site_s_own_origin(engine: Engine) {
    let server = Server::on(engine).in_production().start().await;
    let visitor = server.visitor();
    let token = visitor.csrf_token().await;
    let port = server.port();
    for (origin, status) in [
        (format!("http://127.0.0.1:{port}"), 403),
        (format!("https://localhost:{port}"), 403),
        (format!("https://127.0.0.1:{}", port + 1), 403),
        (format!("https://127.0.0.1:{port}"), 200),
    ] {
        let fields = [("name", "Alice"), ("q", "x")];
        let post = visitor.copied().post("/examples/mirror").accept_json().header("origin", &origin);
        let answer = post.form_with_token(&token, &fields).send().await;
        assert_eq!(answer.status, status, "{origin}: {answer:?}");
    }
}

async fn there_are_no_knobs_and_nobody_to_sign_in_as(engine: Engine) {
    let server = Server::on(engine).in_production().start().await;
    let visitor = server.visitor();
    let answer = visitor.get_json("/examples/drill?hold_ms=5000&fail=panic").await;
    assert!(matches!(answer.status, 200 | 404) && answer.took() < Duration::from_secs(2), "{answer:?}");
    assert!(answer.header("x-page-instance").is_none(), "{answer:?}");
    for name in ["admin", "anna"] {
        let refused = visitor.try_sign_in(name, PASSWORD).await;
        assert!(!matches!(refused.status, 302 | 303) && refused.status < 500, "{refused:?}");
    }
}
