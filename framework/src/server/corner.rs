//! The corner: every page tells in development how it came about. It is put into the finished page, so it costs the
//! page's author nothing and can be forgotten by nobody.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::http::header::{CONTENT_TYPE, HeaderMap};
use actix_web::web::{Bytes, BytesMut};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::dispatch::Trace;
use super::gate::RequestId;
use super::served::Served;
use crate::page::Site;

/// Before this a page ends.
const END: &[u8] = b"</body>";

#[derive(Template)]
#[template(path = "server/corner.html")]
struct Corner<'a> {
    style: String,
    trace: Option<&'a Trace>,
    request: &'a str,
    millis: String,
}

/// The answer with the corner, where it is a whole page that was asked for as one.
pub(super) fn added(http: &HttpRequest, response: HttpResponse, served: &Served) -> HttpResponse {
    if !is_page(response.headers()) || !is_opened(http.headers()) {
        return response;
    }
    let trace = response.extensions().get::<Trace>().cloned();
    response.map_body(|_, body| match body.try_into_bytes() {
        Ok(page) => {
            let corner = || corner(&served.site, http, trace.as_ref());
            BoxBody::new(insert(&page, corner).unwrap_or(page))
        }
        Err(stream) => stream,
    })
}

fn is_page(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
}

/// Not by a script, and not for a frame of another page.
fn is_opened(headers: &HeaderMap) -> bool {
    !headers.contains_key("x-requested-with")
        && headers.get("sec-fetch-dest").is_none_or(|destination| destination.as_bytes() == b"document")
}

fn corner(site: &Site, http: &HttpRequest, trace: Option<&Trace>) -> Option<String> {
    let corner = Corner {
        style: site.parts().assets.url("toolcrib-corner.css"),
        trace,
        request: &RequestId::of(http),
        millis: format!("{:.1}", RequestId::age_of(http).as_secs_f64() * 1e3),
    };
    corner.render().ok()
}

/// `None` where the text is no whole page.
fn insert(page: &Bytes, corner: impl FnOnce() -> Option<String>) -> Option<Bytes> {
    let place = page.windows(END.len()).rposition(|part| part.eq_ignore_ascii_case(END))?;
    let corner = corner()?;
    let (before, after) = page.split_at_checked(place)?;
    let mut whole = BytesMut::with_capacity(page.len() + corner.len());
    whole.extend_from_slice(before);
    whole.extend_from_slice(corner.as_bytes());
    whole.extend_from_slice(after);
    Some(whole.freeze())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inserted(page: &'static str) -> Option<String> {
        let whole = insert(&Bytes::from(page), || Some("<i>corner</i>".to_owned()))?;
        Some(String::from_utf8(whole.to_vec()).expect("text"))
    }

    #[test]
    fn it_stands_at_the_end_of_a_page_and_in_no_part_of_one() {
        assert_eq!(inserted("<body>a</body></html>").as_deref(), Some("<body>a<i>corner</i></body></html>"));
        assert_eq!(
            inserted("<pre>&lt;</body></pre>b</BODY>").as_deref(),
            Some("<pre>&lt;</body></pre>b<i>corner</i></BODY>")
        );
        assert_eq!(inserted("<p>a part</p>"), None);
        assert_eq!(inserted(""), None);
    }

    #[test]
    fn what_a_page_could_name_is_escaped() {
        let trace = Trace { page: "<script>", lost: vec!["Write-Write on <b>".to_owned()], ..Trace::default() };
        let corner =
            Corner { style: "/a\"b".to_owned(), trace: Some(&trace), request: "<id>", millis: "1.0".to_owned() };
        let text = corner.render().expect("a text");
        for raw in ["<script>", "<b>", "<id>", "a\"b"] {
            assert!(!text.contains(raw), "{raw} in {text}");
        }
    }
}
