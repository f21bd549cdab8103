//! Puts a site together.

use std::any::{Any, TypeId};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use actix::{Arbiter, ArbiterHandle, System};
use askama::Template;
use serde::de::DeserializeOwned;
use sqlx::migrate::Migrator;

use super::application_start::ApplicationStart;
use super::assembly::{Assembly, Registered, assemble};
use super::nodes;
use super::origin::Hosts;
use super::routes::Routes;
use super::running::Server;
use super::served::Served;
use crate::application::Application;
use crate::cluster::Cluster;
use crate::db::{ConnectError, Db, DbError, MigrateError, migrate_framework};
use crate::events::Events;
use crate::jobs::{Jobs, JobsError, Registry};
use crate::live::Live;
use crate::locks::{Locks, Rules};
use crate::object_log::{LogWriter, ObjectLog};
use crate::page::{
    AppModule, ApplicationHooks, Assets, DataModule, ErrorNotice, Frame, GiveUp, ObjectHandle, PageInfo, PageModule,
    Preview, SharedObject, Site, SiteParts,
};
use crate::requests::Requests;
use crate::secret::{SecretError, SiteSecret};
use crate::session::{OpenStoreError, SessionHooks, Sessions, cookie_name};
use crate::settings::{Profile, Settings, page_key};
use crate::supervisor::Watched;
use crate::tools::{self, Board};
use crate::unit_of_work::{RetryPolicy, Stats};
use crate::users::{Role, SeedRolesError, Users, rights_nobody_can_have, seed_roles};

