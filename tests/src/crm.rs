//! What users do in the CRM.

use std::path::PathBuf;

use crate::Answer;
use crate::Client;
use crate::binary;
use crate::random;
use crate::table::Table;

/// A client as typed into the form.
#[derive(Debug, Clone)]
pub struct NewClient {
    fields: Vec<(String, String)>,
}

impl NewClient {
    /// A valid client with an account of its own.
    #[must_use]
    pub fn valid() -> Self {
        let account = random::word("T");
        let email = format!("{}@example.com", account.to_lowercase());
        Self { fields: Vec::new() }
            .with("account", &account)
            .with("name", &format!("Company {account}"))
            .with("industry", "Testing")
            .with("city", "Köln")
            .with("website", "https://example.com/")
            .with("phone", "+49 221 1234567")
            .with("email", &email)
    }

    /// The same with another value in one field.
    #[must_use]
    pub fn with(mut self, field: &str, value: &str) -> Self {
        self.fields.retain(|(name, _)| name != field);
        self.fields.push((field.to_owned(), value.to_owned()));
        self
    }

    /// A field's value.
    #[must_use]
    pub fn get(&self, field: &str) -> &str {
        self.fields.iter().find(|(name, _)| name == field).map_or("", |(_, value)| value)
    }

    /// The account.
    #[must_use]
    pub fn account(&self) -> &str {
        self.get("account")
    }

    /// As form fields.
    #[must_use]
    pub fn fields(&self) -> Vec<(&str, &str)> {
        self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }
}

impl Client {
    /// Sends the form for a new client, asking for JSON.
    pub async fn try_create(&self, client: &NewClient) -> Answer {
        self.post_form_json("/clients", &client.fields()).await
    }

    /// Creates a client and returns its number.
    ///
    /// # Panics
    ///
    /// When it is refused.
    pub async fn create(&self, client: &NewClient) -> u64 {
        let answer = self.try_create(client).await;
        assert!((200..300).contains(&answer.status), "{client:?} was refused: {answer:?}");
        answer.json()["id"].as_u64().unwrap_or_else(|| panic!("no id in {answer:?}"))
    }

    /// Sends the form for an existing client, asking for JSON.
    pub async fn try_save(&self, id: u64, version: &str, client: &NewClient) -> Answer {
        let mut fields = client.fields();
        fields.push(("version", version));
        self.post_form_json(&format!("/clients/{id}"), &fields).await
    }

    /// The version that a client's edit form carries now.
    ///
    /// # Panics
    ///
    /// When there is no such form.
    pub async fn version_of(&self, id: u64) -> String {
        let page = self.get(&format!("/clients/{id}/edit")).await.expect_status(200).text();
        crate::html::input_value(&page, "version").unwrap_or_else(|| panic!("no version in {page}"))
    }

    /// Loads a panel of a client's card as the card's script does.
    pub async fn panel(&self, id: u64, panel: &str) -> Answer {
        let path = format!("/clients/{id}/panels/{panel}");
        self.request(reqwest::Method::GET, &path).header("x-requested-with", "fetch").send().await
    }

    /// Downloads all clients.
    pub async fn export(&self) -> Table {
        Table::read(&self.get("/clients.csv").await.expect_status(200).body)
    }
}

/// How many entries a report has under a name, where it lists them and where it counts them.
#[must_use]
pub fn count_in(report: &serde_json::Value, name: &str) -> Option<usize> {
    let entry = &report[name];
    entry.as_array().map(Vec::len).or_else(|| entry.as_u64()?.try_into().ok())
}

/// The real input: 503 companies.
#[must_use]
pub fn companies_file() -> PathBuf {
    binary::workspace().join("../shared/data/sp500-constituents.csv")
}

/// Its bytes.
///
/// # Panics
///
/// When the file is not there, or is not the one with 503 companies.
#[must_use]
pub fn companies() -> Vec<u8> {
    let path = companies_file();
    let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert_eq!(Table::read(&bytes).rows.len(), 503, "{}", path.display());
    bytes
}
