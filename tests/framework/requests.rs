//! `/tools/requests`: the latest requests, for administrators, without anything that was sent.

use serde_json::Value;
use toolcrib_tests::html;

use crate::support::prelude::*;

const PATH: &str = "/tools/requests";
const DOCUMENT: &str = "/tools/requests.json";

page!(Plain, PageInfo::new("plain", "/plain").accepts_post(), show(cx) {
    let _: i64 = db::query("SELECT COUNT(*) FROM notes").scalar(cx.read().await?).await?;
    Ok(Response::text("plain"))
});

page!(Broken, PageInfo::new("broken", "/broken"), show(_cx) { Err(PageError::other("asked to fail")) });

async fn site(settings: &str) -> (Running, Visitor) {
    let site =
        Running::start(Engine::Sqlite, settings, |site| site.app_module::<PlainApp>().page::<Plain>().page::<Broken>())
            .await;
    let admin = site.visitor();
    admin.sign_in("ada", "admin").await;
    admin.post(PATH, &[("do", "clear")]).await.expect_status(303);
    (site, admin)
}

async fn document(admin: &Visitor, query: &str) -> Value {
    admin.get_json(&format!("{DOCUMENT}{query}")).await.expect_status(200).json()
}

fn rows(document: &Value) -> &[Value] {
    document["requests"].as_array().expect("rows")
}

#[test]
fn every_request_is_a_row_with_what_became_of_it() {
    run(async {
        let (site, admin) = site("").await;
        for _ in 0..30 {
            site.visitor().get("/plain?q=1").await.expect_status(200);
        }
        let answer = site.visitor().get("/plain?q=last").await;
        site.visitor().get("/broken").await.expect_status(500);
        site.visitor().get("/nowhere").await.expect_status(404);
        site.visitor().get("/assets/toolcrib.css").await.expect_status(200);
        site.visitor().get("/healthz").await.expect_status(200);
        let all = document(&admin, "").await;
        let statuses: Vec<_> = rows(&all).iter().map(|row| row["status"].as_u64().expect("a number")).collect();
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 31, "{all}");
        assert_eq!(statuses[..2], [404, 500], "the newest first");
        let row = &rows(&all)[2];
        let told = (&row["method"], &row["url"], &row["page"], &row["attempts"], &row["statements"]);
        let expected = ("GET".into(), "/plain?q=last".into(), "plain".into(), 1.into(), 1.into());
        assert_eq!(told, (&expected.0, &expected.1, &expected.2, &expected.3, &expected.4));
        assert_eq!(row["request"].as_str(), answer.header("x-request-id"));
        assert_eq!(row["instance"].to_string(), answer.header("x-page-instance").expect("a number"));
        let figures = all["pages"].as_array().expect("pages").iter().find(|page| page["page"] == "plain");
        let figures = figures.expect("figures");
        let of = |name: &str| figures[name].as_f64().expect("a number");
        assert_eq!(figures["count"], 31);
        assert!(of("min_ms") <= of("median_ms") && of("median_ms") <= of("p95_ms") && of("p95_ms") <= of("max_ms"));

        assert_eq!(rows(&document(&admin, "?page=PLAIN").await).len(), 31);
        assert_eq!(rows(&document(&admin, "?status=4xx").await).len(), 1);
        assert_eq!(rows(&document(&admin, "?status=500&page=broken").await).len(), 1);
        assert_eq!(rows(&document(&admin, "?status=200&page=broken").await).len(), 0);
        admin.get_json(&format!("{DOCUMENT}?status=often")).await.expect_status(400);
        let text = html::visible_text(&admin.read(&format!("{PATH}?status=5xx")).await);
        assert!(text.contains("Requests [1]") && text.contains("/broken") && !text.contains("/nowhere"), "{text}");
    });
}

#[test]
fn no_more_are_kept_than_five_hundred() {
    run(async {
        let (site, admin) = site("").await;
        let visitor = site.visitor();
        for number in 0..510 {
            visitor.get(&format!("/plain?number={number}")).await.expect_status(200);
        }
        let all = document(&admin, "").await;
        assert_eq!(rows(&all).len(), 500);
        assert_eq!(
            (&rows(&all)[0]["url"], &rows(&all)[499]["url"]),
            (&"/plain?number=509".into(), &"/plain?number=10".into())
        );
        let page = admin.read(PATH).await;
        assert_eq!(page.matches("/plain?number=").count(), 200);
        assert!(html::visible_text(&page).contains("The newest 200 of 500."));
    });
}

#[test]
fn what_looks_like_a_secret_and_what_was_sent_is_not_kept() {
    run(async {
        let (site, admin) = site("").await;
        site.visitor().get("/plain?token=hunter2&q=1").await;
        site.visitor().post("/plain", &[("word", "hunter3")]).await;
        site.visitor().get("/plain?q=<script>alert(1)</script>").await;
        let document = document(&admin, "").await.to_string();
        assert!(document.contains("/plain?token=***&q=1"), "{document}");
        assert!(!document.contains("hunter"), "{document}");
        let page = admin.read(PATH).await;
        assert!(!page.contains("hunter") && !page.contains("<script>"), "{page}");
    });
}

#[test]
fn noting_can_be_paused_and_the_list_cleared() {
    run(async {
        let (site, admin) = site("").await;
        site.visitor().get("/plain").await;
        admin.post(PATH, &[("do", "pause")]).await.expect_status(303);
        site.visitor().get("/plain").await;
        let paused = document(&admin, "?page=plain").await;
        assert_eq!((rows(&paused).len(), &paused["paused"]), (1, &true.into()));
        assert!(html::visible_text(&admin.read(PATH).await).contains("Paused"));
        admin.post(PATH, &[("do", "resume")]).await.expect_status(303);
        site.visitor().get("/plain").await;
        assert_eq!(rows(&document(&admin, "?page=plain").await).len(), 2);
        admin.post(PATH, &[("do", "clear")]).await.expect_status(303);
        assert_eq!(rows(&document(&admin, "?page=plain").await).len(), 0);
        admin.post(PATH, &[("do", "nonsense")]).await.expect_status(400);
        admin.get(&format!("{PATH}?do=pause")).await.expect_status(200);
        assert_eq!(document(&admin, "").await["paused"], false, "looking changes nothing");
    });
}

#[test]
fn they_are_for_administrators_and_a_setting_turns_them_off() {
    run(async {
        let (site, _) = site("").await;
        let reader = site.visitor();
        reader.sign_in("rita", "view").await;
        for path in [PATH, DOCUMENT] {
            reader.get(path).await.expect_status(403);
        }
        reader.post(PATH, &[("do", "clear")]).await.expect_status(403);
        let beside = site.beside("tools.requests = false", |site| site.app_module::<PlainApp>().page::<Plain>()).await;
        let admin = beside.visitor();
        admin.sign_in("ada", "admin").await;
        beside.visitor().get("/plain").await;
        let silent = document(&admin, "").await;
        assert_eq!((rows(&silent).len(), &silent["kept"]), (0, &false.into()));
        assert!(html::visible_text(&admin.read(PATH).await).contains("Requests are not kept here."));
    });
}