/// A site that cannot be built. The message names what is wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// No app module, or more than one.
    #[error("a site has exactly one app module; this one has {0}")]
    AppModules(usize),
    /// Two modules of one name. Names are compared without regard to case.
    #[error("two modules are called {0:?}; every name may be used once")]
    DuplicateName(&'static str),
    /// Two shared objects of one name.
    #[error("two shared objects are called {0:?}; every name may be used once")]
    DuplicateObject(&'static str),
    /// Two pages on one path.
    #[error("the pages {one:?} and {other:?} are both at {path}")]
    DuplicatePath {
        /// One page.
        one: &'static str,
        /// The other.
        other: &'static str,
        /// The path of the second.
        path: &'static str,
    },
    /// The login or default page was named but not registered.
    #[error("there is no page {0:?}")]
    UnknownPage(&'static str),
    /// Pages ask for a sign-in that nobody can make.
    #[error("page {0:?} requires a sign-in, but the site has no login page (`.login_page(\"…\")`)")]
    NoLoginPage(&'static str),
    /// A page uses a data module that was not registered.
    #[error("page {page:?} uses data module {module:?}, which is not registered (`.data_module::<…>()`)")]
    UnknownModule {
        /// The page.
        page: &'static str,
        /// The data module.
        module: &'static str,
    },
    /// Settings are given for a page that does not exist.
    #[error("there are settings for a page {0:?}, but no such page")]
    SettingsForUnknownPage(String),
    /// The database cannot be opened.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The site is not built on the runtime it needs.
    #[error("a site is built inside `toolcrib::run`")]
    NoRuntime,
    /// The application variables cannot be read.
    #[error("the application variables cannot be read")]
    Application(#[source] DbError),
    /// The database cannot be brought up to date.
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    /// The roles the site starts with cannot be made.
    #[error("a role of the site cannot be made: {0}")]
    Roles(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The jobs do not fit together.
    #[error(transparent)]
    Jobs(#[from] JobsError),
    /// The sessions' store cannot be used.
    #[error(transparent)]
    Sessions(#[from] OpenStoreError),
    /// The site has no secret.
    #[error(transparent)]
    Secret(#[from] SecretError),
}

/// A site, and what belongs to it alone.
struct Made {
    site: Site,
    board: Board,
    objects: Arbiter,
    log_writer: LogWriter,
}

/// What the app module brings along.
struct App {
    title: &'static str,
    hooks: SessionHooks,
    application: ApplicationHooks,
    error_page: fn(&ErrorNotice<'_>, &Frame) -> Option<String>,
}

/// Puts a site together: modules, assets, settings. Start with
/// [`Site::builder`](crate::page::Site::builder).
#[must_use = "a builder does nothing until `build` is called"]
pub struct SiteBuilder {
    settings: Settings,
    migrators: Option<(&'static Migrator, &'static Migrator)>,
    apps: Vec<(Registered, App)>,
    data_modules: Vec<Registered>,
    pages: Vec<Registered>,
    login_page: Option<&'static str>,
    default_page: Option<&'static str>,
    assets: Assets,
    previews: Vec<Preview>,
    states: States,
    objects: Vec<(&'static str, StartObject)>,
    roles: Vec<Role>,
    pub(super) jobs: Registry,
}

/// Values by their type.
type States = HashMap<TypeId, Box<dyn Any + Send + Sync>>;

/// Starts a shared object's host and puts its handle among the states.
type StartObject = fn(&ArbiterHandle, &mut States) -> GiveUp;

impl std::fmt::Debug for SiteBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SiteBuilder").field("pages", &self.pages.len()).finish_non_exhaustive()
    }
}

impl Site {
    /// Begins to put a site together.
    pub fn builder(settings: Settings) -> SiteBuilder {
        let mut assets = Assets::default();
        assets.add("toolcrib.css", include_bytes!("toolcrib.css"));
        assets.add("toolcrib-corner.css", include_bytes!("corner.css"));
        assets.add("toolcrib.js", include_bytes!("toolcrib.js"));
        assets.add("toolcrib.svg", include_bytes!("toolcrib.svg"));
        SiteBuilder {
            settings,
            migrators: None,
            apps: Vec::new(),
            data_modules: Vec::new(),
            pages: Vec::new(),
            login_page: None,
            default_page: None,
            assets,
            previews: Vec::new(),
            states: HashMap::new(),
            objects: Vec::new(),
            roles: Vec::new(),
            jobs: Registry::default(),
        }
    }
}

impl tools::Register for SiteBuilder {
    fn page<P: PageModule>(self) -> Self {
        self.page::<P>()
    }
}

impl SiteBuilder {
    /// The site's migrations, one set for each engine.
    pub fn migrations(mut self, sqlite: &'static Migrator, postgres: &'static Migrator) -> Self {
        self.migrators = Some((sqlite, postgres));
        self
    }

    /// The app module: exactly one.
    pub fn app_module<A: AppModule>(mut self) -> Self {
        let app = App {
            title: A::TITLE,
            hooks: SessionHooks {
                start: |start, tx| Box::pin(A::on_session_start(start, tx)),
                end: |end, tx| Box::pin(A::on_session_end(end, tx)),
            },
            application: ApplicationHooks {
                start: |site| Box::pin(A::on_application_start(site)),
                end: |site| Box::pin(A::on_application_end(site)),
            },
            error_page: A::error_page,
        };
        self.apps.push((Registered::app::<A>(), app));
        self
    }

    /// A data module. The order of registration is the order of checkout.
    pub fn data_module<D: DataModule>(mut self) -> Self {
        self.data_modules.push(Registered::data::<D>());
        self
    }

    /// A page.
    pub fn page<P: PageModule>(mut self) -> Self {
        self.pages.push(Registered::page::<P>());
        self
    }

    /// The page shown in place of one that requires a sign-in.
    pub fn login_page(mut self, name: &'static str) -> Self {
        self.login_page = Some(name);
        self
    }

    /// The page at `/`, where none has that path itself.
    pub fn default_page(mut self, name: &'static str) -> Self {
        self.default_page = Some(name);
        self
    }

    /// Shows a template from samples at `/tools/preview`, in development: `samples` is a JSON object with
    /// a state for each key and the fields of `T` for its value; see [`Preview`].
    ///
    /// ```no_run
    /// # use askama::Template;
    /// # use toolcrib::server::SiteBuilder;
    /// #[derive(serde::Deserialize, Template)]
    /// #[template(ext = "html", source = "Hello, {{ name }}!")]
    /// struct Greeting {
    ///     name: String,
    /// }
    ///
    /// # fn with_previews(builder: SiteBuilder) -> SiteBuilder {
    /// builder.preview::<Greeting>("greeting.html", r#"{"one": {"name": "Anna"}, "empty": {"name": ""}}"#)
    /// # }
    /// ```
    pub fn preview<T: Template + DeserializeOwned>(mut self, template: &'static str, samples: &'static str) -> Self {
        self.previews.push(Preview::of::<T>(template, samples));
        self
    }

    /// A file served from memory at `/assets/<name>`; templates link it by
    /// [`Frame::asset`](crate::page::Frame::asset).
    pub fn asset(mut self, name: &'static str, bytes: &'static [u8]) -> Self {
        self.assets.add(name, bytes);
        self
    }

    /// A value every module can reach by [`Site::state`]. It is shared between threads and has to
    /// synchronise itself.
    pub fn state<T: Any + Send + Sync>(mut self, value: T) -> Self {
        self.states.insert(TypeId::of::<T>(), Box::new(value));
        self
    }

    /// A shared object, reached by [`Context::shared_object`](crate::page::Context::shared_object).
    pub fn shared_object<O: SharedObject>(mut self) -> Self {
        let start: StartObject = |arbiter, states| {
            let object = ObjectHandle::<O>::start(arbiter);
            let give_up = object.give_up();
            states.insert(TypeId::of::<ObjectHandle<O>>(), Box::new(object));
            give_up
        };
        self.objects.push((O::NAME, start));
        self
    }

    /// Roles the site starts with (W40). Those that were never made are made at the start; what an
    /// administrator has changed or removed since stays so. A page that requires a right no role has
    /// is a warning at the start.
    ///
    /// ```
    /// use toolcrib::prelude::*;
    ///
    /// let settings = Settings::development("sqlite://site.db")?;
    /// let site = Site::builder(settings).roles([
    ///     Role::new("admin").label("Administrator").rights(["view", "edit", "admin"]),
    ///     Role::new("reader").label("Reader").rights(["view"]),
    /// ]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn roles(mut self, roles: impl IntoIterator<Item = Role>) -> Self {
        self.roles.extend(roles);
        self
    }

    /// All pages of the site, the framework's own last, without creating any.
    #[must_use]
    pub fn pages(&self) -> Vec<PageInfo> {
        tools::register(self.registered().collect())
    }

    fn registered(&self) -> impl Iterator<Item = PageInfo> {
        self.pages.iter().filter_map(|registered| registered.page)
    }

    /// Checks that everything fits together, opens the database and brings it up to date.
    ///
    /// # Errors
    /// [`BuildError`], which names what does not fit. Nothing listens yet.
    pub async fn build(self) -> Result<Server, BuildError> {
        let own_pages = self.pages.len();
        // The framework's own pages come after the site's, in menus too.
        tools::register(self).build_all(own_pages).await
    }

    async fn build_all(mut self, own_pages: usize) -> Result<Server, BuildError> {
        let (app, looks) = self.only_app()?;
        self.check_names()?;
        self.check_settings()?;
        self.check_uses()?;
        self.jobs.check()?;
        let login_page = self.page_number(self.login_page)?;
        let default_page = self.page_number(self.default_page)?;
        self.check_logins(own_pages, login_page)?;
        let routes = self.routes(default_page)?;

        if System::try_current().is_none() {
            return Err(BuildError::NoRuntime);
        }
        let db = Db::connect(&self.settings.database).await?;
        match self.migrators {
            Some((sqlite, postgres)) => db.migrate(sqlite, postgres).await?,
            None => migrate_framework(&db).await?,
        }
        self.see_to_roles(&db).await?;
        let secret = match &self.settings.secret {
            Some(secret) => SiteSecret::new(secrecy::ExposeSecret::expose_secret(secret)),
            None => SiteSecret::of_development(&db).await?,
        };

        let made = self.make_site(db, secret, &looks).await?;
        let site = made.site;
        let registered: Vec<&Registered> = std::iter::once(&app).chain(&self.data_modules).chain(&self.pages).collect();
        let Assembly { modules, pages } = assemble(&site, &registered);
        made.board.watch(modules.iter().map(|module| Arc::clone(module) as Arc<dyn Watched>).collect());
        if self.settings.profile == Profile::Development && login_page.is_none() {
            tracing::debug!("no login page: the tools cannot be reached");
        }
        let served = Served {
            hosts: Hosts::new(site.settings()),
            visitor_cookie: cookie_name("toolcrib-visitor", site.settings().is_https()),
            start: ApplicationStart::new(site.clone(), looks.application),
            objects: made.objects,
            site,
            routes,
            pages,
            modules,
            login_page,
            draining: AtomicBool::new(false),
        };
        Ok(Server::new(served, made.log_writer))
    }

    /// Makes the roles the site starts with, and says which pages nobody can see.
    async fn see_to_roles(&self, db: &Db) -> Result<(), BuildError> {
        let failed = |error: SeedRolesError| BuildError::Roles(Box::new(error));
        seed_roles(db, &self.roles).await.map_err(failed)?;
        let required = self.registered().filter_map(|page| Some((page.name(), page.required_right()?)));
        let lost = async { rights_nobody_can_have(&mut db.read().await?, required).await };
        for (page, right) in lost.await.map_err(|error| failed(error.into()))? {
            tracing::warn!(page, right, "the page requires a right that no role has");
        }
        Ok(())
    }

    /// Starts what all modules share, on the database.
    async fn make_site(&mut self, db: Db, secret: SiteSecret, looks: &App) -> Result<Made, BuildError> {
        let settings = self.settings.clone();
        let events = Events::default();
        let strict = settings.profile == Profile::Development;
        let locks = Locks::new(Rules { waiters_max: settings.lock_waiters_max, strict });
        let cluster =
            Cluster::join(&db, &settings.cluster, node_name(&settings)).await.map_err(BuildError::Application)?;
        let timeout = settings.application_lock_timeout;
        let application = Application::start(&db, cluster, locks, timeout, events.clone()).await;
        let application = application.map_err(BuildError::Application)?;
        let objects = Arbiter::new();
        let mut hosted = Vec::new();
        for (name, start) in &self.objects {
            hosted.push((*name, start(&objects.handle(), &mut self.states)));
        }
        let (object_log, log_writer) = ObjectLog::start(db.clone(), settings.object_log.max_entries);
        let board = Board::new(settings.server.workers);
        self.states.insert(TypeId::of::<Board>(), Box::new(board.clone()));
        let jobs = Jobs::new(std::mem::take(&mut self.jobs));
        self.states.insert(TypeId::of::<Jobs>(), Box::new(jobs));
        let sessions = Sessions::open(db.clone(), &settings.session, looks.hooks, events.clone()).await?;
        let live = Live::new(settings.live, application.cluster().cloned());
        nodes::tell_session_ends(&sessions, &live, application.cluster());
        let site = Site::new(SiteParts {
            title: looks.title,
            users: Users::new(db.clone(), sessions.clone()),
            db,
            sessions,
            application,
            stats: Stats::default(),
            retry: RetryPolicy::new(settings.retry_delays.clone()),
            object_log,
            events,
            live,
            requests: Requests::new(settings.keep_requests),
            secret,
            pages: self.registered().collect(),
            assets: Arc::new(std::mem::take(&mut self.assets)),
            previews: if strict { std::mem::take(&mut self.previews) } else { Vec::new() },
            states: std::mem::take(&mut self.states),
            error_page: looks.error_page,
            settings,
        });
        nodes::follow(&site, hosted);
        Ok(Made { site, board, objects, log_writer })
    }

    fn only_app(&mut self) -> Result<(Registered, App), BuildError> {
        let count = self.apps.len();
        match (self.apps.pop(), count) {
            (Some(app), 1) => Ok(app),
            _ => Err(BuildError::AppModules(count)),
        }
    }

    fn check_names(&self) -> Result<(), BuildError> {
        let mut seen = BTreeSet::from(["app".to_owned()]);
        for registered in self.data_modules.iter().chain(&self.pages) {
            if !seen.insert(registered.name.to_lowercase()) {
                return Err(BuildError::DuplicateName(registered.name));
            }
        }
        let mut objects = BTreeSet::new();
        match self.objects.iter().find(|(name, _)| !objects.insert(name.to_lowercase())) {
            Some((name, _)) => Err(BuildError::DuplicateObject(name)),
            None => Ok(()),
        }
    }

    fn check_settings(&self) -> Result<(), BuildError> {
        let known = |name: &String| {
            self.pages.iter().chain(&self.data_modules).any(|registered| page_key(registered.name) == *name)
                || name == "app"
        };
        match self.settings.pages.keys().find(|name| !known(name)) {
            Some(name) => Err(BuildError::SettingsForUnknownPage(name.clone())),
            None => Ok(()),
        }
    }

    fn check_uses(&self) -> Result<(), BuildError> {
        for page in &self.pages {
            let unknown = |used: &TypeId| !self.data_modules.iter().any(|module| module.type_id == *used);
            if let Some((_, module)) = page.uses.iter().find(|(used, _)| unknown(used)) {
                return Err(BuildError::UnknownModule { page: page.name, module });
            }
        }
        Ok(())
    }

    fn page_number(&self, name: Option<&'static str>) -> Result<Option<usize>, BuildError> {
        let Some(name) = name else { return Ok(None) };
        let number = self.pages.iter().position(|page| page.name.eq_ignore_ascii_case(name));
        number.map(Some).ok_or(BuildError::UnknownPage(name))
    }

    /// WebSnap counts everybody as signed in where nobody can sign in; here that is refused.
    /// The framework's own tools are then simply out of reach.
    fn check_logins(&self, own_pages: usize, login_page: Option<usize>) -> Result<(), BuildError> {
        let closed = |page: &&Registered| page.page.is_some_and(|info| info.requires_login());
        match self.pages.iter().take(own_pages).find(closed) {
            Some(page) if login_page.is_none() => Err(BuildError::NoLoginPage(page.name)),
            _ => Ok(()),
        }
    }

    fn routes(&self, default_page: Option<usize>) -> Result<Routes, BuildError> {
        let mut routes = Routes::default();
        for (number, info) in self.registered().enumerate() {
            if !info.is_published() {
                continue;
            }
            if let Err(clash) = routes.add(number, &info) {
                let other = self.pages.get(clash.other).map_or("?", |page| page.name);
                return Err(BuildError::DuplicatePath { one: other, other: info.name(), path: info.path() });
            }
        }
        if let Some(number) = default_page {
            routes.set_default(number);
        }
        Ok(routes)
    }
}

/// What people call this node: as the settings say, or the host's name and the port.
fn node_name(settings: &Settings) -> String {
    let host = || std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    settings.cluster.node.clone().unwrap_or_else(|| format!("{}:{}", host().trim(), settings.server.port))
}
