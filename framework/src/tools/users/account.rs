//! `/tools/users/{id}`: what an administrator changes of a user.

use askama::Template;

use super::password::{OtherPassword, OtherPasswordAction};
use super::role_choices;
use crate::adapter::end_user::{OwnPassword, OwnPasswordAction};
use crate::adapter::{Actions, Adapter, Done, Execute, Form, Row};
use crate::filters;
use crate::page::{Context, CreateError, Frame, OrNotFound, PageError, PageInfo, PageModule, PageResult, Site};
use crate::users::{ChangeUserError, DisableUserError, SetRolesError, User};

/// `/tools/users/{id}`.
pub(in crate::tools) struct UserPage;

/// A user as an administrator changes it.
#[derive(Debug, Clone, Default, Adapter)]
struct Account {
    #[field(label = "Name to sign in with", required, max_chars = 64, hint = "Case does not matter.")]
    name: String,
    #[field(label = "Name to show", required, max_chars = 100)]
    display_name: String,
    roles: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Actions)]
enum AccountAction {
    #[action(message = "Saved. It counts from the user's next request on.")]
    Save,
    #[action(no_fields, danger, message = "The user is disabled and signed out everywhere.")]
    Disable,
    #[action(no_fields, message = "The user may sign in again.")]
    Enable,
    #[action(label = "Sign out everywhere", no_fields)]
    EndSessions,
}

impl From<&User> for Row<Account> {
    fn from(user: &User) -> Self {
        let account =
            Account { name: user.name.clone(), display_name: user.display_name.clone(), roles: user.roles.clone() };
        Self::stored(account, user.id, Some(user.version))
    }
}

impl Execute for AccountAction {
    type Adapter = Account;

    async fn execute(self, form: &mut Form<Account>, cx: &mut Context<'_>) -> Result<Done, PageError> {
        let id = form.required_key()?;
        let users = cx.site().users().clone();
        match self {
            Self::Save => save(id, form, cx).await?,
            Self::Disable | Self::EndSessions if is_own(cx, id) => {
                form.refuse_all("This is your own account: you would lock yourself out.");
            }
            Self::Disable => match users.disable(cx.tx().await?, id).await {
                Err(error @ DisableUserError::LastAdmin) => form.refuse_all(error.to_string()),
                done => or_gone(done)?,
            },
            Self::Enable => or_gone(users.enable(cx.tx().await?, id).await)?,
            Self::EndSessions => {
                let ended = users.end_sessions(cx.tx().await?, id).await?;
                let ended = filters::in_words(i64::try_from(ended).unwrap_or(i64::MAX), "session", "sessions");
                return Ok(Done::new().message(format!("Ended: {ended}.")));
            }
        }
        Ok(Done::new())
    }
}

fn or_gone(done: Result<(), DisableUserError>) -> Result<(), PageError> {
    match done {
        Err(DisableUserError::Db(error)) => Err(error.into()),
        Err(_) => Err(PageError::NotFound),
        Ok(()) => Ok(()),
    }
}

/// Whether the one who asks is that user.
fn is_own(cx: &Context<'_>, id: i64) -> bool {
    cx.end_user().is_some_and(|user| user.id == id.to_string())
}

async fn save(id: i64, form: &mut Form<Account>, cx: &mut Context<'_>) -> Result<(), PageError> {
    let version = form.required_version()?;
    let Account { name, display_name, mut roles } = form.value().clone();
    let users = cx.site().users().clone();
    let user = match users.change(cx.tx().await?, id, version, &name, &display_name).await {
        Ok(user) => user,
        Err(ChangeUserError::Stale) => {
            let now = users.by_id(cx.tx().await?, id).await?.or_not_found()?;
            form.refuse_stale(&now);
            return Ok(());
        }
        Err(error) => return refuse_names(form, error),
    };
    roles.sort_unstable();
    roles.dedup();
    if roles == user.roles {
        return Ok(());
    }
    let roles: Vec<&str> = roles.iter().map(String::as_str).collect();
    match users.set_roles(cx.tx().await?, id, user.version, &roles).await {
        Ok(_) => Ok(()),
        Err(SetRolesError::Session(error)) => Err(error.into()),
        Err(SetRolesError::Db(error)) => Err(error.into()),
        Err(SetRolesError::NoSuchUser | SetRolesError::Stale) => Err(PageError::NotFound),
        Err(error) => {
            form.refuse_in_words(Account::ROLES, error.to_string());
            Ok(())
        }
    }
}

fn refuse_names(form: &mut Form<Account>, error: ChangeUserError) -> Result<(), PageError> {
    match error {
        ChangeUserError::Name(error) => form.refuse_in_words(Account::NAME, error.to_string()),
        ChangeUserError::NameTaken => form.refuse_in_words(Account::NAME, error.to_string()),
        ChangeUserError::DisplayName(error) => form.refuse_in_words(Account::DISPLAY_NAME, error.to_string()),
        ChangeUserError::NoSuchUser | ChangeUserError::Stale => return Err(PageError::NotFound),
        ChangeUserError::Session(error) => return Err(error.into()),
        ChangeUserError::Db(error) => return Err(error.into()),
    }
    Ok(())
}

#[derive(Template)]
#[template(path = "tools/user.html")]
struct UserView {
    user: User,
    own: bool,
    account: Form<Account>,
    password: Form<OtherPassword>,
    own_password: Form<OwnPassword>,
}

/// The user the address names.
async fn user(cx: &mut Context<'_>) -> Result<User, PageError> {
    let id = cx.path("id")?;
    let users = cx.site().users().clone();
    users.by_id(cx.read().await?, id).await?.or_not_found()
}

async fn account_form(cx: &mut Context<'_>, user: &User) -> Result<Form<Account>, PageError> {
    let roles = role_choices(cx).await?;
    Ok(cx.form_of(user).offer(Account::ROLES, roles))
}

fn password_form(cx: &mut Context<'_>, user: &User) -> Form<OtherPassword> {
    cx.form_of(Row::stored(OtherPassword::default(), user.id, None))
}

impl PageModule for UserPage {
    const INFO: PageInfo = PageInfo::new("user", "/tools/users/{id}").title("User").right("admin").accepts_post();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let user = user(cx).await?;
        let account = account_form(cx, &user).await?;
        let (password, own_password) = (password_form(cx, &user), cx.form_of(OwnPassword::default()));
        cx.render(UserView { own: is_own(cx, user.id), user, account, password, own_password })
    }

    async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
        let user = user(cx).await?;
        let own = is_own(cx, user.id);
        let chosen = cx.form_param("_action").unwrap_or_default();
        if chosen == OtherPasswordAction::SetPassword.info().name() && !own {
            let form = password_form(cx, &user);
            return cx.execute::<OtherPasswordAction>(form).await;
        }
        if chosen == OwnPasswordAction::Change.info().name() && own {
            let form = cx.form_of(OwnPassword::default());
            return cx.execute::<OwnPasswordAction>(form).await;
        }
        let form = account_form(cx, &user).await?;
        cx.execute::<AccountAction>(form).await
    }
}
