//! An address for every page of the demo: one record of each kind, so that no list is empty and no pattern is left open.

use crate::Database;
use crate::Server;
use crate::random;

/// One record of each kind that pages have addresses for.
#[derive(Debug, Clone)]
pub struct Places {
    client: i64,
    /// What stands in a pattern, and what stands for it in an address.
    parts: Vec<(&'static str, String)>,
}

impl Places {
    /// Makes the records, all of them about a client that is there. Nobody owns them.
    pub async fn of(server: &Server, client: i64) -> Self {
        let database = server.database();
        let account = random::word("gone");
        let gone = database
            .number(&format!(
                "INSERT INTO clients (account, name, search, sort_name, merged_into, created_at, updated_at) \
                 VALUES ('{account}', 'Gone', 'gone', 'gone', {client}, 1, 1) RETURNING id"
            ))
            .await;
        let other = other_client(database).await;
        let mut parts = vec![
            ("/clients/{id}/merge/{other}", format!("/clients/{client}/merge/{other}")),
            ("/clients/{id}", format!("/clients/{client}")),
        ];
        for (pattern, prefix, insert) in statements(client, gone) {
            parts.push((pattern, format!("{prefix}{}", database.number(&insert).await)));
        }
        parts.push((
            "/pipelines/{id}",
            format!("/pipelines/{}", database.number("SELECT MIN(id) FROM pipelines").await),
        ));
        Self { client, parts }
    }

    /// The client all of it is about.
    #[must_use]
    pub fn client(&self) -> i64 {
        self.client
    }

    /// The pattern with the records in the places of its parameters. Those of the framework's own tools are left.
    #[must_use]
    pub fn address(&self, pattern: &str) -> String {
        let known = self.parts.iter().find(|(part, _)| pattern.starts_with(part));
        known.map_or_else(|| pattern.to_owned(), |(part, address)| pattern.replacen(part, address, 1))
    }

    /// The number of the record that a pattern like `/deals/{id}` stands for.
    ///
    /// # Panics
    ///
    /// When there is none.
    #[must_use]
    pub fn number(&self, pattern: &str) -> i64 {
        let address = self.address(pattern);
        let number = address.rsplit('/').next().and_then(|last| last.parse().ok());
        number.unwrap_or_else(|| panic!("no record for {pattern}"))
    }
}

async fn other_client(database: &Database) -> i64 {
    let account = random::word("other");
    let insert = format!(
        "INSERT INTO clients (account, name, search, sort_name, created_at, updated_at) \
         VALUES ('{account}', 'Other', 'other', 'other', 1, 1) RETURNING id"
    );
    database.number(&insert).await
}

/// The pattern, what its address begins with, and the statement that answers its number.
fn statements(client: i64, gone: i64) -> [(&'static str, &'static str, String); 10] {
    let tag = random::word("tag");
    let reference = random::word("R");
    let view = random::word("view");
    [
        (
            "/persons/{id}",
            "/persons/",
            format!(
                "INSERT INTO persons (client_id, name, search, sort_name, created_at, updated_at) \
                 VALUES ({client}, 'Pia Place', 'pia place', 'pia place', 1, 1) RETURNING id"
            ),
        ),
        (
            "/activities/{id}",
            "/activities/",
            format!(
                "INSERT INTO activities (client_id, kind, subject, happened_at, author, created_at, updated_at) \
                 VALUES ({client}, 'note', 'Placed', 1, 'Ada Admin', 1, 1) RETURNING id"
            ),
        ),
        (
            "/tasks/{id}",
            "/tasks/",
            format!(
                "INSERT INTO activities (client_id, kind, subject, happened_at, due_at, author, created_at, updated_at) \
                 VALUES ({client}, 'task', 'Placed', 1, 1, 'Ada Admin', 1, 1) RETURNING id"
            ),
        ),
        (
            "/leads/{id}",
            "/leads/",
            "INSERT INTO leads (name, company, search, sort_name, created_at, updated_at) \
             VALUES ('Lea Lead', 'Lead & Co', 'lea lead', 'lea lead', 1, 1) RETURNING id"
                .to_owned(),
        ),
        (
            "/deals/{id}",
            "/deals/",
            format!(
                "INSERT INTO deals (client_id, title, stage_id, amount_minor, currency, search, created_at, updated_at) \
                 SELECT {client}, 'Placed', MIN(id), 100, 'EUR', 'placed', 1, 1 FROM stages RETURNING id"
            ),
        ),
        (
            "/tags/{tag}",
            "/tags/",
            format!(
                "INSERT INTO tags (name, search, created_at, updated_at) VALUES ('{tag}', '{tag}', 1, 1) RETURNING id"
            ),
        ),
        (
            "/clients/views/{view}",
            "/clients/views/",
            format!(
                "INSERT INTO saved_views (owner_id, name, query, created_at, updated_at) \
                 SELECT MIN(id), '{view}', 'q=a', 1, 1 FROM toolcrib_users RETURNING id"
            ),
        ),
        (
            "/merges/{merge}",
            "/merges/",
            format!(
                "INSERT INTO merges (kept_id, gone_id, before, kept_version, actor, merged_at) \
                 VALUES ({client}, {gone}, '{{}}', 1, 'Ada Admin', 1) RETURNING id"
            ),
        ),
        (
            "/imports/{id}",
            "/imports/",
            "INSERT INTO import_runs (owner_id, file_name, bytes, encoding, separator, state, created_at) \
             SELECT MIN(id), 'placed.csv', 1, 'UTF-8', ',', 'done', 1 FROM toolcrib_users RETURNING id"
                .to_owned(),
        ),
        (
            "/accounts/{id}",
            "/accounts/",
            format!(
                "INSERT INTO external_accounts (client_id, provider, reference, created_at, updated_at) \
                 VALUES ({client}, 'ledger', '{reference}', 1, 1) RETURNING id"
            ),
        ),
    ]
}
