//! What a form says of a task: which client is meant, and what it changes.

use serde_json::{Map, Value, json};
use toolcrib::prelude::*;

use super::Task;
use crate::db::colleagues;
use crate::db::tasks::{self, Candidate, NewTask, StoredTask};
use crate::pages::viewer;

/// What the form says, in the words of the table; nothing where it was refused.
pub(super) async fn told(form: &mut Form<Task>, cx: &mut Context<'_>) -> Result<Option<NewTask>, PageError> {
    let client = client(form, cx).await?;
    let value = form.value().clone();
    if let Some(client) = &client
        && client.private_owner.is_some()
        && value.owner != client.private_owner
    {
        form.refuse(Task::OWNER, "cannot see this client, which is private");
    }
    if form.is_refused() {
        return Ok(None);
    }
    Ok(Some(NewTask {
        due_at: value.due_at(),
        subject: value.subject,
        body: value.body,
        owner_id: value.owner,
        client_id: client.map(|client| client.id),
    }))
}

/// The client that was typed, or that a form brought along by its number.
async fn client(form: &mut Form<Task>, cx: &mut Context<'_>) -> Result<Option<Candidate>, PageError> {
    let viewer = viewer(cx)?;
    let typed = form.value().account.clone();
    if typed.is_empty() {
        let Some(asked) = cx.form_param("client").filter(|asked| !asked.is_empty()) else { return Ok(None) };
        let id = asked.parse().unwrap_or(0);
        let found = tasks::client(cx.tx().await?, viewer, id).await?;
        if found.is_none() {
            form.refuse(Task::ACCOUNT, "is no client that you can see");
        }
        return Ok(found);
    }
    let mut found = tasks::clients_like(cx.tx().await?, viewer, &typed).await?;
    match found.len() {
        1 => return Ok(found.pop()),
        0 => form.refuse(Task::ACCOUNT, "is no client that you can see"),
        _ => {
            let names: Vec<_> =
                found.iter().take(5).map(|found| format!("{} ({})", found.account, found.name)).collect();
            form.refuse(Task::ACCOUNT, format_args!("may be several: {}. Type the account", names.join(", ")));
        }
    }
    Ok(None)
}

/// What a form changes, field by field, as the audit log has it.
pub(super) async fn changes(tx: &mut Conn, old: &StoredTask, new: &NewTask) -> Result<Map<String, Value>, DbError> {
    let mut changes = Map::new();
    let mut compare = |name: &str, old: Value, new: Value| {
        if old != new {
            changes.insert(name.to_owned(), json!([old, new]));
        }
    };
    compare("subject", json!(old.subject), json!(new.subject));
    compare("due_at", json!(old.due_at), json!(new.due_at));
    compare("body", json!(old.body), json!(new.body));
    if old.owner_id != new.owner_id {
        let people = colleagues::offered(tx, None).await?;
        let name = people.into_iter().find(|(id, _)| Some(*id) == new.owner_id).map(|(_, name)| name);
        compare("owner", json!(old.owner), json!(name));
    }
    compare("client_id", json!(old.client_id), json!(new.client_id));
    Ok(changes)
}
