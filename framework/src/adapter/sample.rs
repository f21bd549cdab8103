//! Rows, forms and lists out of sample data, for the preview of templates.
//!
//! A sample is JSON in a template author's words: `{"title": "Milk", "id": 7}` is a row;
//! `{"value": {…}, "typed": {"title": ""}, "errors": {"title": ["…"]}}` a refused form, with
//! `"current": {…}` what another user stored meanwhile; `{"rows": [ … ], "page": 2, "pages": 9}` a
//! list. `"rights": […]` in a row says who looks; without it somebody who may see and change all.

use serde::de::{Deserialize, Deserializer, Error};
use serde_json::{Map, Value};

use super::errors::ErrorKind;
use super::{Adapter, FieldId, Form, Rights, Row};
use crate::session::EndUser;

impl<'de, A: Adapter> Deserialize<'de> for Row<A> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        row_of(Map::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

fn row_of<A: Adapter>(sample: Map<String, Value>) -> Result<Row<A>, String> {
    let mut row = Row::from(A::default()).seen_by(&Rights::unlimited());
    for (name, value) in sample {
        match (name.as_str(), A::INFO.find(&name)) {
            (_, Some((id, _))) => {
                let field = row.value.field_mut(id).ok_or("a field without a value")?;
                if !field.from_json(&value) {
                    return Err(format!("field {name} cannot be {value}"));
                }
            }
            ("id", None) => row.key = Some(number(&name, &value)?),
            ("version", None) => row.version = Some(number(&name, &value)?),
            ("rights", None) => row.rights = rights_of(value)?,
            (_, None) => return Err(format!("adapter {} has no field {name}", A::INFO.name())),
        }
    }
    Ok(row)
}

fn number(name: &str, value: &Value) -> Result<i64, String> {
    value.as_i64().ok_or_else(|| format!("{name} must be a whole number, not {value}"))
}

fn rights_of(value: Value) -> Result<Rights, String> {
    let rights = serde_json::from_value(value).map_err(|error| format!("rights: {error}"))?;
    let (id, name, display_name) = ("0".to_owned(), "sample".to_owned(), "Sample".to_owned());
    Ok(Rights::of(Some(EndUser { id, name, display_name, rights })))
}

/// What a sample of a form may say.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
struct FormSample {
    value: Map<String, Value>,
    typed: Map<String, Value>,
    originals: Map<String, Value>,
    errors: Map<String, Value>,
    current: Option<Map<String, Value>>,
    to: String,
}

impl Default for FormSample {
    fn default() -> Self {
        let none = Map::new;
        Self { value: none(), typed: none(), originals: none(), errors: none(), current: None, to: "#".to_owned() }
    }
}

impl<'de, A: Adapter> Deserialize<'de> for Form<A> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        form_of(FormSample::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

fn form_of<A: Adapter>(sample: FormSample) -> Result<Form<A>, String> {
    let mut form = Form::new(row_of::<A>(sample.value)?).to(sample.to);
    for (name, value) in sample.typed {
        form.typed.insert(field_of::<A>(&name)?, texts(&value));
    }
    for (name, value) in sample.originals {
        form.originals.insert(field_of::<A>(&name)?, texts(&value));
    }
    for (name, value) in sample.errors {
        for sentence in texts(&value) {
            if name == "form" {
                form.refuse_all(sentence);
            } else {
                form.refuse_in_words(field_of::<A>(&name)?, sentence);
            }
        }
    }
    if let Some(current) = sample.current {
        let current = row_of::<A>(current)?;
        for (id, _) in A::INFO.numbered() {
            let mine = form.typed.get(&id).cloned().unwrap_or_else(|| form.row.texts(id));
            if current.texts(id) != mine {
                form.fail(id, ErrorKind::Changed, "changed by another user");
            }
        }
        form.current = Some(Box::new(current));
    }
    Ok(form)
}

fn field_of<A: Adapter>(name: &str) -> Result<FieldId, String> {
    let found = A::INFO.find(name).map(|(id, _)| id);
    found.ok_or_else(|| format!("adapter {} has no field {name}", A::INFO.name()))
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(list) => list.iter().flat_map(texts).collect(),
        Value::String(text) => vec![text.clone()],
        Value::Null => vec![String::new()],
        other => vec![other.to_string()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapter::{Actions as _, Day, Done, Execute};
    use crate::page::{Context, PageError};
    use toolcrib_macros::{Actions, Adapter};

    #[derive(Debug, Clone, Default, Adapter)]
    struct Task {
        #[field(required)]
        title: String,
        #[field(view = "plan", modify = "plan")]
        due: Option<Day>,
    }

    #[derive(Debug, Clone, Copy, PartialEq, Eq, Actions)]
    enum TaskAction {
        Save,
    }

    impl Execute for TaskAction {
        type Adapter = Task;

        async fn execute(self, _: &mut Form<Task>, _: &mut Context<'_>) -> Result<Done, PageError> {
            Ok(Done::new())
        }
    }

    #[test]
    fn a_row_is_seen_by_whom_the_sample_says() {
        let all: Row<Task> = serde_json::from_str(r#"{"id": 7, "title": "Milk", "due": "2026-03-31"}"#).unwrap();
        assert_eq!((all.key(), all.text(Task::DUE).as_str()), (Some(7), "31 Mar 2026"));
        let denied: Row<Task> =
            serde_json::from_str(r#"{"title": "Milk", "due": "2026-03-31", "rights": []}"#).unwrap();
        assert_eq!((denied.text(Task::TITLE).as_str(), denied.text(Task::DUE).as_str()), ("Milk", ""));
    }

    #[test]
    fn a_form_has_what_was_typed_and_what_is_wrong() {
        let sample =
            r#"{"value": {"title": "Milk"}, "typed": {"title": " "}, "errors": {"title": ["No."], "form": "Late."}}"#;
        let form: Form<Task> = serde_json::from_str(sample).unwrap();
        assert_eq!(form.errors().to_string(), "Late. No.");
        assert!(form.whole(TaskAction::Save).to_string().contains(r#"value=" ""#));
        assert_eq!(TaskAction::Save.info().name(), "save");
        let sample = r#"{"value": {"title": "Mine"}, "originals": {"title": "Old"}, "current": {"title": "Theirs"}}"#;
        let conflict: Form<Task> = serde_json::from_str(sample).unwrap();
        let drawn = conflict.field(Task::TITLE).to_string();
        assert!(conflict.is_conflict() && drawn.contains("Theirs") && drawn.contains("Old"), "{drawn}");
    }

    #[derive(Debug, Clone, Default, Adapter)]
    #[adapter(table = "visits", version = "version")]
    struct Visit {
        #[field(kind = "select", choices = guests)]
        guest: Option<i64>,
        paid: bool,
        city: String,
        #[field(column = false)]
        tags: String,
    }

    fn guests() -> Vec<crate::adapter::Choice> {
        vec![crate::adapter::Choice::new("1", "Anna"), crate::adapter::Choice::new("2", "Boris")]
    }

    const CONFLICT: &str = r#"{"value": {"id": 7, "version": 4, "guest": 1, "city": "Rome", "tags": "mine"},
        "originals": {"guest": "", "paid": "", "city": "Rome"}, "typed": {"guest": "1", "paid": ""},
        "current": {"id": 7, "version": 4, "guest": 2, "paid": true, "city": "Rome"}}"#;

    #[test]
    fn a_conflict_is_told_in_words_people_read() {
        let form: Form<Visit> = serde_json::from_str(CONFLICT).unwrap();
        let drawn = form.field(Visit::GUEST).to_string();
        assert!(drawn.contains("<ins>Boris</ins>"), "{drawn}");
        let list = form.error_list().to_string();
        for told in ["<ins><bdi>Boris</bdi></ins>", "<b><bdi>Anna</bdi></b>", "<ins><bdi>yes</bdi></ins>"] {
            assert!(list.contains(told), "{told} is not in {list}");
        }
        assert!(!list.contains("Rome"), "{list}");
    }

    #[test]
    fn what_the_table_does_not_hold_was_changed_by_nobody() {
        let form: Form<Visit> = serde_json::from_str(CONFLICT).unwrap();
        let drawn = form.field(Visit::TAGS).to_string();
        assert!(drawn.contains("mine") && !drawn.contains("Stored now"), "{drawn}");
    }

    #[test]
    fn a_form_in_conflict_names_the_fields_in_which_the_other_may_be_right() {
        let form: Form<Visit> = serde_json::from_str(CONFLICT).unwrap();
        let start = form.start().to_string();
        for name in ["guest", "paid"] {
            assert!(start.contains(&format!(r#"name="_clash" value="{name}""#)), "{start}");
        }
        assert_eq!(start.matches("_clash").count(), 2, "{start}");
    }

    #[test]
    fn a_sample_that_does_not_fit_says_why() {
        let error = |sample: &str| serde_json::from_str::<Row<Task>>(sample).unwrap_err().to_string();
        assert!(error(r#"{"titel": "x"}"#).starts_with("adapter task has no field titel"));
        assert!(error(r#"{"title": 3}"#).starts_with("field title cannot be 3"));
        let error = serde_json::from_str::<Form<Task>>(r#"{"wrong": {}}"#).unwrap_err().to_string();
        assert!(error.starts_with("unknown field `wrong`"), "{error}");
    }
}
