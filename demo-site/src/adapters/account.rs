//! An account of a client at another company.

use serde_json::{Value, json};
use toolcrib::prelude::*;

use crate::db::journal::{self, Entry};
use crate::db::{accounts, clients};
use crate::domain::changes;
use crate::jobs::accounts::{check_soon, topic};
use crate::pages::{actor, viewer};

/// What a client is called at another company, and what the last check found there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Adapter)]
#[adapter(table = "external_accounts", version = "version", sort(newest = "-id"), page_size = 50)]
pub struct Account {
    /// At whom.
    #[field(required, label = "At")]
    pub provider: ProviderName,
    /// What the client is called there.
    #[field(required, max_chars = 64, check = plain, hint = "Letters, digits and dashes, as the company writes it.")]
    pub reference: String,
    /// Whose it is.
    #[field(read_only, kind = "hidden")]
    pub client_id: i64,
    /// What the last check found.
    #[field(read_only, filter)]
    pub state: AccountState,
    /// More about it.
    #[field(read_only)]
    pub message: String,
    /// When it was checked last.
    #[field(read_only, kind = "hidden")]
    pub checked_at: Option<i64>,
}

/// The companies there are: invented ones, like the rest of the demo.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Choices)]
pub enum ProviderName {
    /// Keeps books.
    #[default]
    #[choice(label = "Ledger & Sons")]
    Ledger,
    /// Sends parcels.
    #[choice(label = "Prompt Parcels")]
    Parcels,
    /// Moves money.
    #[choice(label = "Penny Payments")]
    Payments,
}

/// What the last check found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Choices)]
pub enum AccountState {
    /// It was not checked yet.
    #[default]
    #[choice(label = "Not checked")]
    Unchecked,
    /// A check is under way.
    Checking,
    /// It is in order.
    Sound,
    /// Something is wrong with it.
    Broken,
    /// The company did not answer.
    #[choice(label = "No answer")]
    Unreachable,
}

/// What is done with accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Actions)]
pub enum AccountAction {
    /// A new one.
    #[action(label = "Add account", right = "edit", message = "The account has been added and is being checked.")]
    Add,
    /// One that is there.
    #[action(label = "Save changes", right = "edit", message = "The changes have been saved.")]
    Save,
    /// It is asked about.
    #[action(label = "Check now", right = "edit", message = "The account is being checked.", no_fields)]
    Check,
    /// Away with it.
    #[action(label = "Remove", right = "edit", message = "The account has been removed.", no_fields, danger)]
    Remove,
}

impl Execute for AccountAction {
    type Adapter = Account;

    /// The page has made sure that the visitor may see the client of an account that is there.
    async fn execute(self, form: &mut Form<Account>, cx: &mut Context<'_>) -> Result<Done, PageError> {
        let now = now_micros();
        match self {
            Self::Add => {
                let client_id = client_of(cx).await?;
                refuse_taken(form, cx).await?;
                form.value_mut().client_id = client_id;
                form.also("created_at", now);
                form.also("updated_at", now);
                form.save(cx).await.map(drop)?;
            }
            Self::Save => {
                let stored = Row::<Account>::find(cx.tx().await?, form.required_key()?).await?.or_not_found()?;
                let changed = changes::between(&as_json(stored.value()), &as_json(form.value()), &[]);
                if changed.is_empty() {
                    return Ok(form.save(cx).await?.to(home(form)));
                }
                refuse_taken(form, cx).await?;
                form.value_mut().state = AccountState::Unchecked;
                form.value_mut().message.clear();
                form.also("updated_at", now);
                form.save(cx).await.map(drop)?;
                return self.end(form, cx, Value::from(changed)).await;
            }
            Self::Check => {
                let version = form.row().version().unwrap_or(1);
                check_soon(cx.unit(), form.required_key()?, version).await?;
                return Ok(Done::new().to(home(form)));
            }
            Self::Remove => form.remove(cx).await.map(drop)?,
        }
        self.end(form, cx, Value::Object(serde_json::Map::new())).await
    }
}

