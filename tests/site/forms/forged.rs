//! Forms that hold what their pages never showed: it has no effect, and above all none on anything else (S25, W33).

use toolcrib_tests::prelude::*;

use super::page_form::{PageForm, value_of, with};
use super::scene::OF_A_CLIENT;
use super::snapshot::{Change, Snapshot, What};
use super::values::UNKNOWN;

on_all_engines! {
    unknown_fields_change_nothing,
    a_field_that_is_only_shown_is_refused,
    a_forged_row_does_not_lead_a_save_to_another_client,
    a_forged_row_does_not_turn_a_new_client_into_a_change,
    forged_originals_overwrite_nothing,
    a_field_sent_twice_is_refused,
    a_form_that_cannot_be_read_is_told_as_text,
}

/// A server, Anna, and two clients.
async fn two_clients(engine: Engine) -> (Server, Client, u64, u64) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let mine = anna.create(&NewClient::valid()).await;
    let other = anna.create(&NewClient::valid()).await;
    (server, anna, mine, other)
}

async fn edit_form(client: &Client, id: u64) -> PageForm {
    PageForm::open(client, &format!("/clients/{id}/edit"), &format!("/clients/{id}")).await
}

/// What became different, apart from what every request leaves behind.
async fn changes(server: &Server, before: &Snapshot) -> Vec<Change> {
    let kept = [
        "toolcrib_sessions",
        "toolcrib_session_fields",
        "toolcrib_submissions",
        "toolcrib_object_log",
        // What nodes say to one another.
        "toolcrib_nodes",
        "toolcrib_changes",
        "toolcrib_tickets",
        "audit_log",
        "timeline_events",
        "search_words",
    ];
    let after = Snapshot::of(server.database()).await;
    before.changes(&after).into_iter().filter(|change| !kept.contains(&change.table.as_str())).collect()
}

async fn unknown_fields_change_nothing(engine: Engine) {
    let (server, anna, mine, other) = two_clients(engine).await;
    let before = Snapshot::of(server.database()).await;
    let mut fields = with(edit_form(&anna, mine).await.shown(), "city", "Odense");
    fields.extend(UNKNOWN.map(|(name, value)| (name.to_owned(), value.to_owned())));
    fields.push(("_key".to_owned(), other.to_string()));
    fields.push(("sort_name".to_owned(), "first of all".to_owned()));
    let form = edit_form(&anna, mine).await;
    let answer = form.send(&anna, &fields).await;
    assert!(matches!(answer.status, 303 | 400), "{answer:?}");
    for change in changes(&server, &before).await {
        let What::Changed(mut columns) = change.what.clone() else { panic!("{change:?}") };
        columns.retain(|column| !["city", "search", "version", "updated_at"].contains(&column.as_str()));
        assert!(change.table == "clients" && change.row == mine.to_string() && columns.is_empty(), "{change:?}");
        assert!(!change.content["search"].contains("planted"), "{change:?}");
    }
    anna.get_json("/tools/status.json").await.expect_status(403);
}

/// The notes on a client and the time of its last change are shown, and no form has them.
async fn a_field_that_is_only_shown_is_refused(engine: Engine) {
    let (server, anna, mine, _) = two_clients(engine).await;
    let before = Snapshot::of(server.database()).await;
    for (name, value) in [("notes", "planted"), ("updated_at", "1")] {
        for (path, action) in
            [(format!("/clients/{mine}/edit"), format!("/clients/{mine}")), ("/clients/new".into(), "/clients".into())]
        {
            let form = PageForm::open(&anna, &path, &action).await;
            let answer = form.send(&anna, &with(with(form.filled(), "city", "Odense"), name, value)).await;
            assert_eq!(answer.status, 403, "{name} to {action}: {answer:?}");
        }
    }
    assert_eq!(changes(&server, &before).await, []);
}

/// The address says which client is saved, whatever the form says.
async fn a_forged_row_does_not_lead_a_save_to_another_client(engine: Engine) {
    let (server, anna, mine, other) = two_clients(engine).await;
    let before = Snapshot::of(server.database()).await;
    let row = other.to_string();

    let form = edit_form(&anna, mine).await;
    let answer = form.send(&anna, &with(with(form.shown(), "_row", &row), "city", "Odense")).await;
    assert!(matches!(answer.status, 303 | 400 | 409 | 422), "{answer:?}");

    // The other client's form as a whole, sent to the address of mine.
    let form = edit_form(&anna, other).await;
    let mut forged = form.clone();
    forged.action = format!("/clients/{mine}");
    let fields = with(with(form.shown(), "city", "Aarhus"), "account", "FORGED");
    let answer = forged.send(&anna, &fields).await;
    assert!(matches!(answer.status, 303 | 400 | 409 | 422), "{answer:?}");

    for change in changes(&server, &before).await {
        let What::Changed(columns) = &change.what else { panic!("{change:?}") };
        let shown = columns.iter().all(|column| OF_A_CLIENT.contains(&column.as_str()));
        assert!(change.table == "clients" && change.row == mine.to_string() && shown, "{change:?}");
    }
}

