//! `/tools/roles` and `/tools/roles/{name}`: the roles users may have, and the rights of each (W40).

use askama::Template;

use crate::adapter::{Actions, Adapter, Done, Execute, FieldId, Form, Row};
use crate::filters;
use crate::page::{Context, CreateError, Frame, OrNotFound, PageError, PageInfo, PageModule, PageResult, Site, encode};
use crate::users::{ChangeRoleError, CreateRoleError, RemoveRoleError, Role, RoleError, RoleRecord};

/// `/tools/roles`.
pub(super) struct RolesPage;

/// `/tools/roles/{name}`.
pub(super) struct RolePage;

/// A role to be made.
#[derive(Debug, Clone, Default, Adapter)]
struct NewRole {
    #[field(required, max_chars = 40, hint = "Lower-case letters, digits and -_.: of which it never changes.")]
    name: String,
    #[field(label = "Shown as", required, max_chars = 100)]
    label: String,
    #[field(max_chars = 1400, hint = "Their names, with spaces between.")]
    rights: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Actions)]
enum NewRoleAction {
    #[action(label = "Add the role", message = "The role has been added.")]
    Create,
}

/// A role as an administrator changes it.
#[derive(Debug, Clone, Default, Adapter)]
struct RoleEdit {
    #[field(label = "Shown as", required, max_chars = 100)]
    label: String,
    #[field(max_chars = 1400, hint = "Their names, with spaces between.")]
    rights: String,
    #[field(skip)]
    name: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Actions)]
enum RoleAction {
    #[action(message = "Saved. It counts from the next request of every user with this role on.")]
    Save,
    #[action(label = "Remove the role", no_fields, danger, message = "The role has been removed.")]
    Remove,
}

fn role(name: String, label: String, rights: &str) -> Role {
    Role::new(name).label(label).rights(rights.split([' ', ',', ';']).filter(|right| !right.is_empty()))
}

/// Says at its field why a role cannot be.
fn refuse<A: Adapter>(form: &mut Form<A>, error: &RoleError, [name, label, rights]: [FieldId; 3], own: &str) {
    let field = match error {
        RoleError::Word(word) if word == own => name,
        RoleError::Word(_) | RoleError::TooManyRights => rights,
        RoleError::Label(_) => label,
    };
    form.refuse_in_words(field, error.to_string());
}

impl Execute for NewRoleAction {
    type Adapter = NewRole;

    async fn execute(self, form: &mut Form<NewRole>, cx: &mut Context<'_>) -> Result<Done, PageError> {
        let NewRole { name, label, rights } = form.value().clone();
        let users = cx.site().users().clone();
        match users.create_role(cx.tx().await?, &role(name.clone(), label, &rights)).await {
            Ok(()) => return Ok(Done::new().to(format!("/tools/roles/{}", encode(&name)))),
            Err(CreateRoleError::Role(error)) => {
                refuse(form, &error, [NewRole::NAME, NewRole::LABEL, NewRole::RIGHTS], &name);
            }
            Err(error @ CreateRoleError::NameTaken) => form.refuse_in_words(NewRole::NAME, error.to_string()),
            Err(CreateRoleError::Db(error)) => return Err(error.into()),
        }
        Ok(Done::new())
    }
}

impl From<RoleRecord> for Row<RoleEdit> {
    fn from(record: RoleRecord) -> Self {
        let Role { name, label, rights } = record.role;
        Self::versioned(RoleEdit { label, rights: rights.join(" "), name }, record.version)
    }
}

impl Execute for RoleAction {
    type Adapter = RoleEdit;

    async fn execute(self, form: &mut Form<RoleEdit>, cx: &mut Context<'_>) -> Result<Done, PageError> {
        let RoleEdit { label, rights, name } = form.value().clone();
        match self {
            Self::Save => save(form, cx, role(name, label, &rights)).await,
            Self::Remove => {
                let users = cx.site().users().clone();
                match users.remove_role(cx.tx().await?, &name).await {
                    Ok(()) => return Ok(Done::new().to("/tools/roles")),
                    Err(RemoveRoleError::InUse(_)) => {
                        form.refuse_all("Somebody has this role. It can be removed when nobody has it any more.");
                    }
                    Err(RemoveRoleError::NoSuchRole) => return Err(PageError::NotFound),
                    Err(RemoveRoleError::Db(error)) => return Err(error.into()),
                }
                Ok(Done::new())
            }
        }
    }
}

async fn save(form: &mut Form<RoleEdit>, cx: &mut Context<'_>, role: Role) -> Result<Done, PageError> {
    let version = form.required_version()?;
    let users = cx.site().users().clone();
    match users.change_role(cx.tx().await?, version, &role).await {
        Ok(()) => {}
        Err(ChangeRoleError::Stale) => {
            let now = users.role(cx.tx().await?, &role.name).await?.or_not_found()?;
            form.refuse_stale(now);
        }
        Err(ChangeRoleError::Role(error)) => {
            refuse(form, &error, [RoleEdit::LABEL, RoleEdit::LABEL, RoleEdit::RIGHTS], &role.name);
        }
        Err(error @ ChangeRoleError::LastAdmin) => form.refuse_in_words(RoleEdit::RIGHTS, error.to_string()),
        Err(ChangeRoleError::NoSuchRole) => return Err(PageError::NotFound),
        Err(ChangeRoleError::Session(error)) => return Err(error.into()),
        Err(ChangeRoleError::Db(error)) => return Err(error.into()),
    }
    Ok(Done::new())
}

#[derive(Template)]
#[template(path = "tools/roles.html")]
struct RolesView {
    roles: Vec<RoleRecord>,
    form: Form<NewRole>,
}

#[derive(Template)]
#[template(path = "tools/role.html")]
struct RoleView {
    record: RoleRecord,
    form: Form<RoleEdit>,
}

impl PageModule for RolesPage {
    const INFO: PageInfo =
        PageInfo::new("roles", "/tools/roles").title("Roles").right("admin").in_menu().accepts_post();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let users = cx.site().users().clone();
        let roles = users.roles(cx.read().await?).await?;
        let form = cx.form_of(NewRole::default());
        cx.render(RolesView { roles, form })
    }

    async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
        let form = cx.form_of(NewRole::default());
        cx.execute::<NewRoleAction>(form).await
    }
}

/// The role the address names.
async fn record(cx: &mut Context<'_>) -> Result<RoleRecord, PageError> {
    let name: String = cx.path("name")?;
    let users = cx.site().users().clone();
    users.role(cx.read().await?, &name).await?.or_not_found()
}

impl PageModule for RolePage {
    const INFO: PageInfo = PageInfo::new("role", "/tools/roles/{name}").title("Role").right("admin").accepts_post();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let record = record(cx).await?;
        let form = cx.form_of(record.clone());
        cx.render(RoleView { record, form })
    }

    async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
        let record = record(cx).await?;
        let form = cx.form_of(record);
        cx.execute::<RoleAction>(form).await
    }
}
