//! The users of the site, as administrators see and change them (W40).

mod account;
mod list;
mod new;
mod password;

pub(super) use self::account::UserPage;
pub(super) use self::list::UsersPage;
pub(super) use self::new::NewUserPage;

use crate::adapter::{Adapter, Choice, FieldId, Form};
use crate::page::{Context, PageError};
use crate::users::password::PasswordError;
use crate::users::{PasswordHash, PasswordRefused};

/// The roles a user may be given.
async fn role_choices(cx: &mut Context<'_>) -> Result<Vec<Choice>, PageError> {
    let users = cx.site().users().clone();
    let roles = users.roles(cx.read().await?).await?;
    Ok(roles.into_iter().map(|record| Choice::new(record.role.name, record.role.label)).collect())
}

/// The hash of a password that an administrator chose for a user; none where the form is refused
/// for it. Before any transaction, as it takes its time.
async fn hashed<A: Adapter>(
    form: &mut Form<A>,
    field: FieldId,
    cx: &mut Context<'_>,
    (name, password): (&str, String),
) -> Result<Option<PasswordHash>, PageError> {
    cx.release_reader();
    match cx.site().users().hash_password(name, password).await {
        Ok(hash) => Ok(Some(hash)),
        Err(PasswordRefused::Weak(weak)) => {
            form.refuse_in_words(field, weak.to_string());
            Ok(None)
        }
        Err(PasswordRefused::Hash(PasswordError::Busy { retry_after })) => {
            Err(PageError::unavailable("Many people are signing in right now.", retry_after))
        }
        Err(PasswordRefused::Hash(error)) => Err(PageError::other(error)),
    }
}
