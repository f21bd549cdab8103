//! Forms that post, and the token in them (D9).

use super::finding::{Findings, Rule};
use super::html::{Event, Place, Start};

/// The form being read.
#[derive(Debug, Default)]
pub(super) struct Forms {
    form: Option<Form>,
}

#[derive(Debug)]
struct Form {
    at: usize,
    posts: bool,
    has_token: bool,
}

impl Forms {
    pub(super) fn see(&mut self, event: &Event<'_>, findings: &mut Findings<'_>, base: usize) {
        match event {
            Event::Start(start) if start.name == "form" => {
                // The same one, closed once in each branch of an `{% if %}`.
                if let Some(form) = self.form.as_mut().filter(|form| form.at == start.at) {
                    form.posts |= posts(start, "method");
                    return;
                }
                self.finish(findings, base);
                self.form = Some(Form { at: start.at, posts: posts(start, "method"), has_token: false });
            }
            Event::Start(start) => {
                let Some(form) = &mut self.form else { return };
                form.posts |= posts(start, "formmethod");
                form.has_token |= start.name == "input" && start.value("name") == Some("_csrf");
            }
            // A macro or a filter of its own writes the field.
            Event::Output { code, place: Place::Text, .. } if code.contains("csrf") => {
                if let Some(form) = &mut self.form {
                    form.has_token = true;
                }
            }
            Event::End(name) if name == "form" => self.finish(findings, base),
            Event::MacroEnd => self.finish(findings, base),
            Event::Output { .. } | Event::End(_) => {}
        }
    }

    /// The form is complete, or the file is.
    pub(super) fn finish(&mut self, findings: &mut Findings<'_>, base: usize) {
        if let Some(form) = self.form.take()
            && form.posts
            && !form.has_token
        {
            findings.add(
                base + form.at,
                Rule::FormToken,
                "a form that posts without the token is refused: write the field _csrf, or call the macro that does",
            );
        }
    }
}

/// A method only the run knows may be a post.
fn posts(start: &Start, attribute: &str) -> bool {
    start.value(attribute).is_some_and(|method| method.trim().eq_ignore_ascii_case("post") || method.contains("{{"))
}
