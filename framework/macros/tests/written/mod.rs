//! What the derives write, run.

use toolcrib::adapter::{Actions, Adapter, Amount, Choice, Choices, Day, FieldId, FieldType, FieldValue, FileField};
use toolcrib::db::Value;

#[derive(Debug, Clone, Default, Adapter)]
#[adapter(table = "crm.notes", version = "version", merge, search = "search", page_size = 10, max_page_size = 50)]
#[adapter(sort(title, "-due", owner_id, newest = "-created_at", urgent = "due"))]
struct ClientNote {
    #[field(required, max_chars = 80, label = "Headline", hint = "A few words")]
    title: String,
    #[field(kind = "lines", max_chars = 2000)]
    body: String,
    #[field(skip)]
    cached: u32,
    #[field(view = "finance", modify = "boss", min = -5, max = 1_000_000)]
    salary: Option<i64>,
    #[field(session = "Username", read_only)]
    username: String,
    #[field(check = trimmed_nick)]
    nick: String,
    #[field(choices = owners, column = "owner_id", filter, unique, autocomplete = "name", min_chars = 2)]
    owner: String,
    due: Day,
    price: Amount,
    #[field(column = false)]
    r#type: Stage,
    also: Vec<Stage>,
    file: Option<FileField>,
    renamed: Attachment,
}

type Attachment = FileField;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Choices)]
enum Stage {
    #[default]
    Lead,
    #[choice(label = "Proposal sent", value = "proposal")]
    Offer,
    WonAtLast,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Actions)]
enum NoteAction {
    #[action(label = "Add the note", right = "edit", success = "notes", failure = "note", message = "Added.")]
    Add,
    #[action(no_fields, danger)]
    DeleteAll,
}

fn trimmed_nick(nick: &mut String) -> Result<(), std::num::ParseIntError> {
    *nick = nick.to_lowercase();
    if nick.starts_with('#') { nick.trim_start_matches('#').parse::<u8>().map(|_| ()) } else { Ok(()) }
}

fn owners() -> Vec<Choice> {
    vec![Choice::new("1", "Ann")]
}

/// All that is fixed about a field, as text.
fn fixed(id: FieldId) -> String {
    format!("{:?}", ClientNote::INFO.field(id))
}

fn has(id: FieldId, parts: &[&str]) {
    let fixed = fixed(id);
    for part in parts {
        assert!(fixed.contains(part), "no {part} in {fixed}");
    }
}

