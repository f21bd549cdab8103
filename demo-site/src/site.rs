//! The site: its app module, its pages, and how it is put together.

use toolcrib::prelude::*;
use toolcrib::server::{BuildError, Server, SiteBuilder};

use crate::config::DemoUsers;
use crate::db::{POSTGRES, SQLITE, reindex};
use crate::demo_users::{self, DemoUsersError, LogIns};
use crate::examples::{
    AppendPage, ArrivalPage, CardGame, CardGamePage, DrillPage, ExamplesPage, MirrorPage, RacePage, RcTallyPage,
    RelayPage, SalesPage, SerialPage, SkewPage, TallyPage, WorkshopPage,
};
use crate::pages::{self, error_page};

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
    /// What is searched cannot be indexed anew.
    #[error("the search index could not be written")]
    Reindex(#[source] DbError),
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
    pages::register(Site::builder(settings))
        .migrations(&SQLITE, &POSTGRES)
        .app_module::<Crm>()
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
        .page::<AppendPage>()
        .page::<SkewPage>()
        .page::<WorkshopPage>()
        .page::<RacePage>()
        .shared_object::<CardGame>()
        .roles(roles())
        .login_page("login")
        .default_page("home")
        .asset("base.css", include_bytes!("../assets/css/base.css"))
        .asset("clients.css", include_bytes!("../assets/css/clients.css"))
        .asset("card.css", include_bytes!("../assets/css/card.css"))
        .asset("sales.css", include_bytes!("../assets/css/sales.css"))
        .asset("work.css", include_bytes!("../assets/css/work.css"))
        .asset("imports.css", include_bytes!("../assets/css/imports.css"))
        .asset("search.css", include_bytes!("../assets/css/search.css"))
        .asset("board.js", include_bytes!("../assets/board.js"))
        .asset("examples.js", include_bytes!("../assets/examples.js"))
        .asset("list.js", include_bytes!("../assets/list.js"))
        .asset("panels.js", include_bytes!("../assets/panels.js"))
        .asset("search.js", include_bytes!("../assets/search.js"))
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
    reindex::if_needed(server.site().db()).await.map_err(StartError::Reindex)?;
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

#[cfg(test)]
mod preview_tests {
    use std::collections::BTreeSet;
    use std::path::Path;
    use std::process::ExitCode;

    use super::*;

    /// The templates below a folder, but for parts of others and the pages of the examples.
    fn templates(folder: &Path, found: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if path.is_dir() {
                if !["_partials", "examples", "errors"].contains(&name.as_str()) {
                    templates(&path, found);
                }
            } else if name.ends_with(".html")
                && !["base.html", "frame.html", "page.html", "notes.html"].contains(&name.as_str())
            {
                let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../templates"));
                found.insert(path.strip_prefix(root).unwrap().to_str().unwrap().to_owned());
            }
        }
    }

    #[test]
    fn every_template_is_shown_in_every_state_of_its_samples() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("preview.db").display());
        let _ = toolcrib::run(async move {
            let server = build(Settings::development(&url).unwrap()).await.unwrap();
            let site = server.site();
            let mut shown = BTreeSet::new();
            for preview in site.previews() {
                let states = preview.states().unwrap();
                for state in &states {
                    let html = preview.render(site, state).unwrap();
                    assert!(html.contains("<h1"), "{} {state}: {html}", preview.template());
                    assert!(!html.contains("<script>") && !html.contains("href=\"javascript:"), "{state}: {html}");
                }
                assert!(states.iter().any(|state| state.starts_with("empty") || state.starts_with("nearly")));
                shown.insert(preview.template().to_owned());
            }
            let mut all = BTreeSet::new();
            templates(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../templates")), &mut all);
            assert_eq!(shown, all, "templates without samples, or samples without a template");
            let form = site.previews().iter().find(|preview| preview.template() == "clients/form.html").unwrap();
            let conflict = form.render(site, "conflict").unwrap();
            assert!(
                conflict.contains("Field Phone changed by another user.") && conflict.contains("<del>+44 0</del>"),
                "{conflict}"
            );
            assert!(!form.render(site, "denied").unwrap().contains("value=\"save\""));
            ExitCode::SUCCESS
        });
    }
}
