//! The list of clients: search, paging, sorting; and the card.

use toolcrib_tests::companies;
use toolcrib_tests::prelude::*;
use toolcrib_tests::random;

on_all_engines! {
    turning_the_pages_shows_every_client_once,
    a_page_that_is_not_there_is_the_nearest_one,
    an_unknown_order_is_the_client_s_mistake,
    search_finds_names_whatever_the_case_and_the_letters,
    turning_the_page_keeps_search_and_order,
    a_search_without_result_is_a_page_and_says_so,
    a_client_that_is_not_there_is_404,
    the_card_shows_what_was_typed,
}

/// A server with the 503 companies, and a user who sells to them.
async fn with_companies(engine: Engine) -> (Server, Client) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    anna.import("sp500.csv", companies()).await.expect_status(200);
    (server, anna)
}

async fn listed(user: &Client, query: &str) -> Vec<u64> {
    html::linked_clients(&user.get(&format!("/clients?{query}")).await.expect_status(200).text())
}

async fn turning_the_pages_shows_every_client_once(engine: Engine) {
    let (_server, anna) = with_companies(engine).await;
    let total = anna.export().await.rows.len();
    for order in ["", "&sort=account", "&sort=city", "&sort=industry"] {
        let mut seen: Vec<u64> = Vec::new();
        let mut last = Vec::new();
        for page in 1..=total {
            let shown = listed(&anna, &format!("page={page}{order}")).await;
            if shown == last {
                break;
            }
            seen.extend(&shown);
            last = shown;
        }
        assert_eq!(seen.len(), total, "sorted by {order:?}");
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), total, "sorted by {order:?}, a client is on two pages");
    }
}

/// W38.
async fn a_page_that_is_not_there_is_the_nearest_one(engine: Engine) {
    let (_server, anna) = with_companies(engine).await;
    let first = listed(&anna, "page=1").await;
    assert!(first.len() > 1);
    for odd in ["0", "-1", "abc", "", "1.5", "%27", "-9223372036854775808"] {
        assert_eq!(listed(&anna, &format!("page={odd}")).await, first, "page={odd}");
    }
    let last = listed(&anna, "page=9999999").await;
    assert!(!last.is_empty());
    assert!(last.iter().all(|id| !first.contains(id)));
    for odd in ["9223372036854775807", "99999999999999999999999"] {
        let shown = listed(&anna, &format!("page={odd}")).await;
        assert!(shown == last || shown == first, "page={odd}");
    }
}

async fn an_unknown_order_is_the_client_s_mistake(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    for sort in ["nonsense", "name;--", "name%20desc", "(select%201)", "1", "password_hash", "%00"] {
        let answer = anna.get(&format!("/clients?sort={sort}")).await;
        assert_eq!(answer.status, 400, "sort={sort}: {answer:?}");
        assert!(answer.is_html(), "{answer:?}");
    }
    for sort in ["name", "account", "city", "industry"] {
        anna.get(&format!("/clients?sort={sort}")).await.expect_status(200);
    }
}

async fn search_finds_names_whatever_the_case_and_the_letters(engine: Engine) {
    let (_server, anna) = with_companies(engine).await;
    for (typed, found) in [
        ("estée", "Estée Lauder"),
        ("ESTÉE LAUDER", "Estée Lauder"),
        ("brown–forman", "Brown–Forman"),
        ("o’reilly", "O’Reilly Automotive"),
        ("BF.B", "Brown–Forman"),
        ("saint paul", "3M"),
    ] {
        for path in ["/clients", "/search"] {
            let page = anna.get(&format!("{path}?q={}", html::percent_encoded(typed))).await.expect_status(200).text();
            assert!(html::visible_text(&page).contains(found), "{path}, {typed}: {page}");
            assert!(!html::linked_clients(&page).is_empty(), "{path}, {typed}: {page}");
        }
    }
}

/// The search text stays in the field and in the links to the other pages.
async fn turning_the_page_keeps_search_and_order(engine: Engine) {
    let (_server, anna) = with_companies(engine).await;
    let page = anna.get("/clients?q=industrials&sort=city").await.expect_status(200).text();
    assert!(html::input_values(&page, "q").contains(&"industrials".to_owned()), "{page}");
    let links = html::tags_named(&page, "a");
    let next = links.iter().filter_map(|link| link.get("href")).find(|href| href.contains("page=2"));
    let next = next.unwrap_or_else(|| panic!("no link to page 2 in {page}"));
    assert!(next.contains("q=industrials") && next.contains("sort=city"), "{next}");
}

async fn a_search_without_result_is_a_page_and_says_so(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let nothing = random::word("nothing");
    for path in ["/clients", "/search"] {
        let page = anna.get(&format!("{path}?q={nothing}")).await.expect_status(200).text();
        assert!(html::linked_clients(&page).is_empty(), "{page}");
    }
}

async fn a_client_that_is_not_there_is_404(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    for id in ["987654321", "0", "-1", "abc", "99999999999999999999", "1;--", "1%20OR%201=1"] {
        for path in [format!("/clients/{id}"), format!("/clients/{id}/edit"), format!("/clients/{id}/panels/deals")] {
            let answer = anna.get(&path).await;
            assert_eq!(answer.status, 404, "{path}: {answer:?}");
        }
    }
}

async fn the_card_shows_what_was_typed(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let client = NewClient::valid().with("name", "Ærø & Sønner \"Ltd\" <Handel> 株式会社").with("city", "Åbenrå");
    let id = anna.create(&client).await;
    let card = anna.get(&format!("/clients/{id}")).await.expect_status(200).text();
    let text = html::visible_text(&card);
    for field in ["name", "account", "industry", "city", "phone", "email"] {
        assert!(text.contains(client.get(field)), "{field} is missing in {text}");
    }
}