impl AccountAction {
    /// Notes what was done, and has the account checked.
    async fn end(self, form: &mut Form<Account>, cx: &mut Context<'_>, changes: Value) -> Result<Done, PageError> {
        if form.is_refused() {
            return Ok(Done::new());
        }
        let (id, account, who) = (form.required_key()?, form.value().clone(), actor(cx)?);
        let (action, word) = match self {
            Self::Add => ("added", "Added"),
            Self::Remove => ("removed", "Removed"),
            Self::Save | Self::Check => ("changed", "Changed"),
        };
        if self != Self::Remove {
            check_soon(cx.unit(), id, form.row().version().unwrap_or(1)).await?;
        }
        let told = format!("{word} the account {} at {}.", account.reference, label(account.provider));
        let entry = Entry {
            action,
            record_kind: "external_account",
            record_id: id,
            record_name: &account.reference,
            changes,
            told: Some((account.client_id, &told)),
        };
        journal::note(cx.tx().await?, &who, now_micros(), entry).await?;
        cx.publish(topic(account.client_id), "account", &json!({ "account": id }));
        Ok(Done::new().to(home(form)))
    }
}

/// The client a new account is for, if the visitor may see it.
async fn client_of(cx: &mut Context<'_>) -> Result<i64, PageError> {
    let id: i64 = cx.form_param("client").and_then(|id| id.parse().ok()).or_not_found()?;
    let viewer = viewer(cx)?;
    if clients::is_there(cx.read().await?, id, viewer).await? { Ok(id) } else { Err(PageError::NotFound) }
}

async fn refuse_taken(form: &mut Form<Account>, cx: &mut Context<'_>) -> Result<(), PageError> {
    let (but, account) = (form.key(), form.value().clone());
    let provider = name(account.provider);
    if accounts::is_taken(cx.tx().await?, provider, &account.reference, but).await? {
        form.refuse(Account::REFERENCE, "belongs to another account already");
    }
    Ok(())
}

fn home(form: &Form<Account>) -> String {
    format!("/clients/{}", form.value().client_id)
}

fn as_json(account: &Account) -> Value {
    json!({ "provider": label(account.provider), "reference": account.reference })
}

/// A provider as it is stored.
fn name(provider: ProviderName) -> &'static str {
    match provider {
        ProviderName::Ledger => "ledger",
        ProviderName::Parcels => "parcels",
        ProviderName::Payments => "payments",
    }
}

/// A provider as people call it.
pub(crate) fn label(provider: ProviderName) -> &'static str {
    match provider {
        ProviderName::Ledger => "Ledger & Sons",
        ProviderName::Parcels => "Prompt Parcels",
        ProviderName::Payments => "Penny Payments",
    }
}

/// The provider that is stored like this, as people call it.
pub(crate) fn label_of(stored: &str) -> &str {
    let all = [ProviderName::Ledger, ProviderName::Parcels, ProviderName::Payments];
    all.into_iter().find(|provider| name(*provider) == stored).map(label).unwrap_or(stored)
}

fn plain(reference: &mut String) -> Result<(), &'static str> {
    *reference = reference.to_uppercase();
    let is_plain = reference.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-');
    if is_plain { Ok(()) } else { Err("may have letters, digits and dashes only") }
}

#[cfg(test)]
mod tests {
    use toolcrib::adapter::checked;

    use super::*;

    #[test]
    fn a_reference_is_letters_digits_and_dashes() {
        let of = |reference: &str| checked(Account { reference: reference.to_owned(), ..Account::default() });
        assert_eq!(of(" acc-1 ").unwrap().reference, "ACC-1");
        for wrong in ["", "a b", "a'b", "é", &"x".repeat(65)] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_provider_is_stored_under_its_name() {
        assert_eq!(label_of("parcels"), "Prompt Parcels");
        assert_eq!(label_of("else"), "else");
        let row = Row::from(Account { provider: ProviderName::Payments, ..Account::default() });
        assert_eq!(row.text(Account::PROVIDER), label(ProviderName::Payments));
        assert_eq!(row.to_json()["provider"], name(ProviderName::Payments));
    }
}
