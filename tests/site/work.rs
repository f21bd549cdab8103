//! What a day's work goes by: the desk, tasks, reports, the audit log, setup.

use toolcrib_tests::prelude::*;
use toolcrib_tests::random;

on_all_engines! {
    a_new_task_is_on_the_desk_and_in_its_lists,
    what_cannot_be_a_task_is_refused_and_what_was_typed_is_kept,
    a_task_ticked_off_thirty_two_times_at_once_is_done_once,
    a_task_added_and_removed_thirty_two_times_by_one_form_is_so_once,
    the_second_of_two_who_change_a_task_is_told,
    a_task_of_somebody_else_s_private_client_is_not_there,
    a_viewer_looks_at_tasks_and_changes_none,
    a_calendar_file_has_no_line_of_a_subject_s_own,
    reports_are_drawn_and_say_the_same_in_a_table_and_a_file,
    the_audit_log_tells_administrators_who_did_what,
}

/// A day this many days from now, as a browser's control sends it.
async fn day(server: &Server, days: i64) -> String {
    let today = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a time after 1970");
    let today = i64::try_from(today.as_secs() / 86_400).expect("a day");
    // The engine has a calendar, this test has none.
    let part = async |unit: &str| {
        let days = today + days;
        let sql = match server.database().file() {
            Some(_) => format!("SELECT CAST(strftime('{unit}', {days} * 86400, 'unixepoch') AS INTEGER)"),
            None => {
                let field = match unit {
                    "%Y" => "year",
                    "%m" => "month",
                    _ => "day",
                };
                format!(
                    "SELECT CAST(EXTRACT({field} FROM to_timestamp({days}::BIGINT * 86400) AT TIME ZONE 'UTC') AS BIGINT)"
                )
            }
        };
        server.database().number(&sql).await
    };
    format!("{:04}-{:02}-{:02}", part("%Y").await, part("%m").await, part("%d").await)
}

/// Adds a task and answers its number.
async fn add(user: &Client, fields: &[(&str, &str)]) -> i64 {
    let answer = user.post_form_json("/tasks", fields).await.expect_status(200);
    answer.json()["id"].as_i64().unwrap_or_else(|| panic!("no id in {answer:?}"))
}

async fn subjects(user: &Client, query: &str) -> Vec<String> {
    let list = user.get_json(&format!("/tasks?{query}")).await.expect_status(200).json();
    let tasks = list["tasks"].as_array().unwrap_or_else(|| panic!("no tasks in {list}"));
    tasks.iter().filter_map(|task| task["subject"].as_str().map(str::to_owned)).collect()
}

async fn version(user: &Client, id: i64) -> String {
    user.get_json(&format!("/tasks/{id}")).await.expect_status(200).json()["version"].to_string()
}

async fn a_new_task_is_on_the_desk_and_in_its_lists(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let client = NewClient::valid();
    let client_id = anna.create(&client).await;
    let [today, soon, late] = [day(&server, 0).await, day(&server, 3).await, day(&server, -1).await];
    for (subject, day) in [("Due today", &today), ("Due soon", &soon), ("Due before", &late)] {
        add(&anna, &[("subject", subject), ("day", day), ("account", client.account())]).await;
    }
    for (query, there, not_there) in [
        ("show=today", "Due today", "Due soon"),
        ("show=overdue", "Due before", "Due today"),
        ("show=week", "Due soon", "Due before"),
        ("show=all", "Due before", "Due nowhere"),
    ] {
        let found = subjects(&anna, query).await;
        assert!(found.iter().any(|subject| subject == there), "{query}: {found:?}");
        assert!(!found.iter().any(|subject| subject == not_there), "{query}: {found:?}");
        let page = html::visible_text(&anna.get(&format!("/tasks?{query}")).await.expect_status(200).text());
        assert!(page.contains(there) && !page.contains(not_there), "{query}: {page}");
    }
    let desk = anna.get("/").await.expect_status(200).text();
    let text = html::visible_text(&desk);
    let place = |subject: &str| text.find(subject).unwrap_or_else(|| panic!("no {subject} in {text}"));
    let to_do = text.split("My open deals").next().unwrap_or_default();
    assert!(place("Due before") < place("Due today"), "{text}");
    assert!(!to_do.contains("Due soon") && desk.contains(&format!("/clients/{client_id}")), "{to_do}");

    let boris = server.signed_in("boris").await;
    assert!(!subjects(&boris, "show=all").await.contains(&"Due today".to_owned()));
    assert!(subjects(&boris, "show=all&who=all").await.contains(&"Due today".to_owned()));
}

