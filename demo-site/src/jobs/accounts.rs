//! Checking accounts at other companies: one, again and again where nobody answers, and all of them at night.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::json;
use toolcrib::jobs::EnqueueError;
use toolcrib::prelude::*;

use crate::adapters::account::label_of;
use crate::db::accounts::{self, ToCheck};
use crate::db::journal::{self, Actor, Entry};
use crate::domain::providers::{Finding, Provider};

/// How many checks are put in line at once.
const BATCH: i64 = 200;

/// Asks about one account.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CheckAccount {
    pub(crate) account_id: i64,
    /// As it was when that was asked for; who changes it has it checked anew.
    pub(crate) version: i64,
}

/// Has all accounts checked.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CheckAllAccounts {}

/// Has an account checked. However often that is asked for, one check is under way.
pub(crate) async fn check_soon(unit: &mut Unit, account_id: i64, version: i64) -> Result<(), EnqueueError> {
    let options = JobOptions::default().unique(format!("account/{account_id}/{version}"));
    unit.enqueue_with(&CheckAccount { account_id, version }, options).await.map(drop)
}

/// Where what happens to a client is told.
pub(crate) fn topic(client_id: i64) -> String {
    format!("clients/{client_id}")
}

impl Job for CheckAccount {
    const NAME: &'static str = "check an account";
    const ATTEMPTS: u32 = 4;

    async fn run(&self, run: &mut JobRun) -> Result<(), JobError> {
        let found = accounts::to_check(&mut run.site().db().read().await?, self.account_id).await?;
        let Some(account) = found.filter(|account| account.version == self.version) else { return Ok(()) };
        if !self.say(run, &account, ("checking", ""), None).await? {
            return Ok(());
        }
        let provider = Arc::clone(run.site().state::<Arc<dyn Provider>>().ok_or_else(no_provider)?);
        let finding = provider.check(&account.provider, &account.reference, run.attempt()).await;
        let (state, message) = match &finding {
            Finding::Sound => ("sound", String::new()),
            Finding::Broken(reason) => ("broken", reason.clone()),
            Finding::Unreachable(reason) => ("unreachable", reason.clone()),
        };
        let is_as_it_was = self.say(run, &account, (state, &message), Some(now_micros())).await?;
        match finding {
            // The last attempt is an answer too: the company is not reachable today.
            Finding::Unreachable(reason) if is_as_it_was && run.attempt() < Self::ATTEMPTS => {
                Err(JobError::retry(reason))
            }
            _ => Ok(()),
        }
    }
}

impl CheckAccount {
    /// Stores and tells how a check stands; answers whether the account is still as it was.
    async fn say(
        &self,
        run: &mut JobRun,
        account: &ToCheck,
        (state, message): (&str, &str),
        checked_at: Option<i64>,
    ) -> Result<bool, JobError> {
        run.step(async |unit| {
            let tx = unit.tx().await?;
            if !accounts::found(tx, self.account_id, account.version, (state, message), checked_at).await? {
                return Ok(false);
            }
            // What changes nothing is not worth a line, nor is a company that does not answer for once.
            let is_news = matches!((account.state.as_str(), state), ("broken", "sound"))
                || (state == "broken" && account.state != "broken");
            if is_news {
                self.note(tx, account, (state, message)).await?;
            }
            unit.publish(topic(account.client_id), "account", &json!({ "account": self.account_id, "state": state }));
            Ok(true)
        })
        .await
    }

    async fn note(&self, tx: &mut Conn, account: &ToCheck, (state, message): (&str, &str)) -> Result<(), DbError> {
        let ToCheck { client_id, provider, reference, state: before, .. } = account;
        let told = format!("The account {reference} at {} is {state}. {message}", label_of(provider));
        let entry = Entry {
            action: "checked",
            record_kind: "external_account",
            record_id: self.account_id,
            record_name: reference,
            changes: json!({ "state": [before, state] }),
            told: Some((*client_id, told.trim_end())),
        };
        journal::note(tx, &Actor::program(), now_micros(), entry).await
    }
}

fn no_provider() -> JobError {
    JobError::fail("The site has no provider to ask: `.state::<Arc<dyn Provider>>(…)` names one.")
}

impl Job for CheckAllAccounts {
    const NAME: &'static str = "check all accounts";

    async fn run(&self, run: &mut JobRun) -> Result<(), JobError> {
        let mut after = 0;
        loop {
            let reached = run
                .step(async |unit| {
                    let batch = accounts::all_after(unit.tx().await?, after, BATCH).await?;
                    for (id, version) in &batch {
                        check_soon(unit, *id, *version).await?;
                    }
                    Ok(batch.last().map(|(id, _)| *id))
                })
                .await?;
            match reached {
                Some(last) => after = last,
                None => return Ok(()),
            }
        }
    }
}
