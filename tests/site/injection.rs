//! Markup and SQL typed into fields: shown, searched and stored as the text it is.

use toolcrib_tests::prelude::*;
use toolcrib_tests::random;

on_all_engines! {
    markup_in_a_field_is_text,
    markup_in_an_address_is_text,
    markup_in_a_refused_form_is_text,
    markup_in_json_is_no_page,
    sql_in_a_search_is_text,
    wildcards_in_a_search_find_themselves,
    sql_in_a_field_is_text,
}

const MARKUP: [&str; 6] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "'><svg/onload=alert(1)>",
    "</script><script>alert(1)</script>",
    "--><b id=planted>",
    "{{ 7*7 }}{% raw %}",
];

/// What a page would hold if the markup had come through.
const PLANTED: [&str; 6] =
    ["<script>alert", "<img src=x", "<svg/onload", "<b id=planted", "</script><script>alert", "\"><img"];

fn assert_inert(what: &str, page: &str) {
    for planted in PLANTED {
        assert!(!page.contains(planted), "{planted} came through in {what}: {page}");
    }
    let active = html::tags(page).into_iter().find(|tag| tag.attributes.keys().any(|name| name.starts_with("on")));
    assert!(active.is_none(), "{what}: {active:?}");
}

/// S1.
async fn markup_in_a_field_is_text(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    for markup in MARKUP {
        let mark = random::word("mark");
        let client =
            NewClient::valid().with("name", &format!("{mark}{markup}")).with("industry", markup).with("city", markup);
        let id = anna.create(&client).await;
        let paths = [
            format!("/clients?q={mark}"),
            format!("/search?q={mark}"),
            format!("/clients/{id}"),
            format!("/clients/{id}/edit"),
            format!("/clients/{id}/panels/contacts"),
            format!("/clients/{id}/panels/deals"),
            format!("/clients/{id}/panels/activities"),
        ];
        for path in paths {
            let page = anna.get(&path).await.expect_status(200).text();
            assert_inert(&path, &page);
            if !path.contains("panels") {
                assert!(html::decode(&page).contains(markup), "{path} does not show {markup:?}: {page}");
            }
        }
    }
}

async fn markup_in_an_address_is_text(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    for markup in MARKUP {
        let markup = html::percent_encoded(markup);
        for path in [
            format!("/clients?q={markup}"),
            format!("/search?q={markup}"),
            format!("/clients?sort={markup}"),
            format!("/clients?page={markup}"),
            format!("/{markup}"),
            format!("/login?next={markup}"),
            format!("/examples/mirror?q={markup}"),
        ] {
            let answer = anna.get(&path).await;
            assert!(answer.status < 500, "{path}: {answer:?}");
            assert_inert(&path, &answer.text());
        }
    }
}

/// What is typed wrongly comes back in the form, as text too.
async fn markup_in_a_refused_form_is_text(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    for markup in MARKUP {
        let wrong =
            NewClient::valid().with("name", "").with("email", markup).with("city", markup).with("website", markup);
        let page = anna.post_form("/clients", &wrong.fields()).await.expect_status(422).text();
        assert_inert("a refused form", &page);
        let page = server.visitor().try_sign_in(markup, "x").await.text();
        assert_inert("a refused sign-in", &page);
        let file = format!("Account,Name\n{markup}\n{markup},\n");
        let page = anna.import(markup, file.into_bytes()).await;
        assert!(page.status < 500, "{page:?}");
    }
}

/// S3: a JSON answer is no page.
async fn markup_in_json_is_no_page(engine: Engine) {
    let server = Server::on(engine).start().await;
    let visitor = server.visitor();
    for markup in MARKUP {
        let answer =
            visitor.post_form_json("/examples/mirror", &[("name", markup), ("q", markup)]).await.expect_status(200);
        assert!(answer.is_json() && answer.header("x-content-type-options") == Some("nosniff"), "{answer:?}");
        assert_eq!(answer.json()["q"], markup);
    }
}

/// S6.
async fn sql_in_a_search_is_text(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let before = anna.export().await;
    for typed in [
        "' OR 1=1--",
        "\"; DROP TABLE clients; --",
        "%",
        "_",
        "\\",
        "%%%",
        "qx%' --",
        "x' UNION SELECT password_hash FROM users--",
    ] {
        for path in ["/clients", "/search"] {
            let page = anna.get(&format!("{path}?q={}", html::percent_encoded(typed))).await.expect_status(200).text();
            let shown = html::linked_clients(&page);
            assert!(shown.is_empty(), "{path}?q={typed} found {shown:?}");
            assert!(!page.contains("$argon2"), "{page}");
        }
    }
    for query in ["page=1%3B--", "page=1%20OR%201=1", "dir=asc%2C(select%201)", "q=a&q=b", "q[]=a", "q=%00", "q=%ff"] {
        let answer = anna.get(&format!("/clients?{query}")).await;
        assert!(answer.status < 500, "{query}: {answer:?}");
    }
    assert_eq!(anna.export().await, before);
}

/// Wildcards are letters like any other.
async fn wildcards_in_a_search_find_themselves(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let mark = random::word("mark");
    let percent = anna.create(&NewClient::valid().with("name", &format!("{mark}100%pure"))).await;
    let _ = anna.create(&NewClient::valid().with("name", &format!("{mark}100 not pure"))).await;
    let found = html::linked_clients(&anna.get(&format!("/clients?q={mark}100%25")).await.expect_status(200).text());
    assert_eq!(found, [percent]);
    let found = html::linked_clients(&anna.get(&format!("/clients?q={mark}_00")).await.expect_status(200).text());
    assert!(found.is_empty(), "{found:?}");
}

async fn sql_in_a_field_is_text(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let name = "Robert'); DROP TABLE clients;--";
    let id = anna.create(&NewClient::valid().with("name", name).with("city", "\\' OR ''='")).await;
    let card = html::visible_text(&anna.get(&format!("/clients/{id}")).await.expect_status(200).text());
    assert!(card.contains(name), "{card}");
}