/// Whoever adds a client adds one: the form of a new client has no row, and none that it names counts.
async fn a_forged_row_does_not_turn_a_new_client_into_a_change(engine: Engine) {
    let (server, anna, _, other) = two_clients(engine).await;
    for row in [other.to_string(), "987654321".to_owned(), "-1".to_owned(), "x".to_owned()] {
        let before = Snapshot::of(server.database()).await;
        let form = PageForm::open(&anna, "/clients/new", "/clients").await;
        let fields = with(with(form.filled(), "_row", &row), "version", "1");
        let answer = form.send(&anna, &fields).await;
        assert!(matches!(answer.status, 303 | 400), "_row={row}: {answer:?}");
        let changes = changes(&server, &before).await;
        assert!(changes.iter().all(|change| change.what == What::Added), "_row={row}: {changes:?}");
        let clients = changes.iter().filter(|change| change.table == "clients").count();
        assert_eq!(clients, usize::from(answer.status == 303), "_row={row}: {changes:?}");
        let others =
            changes.iter().filter(|change| !["clients", "tags", "client_tags"].contains(&change.table.as_str()));
        assert_eq!(others.count(), 0, "_row={row}: {changes:?}");
    }
}

/// A save is judged by the version and by the originals; who forges one of them is caught by the other.
async fn forged_originals_overwrite_nothing(engine: Engine) {
    let (server, anna, mine, _) = two_clients(engine).await;
    let boris = server.signed_in("boris").await;
    let stale = edit_form(&boris, mine).await.shown();
    let form = edit_form(&anna, mine).await;
    form.send(&anna, &with(form.shown(), "phone", "+45 1111")).await.expect_status(303);
    let now = edit_form(&boris, mine).await.shown();

    let before = Snapshot::of(server.database()).await;
    let stale = with(stale, "phone", "+45 2222");
    let originals = with(stale.clone(), "_original.phone", "+45 1111");
    let version = with(stale.clone(), "version", value_of(&now, "version"));
    for (what, fields) in [("the originals", originals), ("the version", version), ("nothing", stale)] {
        let answer = form.send(&boris, &fields).await;
        assert_eq!(answer.status, 409, "forged {what}: {answer:?}");
    }
    let hostile = with(with(now, "_original.name", "<script>planted()</script>"), "city", "Odense");
    let page = form.send(&boris, &hostile).await.expect_status(409).text();
    super::values::assert_inert("a conflict with a forged original", &page);
    assert_eq!(changes(&server, &before).await, []);
}

async fn a_field_sent_twice_is_refused(engine: Engine) {
    let (server, anna, mine, _) = two_clients(engine).await;
    let before = Snapshot::of(server.database()).await;
    for name in ["name", "account", "city", "website", "phone", "email"] {
        let form = edit_form(&anna, mine).await;
        let mut fields = with(form.shown(), "industry", "Changed");
        fields.push((name.to_owned(), "second@example.com".to_owned()));
        let answer = form.send(&anna, &fields).await;
        assert!(matches!(answer.status, 400 | 422), "{name}: {answer:?}");
    }
    assert_eq!(changes(&server, &before).await, []);
}

/// The names of fields come from the sender as well.
async fn a_form_that_cannot_be_read_is_told_as_text(engine: Engine) {
    let server = Server::on(engine).start().await;
    let anna = server.signed_in("anna").await;
    let before = Snapshot::of(server.database()).await;
    let part = |name: &str, value: &[u8]| {
        let head = format!("--x\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n");
        [head.as_bytes(), value, b"\r\n--x--\r\n"].concat()
    };
    let name = "<script>planted()</script>";
    for body in [part(name, b"\xff\xfe"), part(name, b"text"), part("\0", b"\0"), b"--x\r\n<script>planted()".to_vec()]
    {
        for script in ["", "fetch"] {
            let request = anna.post("/import").header("x-requested-with", script);
            let request = request.header("x-csrf-token", &anna.csrf_token().await);
            let answer = request.body("multipart/form-data; boundary=x", body.clone()).send().await;
            assert!(matches!(answer.status, 400 | 422), "{answer:?}");
            super::values::assert_inert("what is told about an unreadable form", &answer.text());
        }
    }
    assert_eq!(changes(&server, &before).await, []);
}
