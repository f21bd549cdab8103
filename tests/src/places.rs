//! An address for every page of the demo: one record of each kind, so that no list is empty and no pattern is left open.

use crate::Database;
use crate::Server;

/// The numbers of the records: far above what the demo gives itself.
const FIRST: i64 = 900_000;

/// One record of each kind that pages have addresses for, all of them about one client.
#[derive(Debug, Clone)]
pub struct Places {
    client: i64,
    pipeline: i64,
    stage: i64,
    user: i64,
    /// PostgreSQL gives the jobs their numbers by itself, unless it is told not to.
    own_number: &'static str,
}

/// What stands in a pattern, and what it is called in the table of its records.
const KINDS: [(&str, &str); 12] = [
    ("/persons/{id}", "persons"),
    ("/activities/{id}", "activities"),
    ("/tasks/{id}", "tasks"),
    ("/leads/{id}", "leads"),
    ("/deals/{id}", "deals"),
    ("/tags/{tag}", "tags"),
    ("/clients/views/{view}", "saved_views"),
    ("/merges/{merge}", "merges"),
    ("/imports/{id}", "import_runs"),
    ("/accounts/{id}", "external_accounts"),
    ("/tools/jobs/{id}", "toolcrib_jobs"),
    ("{other}", "other"),
];

impl Places {
    /// Makes the records, all of them about a client that is there. Nobody owns them but an administrator what needs an owner.
    pub async fn of(server: &Server, client: i64) -> Self {
        let database = server.database();
        let places = Self {
            client,
            pipeline: database.number("SELECT MIN(id) FROM pipelines").await,
            stage: database.number("SELECT MIN(id) FROM stages").await,
            user: database.number("SELECT id FROM toolcrib_users WHERE name = 'admin'").await,
            own_number: if database.file().is_some() { "" } else { "OVERRIDING SYSTEM VALUE " },
        };
        places.restore(database).await;
        places
    }

    /// Makes what is missing again, and puts back what a form has led further: a lead is converted once only.
    pub async fn restore(&self, database: &Database) {
        for statement in self.statements() {
            database.execute(&statement).await;
        }
    }

    /// The client all of it is about.
    #[must_use]
    pub fn client(&self) -> i64 {
        self.client
    }

    /// The pattern with the records in the places of its parameters. Those of the framework's own tools are left.
    #[must_use]
    pub fn address(&self, pattern: &str) -> String {
        let mut address = pattern.replace("/clients/{id}", &format!("/clients/{}", self.client));
        address = address.replace("/pipelines/{id}", &format!("/pipelines/{}", self.pipeline));
        for (number, (part, _)) in (FIRST..).zip(KINDS) {
            let number = part.split_once('{').map(|(path, _)| format!("{path}{number}"));
            address = address.replace(part, &number.unwrap_or_default());
        }
        address
    }

    /// The number of the record of a kind, called like its table.
    ///
    /// # Panics
    ///
    /// When there is no such kind.
    #[must_use]
    pub fn number(&self, kind: &str) -> i64 {
        let found = (FIRST..).zip(KINDS).find(|(_, (_, known))| *known == kind);
        found.unwrap_or_else(|| panic!("no record of {kind}")).0
    }

