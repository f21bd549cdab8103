//! The page of `../notes` on actix-web, actix-session, sqlx and askama alone: what `page.rs` there saves.
//! `cargo run -p toolcrib --example notes_by_hand`.
//!
//! The same for whoever uses it, but for what is not there: no form that answers in place, no conflict with another
//! editor, no PostgreSQL, no limit of time or load, no answer to a panic, no table that is ever swept.

mod page;

use std::str::FromStr;

use actix_session::SessionMiddleware;
use actix_session::storage::CookieSessionStore;
use actix_web::cookie::Key;
use actix_web::{App, HttpServer, web};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = SqliteConnectOptions::from_str("sqlite://notes_by_hand.db")?.create_if_missing(true);
    let db = SqlitePoolOptions::new().connect_with(options).await?;
    for table in [
        "CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY, title TEXT NOT NULL, body TEXT NOT NULL, due BIGINT)",
        "CREATE TABLE IF NOT EXISTS sent (once TEXT PRIMARY KEY)",
    ] {
        sqlx::query(table).execute(&db).await?;
    }
    let key = Key::generate();
    HttpServer::new(move || {
        App::new()
            .app_data(web::Data::new(db.clone()))
            .wrap(SessionMiddleware::new(CookieSessionStore::default(), key.clone()))
            .route("/", web::get().to(page::show))
            .route("/", web::post().to(page::action))
    })
    .bind(("127.0.0.1", 8081))?
    .run()
    .await?;
    Ok(())
}
