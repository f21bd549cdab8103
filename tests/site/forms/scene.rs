//! A demo with people in it, all of its forms, and what each of them may change.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::sync::Mutex;
use toolcrib_tests::Places;
use toolcrib_tests::prelude::*;

use super::page_form::PageForm;
use super::snapshot::{Change, Snapshot, What};
use super::values::assert_inert;

/// The columns of a client that its form may change: what it shows, and what is derived from that.
pub(super) const OF_A_CLIENT: [&str; 13] = [
    "name",
    "account",
    "industry",
    "city",
    "website",
    "phone",
    "email",
    "owner_id",
    "private",
    "search",
    "sort_name",
    "version",
    "updated_at",
];

/// The same of a user, and of whoever signs in and changes their password.
const OF_A_USER: [&str; 7] = ["name", "display_name", "search", "password_hash", "disabled", "version", "changed_at"];
const OF_A_PASSWORD: [&str; 4] = ["password_hash", "version", "changed_at", "signed_in_at"];

/// The role that is edited; nobody has it.
const ROLE: &str = "guests";

/// A server, an administrator who sends forms, and people whose sessions are none of their business.
pub(super) struct Scene {
    pub(super) server: Server,
    pub(super) admin: Client,
    /// The client that is edited.
    pub(super) client: u64,
    places: Places,
    /// The user that is.
    user: i64,
    /// The sessions that were there before, of people who do nothing.
    onlookers: Vec<String>,
    /// Who changes her password. Whoever mistypes it is slowed down where they do: after some turns it is done elsewhere.
    anna: Mutex<Client>,
    turns: AtomicU8,
}

impl Scene {
    pub(super) async fn set(engine: Engine) -> Self {
        let server = Server::on(engine).start().await;
        let onlooker = server.signed_in("vera").await;
        onlooker.post_form("/examples/mirror", &[("name", "mine"), ("q", "mine")]).await;
        let sessions = Snapshot::of(server.database()).await;
        let onlookers = sessions.rows("toolcrib_sessions").iter().map(|session| session["id"].clone()).collect();
        let admin = server.signed_in("admin").await;
        let client = admin.create(&NewClient::valid()).await;
        let user = server.database().number("SELECT id FROM toolcrib_users WHERE name = 'boris'").await;
        let places = Places::of(&server, i64::try_from(client).expect("a number")).await;
        let anna = Mutex::new(server.visitor());
        Self { server, admin, client, places, user, onlookers, anna, turns: AtomicU8::new(0) }
    }

    /// The addresses of all pages, in the order of the list of routes.
    pub(super) fn pages(&self) -> Vec<String> {
        let routes = toolcrib_tests::routes(&self.server);
        // What a preview shows is a picture of a page: its forms are not sent.
        let is_picture = |pattern: &str| pattern == "/tools/preview/sample";
        let opened = routes.iter().filter(|route| route.is_opened() && !route.is_data() && !is_picture(&route.pattern));
        opened.map(|route| self.address(&route.pattern, &route.access)).collect()
    }

    fn address(&self, pattern: &str, access: &str) -> String {
        let address = self.places.address(pattern).replace("/users/{id}", &format!("/users/{}", self.user));
        let address = address.replace("/roles/{name}", &format!("/roles/{ROLE}"));
        assert!(
            !address.contains('{'),
            "these tests have no address for {pattern} ({access}): give it one in `address`, and say in `may_change` \
             what its forms may change"
        );
        address
    }

    /// One of each kind of form that the pages show to an administrator.
    pub(super) async fn forms(&self) -> Vec<PageForm> {
        self.prepare().await;
        let mut forms = BTreeMap::new();
        for page in self.pages() {
            let answer = self.admin.get(&page).await;
            assert_eq!(answer.status, 200, "{page}: {answer:?}");
            for form in PageForm::all(&page, &answer.text()) {
                forms.entry(form.kind()).or_insert(form);
            }
        }
        forms.into_values().collect()
    }

    /// The same form, freshly opened by the one who is to send it.
    pub(super) async fn open(&self, form: &PageForm) -> (Client, PageForm) {
        let sender = self.sender(form).await;
        for _ in 0..2 {
            let page = sender.get(&form.page).await;
            assert!(matches!(page.status, 200 | 303 | 404), "{}: {page:?}", form.page);
            let found = PageForm::all(&form.page, &page.text()).into_iter().find(|found| found.kind() == form.kind());
            match found {
                Some(found) => return (sender, found),
                // What a form has deleted is made again.
                None => self.prepare().await,
            }
        }
        panic!("{} is not on {} any more", form.kind(), form.page);
    }

    /// Who signs in or out does so in a session of their own.
    async fn sender(&self, form: &PageForm) -> Client {
        match form.path() {
            // From elsewhere: whoever guesses passwords is slowed down there.
            "/login" => self.server.visitor_from([127, 0, 0, 7]),
            "/logout" => self.server.signed_in("admin").await,
            // Each change of a password ends all other sessions of the one whose it is.
            "/account/password" => {
                let mut anna = self.anna.lock().await;
                let turn = self.turns.fetch_add(1, Ordering::Relaxed);
                if turn.is_multiple_of(8) {
                    *anna = self.server.visitor_from([127, 0, 1, turn]);
                    anna.sign_in("anna").await;
                }
                anna.clone()
            }
            _ => self.admin.clone(),
        }
    }