#[test]
fn a_field_says_what_its_attribute_says() {
    has(ClientNote::TITLE, &[r#"name: "title""#, r#"label: "Headline""#, r#"hint: "A few words""#]);
    has(ClientNote::TITLE, &["kind: Line,", "required: true", "max_chars: 80", r#"column: Some("title")"#]);
    has(ClientNote::BODY, &["kind: Lines", "required: false", "max_chars: 2000"]);
    has(ClientNote::SALARY, &["min: Some(-5)", "max: Some(1000000)", r#"view: Some("finance")"#]);
    has(ClientNote::SALARY, &[r#"modify: Some("boss")"#, "kind: Number", "column_type: Int"]);
    has(ClientNote::OWNER, &[r#"column: Some("owner_id")"#, "filter: true", "unique: true", r#"autocomplete: "name""#]);
    has(ClientNote::OWNER, &["kind: Select", "min_chars: 2"]);
    has(ClientNote::ALSO, &["multiple: true", "kind: Select", "column_type: Text"]);
}

#[test]
fn sessions_and_files_have_no_column() {
    has(ClientNote::USERNAME, &[r#"session: Some("Username")"#, "read_only: true", "column: None"]);
    for id in [ClientNote::TYPE, ClientNote::FILE, ClientNote::RENAMED] {
        has(id, &["column: None"]);
    }
    has(ClientNote::TYPE, &[r#"name: "type""#, r#"label: "Type""#]);
}

#[test]
fn a_table_says_what_its_attribute_says() {
    let table = format!("{:?}", ClientNote::INFO.table_info().unwrap());
    for part in [
        r#"name: "crm.notes", key: "id", version: Some("version"), merge: true"#,
        r#"{ name: "title", column: "title", descending: false }"#,
        r#"{ name: "due", column: "due", descending: true }"#,
        r#"{ name: "owner_id", column: "owner_id", descending: false }"#,
        r#"{ name: "newest", column: "created_at", descending: true }"#,
        r#"{ name: "urgent", column: "due", descending: false }"#,
        r#"search: Some("search"), page_size: 10, max_page_size: 50"#,
    ] {
        assert!(table.contains(part), "no {part} in {table}");
    }
    assert_eq!(ClientNote::INFO.name(), "client_note");
}

#[test]
fn every_field_is_reached_by_its_number_and_no_other_is() {
    let mut note = ClientNote { cached: 7, ..ClientNote::default() };
    for (id, info) in ClientNote::INFO.numbered() {
        assert!(note.field(id).is_some() && note.field_mut(id).is_some(), "{}", info.name());
    }
    assert_eq!(ClientNote::INFO.fields().len(), 12);
    let beyond = FieldId::new(12);
    assert!(note.field(beyond).is_none() && note.field_mut(beyond).is_none());
    assert_eq!(note.check(beyond), Ok(()));
    note.field_mut(ClientNote::SALARY).unwrap().read(&["12".to_owned()]).unwrap();
    assert_eq!((note.salary, note.cached), (Some(12), 7));
}

#[test]
fn a_check_may_change_the_value_and_says_why_it_refuses() {
    let mut note = ClientNote { nick: "ANN".to_owned(), ..ClientNote::default() };
    assert_eq!(note.check(ClientNote::NICK), Ok(()));
    assert_eq!(note.nick, "ann");
    note.nick = "#999".to_owned();
    assert_eq!(note.check(ClientNote::NICK), Err("number too large to fit in target type".to_owned()));
    assert_eq!(note.check(ClientNote::TITLE), Ok(()));
}

#[test]
fn an_action_says_what_its_attribute_says() {
    assert_eq!(NoteAction::ALL, [NoteAction::Add, NoteAction::DeleteAll]);
    let add = format!("{:?}", NoteAction::Add.info());
    for part in [r#""add""#, r#""Add the note""#, r#"right: Some("edit")"#, r#"success: Some("notes")"#] {
        assert!(add.contains(part), "no {part} in {add}");
    }
    assert!(add.contains(r#"failure: Some("note"), message: Some("Added."), reads_fields: true, danger: false"#));
    let delete = format!("{:?}", NoteAction::DeleteAll.info());
    assert!(delete.contains(r#"name: "delete_all", label: "Delete all", right: None"#), "{delete}");
    assert!(delete.contains("reads_fields: false, danger: true"), "{delete}");
}

#[test]
fn a_choice_is_the_same_word_in_forms_columns_and_json() {
    let offered = [("lead", "Lead"), ("proposal", "Proposal sent"), ("won_at_last", "Won at last")];
    assert_eq!(Stage::choices(), offered.map(|(value, label)| Choice::new(value, label)));
    for ((value, label), stage) in offered.into_iter().zip([Stage::Lead, Stage::Offer, Stage::WonAtLast]) {
        assert_eq!((stage.as_str(), stage.display().as_str()), (value, label));
        assert_eq!(stage.texts(), [value]);
        let mut copies = [Stage::default(); 3];
        copies[0].read(&[value.to_owned()]).unwrap();
        assert!(copies[1].from_column(stage.to_column()));
        assert!(copies[2].from_json(&stage.to_json()));
        assert_eq!(copies, [stage; 3]);
    }
}

#[test]
fn what_was_not_offered_is_refused_and_changes_nothing() {
    let mut stage = Stage::Offer;
    for typed in [vec![], vec![String::new()], vec!["Lead".to_owned()], vec!["Proposal sent".to_owned()]] {
        assert_eq!(stage.read(&typed), Err("must be one of the values offered".to_owned()));
    }
    assert!(!stage.from_column(Value::Text(Some("won".to_owned()))));
    assert!(!stage.from_column(Value::Text(None)));
    assert!(!stage.from_column(Value::Int(Some(1))));
    assert!(!stage.from_json(&Option::<Stage>::None.to_json()));
    assert_eq!(stage, Stage::Offer);
}
