//! Which page answers which address and which method.

use reqwest::Method;
use toolcrib_tests::prelude::*;

on_all_engines! {
    a_page_answers_whatever_the_case_and_with_a_slash_at_the_end,
    the_root_is_the_home_desk,
    an_unknown_page_is_a_404_page,
    a_method_that_a_page_has_not_is_405_and_says_which_it_has,
    head_is_get_without_the_body,
    a_method_is_what_the_request_line_says,
    alive_and_ready_are_said_to_everybody,
    every_answer_has_a_request_id_of_its_own,
}

/// W21.
async fn a_page_answers_whatever_the_case_and_with_a_slash_at_the_end(engine: Engine) {
    let server = Server::on(engine).start().await;
    let visitor = server.visitor();
    for path in ["/examples/drill", "/examples/drill/", "/EXAMPLES/Drill", "/Examples/DRILL/"] {
        visitor.get_json(path).await.expect_status(200);
    }
    assert_eq!(server.status().await.pool("drill").uses_total, 4);
}

async fn the_root_is_the_home_desk(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let page = anna.get("/").await.expect_status(200);
    assert!(page.is_html() && !page.asks_to_sign_in(), "{page:?}");
}

async fn an_unknown_page_is_a_404_page(engine: Engine) {
    let server = Server::on(engine).start().await;
    let visitor = server.visitor();
    for path in ["/no/such/page", "/clients.txt", "/%00", "/%ff%fe", "/../../etc/passwd", "/assets/../Cargo.toml"] {
        let page = visitor.get(path).await;
        assert!(matches!(page.status, 400 | 404), "{path}: {page:?}");
        assert!(page.is_html(), "{path}: {page:?}");
    }
    let page = visitor.get("/no/such/page").await.expect_status(404);
    assert!(page.text().contains("<html"), "{page:?}");
    assert!(visitor.get_json("/no/such/page").await.expect_status(404).is_json());
}

async fn a_method_that_a_page_has_not_is_405_and_says_which_it_has(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let token = anna.csrf_token().await;
    let cases = [
        (Method::PUT, "/login", "GET"),
        (Method::DELETE, "/login", "POST"),
        (Method::PATCH, "/clients", "POST"),
        (Method::POST, "/search", "GET"),
        (Method::POST, "/clients.csv", "GET"),
        (Method::GET, "/logout", "POST"),
        (Method::HEAD, "/logout", "POST"),
    ];
    for (method, path, allowed) in cases {
        let answer = anna.request(method.clone(), path).header("x-csrf-token", &token).send().await;
        assert_eq!(answer.status, 405, "{method} {path}: {answer:?}");
        let allow = answer.header("allow").unwrap_or_else(|| panic!("{method} {path}: no Allow in {answer:?}"));
        let mut allow = allow.split(',').map(str::trim);
        assert!(allow.clone().any(|name| name == allowed), "{method} {path}: {answer:?}");
        assert!(!allow.any(|name| name == method.as_str()), "{method} {path}: {answer:?}");
    }
    assert!(anna.is_signed_in().await, "GET /logout signed the visitor out");
}

async fn head_is_get_without_the_body(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    for path in ["/", "/clients", "/clients.csv", "/no/such/page", "/healthz", "/examples/drill"] {
        let (head, get) = (anna.head(path).await, anna.get(path).await);
        assert_eq!(head.status, get.status, "{path}: {head:?}");
        assert_eq!(head.header("content-type"), get.header("content-type"), "{path}: {head:?}");
        assert!(head.body.is_empty(), "{path}: {head:?}");
    }
}

/// Nothing is changed by a GET that pretends to be something else.
async fn a_method_is_what_the_request_line_says(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let client = NewClient::valid();
    let id = anna.create(&client).await;
    for header in ["x-http-method-override", "x-http-method", "x-method-override"] {
        let _ = anna
            .request(Method::GET, &format!("/clients/{id}?_method=POST&name=Overridden"))
            .header(header, "POST")
            .send()
            .await;
    }
    let _ = anna.request(Method::GET, "/logout?_method=POST").header("x-http-method-override", "POST").send().await;
    assert!(anna.is_signed_in().await);
    let page = anna.get(&format!("/clients/{id}")).await.expect_status(200).text();
    assert!(page.contains(client.get("name")) && !page.contains("Overridden"), "{page}");
}

async fn alive_and_ready_are_said_to_everybody(engine: Engine) {
    let server = Server::on(engine).start().await;
    let visitor = server.visitor();
    for path in ["/healthz", "/readyz"] {
        let answer = visitor.get(path).await.expect_status(200);
        assert!(answer.cookies().is_empty(), "a probe was given a session: {answer:?}");
    }
}

async fn every_answer_has_a_request_id_of_its_own(engine: Engine) {
    let server = Server::on(engine).start().await;
    let visitor = server.visitor();
    let mut seen = Vec::new();
    for path in ["/login", "/login", "/no/such/page", "/healthz", "/examples/drill", "/clients", "/"] {
        let answer = visitor.get(path).await;
        let id = answer.header("x-request-id").unwrap_or_else(|| panic!("{path}: {answer:?}")).to_owned();
        assert!(id.len() >= 8 && !seen.contains(&id), "{path}: {id:?} after {seen:?}");
        seen.push(id);
    }
}
