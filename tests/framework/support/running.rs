//! A site under test, served.

use std::process::ExitCode;
use std::sync::Arc;
use std::thread::JoinHandle;

use sqlx::migrate::Migrator;
use tempfile::TempDir;
use tokio::sync::OnceCell;
use tokio::sync::oneshot;
use toolcrib::prelude::*;
use toolcrib::server::SiteBuilder;
use toolcrib_tests::Database;
use toolcrib_tests::Engine;
use toolcrib_tests::Status;

use super::Stage;
use super::Visitor;
use super::pages;

/// What every site's database has for its pages to write to.
const TABLES: [&str; 4] = [
    "CREATE TABLE IF NOT EXISTS notes (body TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS pairs (id BIGINT PRIMARY KEY, value BIGINT NOT NULL)",
    "INSERT INTO pairs (id, value) VALUES (1, 0) ON CONFLICT DO NOTHING",
    "INSERT INTO pairs (id, value) VALUES (2, 0) ON CONFLICT DO NOTHING",
];

static NO_MIGRATIONS: Migrator = Migrator::DEFAULT;

/// A site that serves on a thread of its own. Dropping it lets it stop when it has finished what is under way.
pub(crate) struct Running {
    pub(crate) site: Site,
    pub(crate) stage: Stage,
    pub(crate) port: u16,
    admin: OnceCell<Visitor>,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<ExitCode>,
    place: Arc<Place>,
}

/// Where the data is; sites may share one.
struct Place {
    database: Database,
    _folder: TempDir,
}