async fn what_cannot_be_a_task_is_refused_and_what_was_typed_is_kept(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    for city in ["One", "Two"] {
        anna.create(&NewClient::valid().with("name", &format!("Twin {city}"))).await;
    }
    let long = "x".repeat(201);
    let sound = [("subject", "Typed-Subject"), ("day", "2026-03-31")];
    for (field, value) in [
        ("subject", ""),
        ("subject", long.as_str()),
        ("day", ""),
        ("day", "31.3."),
        ("time", "25:00"),
        ("time", "noon"),
        ("account", "Twin"),
        ("account", "there is no such client"),
        ("owner", "987654321"),
    ] {
        let fields: Vec<_> = sound.into_iter().filter(|(name, _)| *name != field).chain([(field, value)]).collect();
        let refused = anna.post_form_json("/tasks", &fields).await.expect_status(422).json();
        assert!(!refused["errors"][field].is_null(), "{field} {value}: {refused}");
    }
    let fields = [("subject", "Typed-Subject"), ("day", "2026-03-31"), ("time", "25:00")];
    let page = anna.post_form("/tasks", &fields).await.expect_status(422).text();
    assert_eq!(html::input_value(&page, "subject").as_deref(), Some("Typed-Subject"), "{page}");
    assert_eq!(
        subjects(&anna, "show=all&who=all").await.iter().filter(|subject| *subject == "Typed-Subject").count(),
        0
    );
}

async fn a_task_ticked_off_thirty_two_times_at_once_is_done_once(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let client = NewClient::valid();
    let client_id = anna.create(&client).await;
    let subject = random::word("Tick ");
    let fields = [("subject", subject.as_str()), ("day", "2026-03-31"), ("account", client.account())];
    let id = add(&anna, &fields).await;
    let token = anna.csrf_token().await;
    for (action, version, noted) in [("done", "1", "done"), ("again", "2", "reopened")] {
        let statuses = all_at_once(32, |_| {
            let (anna, token) = (anna.clone(), token.clone());
            async move {
                let fields = [("_action", action), ("version", version), ("back", "/tasks?show=done")];
                let answer = anna.post(&format!("/tasks/{id}")).form_with_token(&token, &fields).send().await;
                (answer.status, answer.location().to_owned())
            }
        })
        .await;
        assert!(statuses.iter().all(|answer| *answer == (303, "/tasks?show=done".to_owned())), "{statuses:?}");
        let count = |table: &str| format!("SELECT COUNT(*) FROM {table}");
        let audit = format!(
            "{} WHERE record_kind = 'activity' AND record_id = {id} AND action = '{noted}'",
            count("audit_log")
        );
        assert_eq!(server.database().number(&audit).await, 1, "{action}");
        let told = format!("{} WHERE client_id = {client_id} AND kind = '{noted}'", count("timeline_events"));
        assert_eq!(server.database().number(&told).await, 1, "{action}");
    }
    let stored = format!("SELECT version FROM activities WHERE id = {id} AND done_at IS NULL");
    assert_eq!(server.database().number(&stored).await, 3);
}

async fn a_task_added_and_removed_thirty_two_times_by_one_form_is_so_once(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let token = anna.csrf_token().await;
    let page = anna.get("/tasks?new=1").await.expect_status(200).text();
    let once = html::input_value(&page, "_once").expect("a key");
    let subject = random::word("Once ");
    let fields = vec![("_once", once), ("subject", subject.clone()), ("day", "2026-03-31".to_owned())];
    let statuses = thirty_two(&anna, &token, "/tasks", &fields).await;
    assert!(statuses.iter().all(|status| *status == 303), "{statuses:?}");
    let stored = format!("SELECT COUNT(*) FROM activities WHERE subject = '{subject}'");
    assert_eq!(server.database().number(&stored).await, 1);

    let id = server.database().number(&format!("SELECT id FROM activities WHERE subject = '{subject}'")).await;
    let page = anna.get(&format!("/tasks/{id}")).await.expect_status(200).text();
    let once = html::input_value(&page, "_once").expect("a key");
    let fields = vec![("_once", once), ("_action", "remove".to_owned()), ("version", "1".to_owned())];
    let statuses = thirty_two(&anna, &token, &format!("/tasks/{id}"), &fields).await;
    assert!(statuses.iter().all(|status| *status == 303), "{statuses:?}");
    assert_eq!(server.database().number(&stored).await, 0);
    let noted = format!(
        "SELECT COUNT(*) FROM audit_log WHERE record_kind = 'activity' AND record_id = {id} AND action = 'removed'"
    );
    assert_eq!(server.database().number(&noted).await, 1);
}

