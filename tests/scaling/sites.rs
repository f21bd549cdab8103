//! The sites that are compared, all of them running, each on a database of its own.

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use toolcrib_tests::{Client, Engine, Postgres, SECRET, Server, sqlite};

use crate::counts::Counter;

/// Who asks at once.
pub(crate) const CLIENTS: usize = 64;

/// Makes each panel take its lock: the row that they want is never there for the next.
const FORGET: [&str; 2] = [
    "CREATE FUNCTION forget() RETURNS TRIGGER LANGUAGE plpgsql AS \
     $$ BEGIN DELETE FROM tracking WHERE id = NEW.id; RETURN NEW; END $$",
    "CREATE TRIGGER forget AFTER INSERT ON tracking FOR EACH ROW EXECUTE FUNCTION forget()",
];
const FORGET_IN_SQLITE: &str =
    "CREATE TRIGGER forget AFTER INSERT ON tracking BEGIN DELETE FROM tracking WHERE id = NEW.id; END";

/// A site to be measured.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) name: &'static str,
    pub(crate) nodes: Vec<Server>,
    /// Nothing where it is SQLite.
    pub(crate) counter: Option<Counter>,
    /// Each signed in, with a session of their own.
    pub(crate) users: Vec<Visitor>,
    /// Without a session.
    pub(crate) guests: Vec<Visitor>,
    /// Numbers of clients, one for each who asks.
    pub(crate) clients: Vec<i64>,
}

/// What somebody sends along.
#[derive(Debug, Clone)]
pub(crate) struct Visitor {
    pub(crate) cookies: String,
    pub(crate) token: String,
}

impl Site {
    pub(crate) async fn on_postgres(
        postgres: &Postgres,
        database: &str,
        name: &'static str,
        nodes: usize,
        workers: usize,
    ) -> Self {
        let url = database_of(postgres, database).await;
        let mut servers = Vec::new();
        for _ in 0..nodes {
            let plan = Server::on(Engine::Postgres).on_database(&url);
            servers.push(
                plan.without_knobs()
                    .setting("SECRET", SECRET)
                    .setting("SERVER__WORKERS", workers)
                    .environment("RUST_LOG", "error")
                    .start()
                    .await,
            );
        }
        let mut connection = PgConnection::connect(&url).await.expect("a connection");
        for statement in FORGET {
            connection.execute(statement).await.expect("a trigger on the panels' table");
        }
        let processes = servers.iter().filter_map(|server| server.node(0).process()).collect();
        let counter = Counter::new(postgres, &url, processes).await;
        let clients = "SELECT id FROM clients ORDER BY id";
        let clients = sqlx::query_scalar(clients).fetch_all(&mut connection).await.expect("clients");
        Self::filled(name, servers, Some(counter), clients).await
    }

    pub(crate) async fn on_sqlite(name: &'static str, workers: usize) -> Self {
        let plan = Server::on(Engine::Sqlite).without_knobs().setting("SERVER__WORKERS", workers);
        let server = plan.environment("RUST_LOG", "error").start().await;
        let mut connection = sqlite(server.database().file().expect("a file")).await;
        connection.execute(FORGET_IN_SQLITE).await.expect("a trigger on the panels' table");
        let clients = "SELECT id FROM clients ORDER BY id";
        let clients = sqlx::query_scalar(clients).fetch_all(&mut connection).await.expect("clients");
        drop(connection);
        Self::filled(name, vec![server], None, clients).await
    }

    async fn filled(name: &'static str, nodes: Vec<Server>, counter: Option<Counter>, clients: Vec<i64>) -> Self {
        let (mut users, mut guests) = (Vec::new(), Vec::new());
        for _ in 0..CLIENTS {
            let user = nodes[0].visitor();
            user.sign_in("admin").await;
            users.push(Visitor::of(&user).await);
            guests.push(Visitor::of(&nodes[0].visitor()).await);
        }
        let clients = clients.into_iter().cycle().take(CLIENTS).collect();
        Self { name, nodes, counter, users, guests, clients }
    }

    pub(crate) fn ports(&self) -> impl Iterator<Item = u16> {
        self.nodes.iter().map(Server::port)
    }
}

impl Visitor {
    async fn of(client: &Client) -> Self {
        let token = client.csrf_token().await;
        Self { cookies: client.jar().header().unwrap_or_default(), token }
    }
}

/// A new database; its address.
pub(crate) async fn database_of(postgres: &Postgres, name: &str) -> String {
    let mut server = PgConnection::connect(&postgres.url()).await.expect("a connection to the server");
    server.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.expect("a database");
    let url = postgres.url();
    let (base, _) = url.rsplit_once('/').expect("an address");
    format!("{base}/{name}")
}

/// Has PostgreSQL count statements, in all databases.
pub(crate) async fn statements_counted(postgres: &Postgres) {
    for database in ["postgres", "template1"] {
        let url = postgres.url();
        let (base, _) = url.rsplit_once('/').expect("an address");
        let mut server = PgConnection::connect(&format!("{base}/{database}")).await.expect("a connection");
        let made = server.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements").await;
        made.expect("pg_stat_statements, which is among PostgreSQL's contributed modules");
    }
}

/// Which PostgreSQL it is.
pub(crate) async fn version(postgres: &Postgres) -> String {
    let mut server = PgConnection::connect(&postgres.url()).await.expect("a connection");
    let version: String = sqlx::query_scalar("SHOW server_version").fetch_one(&mut server).await.expect("its version");
    format!("PostgreSQL {version}")
}