impl Running {
    /// Serves a site with these settings, one `name = value` a line, on an empty database.
    pub(crate) async fn start(
        engine: Engine,
        settings: &str,
        build: impl FnOnce(SiteBuilder) -> SiteBuilder + Send + 'static,
    ) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the database");
        let database = Database::fresh(engine, folder.path()).await;
        Self::serve(Arc::new(Place { database, _folder: folder }), settings, build).await
    }

    /// Serves a site on a database on which a process ended that left this there.
    pub(crate) async fn start_after(
        engine: Engine,
        settings: &str,
        left: impl AsyncFnOnce(&Db),
        build: impl FnOnce(SiteBuilder) -> SiteBuilder + Send + 'static,
    ) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the database");
        let database = Database::fresh(engine, folder.path()).await;
        let db = Db::connect(&settings_on(database.url(), "").database).await.expect("a database");
        db.migrate(&NO_MIGRATIONS, &NO_MIGRATIONS).await.expect("the framework's tables");
        left(&db).await;
        db.close().await;
        drop(db);
        Self::serve(Arc::new(Place { database, _folder: folder }), settings, build).await
    }

    /// Serves another site on this one's database.
    pub(crate) async fn beside(
        &self,
        settings: &str,
        build: impl FnOnce(SiteBuilder) -> SiteBuilder + Send + 'static,
    ) -> Self {
        Self::serve(Arc::clone(&self.place), settings, build).await
    }

    async fn serve(
        place: Arc<Place>,
        settings: &str,
        build: impl FnOnce(SiteBuilder) -> SiteBuilder + Send + 'static,
    ) -> Self {
        let settings = settings_on(place.database.url(), settings);
        let stage = Stage::default();
        let builder_stage = stage.clone();
        let (built, site) = oneshot::channel();
        let (listening, port) = oneshot::channel();
        let (stop, stopped) = oneshot::channel::<()>();
        let program = move || {
            toolcrib::run(async move {
                let site = build(Site::builder(settings).state(builder_stage))
                    .page::<pages::Token>()
                    .page::<pages::SignIn>()
                    .page::<pages::SignOut>()
                    .login_page("sign-in");
                let server = site.build().await.expect("a sound site");
                create_tables(server.site().db()).await;
                let _ = built.send(server.site().clone());
                let told = |addresses: &[std::net::SocketAddr]| {
                    let _ = listening.send(addresses[0].port());
                };
                let stop = async {
                    let _ = stopped.await;
                };
                server.serve_until(stop, told).await.expect("a site that serves");
                ExitCode::SUCCESS
            })
        };
        let thread = std::thread::Builder::new().name("site".to_owned()).spawn(program).expect("a thread for the site");
        let site = site.await.expect("a site that was built");
        let port = port.await.expect("a site that listens");
        Self { site, stage, port, admin: OnceCell::new(), stop, thread, place }
    }

    /// Tells the site to stop; whoever waits for what comes back waits until it has.
    pub(crate) fn stop(self) -> tokio::task::JoinHandle<()> {
        let Self { stop, thread, .. } = self;
        stop.send(()).expect("a site that runs");
        tokio::task::spawn_blocking(move || {
            thread.join().expect("a site that ends without a panic");
        })
    }

    /// Stops the site and, when it has, serves another one on its database.
    pub(crate) async fn restarted(
        self,
        settings: &str,
        build: impl FnOnce(SiteBuilder) -> SiteBuilder + Send + 'static,
    ) -> Self {
        let place = Arc::clone(&self.place);
        self.stop().await.expect("a site that has stopped");
        Self::serve(place, settings, build).await
    }

    /// A new visitor.
    pub(crate) fn visitor(&self) -> Visitor {
        Visitor::new(self.port)
    }

    /// `/tools/status.json`, read as administrator.
    pub(crate) async fn status(&self) -> Status {
        let answer = self.admin().await.get("/tools/status.json").await.expect_status(200);
        serde_json::from_slice(&answer.body).unwrap_or_else(|error| panic!("{error}: {answer:?}"))
    }

    /// The visitor who may use the tools.
    pub(super) async fn admin(&self) -> &Visitor {
        let sign_in = async || {
            let admin = self.visitor();
            admin.sign_in("admin", "admin").await;
            admin
        };
        self.admin.get_or_init(sign_in).await
    }

    /// How many notes of this text are stored.
    pub(crate) async fn notes(&self, body: &str) -> i64 {
        let mut conn = self.site.db().read().await.expect("a connection");
        let count = db::query("SELECT COUNT(*) FROM notes WHERE body = $1").bind(body).scalar(&mut conn).await;
        count.expect("a count")
    }

    /// How many sessions have started and their end was not told yet, wherever they are kept.
    pub(crate) async fn sessions(&self) -> i64 {
        self.number("SELECT (SELECT COUNT(*) FROM toolcrib_sessions) + (SELECT COUNT(*) FROM toolcrib_session_starts)")
            .await
    }

    /// How many sessions are open.
    pub(crate) async fn open_sessions(&self) -> u64 {
        self.site.sessions().counts().await.expect("counts").active
    }

    /// One whole number out of the database.
    pub(crate) async fn number(&self, sql: &'static str) -> i64 {
        let mut conn = self.site.db().read().await.expect("a connection");
        db::query(sql).scalar(&mut conn).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"))
    }
}

/// The settings of a site under test: `more` has one `name = value` a line.
pub(crate) fn settings_on(url: &str, more: &str) -> Settings {
    let workers = if more.contains("server.workers") { "" } else { "server.workers = 4" };
    let mut environment = std::collections::HashMap::from([("DATABASE_URL".to_owned(), url.to_owned())]);
    let store = super::redis::redis_url().map_or("database", |url| {
        environment.insert("REDIS_URL".to_owned(), url);
        "redis"
    });
    let text = format!(
        "server.port = 0\n{workers}\nshutdown.grace_ms = 3000\ntest_knobs = true\nsession.store = \"{store}\"\n{more}\n"
    );
    Settings::from_sources(&text, environment).expect("sound settings")
}

async fn create_tables(db: &Db) {
    let mut tx = db.begin().await.expect("a transaction");
    for table in TABLES {
        db::query(table).execute(&mut tx).await.expect("a table");
    }
    tx.commit().await.expect("the tables");
}