/// Sends the same form so many times at once; answers the statuses.
async fn thirty_two(user: &Client, token: &str, path: &str, fields: &[(&'static str, String)]) -> Vec<u16> {
    all_at_once(32, |_| {
        let (user, token, path, fields) = (user.clone(), token.to_owned(), path.to_owned(), fields.to_vec());
        async move {
            let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            user.post(&path).form_with_token(&token, &fields).send().await.status
        }
    })
    .await
}

async fn the_second_of_two_who_change_a_task_is_told(engine: Engine) {
    let server = Server::on(engine).start().await;
    let (anna, boris) = (server.signed_in("anna").await, server.signed_in("boris").await);
    let id = add(&anna, &[("subject", "Before"), ("day", "2026-03-31")]).await;
    let path = format!("/tasks/{id}");
    let first = version(&anna, id).await;
    let fields =
        [("_action", "save"), ("version", first.as_str()), ("subject", "Annas"), ("_original.subject", "Before")];
    anna.post_form(&path, &fields).await.expect_status(303);
    let fields = [
        ("_action", "save"),
        ("version", first.as_str()),
        ("subject", "Boriss"),
        ("_original.subject", "Before"),
        ("time", "14:30"),
    ];
    let page = boris.post_form(&path, &fields).await.expect_status(409).text();
    assert_eq!(html::input_value(&page, "subject").as_deref(), Some("Boriss"), "{page}");
    assert_eq!(html::input_value(&page, "time").as_deref(), Some("14:30"), "{page}");
    assert!(html::visible_text(&page).contains("Annas"), "{page}");
    boris.post_form(&path, &[("_action", "remove"), ("version", &first)]).await.expect_status(409);
    let task = anna.get_json(&path).await.expect_status(200).json();
    assert_eq!((task["subject"].as_str(), task["version"].as_i64()), (Some("Annas"), Some(2)), "{task}");
    anna.post_form(&path, &[("_action", "done")]).await.expect_status(400);
}

async fn a_task_of_somebody_else_s_private_client_is_not_there(engine: Engine) {
    let server = Server::on(engine).start().await;
    let (anna, boris) = (server.signed_in("anna").await, server.signed_in("boris").await);
    let client = NewClient::valid().with("name", "Secret-Client");
    let client_id = anna.create(&client).await;
    let fields = [("subject", "Secret-Task"), ("day", "2026-03-31"), ("account", client.account())];
    let id = add(&anna, &fields).await;
    let owner = server.database().number("SELECT id FROM toolcrib_users WHERE name = 'anna'").await;
    let hide = format!("UPDATE clients SET private = TRUE, owner_id = {owner} WHERE id = {client_id}");
    server.database().execute(&hide).await;

    anna.get(&format!("/tasks/{id}")).await.expect_status(200);
    boris.get(&format!("/tasks/{id}")).await.expect_status(404);
    for action in ["done", "save", "remove"] {
        let fields = [("_action", action), ("version", "1"), ("subject", "Taken")];
        boris.post_form(&format!("/tasks/{id}"), &fields).await.expect_status(404);
    }
    for (field, value) in
        [("account", client.account()), ("account", "Secret-Client"), ("client", &client_id.to_string())]
    {
        let fields = [("subject", "Probe"), ("day", "2026-03-31"), (field, value)];
        let refused = boris.post_form_json("/tasks", &fields).await.expect_status(422).json();
        assert_eq!(refused["errors"]["account"][0], "Field Client is no client that you can see.", "{refused}");
    }
    for path in ["/tasks?show=all&who=all", "/", "/tasks.ics", &format!("/tasks?client={client_id}")] {
        let page = boris.get(path).await.expect_status(200).text();
        assert!(!page.contains("Secret-"), "{path}: {page}");
    }
    // Nor is it given to somebody who cannot see it.
    let other = server.database().number("SELECT id FROM toolcrib_users WHERE name = 'boris'").await.to_string();
    let fields = [("_action", "save"), ("version", "1"), ("owner", &other)];
    let refused = anna.post_form_json(&format!("/tasks/{id}"), &fields).await.expect_status(422).json();
    assert!(!refused["errors"]["owner"].is_null(), "{refused}");
}

async fn a_viewer_looks_at_tasks_and_changes_none(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let id = add(&anna, &[("subject", "Look"), ("day", "2026-03-31")]).await;
    let vera = server.signed_in("vera").await;
    let page = vera.get(&format!("/tasks/{id}")).await.expect_status(200).text();
    assert!(!html::has_input(&page, "subject") && html::visible_text(&page).contains("Look"), "{page}");
    let list = vera.get("/tasks?show=all&who=all").await.expect_status(200).text();
    assert!(!list.contains("value=\"done\"") && !html::has_input(&list, "subject"), "{list}");
    for action in ["done", "again", "save", "remove"] {
        vera.post_form(&format!("/tasks/{id}"), &[("_action", action), ("version", "1")]).await.expect_status(403);
    }
    vera.post_form("/tasks", &[("subject", "x"), ("day", "2026-03-31")]).await.expect_status(403);
    assert_eq!(version(&vera, id).await, "1");
    for path in ["/audit", "/setup"] {
        vera.get(path).await.expect_status(403);
        anna.get(path).await.expect_status(403);
    }
}

async fn a_calendar_file_has_no_line_of_a_subject_s_own(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let id = add(&anna, &[("subject", "Call; or, write \\n ATTACH:x"), ("day", "2026-03-31"), ("time", "14:30")]).await;
    // A form takes no line break; a row may have come from elsewhere.
    let hostile =
        format!("UPDATE activities SET body = 'one' || {} || 'ATTACH:two' WHERE id = {id}", line_break(engine));
    server.database().execute(&hostile).await;
    let answer = anna.get("/tasks.ics").await.expect_status(200);
    assert_eq!(answer.header("content-type"), Some("text/calendar; charset=utf-8"));
    let file = answer.text();
    assert!(file.contains("DUE:20260331T143000Z\r\n"), "{file}");
    let lines: Vec<_> = file.split("\r\n").collect();
    assert!(lines.iter().all(|line| !line.contains(['\r', '\n']) && line.len() <= 75), "{file}");
    assert!(lines.iter().all(|line| !line.starts_with("ATTACH")), "{file}");
    assert!(!server.visitor().get("/tasks.ics").await.text().contains("VTODO"));
}

fn line_break(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "char(13, 10)",
        Engine::Postgres | Engine::TwoNodes => "chr(13) || chr(10)",
    }
}

async fn reports_are_drawn_and_say_the_same_in_a_table_and_a_file(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let page = anna.get("/reports").await.expect_status(200).text();
    let charts: Vec<_> =
        html::tags_named(&page, "svg").into_iter().filter(|tag| tag.get("role") == Some("img")).collect();
    assert_eq!(charts.len(), 3, "{page}");
    assert!(charts.iter().all(|chart| chart.get("aria-labelledby").is_some()), "{charts:?}");
    let told = anna.get_json("/reports").await.expect_status(200).json();
    let currency = told["currency"].as_str().expect("a currency");
    let sql = format!(
        "SELECT COUNT(*) FROM deals JOIN stages ON stages.id = deals.stage_id \
         WHERE stages.outcome = 'open' AND currency = '{currency}'"
    );
    let open: i64 = told["forecast"].as_array().expect("lines").iter().filter_map(|line| line["deals"].as_i64()).sum();
    assert_eq!(open, server.database().number(&sql).await, "{told}");
    let file = anna.get("/reports.csv").await.expect_status(200).text();
    let in_file: i64 = file
        .lines()
        .filter(|line| line.starts_with("Forecast,"))
        .filter_map(|line| line.split(',').nth(3)?.parse::<i64>().ok())
        .sum();
    assert_eq!(in_file, open, "{file}");
    for query in ["pipeline=999", "pipeline=x&owner=-1", "months=7", "currency=XXX", "months=24&owner=1"] {
        anna.get(&format!("/reports?{query}")).await.expect_status(200);
        anna.get(&format!("/reports.csv?{query}")).await.expect_status(200);
    }
}

async fn the_audit_log_tells_administrators_who_did_what(engine: Engine) {
    let server = Server::on(engine).start().await;
    let (anna, admin) = (server.signed_in("anna").await, server.signed_in("admin").await);
    let subject = random::word("Noted ");
    let id = add(&anna, &[("subject", &subject), ("day", "2026-03-31")]).await;
    let fields = [("_action", "save"), ("version", "1"), ("subject", "Renamed <b>")];
    anna.post_form(&format!("/tasks/{id}"), &fields).await.expect_status(303);
    let log = admin.get_json(&format!("/audit?kind=activity&record={id}")).await.expect_status(200).json();
    let entries = log["entries"].as_array().expect("entries");
    let told: Vec<_> = entries.iter().map(|entry| (entry["action"].as_str(), entry["record_name"].as_str())).collect();
    assert_eq!(told, [(Some("changed"), Some(subject.as_str())), (Some("added"), Some(subject.as_str()))], "{log}");
    assert_eq!(entries[0]["changes"]["subject"][1], "Renamed <b>", "{log}");
    let page = admin.get("/audit?kind=activity&action=changed").await.expect_status(200).text();
    let text = html::visible_text(&page);
    assert!(text.contains(&subject) && text.contains("Renamed <b>") && !page.contains("Renamed <b>"), "{page}");
    for query in ["day=2026-13-45", "before=x-y", "user=abc", "kind=%27", "day=1970-01-01", "before=1-1"] {
        admin.get(&format!("/audit?{query}")).await.expect_status(200);
    }
    let setup = admin.get("/setup").await.expect_status(200).text();
    for link in html::tags_named(&setup, "a").iter().filter_map(|link| link.get("href")).filter(|link| *link != "#main")
    {
        admin.get(link).await.expect_status(200);
    }
}
