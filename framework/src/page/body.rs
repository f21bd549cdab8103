//! The request's body: buffered once, read by every attempt.

use std::collections::BTreeSet;

use actix_multipart::Multipart;
use actix_web::http::header::HeaderMap;
use actix_web::web::Bytes;
use futures_util::TryStreamExt;

/// Most fields in a form: more are an attack on the parser's memory, not a form.
const FIELDS_LIMIT: usize = 1_000;

/// A form that cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FormError {
    /// It is not what its content type says.
    #[error("the form could not be read: {0}")]
    Malformed(String),
    /// A field is missing, unknown, or of the wrong type.
    #[error("the form does not fit: {0}")]
    Fields(String),
    /// It has too many fields.
    #[error("the form has more than {FIELDS_LIMIT} fields")]
    TooMany,
    /// A part is larger than allowed.
    #[error("{0}")]
    TooLarge(String),
}

/// A file sent with a form.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Upload {
    /// The name the browser gave. Never a path to write to.
    pub file_name: Option<String>,
    /// The type the browser claims.
    pub content_type: Option<String>,
    /// The content.
    pub bytes: Bytes,
}

/// A buffered body and what it means.
#[derive(Debug, Default)]
pub(crate) struct Body {
    raw: Bytes,
    form: Vec<(String, String)>,
    uploads: Vec<(String, Upload)>,
}

impl Body {
    /// Reads the body by its content type; other types than the two of forms stay raw.
    pub(crate) async fn read(raw: Bytes, headers: &HeaderMap) -> Result<Self, FormError> {
        let content_type = headers
            .get(actix_web::http::header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_ascii_lowercase();
        if content_type.starts_with("multipart/form-data") {
            return Self::read_multipart(raw, headers).await;
        }
        let form =
            if content_type.starts_with("application/x-www-form-urlencoded") { parse_pairs(&raw)? } else { Vec::new() };
        Ok(Self { raw, form, uploads: Vec::new() })
    }

    async fn read_multipart(raw: Bytes, headers: &HeaderMap) -> Result<Self, FormError> {
        let malformed = |error: actix_multipart::MultipartError| FormError::Malformed(error.to_string());
        let source = futures_util::stream::iter([Ok::<_, actix_web::error::PayloadError>(raw.clone())]);
        let mut parts = Multipart::new(headers, source);
        let (mut form, mut uploads) = (Vec::new(), Vec::new());
        while let Some(mut part) = parts.try_next().await.map_err(malformed)? {
            if form.len() + uploads.len() >= FIELDS_LIMIT {
                return Err(FormError::TooMany);
            }
            let name = part.name().unwrap_or_default().to_owned();
            let file_name = part.content_disposition().and_then(|given| given.get_filename()).map(str::to_owned);
            let content_type = part.content_type().map(ToString::to_string);
            let mut bytes = Vec::new();
            while let Some(chunk) = part.try_next().await.map_err(malformed)? {
                bytes.extend_from_slice(&chunk);
            }
            if file_name.is_some() {
                uploads.push((name, Upload { file_name, content_type, bytes: bytes.into() }));
            } else {
                let text =
                    String::from_utf8(bytes).map_err(|_| FormError::Malformed(format!("field {name} is not UTF-8")))?;
                form.push((name, text));
            }
        }
        Ok(Self { raw, form, uploads })
    }

    pub(crate) fn raw(&self) -> &Bytes {
        &self.raw
    }

    pub(crate) fn form(&self) -> &[(String, String)] {
        &self.form
    }

    pub(crate) fn uploads(&self) -> &[(String, Upload)] {
        &self.uploads
    }

    pub(crate) fn upload(&self, field: &str) -> Option<&Upload> {
        self.uploads.iter().find(|(name, _)| name == field).map(|(_, upload)| upload)
    }
}

/// Splits an url-encoded text into its pairs, in order.
pub(crate) fn parse_pairs(text: &[u8]) -> Result<Vec<(String, String)>, FormError> {
    let pairs: Vec<(String, String)> =
        serde_html_form::from_bytes(text).map_err(|error| FormError::Malformed(error.to_string()))?;
    if pairs.len() > FIELDS_LIMIT { Err(FormError::TooMany) } else { Ok(pairs) }
}

/// Fills a type from pairs. A field given twice where one is wanted is refused, so that nobody
/// can have one value checked and another used.
pub(crate) fn fill<T: serde::de::DeserializeOwned>(pairs: &[(String, String)]) -> Result<T, FormError> {
    let text = serde_html_form::to_string(pairs).map_err(|error| FormError::Malformed(error.to_string()))?;
    serde_html_form::from_str(&text).map_err(|error| FormError::Fields(error.to_string()))
}

/// The names that occur more than once.
pub(crate) fn repeated(pairs: &[(String, String)]) -> BTreeSet<&str> {
    let mut seen = BTreeSet::new();
    pairs.iter().map(|(name, _)| name.as_str()).filter(|name| !seen.insert(*name)).collect()
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{CONTENT_TYPE, HeaderValue};

    use super::*;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Form {
        name: String,
        #[serde(default)]
        tag: Vec<String>,
    }

    #[test]
    fn pairs_fill_a_type_and_lists_take_repeated_names() {
        let pairs = parse_pairs(b"name=Anna+B%C3%A9la&tag=a&tag=b").expect("reads");
        let form: Form = fill(&pairs).expect("fits");
        assert_eq!(form, Form { name: "Anna Béla".into(), tag: vec!["a".into(), "b".into()] });
        assert_eq!(repeated(&pairs).into_iter().collect::<Vec<_>>(), ["tag"]);
    }

    #[test]
    fn a_single_field_given_twice_is_refused() {
        let pairs = parse_pairs(b"name=a&name=b").expect("reads");
        assert!(matches!(fill::<Form>(&pairs), Err(FormError::Fields(_))));
    }

    #[test]
    fn too_many_fields_are_refused() {
        let text = "a=1&".repeat(FIELDS_LIMIT + 1);
        assert!(matches!(parse_pairs(text.as_bytes()), Err(FormError::TooMany)));
    }

    #[actix_web::test]
    async fn a_multipart_body_gives_fields_and_files() {
        let raw = "--x\r\ncontent-disposition: form-data; name=\"a\"\r\n\r\n1\r\n\
                   --x\r\ncontent-disposition: form-data; name=\"file\"; filename=\"c.csv\"\r\n\
                   content-type: text/csv\r\n\r\nSymbol\r\n--x--\r\n";
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("multipart/form-data; boundary=x"));
        let body = Body::read(Bytes::from(raw), &headers).await.expect("reads");
        assert_eq!(body.form(), [("a".to_owned(), "1".to_owned())]);
        let upload = body.upload("file").expect("file");
        assert_eq!(upload.file_name.as_deref(), Some("c.csv"));
        assert_eq!(&upload.bytes[..], b"Symbol");
    }

    #[actix_web::test]
    async fn a_broken_multipart_body_is_an_error() {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("multipart/form-data; boundary=x"));
        assert!(Body::read(Bytes::from("--x\r\nnonsense"), &headers).await.is_err());
    }
}