    #[expect(clippy::too_many_lines, reason = "a table with a line for each kind of record")]
    fn statements(&self) -> Vec<String> {
        let Self { client, stage, user, own_number, .. } = self;
        let at = |kind| self.number(kind);
        let (gone, kept, other) = (FIRST - 1, FIRST - 2, at("other"));
        let facts = |word: &str| format!(r#"{{"account":"placed-{word}","name":"Placed {word}"}}"#);
        let before = format!(
            r#"{{"kept":{},"gone":{},"chosen":{},"kept_version_before":1}}"#,
            facts("kept"),
            facts("gone"),
            facts("kept")
        );
        let rows = [
            (
                "clients (id, account, name, search, sort_name, merged_into, created_at, updated_at)",
                format!("{kept}, 'placed-kept', 'Placed kept', 'placed kept', 'placed kept', NULL, 1, 1"),
            ),
            (
                "clients (id, account, name, search, sort_name, merged_into, created_at, updated_at)",
                format!("{gone}, 'placed-gone', 'Placed gone', 'placed gone', 'placed gone', {kept}, 1, 1"),
            ),
            (
                "clients (id, account, name, search, sort_name, created_at, updated_at)",
                format!("{other}, 'placed-other', 'Other', 'other', 'other', 1, 1"),
            ),
            (
                "persons (id, client_id, name, search, sort_name, created_at, updated_at)",
                format!("{}, {client}, 'Pia Place', 'pia place', 'pia place', 1, 1", at("persons")),
            ),
            (
                "activities (id, client_id, kind, subject, happened_at, author, created_at, updated_at)",
                format!("{}, {client}, 'note', 'Placed', 1, 'Ada Admin', 1, 1", at("activities")),
            ),
            (
                "activities (id, client_id, kind, subject, happened_at, due_at, author, created_at, updated_at)",
                format!("{}, {client}, 'task', 'Placed', 1, 1, 'Ada Admin', 1, 1", at("tasks")),
            ),
            (
                "leads (id, name, company, search, sort_name, created_at, updated_at)",
                format!("{}, 'Lea Lead', 'Lead & Co', 'lea lead', 'lea lead', 1, 1", at("leads")),
            ),
            (
                "deals (id, client_id, title, stage_id, amount_minor, currency, search, created_at, updated_at)",
                format!("{}, {client}, 'Placed', {stage}, 100, 'EUR', 'placed', 1, 1", at("deals")),
            ),
            ("tags (id, name, search, created_at, updated_at)", format!("{}, 'placed', 'placed', 1, 1", at("tags"))),
            (
                "saved_views (id, owner_id, name, query, created_at, updated_at)",
                format!("{}, {user}, 'placed', 'q=a', 1, 1", at("saved_views")),
            ),
            (
                "merges (id, kept_id, gone_id, before, kept_version, actor, merged_at)",
                format!("{}, {kept}, {gone}, '{before}', 1, 'Ada Admin', 1", at("merges")),
            ),
            (
                "import_runs (id, owner_id, file_name, bytes, encoding, separator, state, created_at)",
                format!("{}, {user}, 'placed.csv', 1, 'UTF-8', ',', 'done', 1", at("import_runs")),
            ),
            ("import_files (run_id, content)", format!("{}, 'Account,Name\n,Nameless\n'", at("import_runs"))),
            (
                "import_rows (run_id, line, outcome, reason)",
                format!("{}, 2, 'refused', 'Field Account requires a value.'", at("import_runs")),
            ),
            (
                "external_accounts (id, client_id, provider, reference, created_at, updated_at)",
                format!("{}, {client}, 'ledger', 'placed-1', 1, 1", at("external_accounts")),
            ),
            (
                "toolcrib_jobs (id, name, payload, state, created_at, due_at, ended_at)",
                format!("{}, 'placed', '{{}}', 'failed', 1, 1, 1", at("toolcrib_jobs")),
            ),
        ];
        let inserts = rows
            .iter()
            .map(|(table, row)| format!("INSERT INTO {table} {own_number}VALUES ({row}) ON CONFLICT DO NOTHING"));
        let back = [
            format!("UPDATE clients SET merged_into = NULL WHERE id IN ({client}, {other})"),
            format!(
                "UPDATE leads SET status = 'new', converted_at = NULL, client_id = NULL, person_id = NULL, deal_id = NULL \
                 WHERE id = {}",
                at("leads")
            ),
            format!("UPDATE import_runs SET state = 'done', undone_at = NULL WHERE id = {}", at("import_runs")),
            format!("UPDATE merges SET undone_at = NULL WHERE id = {}", at("merges")),
            format!("UPDATE clients SET version = 1 WHERE id = {kept}"),
            format!("UPDATE clients SET merged_into = {kept} WHERE id = {gone}"),
            format!("UPDATE toolcrib_jobs SET state = 'failed', free_at = NULL WHERE id = {}", at("toolcrib_jobs")),
        ];
        inserts.chain(back).collect()
    }
}
