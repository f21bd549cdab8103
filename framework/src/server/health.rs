//! Whether the process is alive, whether it should get requests, and the files it serves.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, CACHE_CONTROL, ETAG, HeaderValue, IF_NONE_MATCH};
use actix_web::{HttpRequest, HttpResponse, web};

use super::served::Served;
use crate::db;

/// How long the database may take to answer.
const PATIENCE: Duration = Duration::from_secs(1);

/// `GET /healthz`: the process answers. It says nothing about the database: restarting us would
/// not mend that.
pub(super) async fn healthz() -> HttpResponse {
    text(StatusCode::OK, "ok")
}

/// `GET /readyz`: the database answers, the application is started and the site is not stopping.
/// A probe starts the application where no request has.
pub(super) async fn readyz(served: web::Data<Served>) -> HttpResponse {
    if served.draining.load(Ordering::SeqCst) {
        return text(StatusCode::SERVICE_UNAVAILABLE, "stopping");
    }
    if !served.start.is_started() && !served.start.ensure(Instant::now() + PATIENCE).await {
        return text(StatusCode::SERVICE_UNAVAILABLE, "not started");
    }
    let answered = tokio::time::timeout(PATIENCE, async {
        let mut conn = served.site.db().read().await?;
        db::query("SELECT CAST(1 AS BIGINT)").scalar::<i64>(&mut conn).await
    });
    match answered.await {
        Ok(Ok(_)) => text(StatusCode::OK, "ready"),
        Ok(Err(_)) | Err(_) => text(StatusCode::SERVICE_UNAVAILABLE, "database unavailable"),
    }
}

/// `GET /assets/{name}`: a file from memory. Its address changes with its content, so it may be
/// kept for ever; one asked for without the mark is asked for again.
pub(super) async fn asset(http: HttpRequest, name: web::Path<String>, served: web::Data<Served>) -> HttpResponse {
    let Some(asset) = served.site.parts().assets.look_up(&name) else {
        return text(StatusCode::NOT_FOUND, "There is no such file.");
    };
    let etag = format!("\"{}\"", asset.mark);
    let marked = http.query_string().strip_prefix("v=") == Some(asset.mark.as_str());
    let kept = HeaderValue::from_static(if marked { "public, max-age=31536000, immutable" } else { "no-cache" });
    if http.headers().get(IF_NONE_MATCH).is_some_and(|given| given.as_bytes() == etag.as_bytes()) {
        return HttpResponse::NotModified().insert_header((ETAG, etag)).insert_header((CACHE_CONTROL, kept)).finish();
    }
    HttpResponse::Ok()
        .content_type(asset.content_type)
        .insert_header((ETAG, etag))
        .insert_header((CACHE_CONTROL, kept))
        .body(asset.bytes.clone())
}

/// Any other method on what is only read.
pub(super) async fn reading_only() -> HttpResponse {
    let mut response = text(StatusCode::METHOD_NOT_ALLOWED, "This is only read.");
    response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    response
}

fn text(status: StatusCode, body: &'static str) -> HttpResponse {
    HttpResponse::build(status)
        .content_type("text/plain; charset=utf-8")
        .insert_header((CACHE_CONTROL, HeaderValue::from_static("no-store")))
        .body(body)
}
