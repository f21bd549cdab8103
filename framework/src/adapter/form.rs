//! A form: a value of an adapter, what was typed over it, and what is wrong with that.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use actix_web::http::StatusCode;

use super::errors::ErrorKind;
use super::read::trimmed;
use super::row::Rights;
use super::{ActionInfo, Adapter, Choice, Errors, FieldId, Row};
use crate::db::Value;

/// A form of one request (W30-W36).
///
/// It is made by [`Context::form_of`](crate::page::Context::form_of), shown by a template, filled by
/// [`Context::execute`](crate::page::Context::execute) and gone with the request: nothing of it can
/// stay in a pooled instance (T23).
#[derive(Clone)]
pub struct Form<A> {
    pub(super) row: Row<A>,
    /// What was typed, field by field, for those that were sent.
    pub(super) typed: BTreeMap<FieldId, Vec<String>>,
    pub(super) errors: Errors,
    /// What the fields held when the form was shown, as the form says.
    pub(super) originals: BTreeMap<FieldId, Vec<String>>,
    /// What the row holds now, where another user changed it.
    pub(super) current: Option<Box<Row<A>>>,
    pub(super) sent: Sent,
    pub(super) choices: BTreeMap<FieldId, Vec<Choice>>,
    pub(super) also: Vec<(&'static str, Value)>,
    /// The value before the site's own code changed it.
    pub(super) before: Option<Box<A>>,
    /// What a refusal is answered with, where the errors alone do not say.
    pub(super) refusal: Option<(StatusCode, Option<Duration>)>,
    pub(super) shape: Shape,
    /// Whether the form itself says which row it is of.
    pub(super) any_row: bool,
}

/// What came with a form beside its fields.
#[derive(Debug, Clone, Default)]
pub(super) struct Sent {
    /// The action being executed.
    pub(super) action: Option<&'static ActionInfo>,
    pub(super) version: Option<i64>,
    pub(super) once: Option<String>,
}

/// How the form is drawn.
#[derive(Debug, Clone, Default)]
pub(super) struct Shape {
    /// Where it is posted to.
    pub(super) target: String,
    pub(super) csrf_token: String,
    /// What its controls' ids begin with, of its own among the forms of a page.
    pub(super) id: String,
    /// The part of the page that our script puts the answer into.
    pub(super) part: Option<&'static str>,
    /// The key by which a second sending of the same form is known; empty where that does not matter.
    pub(super) once: String,
    /// What goes with it unread.
    pub(super) carried: Vec<(&'static str, String)>,
}

/// What a conflict says that is about no field of the form.
pub(super) const ROW_CHANGED: &str = "This row was changed by another user.";

/// Values without the empty one that stands for none of several.
fn chosen(mut texts: Vec<String>) -> Vec<String> {
    texts.retain(|text| !text.is_empty());
    texts
}

/// The most bytes of a key that a form sends.
pub(super) const ONCE_LIMIT: usize = 64;

/// Without what was typed: a password may be among it.
impl<A: Adapter> fmt::Debug for Form<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Form")
            .field("adapter", &A::INFO.name())
            .field("key", &self.row.key)
            .field("errors", &self.errors)
            .finish_non_exhaustive()
    }
}

impl<A: Adapter> Form<A> {
    pub(super) fn new(row: Row<A>) -> Self {
        let id = row.key.map_or_else(|| A::INFO.name().to_owned(), |key| format!("{}-{key}", A::INFO.name()));
        Self {
            row,
            typed: BTreeMap::new(),
            errors: Errors::default(),
            originals: BTreeMap::new(),
            current: None,
            sent: Sent::default(),
            choices: BTreeMap::new(),
            also: Vec::new(),
            before: None,
            refusal: None,
            shape: Shape { id, ..Shape::default() },
            any_row: false,
        }
    }

    /// Where the form is posted to, instead of the address it is shown at.
    #[must_use]
    pub fn to(mut self, path: impl Into<String>) -> Self {
        self.shape.target = path.into();
        self
    }

    /// Lets the form itself say which row it is of, also for an action that reads fields: for lists
    /// whose rows are edited in place. Whether the visitor may touch that row is the action's to find out.
    #[must_use]
    pub fn of_any_row(mut self) -> Self {
        self.any_row = true;
        self
    }

    /// The part of the page, an element with this id, that the script puts the answer into instead
    /// of loading a page. The page answers that part by
    /// [`Context::render_part`](crate::page::Context::render_part).
    #[must_use]
    pub fn in_place(mut self, part: &'static str) -> Self {
        self.shape.part = Some(part);
        self
    }

    /// A value that goes with the form and comes back with it, though it is no field: where to go
    /// next, say. It is as easily forged as any other: the page reads it by
    /// [`Context::form_param`](crate::page::Context::form_param) and makes sure of it.
    #[must_use]
    pub fn carry(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.shape.carried.retain(|(carried, _)| *carried != name);
        self.shape.carried.push((name, value.into()));
        self
    }

    /// What is sent twice is executed twice: for what does no harm twice, and must be done again
    /// when a browser shows the form of the time before, as signing in.
    #[must_use]
    pub fn repeatable(mut self) -> Self {
        self.shape.once.clear();
        self
    }

    /// The values a field offers, where its type does not know them. Nothing else is accepted.
    #[must_use]
    pub fn offer(mut self, field: FieldId, choices: Vec<Choice>) -> Self {
        self.choices.insert(field, choices);
        self
    }

    /// A column to be stored with the fields, such as a folded copy of a name. The column's name is
    /// the site's own, never a visitor's.
    pub fn also(&mut self, column: &'static str, value: impl Into<Value>) {
        self.also.push((column, value.into()));
    }

