//! Whose name the request was sent to.

use toolcrib_tests::prelude::*;

on_all_engines! {
    a_foreign_host_is_refused,
    an_address_that_names_another_host_is_refused,
    its_own_names_are_accepted,
    a_forwarded_host_is_not_believed,
    smuggled_requests_are_not_answered,
}

const SOON: Duration = Duration::from_secs(5);

async fn a_foreign_host_is_refused(engine: Engine) {
    let server = Server::on(engine).start().await;
    let port = server.port();
    let refused = [
        "Host: evil.example\r\n".to_owned(),
        format!("Host: evil.example:{port}\r\n"),
        format!("Host: 127.0.0.1.evil.example:{port}\r\n"),
        format!("Host: evil.example@127.0.0.1:{port}\r\n"),
        format!("Host: 127.0.0.1:{port}@evil.example\r\n"),
        format!("Host: 127.0.0.1:{port}\r\nHost: evil.example\r\n"),
        format!("Host: evil.example\r\nHost: 127.0.0.1:{port}\r\n"),
        "Host: \r\n".to_owned(),
        String::new(),
        format!("Host: evil.example\r\nX-Forwarded-Host: 127.0.0.1:{port}\r\n"),
    ];
    for headers in refused {
        let mut wire = server.wire().await;
        wire.send(format!("GET /login HTTP/1.1\r\n{headers}\r\n")).await;
        let answer = wire.answer(SOON).await.unwrap_or_else(|| panic!("no answer to {headers:?}"));
        assert!(matches!(answer.status, 400 | 421), "{headers:?}: {answer:?}");
        assert!(!answer.body.contains("evil.example"), "{headers:?}: {answer:?}");
    }
}

async fn an_address_that_names_another_host_is_refused(engine: Engine) {
    let server = Server::on(engine).start().await;
    let mut wire = server.wire().await;
    let request = format!("GET http://evil.example/login HTTP/1.1\r\nHost: {}\r\n\r\n", wire.host());
    wire.send(request).await;
    let answer = wire.answer(SOON).await.expect("an answer");
    assert!(matches!(answer.status, 400 | 421), "{answer:?}");
}

async fn its_own_names_are_accepted(engine: Engine) {
    let server = Server::on(engine).start().await;
    let port = server.port();
    for host in [format!("127.0.0.1:{port}"), format!("localhost:{port}"), format!("LOCALHOST:{port}")] {
        let mut wire = server.wire().await;
        wire.send(format!("GET /login HTTP/1.1\r\nHost: {host}\r\nAccept: text/html\r\n\r\n")).await;
        let answer = wire.answer(SOON).await.expect("an answer");
        assert_eq!(answer.status, 200, "{host}: {answer:?}");
    }
}

/// A forwarded host changes no link and no redirect.
async fn a_forwarded_host_is_not_believed(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let client = NewClient::valid();
    let token = anna.csrf_token().await;
    let saved = anna
        .post("/clients")
        .header("x-forwarded-host", "evil.example")
        .header("forwarded", "host=evil.example")
        .form_with_token(&token, &client.fields())
        .send()
        .await;
    assert_eq!(saved.status, 303, "{saved:?}");
    assert!(!saved.location().contains("evil"), "{saved:?}");
    let page = anna.request(reqwest::Method::GET, "/clients").header("x-forwarded-host", "evil.example").send().await;
    assert!(!page.text().contains("evil.example"), "{page:?}");
}

/// Malformed framing gets 400 and the end of the connection, never a second answer.
async fn smuggled_requests_are_not_answered(engine: Engine) {
    let server = Server::on(engine).start().await;
    let host = format!("Host: 127.0.0.1:{}\r\n", server.port());
    let hidden = format!("GET /login HTTP/1.1\r\n{host}X-Hidden: yes\r\n\r\n");
    let length = hidden.len();
    let malformed = [
        format!(
            "POST /login HTTP/1.1\r\n{host}Content-Length: {length}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{hidden}"
        ),
        format!("POST /login HTTP/1.1\r\n{host}Content-Length: 0\r\nContent-Length: {length}\r\n\r\n{hidden}"),
        format!("POST /login HTTP/1.1\r\n{host}Transfer-Encoding: chunked, x\r\n\r\n0\r\n\r\n{hidden}"),
        format!("POST /login HTTP/1.1\r\n{host}Content-Length: -1\r\n\r\n{hidden}"),
        format!("POST /login HTTP/1.1\r\n{host}Content-Length: 0x0\r\n\r\n{hidden}"),
        format!("GET /login HTTP/1.1\r\n{host}A : b\r\n\r\n"),
        format!("GET /login\x01 HTTP/1.1\r\n{host}\r\n"),
    ];
    for request in malformed {
        let mut wire = server.wire().await;
        wire.send(&request).await;
        let all = wire.everything(Duration::from_secs(2)).await;
        let answers = all.matches("HTTP/1.1 ").count();
        assert!(answers <= 1, "{answers} answers to {request:?}:\n{all}");
        assert!(answers == 0 || all.starts_with("HTTP/1.1 4"), "{request:?}:\n{all}");
    }
}
