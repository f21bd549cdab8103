//! Lists and what their addresses may ask: a valid page, or the visitor's mistake, never a failure (W38).

use toolcrib_tests::companies;
use toolcrib_tests::prelude::*;

on_all_engines! {
    no_address_of_a_list_fails,
    a_list_has_at_most_two_hundred_rows,
    what_is_asked_twice_counts_once,
}

const LISTS: [&str; 3] = ["/clients", "/search", "/tools/object-log"];

const ODD: [&str; 20] = [
    "",
    "0",
    "-1",
    "-0",
    "+1",
    "1.5",
    "1e9",
    "abc",
    "9999999",
    "99999999999999999999999",
    "-99999999999999999999999",
    "%00",
    "%ff",
    "%E2%80%AE",
    "%F0%9F%92%A9",
    "1%0D%0ASet-Cookie:x=1",
    "1%3BDROP%20TABLE%20clients",
    "%27%20OR%20%271%27=%271",
    "%25%5F%5C",
    "%3Cscript%3Ealert(1)%3C/script%3E",
];

async fn no_address_of_a_list_fails(engine: Engine) {
    let server = Server::on(engine).start().await;
    let admin = server.signed_in("admin").await;
    let long = "x".repeat(3000);
    let mut failed = Vec::new();
    for list in LISTS {
        for name in ["page", "size", "sort", "q", "dir", "priority", "label"] {
            for value in ODD.into_iter().chain([long.as_str()]) {
                let path = format!("{list}?{name}={value}");
                for answer in [admin.get(&path).await, admin.get_json(&path).await] {
                    if !matches!(answer.status, 200 | 400 | 404) {
                        failed.push(format!("{path}: {}", answer.status));
                    }
                    assert!(!answer.is_html() || !answer.text().contains("<script>alert"), "{path}: {answer:?}");
                }
            }
        }
        for query in ["page", "=", "&&&", "page=1&page=2&page=x", "q=a&q=b", "page[]=1", "q[a]=b", "%=%", "?", "a=1&"] {
            let answer = admin.get(&format!("{list}?{query}")).await;
            assert!(matches!(answer.status, 200 | 400), "{list}?{query}: {answer:?}");
        }
        let many = "a=1&".repeat(1_200);
        let answer = admin.get(&format!("{list}?{many}")).await;
        assert!(answer.status < 500, "{answer:?}");
    }
    assert!(failed.is_empty(), "{failed:#?}");
}

/// What a list says of itself, with the number of its rows.
async fn listed(anna: &Client, query: &str) -> (i64, i64, i64, Vec<i64>) {
    let list = anna.get_json(&format!("/clients?{query}")).await.expect_status(200).json();
    let number = |name: &str| list[name].as_i64().unwrap_or_else(|| panic!("no {name} in {list}"));
    let rows = list["clients"].as_array().unwrap_or_else(|| panic!("no clients in {list}"));
    let ids = rows.iter().filter_map(|row| row["id"].as_i64()).collect();
    (number("page"), number("pages"), number("total"), ids)
}

async fn with_companies(engine: Engine) -> (Server, Client) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    anna.import("companies.csv", companies()).await.expect_status(200);
    (server, anna)
}

async fn a_list_has_at_most_two_hundred_rows(engine: Engine) {
    let (_server, anna) = with_companies(engine).await;
    for size in ["200", "201", "503", "1000000", "99999999999999999999999"] {
        let (page, pages, total, rows) = listed(&anna, &format!("size={size}")).await;
        assert!(total > 500 && rows.len() == 200 && (page, pages) == (1, (total + 199) / 200), "size={size}");
        let shown = html::linked_clients(&anna.get(&format!("/clients?size={size}")).await.expect_status(200).text());
        assert!(shown.len() <= 200, "size={size}: {}", shown.len());
    }
    for size in ["0", "-1", "-99999999999999999999999"] {
        assert_eq!(listed(&anna, &format!("size={size}")).await.3.len(), 1, "size={size}");
    }
    let usual = listed(&anna, "").await;
    for size in ["", "abc", "1.5", "%00"] {
        assert_eq!(listed(&anna, &format!("size={size}")).await, usual, "size={size}");
    }
    // Every row once, whatever the size of a page.
    for size in [7, 200] {
        let (_, pages, total, _) = listed(&anna, &format!("size={size}")).await;
        let mut seen = Vec::new();
        for page in 1..=pages {
            seen.extend(listed(&anna, &format!("size={size}&page={page}&sort=industry")).await.3);
        }
        let count = seen.len();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!((i64::try_from(count), seen.len()), (Ok(total), count), "size={size}");
    }
}

async fn what_is_asked_twice_counts_once(engine: Engine) {
    let (_server, anna) = with_companies(engine).await;
    for (twice, once) in [
        ("page=2&page=3", "page=2"),
        ("size=10&size=200", "size=10"),
        ("sort=city&sort=name", "sort=city"),
        ("q=steel&q=bank", "q=steel"),
        ("page=x&page=2", "page=x"),
    ] {
        assert_eq!(listed(&anna, twice).await, listed(&anna, once).await, "{twice}");
    }
}
