//! The list of clients: what it is narrowed to, saved views, tags, and many clients at once.

use toolcrib_tests::prelude::*;
use toolcrib_tests::random;

on_all_engines! {
    a_list_shows_what_its_filters_mean,
    a_view_is_saved_shown_renamed_and_removed,
    somebody_elses_view_is_not_there,
    many_clients_are_changed_in_one_go,
    thirty_two_identical_changes_are_one,
    somebody_elses_private_clients_are_not_touched,
    a_viewer_changes_nothing,
    a_file_has_what_the_list_shows,
    tags_are_added_renamed_merged_and_removed,
}

/// A client with a city of its own.
async fn client_in(user: &Client, city: &str) -> u64 {
    user.create(&NewClient::valid().with("city", city)).await
}

async fn total(user: &Client, query: &str) -> i64 {
    user.get_json(&format!("/clients?{query}")).await.expect_status(200).json()["total"].as_i64().expect("a number")
}

fn ids(ids: &[u64]) -> Vec<(&'static str, String)> {
    ids.iter().map(|id| ("ids", id.to_string())).collect()
}

async fn bulk(user: &Client, ids: &[(&'static str, String)], more: &[(&str, &str)]) -> Answer {
    let mut fields: Vec<(&str, &str)> = ids.iter().map(|(name, id)| (*name, id.as_str())).collect();
    fields.extend_from_slice(more);
    user.post_form_json("/clients/bulk", &fields).await
}

async fn a_list_shows_what_its_filters_mean(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let city = random::word("City");
    let chosen = [client_in(&anna, &city).await, client_in(&anna, &city).await, client_in(&anna, &city).await];
    let tag = random::word("tag");
    bulk(&anna, &ids(&chosen[..2]), &[("do", "tag"), ("tag", &tag)]).await.expect_status(200);
    bulk(&anna, &ids(&chosen[..1]), &[("do", "owner"), ("owner", "me")]).await.expect_status(200);
    bulk(&anna, &ids(&chosen[1..]), &[("do", "owner"), ("owner", "none")]).await.expect_status(200);

    assert_eq!(total(&anna, &format!("city={city}")).await, 3);
    assert_eq!(total(&anna, &format!("city={city}&owner=me")).await, 1);
    assert_eq!(total(&anna, &format!("city={city}&owner=none")).await, 2);
    assert_eq!(total(&anna, &format!("city={city}&private=yes")).await, 0);
    assert_eq!(total(&anna, &format!("city={city}&industry=Testing&private=no&q={city}")).await, 3);
    assert_eq!(total(&anna, &format!("city={city}&industry=Nothing")).await, 0);

    let page = anna.get(&format!("/clients?city={city}&owner=none&sort=-owner")).await.expect_status(200).text();
    let off = |tag: &html::Tag| tag.get("href") == Some(format!("/clients?city={city}&sort=-owner").as_str());
    assert!(html::tags_named(&page, "a").iter().any(off), "{page}");
    let tagged = html::tags_named(&page, "a")
        .iter()
        .find_map(|tag| tag.get("href").filter(|href| href.starts_with("/clients?tag=")).map(str::to_owned));
    let tagged = tagged.expect("a link to the tag");
    assert_eq!(total(&anna, tagged.trim_start_matches("/clients?")).await, 2);
    assert_eq!(total(&anna, "owner=%00&tag=x&private=perhaps&industry=%0A").await, total(&anna, "").await);
}

async fn a_view_is_saved_shown_renamed_and_removed(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let fields = [("name", "Bonn & others"), ("query", "city=Bonn&evil=1&sort=-city"), ("shared", "true")];
    let saved = anna.post_form("/clients/views", &fields).await;
    assert_eq!((saved.status, saved.location()), (303, "/clients?city=Bonn&sort=-city"), "{saved:?}");
    anna.post_form_json("/clients/views", &fields).await.expect_status(422);
    anna.post_form_json("/clients/views", &[("name", " ")]).await.expect_status(422);

    let boris = server.signed_in("boris").await;
    let page = html::visible_text(&boris.get("/clients").await.text());
    assert!(page.contains("Bonn & others"), "{page}");

    let views = anna.get_json("/clients/views").await.json();
    let path = format!("/clients/views/{}", views["views"][0]["id"]);
    let renamed = [("_action", "save"), ("name", "Rhineland"), ("version", "1")];
    anna.post_form_json(&path, &renamed).await.expect_status(200);
    assert!(!html::visible_text(&boris.get("/clients").await.text()).contains("Bonn & others"));
    anna.post_form(&path, &[("_action", "remove"), ("version", "2")]).await.expect_status(303);
    anna.get(&path).await.expect_status(404);
}

async fn somebody_elses_view_is_not_there(engine: Engine) {
    let server = Server::on(engine).start().await;
    let (anna, boris) = (server.signed_in("anna").await, server.signed_in("boris").await);
    anna.post_form_json("/clients/views", &[("name", "Mine alone"), ("query", "owner=me")]).await.expect_status(200);
    let id = anna.get_json("/clients/views").await.json()["views"][0]["id"].clone();
    for path in [format!("/clients/views/{id}"), "/clients/views/987654".to_owned()] {
        boris.get(&path).await.expect_status(404);
        boris.post_form(&path, &[("_action", "remove"), ("version", "1")]).await.expect_status(404);
        boris.post_form(&path, &[("_action", "save"), ("name", "His"), ("version", "1")]).await.expect_status(404);
    }
    assert!(!html::visible_text(&boris.get("/clients").await.text()).contains("Mine alone"));
    anna.get(&format!("/clients/views/{id}")).await.expect_status(200);
}

async fn many_clients_are_changed_in_one_go(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let city = random::word("City");
    let mut made = Vec::new();
    for _ in 0..30 {
        made.push(client_in(&anna, &city).await);
    }
    let query = format!("city={city}");
    // All that were found, though the form ticks none.
    let all = [("all", "1"), ("query", query.as_str())];
    let tagged = bulk(&anna, &[], &[all[0], all[1], ("do", "tag"), ("tag", "Fair")]).await.expect_status(200).json();
    assert_eq!(tagged["changed"], 30, "{tagged}");
    let again = bulk(&anna, &[], &[all[0], all[1], ("do", "tag"), ("tag", "FAIR")]).await.expect_status(200).json();
    assert_eq!(again["changed"], 0, "{again}");

    let before = anna.version_of(made[0]).await;
    let fields = [("ids", made[0].to_string()), ("ids", made[1].to_string())];
    let given = bulk(&anna, &fields, &[("do", "owner"), ("owner", "me")]).await.expect_status(200).json();
    assert_eq!(given["changed"], 2, "{given}");
    assert_ne!(anna.version_of(made[0]).await, before, "whoever edits it now must be told");

    let first = made[0].to_string();
    let sent = [("ids", first.as_str()), ("do", "owner"), ("owner", "none"), ("query", &query)];
    let page = anna.post_form("/clients/bulk", &sent).await;
    assert_eq!((page.status, page.location()), (303, format!("/clients?{query}").as_str()), "{page:?}");
    let shown = html::visible_text(&anna.get(page.location()).await.text());
    assert!(shown.contains("1 client is now nobody’s"), "{shown}");

    for refused in [
        &[("do", "owner"), ("owner", "me")][..],
        &[("ids", "1"), ("do", "owner"), ("owner", "99999")],
        &[("ids", "1"), ("do", "owner"), ("owner", "")],
        &[("ids", "1"), ("do", "tag"), ("tag", " , ")],
        &[("ids", "1"), ("do", "tag"), ("tag", "a,b")],
        &[("ids", "1"), ("do", "untag"), ("tag", "never heard of")],
        &[("ids", "987654"), ("do", "tag"), ("tag", "x")],
    ] {
        bulk(&anna, &[], refused).await.expect_status(422);
    }
    bulk(&anna, &[], &[("ids", "1"), ("do", "drop")]).await.expect_status(400);
    bulk(&anna, &[], &[("ids", "x"), ("do", "tag"), ("tag", "x")]).await.expect_status(400);
}

async fn thirty_two_identical_changes_are_one(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let token = anna.csrf_token().await;
    let made = [anna.create(&NewClient::valid()).await, anna.create(&NewClient::valid()).await];
    let tag = random::word("tag");
    for what in
        [vec![("do", "tag".to_owned()), ("tag", tag)], vec![("do", "owner".to_owned()), ("owner", "none".to_owned())]]
    {
        // Both have an owner before.
        bulk(&anna, &ids(&made), &[("do", "owner"), ("owner", "me")]).await.expect_status(200);
        let answers = all_at_once(32, |_| {
            let (anna, token, what) = (anna.clone(), token.clone(), what.clone());
            let ids = ids(&made);
            async move {
                let mut fields: Vec<(&str, &str)> = ids.iter().map(|(name, id)| (*name, id.as_str())).collect();
                fields.extend(what.iter().map(|(name, value)| (*name, value.as_str())));
                anna.post("/clients/bulk").accept_json().form_with_token(&token, &fields).send().await
            }
        })
        .await;
        let changed: i64 = answers
            .iter()
            .map(|answer| {
                assert_eq!(answer.status, 200, "{answer:?}");
                answer.json()["changed"].as_i64().expect("a number")
            })
            .sum();
        assert_eq!(changed, 2, "{what:?}");
    }
}

async fn somebody_elses_private_clients_are_not_touched(engine: Engine) {
    let server = Server::on(engine).start().await;
    let (anna, boris) = (server.signed_in("anna").await, server.signed_in("boris").await);
    let city = random::word("City");
    let (hers, open) = (client_in(&anna, &city).await, client_in(&anna, &city).await);
    let sql = format!(
        "UPDATE clients SET private = TRUE, owner_id = (SELECT id FROM toolcrib_users WHERE name = 'anna') WHERE id = {hers} RETURNING id"
    );
    server.database().number(&sql).await;
    let query = format!("city={city}");
    assert_eq!((total(&anna, &query).await, total(&boris, &query).await), (2, 1));
    for chosen in [vec![("all", "1".to_owned()), ("query", query.clone())], ids(&[hers, open])] {
        let tag = random::word("tag");
        let tagged = bulk(&boris, &chosen, &[("do", "tag"), ("tag", &tag)]).await.expect_status(200).json();
        assert_eq!(tagged["changed"], 1, "{tagged}");
    }
    bulk(&boris, &ids(&[hers]), &[("do", "tag"), ("tag", "x")]).await.expect_status(422);
    let file = boris.get(&format!("/clients.csv?{query}")).await.expect_status(200).text();
    assert_eq!(file.matches(&city).count(), 1, "{file}");
    assert_eq!(anna.get(&format!("/clients.csv?{query}")).await.text().matches(&city).count(), 2);
    let page = boris.get(&format!("/clients?{query}")).await.text();
    assert!(!page.contains(&format!("/clients/{hers}\"")), "{page}");
    // A private client keeps its owner, for whom alone it is there.
    let given = bulk(&anna, &ids(&[hers, open]), &[("do", "owner"), ("owner", "none")]).await.expect_status(200).json();
    assert!(given["message"].as_str().is_some_and(|text| text.contains("keep their owner")), "{given}");
    assert_eq!(total(&anna, &query).await, 2);
}

async fn a_viewer_changes_nothing(engine: Engine) {
    let server = Server::on(engine).start().await;
    let vera = server.signed_in("vera").await;
    let page = vera.get("/clients").await.expect_status(200).text();
    assert!(!html::has_input(&page, "ids") && !html::has_input(&page, "all"), "{page}");
    bulk(&vera, &ids(&[1]), &[("do", "tag"), ("tag", "x")]).await.expect_status(403);
    vera.get("/tags").await.expect_status(403);
    vera.post_form("/tags", &[("name", "x")]).await.expect_status(403);
    server.signed_in("anna").await.get("/tags").await.expect_status(403);
    // A view of one's own is nobody else's business; showing it to all is.
    vera.post_form_json("/clients/views", &[("name", "Mine"), ("query", "owner=me")]).await.expect_status(200);
    vera.post_form_json("/clients/views", &[("name", "All"), ("shared", "true")]).await.expect_status(403);
}

async fn a_file_has_what_the_list_shows(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let city = random::word("City");
    let client = NewClient::valid().with("city", &city).with("name", "=1+1");
    anna.create(&client).await;
    anna.create(&NewClient::valid()).await;
    let file = anna.get(&format!("/clients.csv?city={city}&sort=-name")).await.expect_status(200).text();
    let lines: Vec<&str> = file.lines().collect();
    assert_eq!(lines.len(), 2, "{file}");
    assert!(lines[0].starts_with("Account,Name,Industry") && lines[1].contains("\"'=1+1\""), "{file}");
    let all = anna.get("/clients.csv").await.expect_status(200).text();
    assert_eq!(i64::try_from(all.lines().count()).expect("few") - 1, total(&anna, "").await);
}

async fn tags_are_added_renamed_merged_and_removed(engine: Engine) {
    let server = Server::on(engine).start().await;
    let (admin, anna) = (server.signed_in("admin").await, server.signed_in("anna").await);
    let id = anna.create(&NewClient::valid()).await;
    let id_of = |tags: &serde_json::Value, name: &str| {
        let tags = tags["tags"].as_array().expect("a list");
        tags.iter().find(|tag| tag["name"] == name).map(|tag| (tag["id"].to_string(), tag["clients"].clone()))
    };
    admin.post_form("/tags", &[("name", "Überseehafen")]).await.expect_status(303);
    admin.post_form_json("/tags", &[("name", "ÜBERSEEHAFEN")]).await.expect_status(422);
    admin.post_form_json("/tags", &[("name", "a, b")]).await.expect_status(422);
    admin.post_form_json("/tags", &[("name", &"x".repeat(41))]).await.expect_status(422);
    bulk(&anna, &ids(&[id]), &[("do", "tag"), ("tag", "port")]).await.expect_status(200);

    let tags = admin.get_json("/tags").await.json();
    let (port, clients) = id_of(&tags, "port").expect("made while tagging");
    assert_eq!(clients, 1);
    let (harbour, _) = id_of(&tags, "Überseehafen").expect("added");
    let path = format!("/tags/{port}");
    let refused = admin.post_form("/tags/987654", &[("name", "x"), ("version", "1")]).await;
    assert_eq!(refused.status, 404, "{refused:?}");
    admin.post_form_json(&path, &[("name", "Port"), ("version", "1")]).await.expect_status(200);
    // Another tag has the name: it is asked first.
    let asked = admin.post_form(&path, &[("name", "überseehafen"), ("version", "2")]).await.expect_status(422).text();
    assert!(html::has_input(&asked, "merge"), "{asked}");
    let merging = [("name", "überseehafen"), ("version", "2"), ("merge", "true")];
    let token = admin.csrf_token().await;
    let statuses = all_at_once(32, |_| {
        let (admin, token, path) = (admin.clone(), token.clone(), path.clone());
        async move { admin.post(&path).accept_json().form_with_token(&token, &merging).send().await.status }
    })
    .await;
    assert!(statuses.iter().all(|status| matches!(status, 200 | 404 | 409)), "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    let tags = admin.get_json("/tags").await.json();
    assert_eq!(id_of(&tags, "Port"), None);
    assert_eq!(id_of(&tags, "Überseehafen"), Some((harbour.clone(), 1.into())));

    let path = format!("/tags/{harbour}");
    admin.post_form(&path, &[("_action", "remove"), ("version", "1")]).await.expect_status(303);
    admin.get(&path).await.expect_status(404);
    assert_eq!(total(&anna, &format!("tag={harbour}")).await, 0);
}
