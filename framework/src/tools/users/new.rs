//! `/tools/users/new`: one more user.

use std::fmt;

use askama::Template;

use super::{hashed, role_choices};
use crate::adapter::{Actions, Adapter, Done, Execute, Form};
use crate::page::{Context, CreateError, Frame, PageError, PageInfo, PageModule, PageResult, Site};
use crate::users::{CreateUserError, NewUser};

/// `/tools/users/new`.
pub(in crate::tools) struct NewUserPage;

/// A user to be made.
#[derive(Clone, Default, Adapter)]
struct Newcomer {
    #[field(label = "Name to sign in with", required, max_chars = 64, hint = "Case does not matter.")]
    name: String,
    #[field(label = "Name to show", required, max_chars = 100)]
    display_name: String,
    #[field(
        kind = "password",
        required,
        max_chars = 1024,
        autocomplete = "new-password",
        hint = "At least 8 characters. The user can change it after the first sign-in."
    )]
    password: String,
    roles: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Actions)]
enum NewcomerAction {
    #[action(label = "Add the user", message = "The user has been added.")]
    Create,
}

impl fmt::Debug for Newcomer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Newcomer").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Execute for NewcomerAction {
    type Adapter = Newcomer;

    async fn execute(self, form: &mut Form<Newcomer>, cx: &mut Context<'_>) -> Result<Done, PageError> {
        let Newcomer { name, display_name, password, roles } = form.value().clone();
        let Some(password) = hashed(form, Newcomer::PASSWORD, cx, (&name, password)).await? else {
            return Ok(Done::new());
        };
        let roles: Vec<&str> = roles.iter().map(String::as_str).collect();
        let user = NewUser { name: &name, display_name: &display_name, password: &password, roles: &roles };
        let users = cx.site().users().clone();
        match users.create(cx.tx().await?, user).await {
            Ok(id) => return Ok(Done::new().to(format!("/tools/users/{id}")).json(serde_json::json!({ "id": id }))),
            Err(CreateUserError::Name(error)) => form.refuse_in_words(Newcomer::NAME, error.to_string()),
            Err(CreateUserError::DisplayName(error)) => form.refuse_in_words(Newcomer::DISPLAY_NAME, error.to_string()),
            Err(error @ CreateUserError::NameTaken) => form.refuse_in_words(Newcomer::NAME, error.to_string()),
            Err(error @ (CreateUserError::UnknownRole(_) | CreateUserError::TooManyRoles)) => {
                form.refuse_in_words(Newcomer::ROLES, error.to_string());
            }
            Err(CreateUserError::Db(error)) => return Err(error.into()),
        }
        Ok(Done::new())
    }
}

#[derive(Template)]
#[template(path = "tools/user_new.html")]
struct NewUserView {
    form: Form<Newcomer>,
}

async fn form(cx: &mut Context<'_>) -> Result<Form<Newcomer>, PageError> {
    let roles = role_choices(cx).await?;
    Ok(cx.form_of(Newcomer::default()).offer(Newcomer::ROLES, roles))
}

impl PageModule for NewUserPage {
    const INFO: PageInfo =
        PageInfo::new("users.new", "/tools/users/new").title("New user").right("admin").accepts_post();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let form = form(cx).await?;
        cx.render(NewUserView { form })
    }

    async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
        let form = form(cx).await?;
        cx.execute::<NewcomerAction>(form).await
    }
}