    /// An entry for the log to show; a role, unless it is there; and the user may sign in again.
    async fn prepare(&self) {
        self.places.restore(self.server.database()).await;
        self.admin.post_form("/tools/requests", &[("do", "resume")]).await.expect_status(303);
        self.admin.post_form("/examples/tally?fail=error", &[]).await.expect_status(500);
        let role = [("name", ROLE), ("label", "Guests"), ("rights", "look")];
        let made = self.admin.post_form_json("/tools/roles", &role).await;
        assert!(matches!(made.status, 200 | 422), "{made:?}");
        let enabled = self.admin.post_form_json(&format!("/tools/users/{}", self.user), &[("_action", "enable")]).await;
        enabled.expect_status(200);
    }

    /// Looks at the places where what was stored is shown.
    pub(super) async fn looks_sound(&self, after: &str) {
        let card = format!("/clients/{}", self.client);
        let edit = format!("{card}/edit");
        for path in ["/", "/clients", "/clients?q=planted", "/search?q=planted", &card, &edit] {
            let page = self.admin.get(path).await.expect_status(200).text();
            assert_inert(&format!("{path} after {after}"), &page);
        }
        for cells in self.admin.export().await.rows {
            for cell in cells {
                assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "a cell after {after}: {cell:?}");
            }
        }
    }

    /// What has changed that this form is not there to change.
    pub(super) fn not_permitted(&self, form: &PageForm, before: &Snapshot, after: &Snapshot) -> Option<String> {
        let changes = before.changes(after);
        let other: Vec<_> = changes.iter().filter(|change| !self.may_change(form.path(), change)).collect();
        (!other.is_empty()).then(|| format!("{} changed {other:#?}", form.kind()))
    }

    fn may_change(&self, path: &str, change: &Change) -> bool {
        let are = |changed: &[&str]| match &change.what {
            What::Changed(columns) => columns.iter().all(|column| changed.contains(&column.as_str())),
            _ => false,
        };
        // SQLite quotes texts.
        let is = |column: &str, value: &str| {
            change.content.get(column).is_some_and(|content| content.trim_matches('\'') == value)
        };
        let (client, user) = (self.client.to_string(), self.user.to_string());
        let is_added = change.what == What::Added;
        match (change.table.as_str(), path) {
            // What came of a form, who was here, what went wrong: kept for every request.
            ("toolcrib_submissions" | "tracking", _) => is_added,
            ("toolcrib_sessions", _) => !self.onlookers.contains(&change.row),
            ("toolcrib_session_fields", _) => !self.onlookers.contains(&change.content["session_id"]),
            ("toolcrib_object_log", "/tools/object-log") => true,
            // What nodes say to one another.
            ("toolcrib_nodes" | "toolcrib_changes" | "toolcrib_tickets", _) => true,
            ("toolcrib_object_log", _) => is_added,
            ("toolcrib_users", "/login" | "/logout") => are(&["signed_in_at"]),
            ("toolcrib_users", "/account/password") => is("name", "anna") && are(&OF_A_PASSWORD),
            ("toolcrib_users" | "toolcrib_user_roles", "/tools/users/new") => is_added,
            ("toolcrib_users", path) if path == format!("/tools/users/{user}") => change.row == user && are(&OF_A_USER),
            ("toolcrib_user_roles", path) if path == format!("/tools/users/{user}") => is("user_id", &user),
            ("toolcrib_roles" | "toolcrib_role_rights", "/tools/roles") => is_added,
            ("toolcrib_roles", path) if path == format!("/tools/roles/{ROLE}") => is("name", ROLE),
            ("toolcrib_role_rights", path) if path == format!("/tools/roles/{ROLE}") => is("role", ROLE),
            ("clients", "/clients" | "/import") => is_added && is("version", "1"),
            ("clients", path) if path == format!("/clients/{client}") => change.row == client && are(&OF_A_CLIENT),
            (table, path) => self.sales_may_change(table, path, change),
        }
    }

    /// The same of what is sold and all about it: a form changes its own record and what is derived from it.
    fn sales_may_change(&self, table: &str, path: &str, change: &Change) -> bool {
        let own = |kind: &str, base: &str| {
            let number = self.places.number(kind).to_string();
            path == base && change.what == What::Added || path == format!("{base}/{number}") && change.row == number
        };
        let of_a_merge = path.contains("/merge");
        match table {
            // What was done, and where it is found by its words.
            "audit_log" | "timeline_events" => change.what == What::Added || of_a_merge,
            "search_words" => !path.starts_with("/examples") && !path.starts_with("/tools"),
            "toolcrib_variables" | "toolcrib_variable_entries" => path.starts_with("/examples/"),
            "toolcrib_jobs" => {
                path.starts_with("/import") || path.starts_with("/accounts") || path.starts_with("/tools/jobs")
            }
            "clients" => {
                of_a_merge
                    || path == "/clients/bulk"
                    || path.ends_with("/race")
                    || path.ends_with("/convert")
                    || path.starts_with("/import")
            }
            "merges" | "merge_moves" => of_a_merge,
            "persons" => own("persons", "/persons") || path.ends_with("/convert") || of_a_merge,
            "leads" => own("leads", "/leads") || path.ends_with("/convert"),
            "deals" => {
                own("deals", "/deals")
                    || path.ends_with("/move")
                    || path.ends_with("/convert")
                    || of_a_merge
                    || path.starts_with("/pipelines")
            }
            "activities" => {
                own("activities", "/activities")
                    || own("tasks", "/tasks")
                    || path.ends_with("/panels/activities")
                    || of_a_merge
            }
            "pipelines" | "stages" => path.starts_with("/pipelines"),
            "tags" => path.starts_with("/tags") || path.starts_with("/clients"),
            "client_tags" => path.starts_with("/tags") || path.starts_with("/clients") || of_a_merge,
            "saved_views" => path.starts_with("/clients/views"),
            "import_runs" | "import_files" | "import_rows" => path.starts_with("/import"),
            "external_accounts" => path.starts_with("/accounts") || of_a_merge,
            _ => false,
        }
    }
}