    /// The value: what the form was made of, or, while an action executes, what was typed.
    #[must_use]
    pub fn value(&self) -> &A {
        &self.row.value
    }

    /// The value, to be changed by an action before it is stored. What the action changes is stored
    /// whatever the visitor may change.
    pub fn value_mut(&mut self) -> &mut A {
        self.before.get_or_insert_with(|| Box::new(self.row.value.clone()));
        &mut self.row.value
    }

    /// The row the form is of.
    #[must_use]
    pub fn row(&self) -> &Row<A> {
        &self.row
    }

    /// The key of the row, as the page says; or the form itself, for an action that reads no fields
    /// and after [`Form::of_any_row`]. Whether the visitor may touch that row is the action's to find
    /// out.
    #[must_use]
    pub fn key(&self) -> Option<i64> {
        self.row.key
    }

    /// The key of the row, for an action that needs one.
    ///
    /// # Errors
    /// [`PageError::BadRequest`](crate::page::PageError::BadRequest) where the form has none.
    pub fn required_key(&self) -> Result<i64, crate::page::PageError> {
        self.row.key.ok_or_else(|| crate::page::PageError::bad_request("The form does not say which row it is of."))
    }

    /// What is wrong with it.
    #[must_use]
    pub fn errors(&self) -> &Errors {
        &self.errors
    }

    /// Whether it was refused.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        !self.errors.is_empty()
    }

    /// Refuses a field, for an action that knows more than the field does. The reason completes a
    /// sentence that begins with its label: `belongs to another client already`.
    pub fn refuse(&mut self, field: FieldId, reason: impl std::fmt::Display) {
        self.fail(field, ErrorKind::Invalid, format_args!("{reason}"));
    }

    /// Refuses a field with a sentence of one's own.
    pub fn refuse_in_words(&mut self, field: FieldId, sentence: impl Into<String>) {
        if let Some(info) = A::INFO.field(field) {
            self.errors.add(field, info, ErrorKind::Invalid, sentence.into());
        }
    }

    /// Refuses the form as a whole, with a sentence.
    pub fn refuse_all(&mut self, sentence: impl Into<String>) {
        self.errors.add_general(ErrorKind::Invalid, sentence.into());
    }

    /// The status a refusal is answered with, instead of the one its errors have, and when it is
    /// worth sending the form again (`Retry-After`). It refuses nothing by itself.
    pub fn refuse_with(&mut self, status: StatusCode, retry_after: Option<Duration>) {
        self.refusal = Some((status, retry_after));
    }

    /// The version the form was made of, as it says: for an action that stores the value by other
    /// means than [`Form::save`].
    ///
    /// # Errors
    /// [`PageError::BadRequest`](crate::page::PageError::BadRequest) where the form does not say.
    pub fn required_version(&self) -> Result<i64, crate::page::PageError> {
        let missing = || crate::page::PageError::bad_request("The form does not say which version it is of.");
        self.sent.version.ok_or_else(missing)
    }

    /// Refuses the form because another user changed meanwhile what it was made of: for an action
    /// that stores the value by other means than [`Form::save`]. The form then shows what was typed
    /// beside what is stored now, is filled in with what only the other user changed, and is of the
    /// new version (W37).
    pub fn refuse_stale(&mut self, now: impl Into<Row<A>>) {
        let now = now.into().seen_by(&self.row.rights);
        for (id, info) in A::INFO.numbered().filter(|(id, _)| now.may_view(*id)) {
            let (stored, sent) = (now.texts(id), |texts: &Vec<String>| chosen(trimmed(texts, info)));
            let original = self.originals.get(&id).map(sent);
            if original.is_none() || original == Some(chosen(stored.clone())) {
                continue;
            }
            if self.typed.get(&id).is_none_or(|typed| Some(sent(typed)) == original) {
                self.typed.insert(id, stored);
            }
            self.fail(id, ErrorKind::Changed, "changed by another user");
        }
        if !self.errors.has(ErrorKind::Changed) {
            self.errors.add_general(ErrorKind::Changed, ROW_CHANGED.to_owned());
        }
        self.row.value = now.value.clone();
        self.row.version = now.version;
        self.current = Some(Box::new(now));
    }

    /// `Field {label} {reason}.`
    pub(super) fn fail(&mut self, field: FieldId, kind: ErrorKind, reason: impl std::fmt::Display) {
        if let Some(info) = A::INFO.field(field) {
            self.errors.add(field, info, kind, format!("Field {} {reason}.", info.label));
        }
    }

    /// What a field offers: what the page said, or its type.
    pub(super) fn choices_of(&self, field: FieldId) -> Vec<Choice> {
        match (self.choices.get(&field), A::INFO.field(field)) {
            (Some(choices), _) => choices.clone(),
            (None, Some(info)) => (info.choices)(),
            (None, None) => Vec::new(),
        }
    }

    /// The status a refused form is shown with.
    pub(super) fn status(&self) -> StatusCode {
        if let Some((status, _)) = self.refusal {
            status
        } else if self.errors.has(ErrorKind::NotPermitted) {
            StatusCode::FORBIDDEN
        } else if self.errors.has(ErrorKind::Changed) {
            StatusCode::CONFLICT
        } else if self.errors.has(ErrorKind::RowNotFound) {
            StatusCode::NOT_FOUND
        } else {
            StatusCode::UNPROCESSABLE_ENTITY
        }
    }

    /// When a refused form is worth sending again, where waiting helps.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        self.refusal.and_then(|(_, retry_after)| retry_after)
    }

    pub(super) fn seen_by(mut self, rights: &Rights) -> Self {
        self.row.rights = rights.clone();
        self
    }
}
