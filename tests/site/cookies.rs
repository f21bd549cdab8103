//! The session cookie.

use toolcrib_tests::prelude::*;

on_all_engines! {
    cookies_are_kept_from_scripts_and_other_sites,
    session_ids_cannot_be_guessed,
    a_malformed_cookie_is_a_new_visitor,
}

async fn cookies_are_kept_from_scripts_and_other_sites(engine: Engine) {
    let server = Server::on(engine).start().await;
    let visitor = server.visitor();
    let mut seen = visitor.get("/login").await.cookies();
    seen.extend(visitor.try_sign_in("anna", PASSWORD).await.cookies());
    seen.extend(visitor.sign_out().await.cookies());
    assert!(!seen.is_empty());
    for cookie in seen {
        let has = |name: &str| cookie.attributes.contains_key(name);
        assert!(has("httponly"), "{}", cookie.line);
        let same_site = cookie.attributes.get("samesite").map(|value| value.to_lowercase());
        assert!(matches!(same_site.as_deref(), Some("lax" | "strict")), "{}", cookie.line);
        assert_eq!(cookie.attributes.get("path").map(String::as_str), Some("/"), "{}", cookie.line);
        assert!(!has("domain"), "{}", cookie.line);
        assert!(cookie.line.len() < 4096, "{} bytes", cookie.line.len());
    }
}

/// At least 128 bits, never the same twice.
async fn session_ids_cannot_be_guessed(engine: Engine) {
    let server = Server::on(engine).start().await;
    let mut ids = Vec::new();
    for _ in 0..20 {
        let visitor = server.visitor();
        let _ = visitor.csrf_token().await;
        ids.extend(visitor.jar().cookies().into_values());
    }
    let count = ids.len();
    assert!(count >= 20, "only {count} cookies for 20 visitors");
    assert!(ids.iter().all(|id| id.len() >= 22), "{ids:?}");
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), count, "the same id twice");
}

/// A broken cookie is no cookie.
async fn a_malformed_cookie_is_a_new_visitor(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let cookies = anna.jar().cookies();
    let (name, value) = cookies.iter().next().expect("a session cookie");
    let long = "A".repeat(4000);
    let doubled = format!("{value}{value}");
    let quoted = format!("\"{value}\\");
    for broken in ["", "x", "%00", "../../etc/passwd", "' OR 1=1--", &long, &value[1..], &doubled, &quoted] {
        let visitor = server.visitor();
        visitor.jar().replace([(name.clone(), broken.to_owned())].into());
        let page = visitor.get("/clients").await;
        assert!(page.status < 500 && page.asks_to_sign_in(), "{broken:?}: {page:?}");
    }
}
