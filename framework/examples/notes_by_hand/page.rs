use std::collections::BTreeMap;

use actix_session::Session;
use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::web::{Data, Form, Query};
use actix_web::{Error, HttpResponse, error};
use askama::Template;
use serde::Deserialize;
use sqlx::{FromRow, SqlitePool};
use time::macros::format_description;
use time::{Date, OffsetDateTime};

const PAGE_SIZE: i64 = 20;
const DAY_MICROS: i64 = 86_400_000_000;

#[derive(FromRow)]
struct Note {
    id: i64,
    title: String,
    body: String,
    due: Option<i64>,
}

impl Note {
    fn due(&self) -> Option<String> {
        let moment = OffsetDateTime::from_unix_timestamp(self.due? / 1_000_000).ok()?;
        moment.format(format_description!("[day padding:none] [month repr:short] [year]")).ok()
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Typed {
    csrf: String,
    once: String,
    action: String,
    id: Option<i64>,
    title: String,
    body: String,
    due: String,
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    page: Option<String>,
}

#[derive(Template)]
#[template(path = "notes_by_hand/notes.html")]
struct Notes {
    notes: Vec<Note>,
    page: i64,
    pages: i64,
    typed: Typed,
    errors: BTreeMap<&'static str, String>,
    flash: Option<String>,
    csrf: String,
    once: String,
}

fn failed(error: impl std::fmt::Display) -> Error {
    eprintln!("{error}");
    error::ErrorInternalServerError("Something went wrong.")
}

fn random() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}

fn csrf_token(session: &Session) -> Result<String, Error> {
    if let Some(token) = session.get::<String>("csrf")? {
        return Ok(token);
    }
    let token = random();
    session.insert("csrf", &token)?;
    Ok(token)
}

async fn render(
    db: &SqlitePool,
    session: &Session,
    asked: i64,
    typed: Typed,
    errors: BTreeMap<&'static str, String>,
) -> Result<HttpResponse, Error> {
    let (total,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM notes").fetch_one(db).await.map_err(failed)?;
    let pages = (total + PAGE_SIZE - 1) / PAGE_SIZE;
    let pages = pages.max(1);
    let page = asked.clamp(1, pages);
    let notes = sqlx::query_as("SELECT id, title, body, due FROM notes ORDER BY id DESC LIMIT $1 OFFSET $2")
        .bind(PAGE_SIZE)
        .bind((page - 1) * PAGE_SIZE)
        .fetch_all(db)
        .await
        .map_err(failed)?;
    let flash = session.get::<String>("flash")?;
    session.remove("flash");
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let csrf = csrf_token(session)?;
    let view = Notes { notes, page, pages, typed, errors, flash, csrf, once: random() };
    let html = view.render().map_err(failed)?;
    Ok(HttpResponse::build(status).content_type("text/html; charset=utf-8").body(html))
}

pub(crate) async fn show(db: Data<SqlitePool>, session: Session, asked: Query<Asked>) -> Result<HttpResponse, Error> {
    let page = asked.page.as_deref().and_then(|page| page.parse().ok()).unwrap_or(1);
    render(&db, &session, page, Typed::default(), BTreeMap::new()).await
}

fn text_error(text: &str, limit: usize, lines: bool) -> Option<String> {
    if text.chars().count() > limit {
        return Some(format!("must have at most {limit} characters"));
    }
    let refused = |c: char| match c {
        '\n' | '\t' => !lines,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        _ => c.is_control(),
    };
    text.chars().any(refused).then(|| "must not contain control characters".to_owned())
}

/// What was typed as it is stored, or what is wrong with it.
fn checked(typed: &Typed) -> Result<(String, String, Option<i64>), BTreeMap<&'static str, String>> {
    let mut errors = BTreeMap::new();
    let title = typed.title.trim().to_owned();
    let body = typed.body.replace("\r\n", "\n").trim().to_owned();
    if title.is_empty() {
        errors.insert("title", "Title requires a value.".to_owned());
    } else if let Some(reason) = text_error(&title, 80, false) {
        errors.insert("title", format!("Title {reason}."));
    }
    if let Some(reason) = text_error(&body, 2_000, true) {
        errors.insert("body", format!("Body {reason}."));
    }
    let mut due = None;
    if !typed.due.trim().is_empty() {
        match Date::parse(typed.due.trim(), format_description!("[year]-[month]-[day]")) {
            Ok(day) => {
                let epoch = OffsetDateTime::UNIX_EPOCH.date().to_julian_day();
                due = Some(i64::from(day.to_julian_day() - epoch) * DAY_MICROS);
            }
            Err(_) => {
                errors.insert("due", "Due must be a day such as 2026-03-31.".to_owned());
            }
        }
    }
    if errors.is_empty() { Ok((title, body, due)) } else { Err(errors) }
}

pub(crate) async fn action(db: Data<SqlitePool>, session: Session, form: Form<Typed>) -> Result<HttpResponse, Error> {
    let typed = form.into_inner();
    if session.get::<String>("csrf")?.is_none_or(|token| token != typed.csrf) {
        return Err(error::ErrorForbidden("The form is out of date."));
    }
    let message = match typed.action.as_str() {
        "add" => {
            let (title, body, due) = match checked(&typed) {
                Ok(sound) => sound,
                Err(errors) => return render(&db, &session, 1, typed, errors).await,
            };
            let mut tx = db.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
            let first = sqlx::query("INSERT INTO sent (once) VALUES ($1) ON CONFLICT DO NOTHING")
                .bind(&typed.once)
                .execute(&mut *tx)
                .await
                .map_err(failed)?;
            if typed.once.is_empty() || first.rows_affected() == 1 {
                sqlx::query("INSERT INTO notes (title, body, due) VALUES ($1, $2, $3)")
                    .bind(title)
                    .bind(body)
                    .bind(due)
                    .execute(&mut *tx)
                    .await
                    .map_err(failed)?;
            }
            tx.commit().await.map_err(failed)?;
            "The note has been added."
        }
        "delete" => {
            let id = typed.id.ok_or_else(|| error::ErrorBadRequest("Which note?"))?;
            sqlx::query("DELETE FROM notes WHERE id = $1").bind(id).execute(&**db).await.map_err(failed)?;
            "The note is gone."
        }
        _ => return Err(error::ErrorBadRequest("This page has no such action.")),
    };
    session.insert("flash", message)?;
    Ok(HttpResponse::SeeOther().insert_header((LOCATION, "/")).finish())
}
