//! The pages by hand: actix-web, actix-session over a table, sqlx's pool as it comes.

use std::collections::HashMap;
use std::str::FromStr;
use std::time::{SystemTime, UNIX_EPOCH};

use actix_session::config::CookieContentSecurity;
use actix_session::storage::{LoadError, SaveError, SessionKey, SessionStore, UpdateError};
use actix_session::{Session, SessionMiddleware};
use actix_web::cookie::Key;
use actix_web::cookie::time::Duration;
use actix_web::dev::Server;
use actix_web::http::header::ContentType;
use actix_web::middleware::DefaultHeaders;
use actix_web::{App, HttpResponse, HttpServer, error, web};
use askama::Template;
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions};

use crate::data::{ACTIVITIES, CLIENT, Card};

/// As many connections as a page module may use for reading.
const CONNECTIONS: u32 = 10;

async fn trivial() -> HttpResponse {
    HttpResponse::Ok().content_type(ContentType::plaintext()).body("Hello, World!")
}

async fn start(session: Session) -> Result<HttpResponse, actix_web::Error> {
    session.insert("user", "anna")?;
    Ok(HttpResponse::Ok().body("started"))
}

async fn card(
    id: web::Path<i64>,
    session: Session,
    pool: web::Data<SqlitePool>,
) -> Result<HttpResponse, actix_web::Error> {
    let user = session.get::<String>("user")?.unwrap_or_default();
    let client = sqlx::query_as(CLIENT)
        .bind(*id)
        .fetch_optional(pool.get_ref())
        .await
        .map_err(error::ErrorInternalServerError)?
        .ok_or_else(|| error::ErrorNotFound("no such client"))?;
    let activities = sqlx::query_as(ACTIVITIES)
        .bind(*id)
        .fetch_all(pool.get_ref())
        .await
        .map_err(error::ErrorInternalServerError)?;
    let html = Card { user, client, activities }.render().map_err(error::ErrorInternalServerError)?;
    Ok(HttpResponse::Ok().content_type(ContentType::html()).body(html))
}

/// A session store as one writes it in an hour: a row, a JSON text, a time.
struct Store(SqlitePool);

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| i64::try_from(now.as_secs()).unwrap_or_default())
}

type State = HashMap<String, String>;

impl SessionStore for Store {
    async fn load(&self, key: &SessionKey) -> Result<Option<State>, LoadError> {
        let state: Option<(String,)> =
            sqlx::query_as("SELECT state FROM hand_sessions WHERE key = $1 AND expires_at > $2")
                .bind(key.as_ref())
                .bind(now())
                .fetch_optional(&self.0)
                .await
                .map_err(|error| LoadError::Other(error.into()))?;
        state
            .map(|(state,)| serde_json::from_str(&state).map_err(|error| LoadError::Deserialization(error.into())))
            .transpose()
    }

    async fn save(&self, state: State, ttl: &Duration) -> Result<SessionKey, SaveError> {
        let key = uuid::Uuid::new_v4().to_string();
        let state = serde_json::to_string(&state).map_err(|error| SaveError::Serialization(error.into()))?;
        sqlx::query("INSERT INTO hand_sessions (key, state, expires_at) VALUES ($1, $2, $3)")
            .bind(&key)
            .bind(state)
            .bind(now() + ttl.whole_seconds())
            .execute(&self.0)
            .await
            .map_err(|error| SaveError::Other(error.into()))?;
        SessionKey::try_from(key).map_err(|error| SaveError::Other(error.into()))
    }

    async fn update(&self, key: SessionKey, state: State, ttl: &Duration) -> Result<SessionKey, UpdateError> {
        let state = serde_json::to_string(&state).map_err(|error| UpdateError::Serialization(error.into()))?;
        sqlx::query("UPDATE hand_sessions SET state = $2, expires_at = $3 WHERE key = $1")
            .bind(key.as_ref())
            .bind(state)
            .bind(now() + ttl.whole_seconds())
            .execute(&self.0)
            .await
            .map_err(|error| UpdateError::Other(error.into()))?;
        Ok(key)
    }

    async fn update_ttl(&self, _: &SessionKey, _: &Duration) -> Result<(), anyhow::Error> {
        Ok(())
    }

    async fn delete(&self, key: &SessionKey) -> Result<(), anyhow::Error> {
        sqlx::query("DELETE FROM hand_sessions WHERE key = $1").bind(key.as_ref()).execute(&self.0).await?;
        Ok(())
    }
}

/// The headers the framework's gate puts on every answer, so that both send the same page.
fn same_headers() -> DefaultHeaders {
    DefaultHeaders::new()
        .add((
            "content-security-policy",
            "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'",
        ))
        .add(("x-content-type-options", "nosniff"))
        .add(("referrer-policy", "same-origin"))
        .add(("cross-origin-opener-policy", "same-origin"))
        .add(("cross-origin-resource-policy", "same-origin"))
        .add(("permissions-policy", "camera=(), geolocation=(), microphone=()"))
        .add(("cache-control", "no-store"))
}

pub(crate) async fn serve(database: &str, port: u16) -> Result<Server, Box<dyn std::error::Error>> {
    let options = SqliteConnectOptions::from_str(database)?.journal_mode(SqliteJournalMode::Wal);
    let pool = SqlitePoolOptions::new().max_connections(CONNECTIONS).connect_with(options).await?;
    let key = Key::generate();
    let server = HttpServer::new(move || {
        let sessions = SessionMiddleware::builder(Store(pool.clone()), key.clone())
            .cookie_content_security(CookieContentSecurity::Signed)
            .cookie_secure(false)
            .build();
        App::new().app_data(web::Data::new(pool.clone())).route("/bare", web::get().to(trivial)).service(
            web::scope("")
                .wrap(sessions)
                .wrap(same_headers())
                .route("/trivial", web::get().to(trivial))
                .route("/start", web::get().to(start))
                .route("/card/{id}", web::get().to(card)),
        )
    })
    .workers(std::thread::available_parallelism().map_or(1, std::num::NonZero::get))
    .disable_signals()
    .bind(("127.0.0.1", port))?
    .run();
    Ok(server)
}
