//! Errors in the looks of the site.

use std::any::Any;

use askama::Template;
use toolcrib::prelude::*;

#[derive(Debug, Template)]
#[template(path = "errors/notice.html")]
struct Notice<'a> {
    status: u16,
    sentence: &'a str,
}

/// The page for an error. Nothing where it cannot be rendered: the framework has one of its own.
#[must_use]
pub(crate) fn error_page(notice: &ErrorNotice<'_>, frame: &Frame) -> Option<String> {
    let page = Notice { status: notice.status.as_u16(), sentence: notice.sentence };
    let frame: &dyn Any = frame;
    page.render_with_values(&("frame", frame)).ok()
}

impl Notice<'_> {
    fn heading(&self) -> &'static str {
        match self.status {
            400 => "That did not make sense",
            403 => "This is not yours to open",
            404 => "There is nothing here",
            405 => "That is not possible here",
            413 => "That is too large",
            429 => "Too much at once",
            503 => "Busy right now",
            _ => "Something went wrong",
        }
    }
}
