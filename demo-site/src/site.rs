//! The site: its app module, its pages, and how it is put together.

use toolcrib::prelude::*;
use toolcrib::server::{BuildError, Server, SiteBuilder};

use crate::config::DemoUsers;
use crate::db::{POSTGRES, SQLITE};
use crate::demo_users::{self, DemoUsersError, LogIns};
use crate::examples::{
    ArrivalPage, CardGame, CardGamePage, DrillPage, ExamplesPage, MirrorPage, RacePage, RcTallyPage, RelayPage,
    SalesPage, SerialPage, SkewPage, TallyPage,
};
use crate::pages::account::{LoginPage, LogoutPage, PasswordPage};
use crate::pages::clients::{
    ActivitiesPanel, ClientEditPage, ClientNewPage, ClientPage, ClientsCsvPage, ClientsPage, ContactsPanel, DealsPanel,
};
use crate::pages::{DeskPage, ImportPage, SearchPage, error_page};

/// The app module: takes part in every request. The CRM has nothing to say to all of them, but it
/// has a title and looks of its own for errors.
#[derive(Debug)]
pub struct Crm;

impl AppModule for Crm {
    const TITLE: &'static str = "Toolcrib CRM";

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    fn error_page(notice: &ErrorNotice<'_>, frame: &Frame) -> Option<String> {
        error_page(notice, frame)
    }
}

/// The site cannot be started. The message names what is wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// It does not fit together, or its database cannot be used.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The database cannot be filled, or has what it must not have.
    #[error(transparent)]
    DemoUsers(#[from] DemoUsersError),
}

/// What users of a new CRM may do; an administrator may change it.
#[must_use]
pub fn roles() -> [Role; 3] {
    [
        Role::new("admin").label("Administrator").rights(["view", "edit", "import", "admin"]),
        Role::new("sales").label("Sales").rights(["view", "edit", "import"]),
        Role::new("viewer").label("Viewer").rights(["view"]),
    ]
}

/// The pages and all they need, before anything is opened.
///
/// The order of pages is the order of the menu.
pub fn builder(settings: Settings) -> SiteBuilder {
    Site::builder(settings)
        .migrations(&SQLITE, &POSTGRES)
        .app_module::<Crm>()
        .page::<DeskPage>()
        .page::<ClientsPage>()
        .page::<ClientNewPage>()
        .page::<ClientPage>()
        .page::<ClientEditPage>()
        .page::<ContactsPanel>()
        .page::<DealsPanel>()
        .page::<ActivitiesPanel>()
        .page::<ClientsCsvPage>()
        .page::<ImportPage>()
        .page::<SearchPage>()
        .page::<LoginPage>()
        .page::<LogoutPage>()
        .page::<PasswordPage>()
        .page::<ExamplesPage>()
        .page::<DrillPage>()
        .page::<RelayPage>()
        .page::<ArrivalPage>()
        .page::<MirrorPage>()
        .page::<TallyPage>()
        .page::<RcTallyPage>()
        .page::<SerialPage>()
        .page::<SalesPage>()
        .page::<CardGamePage>()
        .page::<SkewPage>()
        .page::<RacePage>()
        .shared_object::<CardGame>()
        .roles(roles())
        .login_page("login")
        .default_page("home")
        .asset("app.css", include_bytes!("../assets/app.css"))
        .asset("examples.js", include_bytes!("../assets/examples.js"))
        .asset("panels.js", include_bytes!("../assets/panels.js"))
        .asset("mark.svg", include_bytes!("../assets/mark.svg"))
}

/// Opens the database, brings it up to date and checks that everything fits together. Nothing is
/// filled in, and nothing listens yet.
///
/// # Errors
/// [`StartError`].
pub async fn build(settings: Settings) -> Result<Server, StartError> {
    Ok(builder(settings).build().await?)
}

/// As [`build`], and fills an empty database, or refuses one with users it must not have.
///
/// # Errors
/// [`StartError`].
pub async fn start(settings: Settings, demo_users: &DemoUsers) -> Result<(Server, LogIns), StartError> {
    let server = build(settings).await?;
    let log_ins = demo_users::prepare(server.site(), demo_users).await?;
    Ok((server, log_ins))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_has_the_rights_of_the_one_below() {
        let [admin, sales, viewer] = roles();
        for (upper, lower) in [(admin, sales.clone()), (sales, viewer)] {
            assert!(lower.rights.iter().all(|right| upper.has_right(right)));
            assert!(upper.rights.len() > lower.rights.len());
        }
    }
}
