//! What a template makes of a form: one call for a field, for the errors, for the whole.

use std::fmt;

use askama::Template;
use askama::filters::HtmlSafe;

use super::errors::ErrorKind;
use super::form::Shape;
use super::read::CLASH;
use super::{Adapter, Choice, Execute, FieldId, FieldInfo, Form, Kind, Row};

/// A field of a form. As a template's expression it is the whole control with label, hint and
/// errors; its methods are there for templates that draw their own.
#[derive(Debug, Clone, Template)]
#[template(path = "adapter/field.html")]
pub struct FieldView {
    info: &'static FieldInfo,
    id: String,
    texts: Vec<String>,
    display: String,
    choices: Vec<Choice>,
    errors: Vec<String>,
    stored: Option<String>,
    original: Option<String>,
    modifiable: bool,
}

impl HtmlSafe for FieldView {}

impl FieldView {
    /// The control's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.info.name
    }

    /// What people call the field.
    #[must_use]
    pub fn label(&self) -> &'static str {
        self.info.label
    }

    /// The sentence under the control; often empty.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        self.info.hint
    }

    /// The control's id, of its own in the page.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What the control holds: what was typed, or the value.
    #[must_use]
    pub fn value(&self) -> &str {
        self.texts.first().map_or("", String::as_str)
    }

    /// The value as people read it.
    #[must_use]
    pub fn display(&self) -> &str {
        &self.display
    }

    /// What is wrong with it, in sentences.
    #[must_use]
    pub fn errors(&self) -> &[String] {
        &self.errors
    }

    /// Whether something is wrong with it.
    #[must_use]
    pub fn is_wrong(&self) -> bool {
        !self.errors.is_empty()
    }

    /// What another user stored meanwhile, where that differs from what is typed here.
    #[must_use]
    pub fn stored(&self) -> Option<&str> {
        self.stored.as_deref()
    }

    /// What it was when the form was shown first, where another user stored something else.
    #[must_use]
    pub fn original(&self) -> Option<&str> {
        self.original.as_deref()
    }

    /// Whether this visitor may change it.
    #[must_use]
    pub fn is_modifiable(&self) -> bool {
        self.modifiable
    }

    /// Whether it must have a value.
    #[must_use]
    pub fn is_required(&self) -> bool {
        self.info.required
    }

    /// The values to choose from.
    #[must_use]
    pub fn choices(&self) -> &[Choice] {
        &self.choices
    }

    /// Whether one of the values to choose from is chosen.
    #[must_use]
    pub fn is_chosen(&self, value: &str) -> bool {
        self.texts.iter().any(|text| text == value)
    }

    /// The ids of what explains the control, for `aria-describedby`.
    #[must_use]
    pub fn described_by(&self) -> String {
        let parts =
            [("error", self.is_wrong()), ("stored", self.stored.is_some()), ("hint", !self.info.hint.is_empty())];
        let shown = parts.iter().filter(|(_, shown)| *shown);
        shown.map(|(part, _)| format!("{}-{part}", self.id)).collect::<Vec<_>>().join(" ")
    }

    /// The `type` of HTML's `input`.
    #[must_use]
    pub fn input_type(&self) -> &'static str {
        self.info.kind.input_type()
    }

    fn autocomplete(&self) -> &'static str {
        self.info.autocomplete
    }

    fn is_hidden(&self) -> bool {
        self.info.kind == Kind::Hidden
    }

    fn is_check(&self) -> bool {
        self.info.kind == Kind::Check
    }

    fn is_checked(&self) -> bool {
        self.texts.last().is_some_and(|text| matches!(text.as_str(), "on" | "true" | "1" | "yes"))
    }

    fn is_select(&self) -> bool {
        self.info.kind == Kind::Select
    }

    fn is_choice_of_several(&self) -> bool {
        self.is_select() && self.info.multiple
    }

    fn is_text_area(&self) -> bool {
        self.info.kind == Kind::Lines
    }

    fn is_number(&self) -> bool {
        self.info.kind == Kind::Number
    }

    /// A password is never sent back, and a file cannot be.
    fn has_value(&self) -> bool {
        !matches!(self.info.kind, Kind::Password | Kind::File)
    }
}

/// A piece of HTML the framework drew. It escapes what is not its own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Markup(String);

impl Markup {
    pub(super) fn of(template: &impl Template) -> Self {
        // The framework's own templates do not fail.
        Self(template.render().unwrap_or_default())
    }
}

impl fmt::Display for Markup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HtmlSafe for Markup {}

#[derive(Template)]
#[template(path = "adapter/form_start.html")]
struct Start<'a> {
    id: &'a str,
    target: &'a str,
    csrf_token: &'a str,
    once: &'a str,
    part: Option<&'static str>,
    multipart: bool,
    hidden: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "adapter/form_errors.html")]
