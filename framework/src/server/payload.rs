//! Reads a body: complete, within its limits, or not at all.

use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::http::header::CONTENT_LENGTH;
use actix_web::web::{Bytes, BytesMut, Payload};
use futures_util::StreamExt;

/// Why a body was not read.
#[derive(Debug, thiserror::Error)]
pub(super) enum PayloadError {
    #[error("the body is larger than {limit} bytes")]
    TooLarge { limit: usize },
    #[error("the body did not arrive within {limit:?}")]
    TooSlow { limit: Duration },
    #[error("the body broke off: {0}")]
    Broken(String),
}

/// Reads the whole body. actix-web has no time limit of its own for this: a client that sends a
/// byte a second would hold the request for ever.
pub(super) async fn read(
    request: &HttpRequest,
    mut payload: Payload,
    limit: usize,
    within: Duration,
) -> Result<Bytes, PayloadError> {
    let announced: Option<usize> = request
        .headers()
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(PayloadError::TooLarge { limit });
    }
    let reading = async {
        let mut body = BytesMut::new();
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|error| PayloadError::Broken(error.to_string()))?;
            if body.len() + chunk.len() > limit {
                return Err(PayloadError::TooLarge { limit });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    };
    tokio::time::timeout(within, reading).await.unwrap_or(Err(PayloadError::TooSlow { limit: within }))
}
