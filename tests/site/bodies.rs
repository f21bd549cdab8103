//! Bodies that are too large, too slow or not what they say.

use toolcrib_tests::prelude::*;

on_all_engines! {
    a_form_larger_than_allowed_is_413,
    a_huge_upload_is_413_by_its_head,
    a_huge_upload_of_unknown_length_is_cut_off,
    slow_requests_are_ended,
    a_slow_body_holds_no_instance,
    a_body_that_is_no_form_is_a_client_s_mistake,
}

/// By when the server must have lost its patience with a body, and with a head.
const BODY: Duration = Duration::from_secs(15);
const HEAD: Duration = Duration::from_secs(5);
/// For the machine's sake.
const SLACK: Duration = Duration::from_secs(2);

async fn a_form_larger_than_allowed_is_413(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let client = NewClient::valid();
    let notes = "n".repeat(3 << 20);
    let token = anna.csrf_token().await;
    let mut fields = client.fields();
    fields.push(("notes", &notes));
    let answer = anna.post("/clients").form_with_token(&token, &fields).send().await;
    assert_eq!(answer.status, 413, "{answer:?}");
    assert_eq!(anna.export().await.count(client.account()), 0);
}

/// Two hundred megabytes: refused by what the head says, long before they are all there.
async fn a_huge_upload_is_413_by_its_head(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let before = anna.export().await;
    let mut wire = server.wire().await;
    let head = format!(
        "POST /import HTTP/1.1\r\nHost: {}\r\nCookie: {}\r\nAccept: text/html\r\n\
         Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {}\r\n\r\n",
        wire.host(),
        anna.jar().header().expect("a session"),
        200_u32 << 20
    );
    wire.send(head).await;
    let answer = wire.answer(Duration::from_secs(10)).await.expect("an answer");
    assert_eq!(answer.status, 413, "{answer:?}");
    assert_eq!(anna.export().await, before);
}

/// The same without a length: the server counts what arrives.
async fn a_huge_upload_of_unknown_length_is_cut_off(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let token = anna.csrf_token().await;
    let before = anna.export().await;
    let mut wire = server.wire().await;
    let head = format!(
        "POST /import HTTP/1.1\r\nHost: {}\r\nCookie: {}\r\nX-CSRF-Token: {token}\r\nAccept: text/html\r\n\
         Content-Type: multipart/form-data; boundary=b\r\nTransfer-Encoding: chunked\r\n\r\n",
        wire.host(),
        anna.jar().header().expect("a session"),
    );
    wire.send(head).await;
    let part = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"big.csv\"\r\n\r\nSymbol,Security\r\n";
    wire.send(format!("{:x}\r\n{part}\r\n", part.len())).await;
    let rows = "AAA,Some company\r\n".repeat(1 << 16);
    let chunk = format!("{:x}\r\n{rows}\r\n", rows.len());
    let mut sent = 0;
    // The answer comes long before the end, and what is sent after it may be refused.
    while sent < 200 << 20 && !wire.has_answer().await && wire.send(&chunk).await {
        sent += rows.len();
    }
    assert!(sent < 64 << 20, "the server took {sent} bytes before it answered");
    if let Some(answer) = wire.answer(Duration::from_secs(10)).await {
        assert_eq!(answer.status, 413, "{answer:?}");
    }
    assert_eq!(anna.export().await, before);
}

/// One connection stalls in the head, one in the body, one sends a byte now and then. Time is what is tested.
async fn slow_requests_are_ended(engine: Engine) {
    let server = Server::on(engine).start().await;
    let host = format!("Host: 127.0.0.1:{}\r\n", server.port());
    let body = format!(
        "POST /login HTTP/1.1\r\n{host}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\nusername=a"
    );

    let mut head = server.wire().await;
    head.send(format!("GET /login HTTP/1.1\r\n{host}")).await;
    let head = tokio::spawn(async move {
        let started = Instant::now();
        (head.answer(HEAD + SLACK).await, started.elapsed())
    });
    let mut stalled = server.wire().await;
    stalled.send(&body).await;
    let stalled = tokio::spawn(async move {
        let started = Instant::now();
        (stalled.answer(BODY + SLACK).await, started.elapsed())
    });
    let mut trickle = server.wire().await;
    trickle.send(&body).await;
    let trickle = tokio::spawn(async move {
        let started = Instant::now();
        loop {
            trickle.send("x").await;
            if let Some(answer) = trickle.answer(Duration::from_secs(1)).await {
                return (Some(answer), started.elapsed());
            }
            if started.elapsed() > BODY + SLACK {
                return (None, started.elapsed());
            }
        }
    });

    let (answer, took) = head.await.expect("the task ends");
    let answer = answer.unwrap_or_else(|| panic!("a stalled head was not answered within {took:?}"));
    assert_eq!(answer.status, 408, "{answer:?}");
    for (what, task) in [("a stalled body", stalled), ("a trickling body", trickle)] {
        let (answer, took) = task.await.expect("the task ends");
        let answer = answer.unwrap_or_else(|| panic!("{what} was not answered within {took:?}"));
        assert_eq!(answer.status, 408, "{what}: {answer:?}");
    }
}

/// No instance is taken before the body is there.
async fn a_slow_body_holds_no_instance(engine: Engine) {
    let server = Server::on(engine).setting("PAGES__DRILL__MAX", 1).start().await;
    let visitor = server.visitor();
    let token = visitor.csrf_token().await;
    let mut slow = server.wire().await;
    let head = format!(
        "POST /examples/drill HTTP/1.1\r\nHost: {}\r\nCookie: {}\r\nX-CSRF-Token: {token}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 50\r\n\r\nset=",
        slow.host(),
        visitor.jar().header().expect("a session"),
    );
    slow.send(head).await;
    for _ in 0..5 {
        let drill = visitor.drill("").await;
        assert_eq!(drill.status, 200, "{:?}", drill.answer);
        assert!(drill.took() < Duration::from_secs(1), "{:?}", drill.answer);
    }
}

async fn a_body_that_is_no_form_is_a_client_s_mistake(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let token = anna.csrf_token().await;
    let bodies: [(&str, &[u8]); 5] = [
        ("application/json", b"{\"name\":\"x\"}"),
        ("application/x-www-form-urlencoded", b"%ff%fe=%zz&name"),
        ("multipart/form-data", b"no boundary"),
        ("multipart/form-data; boundary=b", b"--b\r\nbroken"),
        ("text/plain", b"hello"),
    ];
    for path in ["/clients", "/import", "/login"] {
        for (kind, body) in bodies {
            let answer = anna.post(path).header("x-csrf-token", &token).body(kind, body.to_vec()).send().await;
            assert!((300..500).contains(&answer.status), "{path} with {kind}: {answer:?}");
        }
    }
}