struct ErrorList<'a> {
    conflict: bool,
    errors: Vec<Listed>,
    clashes: Vec<Clash>,
    /// What the form's id begins with, and the name of the action it was posted for.
    form: &'a str,
    action: &'static str,
}

/// A field that two users have changed.
struct Clash {
    name: &'static str,
    label: &'static str,
    was: Option<String>,
    now: String,
    mine: String,
}

struct Listed {
    link: String,
    message: String,
}

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<button class="button{% if danger %} button--danger{% endif %}" type="submit" name="_action" value="{{ name }}">{{ label }}</button>"#
)]
struct Button {
    name: &'static str,
    label: &'static str,
    danger: bool,
}

impl<A: Adapter> Form<A> {
    /// A field: its control with label, hint and errors. A field that may not be seen is nothing
    /// at all, one that may not be changed is a text (W31, W33).
    #[must_use]
    pub fn field(&self, field: FieldId) -> Markup {
        self.control(field).map(|view| Markup::of(&view)).unwrap_or_default()
    }

    /// All fields, in the order of the struct.
    #[must_use]
    pub fn fields(&self) -> Markup {
        Markup(A::INFO.numbered().map(|(id, _)| self.field(id).0).collect())
    }

    /// A field, for a template that draws its own controls; none where it may not be seen.
    #[must_use]
    pub fn control(&self, field: FieldId) -> Option<FieldView> {
        let info = A::INFO.field(field).filter(|_| self.row.may_view(field))?;
        let texts = self.typed.get(&field).cloned().unwrap_or_else(|| self.row.texts(field));
        let stored = self.stored_beside(field, info, &texts);
        let original =
            self.originals.get(&field).filter(|original| stored.as_ref().is_some_and(|now| now != *original));
        Some(FieldView {
            info,
            id: self.id_of(info),
            display: self.label_of(field).unwrap_or_else(|| self.row.display(field)),
            choices: if info.kind == Kind::Select { self.choices_of(field) } else { Vec::new() },
            errors: self.errors.of(field).map(|error| error.message.clone()).collect(),
            original: original.map(|texts| self.shown(field, texts)),
            stored: stored.map(|texts| self.shown(field, &texts)),
            modifiable: self.row.may_modify(field),
            texts,
        })
    }

    /// What another user stored in a field, where that is not what stands in this form. Of a field that the table does not
    /// hold nobody has stored anything.
    fn stored_beside(&self, field: FieldId, info: &FieldInfo, texts: &[String]) -> Option<Vec<String>> {
        if info.column.is_none() && A::INFO.table_info().is_some() {
            return None;
        }
        self.current.as_deref().map(|current| current.texts(field)).filter(|stored| stored != texts)
    }

    /// Texts of a control as people read them: of a list the labels, of a box `yes` or `no`.
    fn shown(&self, field: FieldId, texts: &[String]) -> String {
        let choices = self.choices_of(field);
        let label = |text: &String| choices.iter().find(|choice| choice.value == *text).map(|choice| &choice.label);
        if let Some(labels) = texts.iter().map(label).collect::<Option<Vec<_>>>().filter(|labels| !labels.is_empty()) {
            return labels.into_iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        }
        let mut value = A::default();
        let read = value.field_mut(field).is_some_and(|value| value.read(texts).is_ok());
        let display = value.field(field).filter(|_| read).map(super::FieldValue::display);
        display.unwrap_or_else(|| texts.join(", "))
    }

    /// The fields that another user and this one have both changed, each in its own way.
    fn clashes(&self) -> Vec<Clash> {
        let clash = |(id, info): (FieldId, &'static FieldInfo)| {
            if !self.errors.of(id).any(|error| error.kind() == ErrorKind::Changed) || info.kind == Kind::Password {
                return None;
            }
            let mine = self.typed.get(&id).cloned().unwrap_or_else(|| self.row.texts(id));
            let now = self.stored_beside(id, info, &mine).filter(|_| self.row.may_modify(id))?;
            Some(Clash {
                name: info.name,
                label: info.label,
                was: self.originals.get(&id).map(|was| self.shown(id, was)),
                now: self.shown(id, &now),
                mine: self.shown(id, &mine),
            })
        };
        if self.is_conflict() { A::INFO.numbered().filter_map(clash).collect() } else { Vec::new() }
    }

    /// The begin of the form: the element and what it sends beside its fields. The template ends it
    /// with `</form>`.
    #[must_use]
    pub fn start(&self) -> Markup {
        self.start_with(self.hidden())
    }

