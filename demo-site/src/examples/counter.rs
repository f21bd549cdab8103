//! What the pages around one shared number have in common: a figure, buttons, a race.

use askama::Template;
use serde_json::json;
use toolcrib::prelude::*;

use super::contest::Contest;
use super::pace::Pace;

/// What such a page says.
#[derive(Debug)]
pub(super) struct Words {
    /// What the page is, in a line.
    pub(super) sub: &'static str,
    /// Over the sentences on the ancestor.
    pub(super) heading: &'static str,
    /// Two sentences on what the ancestor did.
    pub(super) ancestor: [&'static str; 2],
    /// What the number counts.
    pub(super) label: &'static str,
    pub(super) buttons: &'static [Button],
    pub(super) contests: &'static [Contest],
}

/// A way to post the form.
#[derive(Debug)]
pub(super) struct Button {
    /// The form's `mode`; empty where there is only one way.
    pub(super) mode: &'static str,
    pub(super) label: &'static str,
}

#[derive(Debug, Template)]
#[template(path = "examples/counter.html", blocks = ["live"])]
struct Counter {
    words: &'static Words,
    value: i64,
}

impl Counter {
    /// The race offered beforehand.
    fn chosen(&self) -> &'static str {
        self.words.contests.first().map_or("", |contest| contest.key())
    }
}

/// Answers GET with what `read` finds: JSON, the figure alone, or the page.
pub(super) async fn show(
    cx: &mut Context<'_>,
    words: &'static Words,
    read: impl FnOnce(&mut Context<'_>) -> Result<i64, ApplicationError>,
) -> PageResult {
    let pace = Pace::of(cx);
    pace.before().await;
    let value = read(cx)?;
    pace.between().await?;
    let counter = Counter { words, value };
    if cx.wants_json() {
        cx.json(&json!({ "value": value }))
    } else if cx.wants_fragment() {
        cx.fragment(counter.as_live())
    } else {
        cx.render(counter)
    }
}

/// Answers POST: the new value, or the way back to the page with a message about it.
pub(super) fn done(cx: &mut Context<'_>, value: i64, message: &str) -> PageResult {
    if cx.wants_json() {
        return cx.json(&json!({ "value": value }));
    }
    cx.flash(message)?;
    cx.redirect(cx.page().path())
}