    fn start_with(&self, hidden: Vec<(String, String)>) -> Markup {
        Markup::of(&Start {
            id: &self.shape.id,
            target: &self.shape.target,
            csrf_token: &self.shape.csrf_token,
            once: &self.shape.once,
            part: self.shape.part,
            multipart: A::INFO.fields().iter().any(|info| info.kind == Kind::File),
            hidden,
        })
    }

    /// Everything that is wrong with it, each with a link to its control; nothing where it is
    /// sound (WebSnap: `AdapterErrorList`).
    #[must_use]
    pub fn error_list(&self) -> Markup {
        let errors = self.errors.iter().map(|error| Listed {
            link: error.field().and_then(|field| A::INFO.field(field)).map(|info| self.id_of(info)).unwrap_or_default(),
            message: error.message.clone(),
        });
        Markup::of(&ErrorList {
            conflict: self.is_conflict(),
            errors: errors.collect(),
            clashes: self.clashes(),
            form: &self.shape.id,
            action: self.sent.action.map_or("", |action| action.name),
        })
    }

    /// The button of an action; nothing where the visitor may not execute it, or it is not enabled.
    #[must_use]
    pub fn button(&self, action: impl Execute<Adapter = A>) -> Markup {
        let info = action.info();
        if !self.row.rights.include(info.right) || !action.is_enabled(self) {
            return Markup::default();
        }
        Markup::of(&Button { name: info.name, label: info.label, danger: info.danger })
    }

    /// The whole form: errors, all fields, one button.
    #[must_use]
    pub fn whole(&self, action: impl Execute<Adapter = A>) -> Markup {
        let (start, errors, fields) = (self.start(), self.error_list(), self.fields());
        let button = self.button(action);
        Markup(format!(
            "{start}{errors}<div class=\"fields\">{fields}</div><div class=\"form__end\">{button}</div></form>"
        ))
    }

    /// The button of an action on another row of the same table, as a form of its own: for lists.
    /// Nothing where the visitor may not execute it.
    #[must_use]
    pub fn row_button(&self, row: &Row<A>, action: impl Execute<Adapter = A>) -> Markup {
        let mut form = Self::new(row.clone());
        // Several actions on one row are several forms.
        form.shape = Shape { id: format!("{}-{}", form.shape.id, action.info().name), ..self.shape.clone() };
        // Sent twice it is the same action on the same row, and the form's own key is another's.
        form.shape.once = String::new();
        let button = form.button(action);
        if button.0.is_empty() {
            return button;
        }
        let hidden = form.hidden().into_iter().filter(|(name, _)| !name.starts_with("_original.")).collect();
        Markup(format!("{}{button}</form>", form.start_with(hidden)))
    }

    /// Whether another user changed the row while this form was open.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        self.errors.has(ErrorKind::Changed)
    }

    /// The label of the value chosen, where the page offered the values.
    fn label_of(&self, field: FieldId) -> Option<String> {
        let offered = self.choices.get(&field)?;
        let label =
            |text: &String| offered.iter().find(|choice| choice.value == *text).map(|choice| choice.label.as_str());
        self.row.texts(field).iter().map(label).collect::<Option<Vec<_>>>().map(|labels| labels.join(", "))
    }

    fn id_of(&self, info: &FieldInfo) -> String {
        // One form of an adapter in a page, the usual case, has short ids.
        match self.row.key {
            Some(_) if self.shape.id.contains('-') => format!("f-{}-{}", self.shape.id, info.name),
            _ => format!("f-{}", info.name),
        }
    }

    /// What the page has go with it, the row's key, its version, and what its fields held when the form was shown (W37).
    fn hidden(&self) -> Vec<(String, String)> {
        let carried = self.shape.carried.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        let mut hidden: Vec<(String, String)> = carried.collect();
        if self.row.key.is_none() && self.row.version.is_none() {
            return hidden;
        }
        hidden.extend(self.row.key.map(|key| ("_row".to_owned(), key.to_string())));
        if let Some(version) = self.row.version {
            hidden.push(("version".to_owned(), version.to_string()));
        }
        hidden.extend(self.clashes().into_iter().map(|clash| (CLASH.to_owned(), clash.name.to_owned())));
        let stored = self.current.as_deref().unwrap_or(&self.row);
        for (id, info) in A::INFO.numbered() {
            // Without a table, a form that has a version compares all its fields itself.
            let compared = info.column.is_some() || (A::INFO.table_info().is_none() && self.row.version.is_some());
            if compared && self.row.may_modify(id) && info.kind != Kind::Password {
                let name = format!("_original.{}", info.name);
                let texts = stored.texts(id);
                // None of several values is something to compare as well.
                let none = texts.is_empty().then(String::new);
                hidden.extend(texts.into_iter().chain(none).map(|text| (name.clone(), text)));
            }
        }
        hidden
    }
}
