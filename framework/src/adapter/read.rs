//! Reading what a form sends: rights, checks, all errors at once (W33, W34).

use super::errors::ErrorKind;
use super::form::{Form, ONCE_LIMIT};
use super::rules::{email, text, website};
use super::{ActionInfo, Adapter, Errors, FieldId, FieldInfo, Kind, Rights, Row};
use crate::db::Value;
use crate::page::Upload;

/// Begins the names a form sends beside its fields.
const ORIGINAL: &str = "_original.";

/// Names a field that another user has changed as well, in the form that says so.
pub(super) const CLASH: &str = "_clash";

/// Ends the name of an action that takes such fields as the other user has stored them.
const THEIRS: &str = ":theirs";

/// What was sent, taken apart by name.
pub(super) struct Input<'a> {
    pub(super) pairs: &'a [(String, String)],
    pub(super) uploads: &'a [(String, Upload)],
}

impl Input<'_> {
    pub(super) fn first(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// The action the form was posted for, and whether the other user's word counts where two changed the same.
    pub(super) fn action(&self) -> Option<(&str, bool)> {
        let named = self.first("_action")?;
        Some(named.strip_suffix(THEIRS).map_or((named, false), |name| (name, true)))
    }

    /// The values of a field that count.
    fn field(&self, info: &FieldInfo) -> Option<Vec<String>> {
        let sent = self.all(info.name)?;
        let is_clash = || self.pairs.iter().any(|(name, value)| name == CLASH && value == info.name);
        let is_theirs = self.action().is_some_and(|(_, theirs)| theirs) && is_clash();
        // What the form was shown with is by then what the other user stored.
        is_theirs.then(|| self.all(&format!("{ORIGINAL}{}", info.name))).flatten().or(Some(sent))
    }

    /// All values of a name; none where it was not sent.
    fn all(&self, name: &str) -> Option<Vec<String>> {
        let values: Vec<String> =
            self.pairs.iter().filter(|(given, _)| given == name).map(|(_, value)| value.clone()).collect();
        if values.is_empty() { None } else { Some(values) }
    }

    fn files(&self, name: &str) -> Vec<Upload> {
        self.uploads.iter().filter(|(given, _)| given == name).map(|(_, upload)| upload.clone()).collect()
    }
}

/// Reads the parts of a form that are no fields.
///
/// Which row it is of says the page. A form in a list says so itself, where the action reads no
/// fields (it deletes, it archives) or the page let it ([`Form::of_any_row`]): else whoever may add a row
/// could change another by adding its key.
pub(super) fn read_frame<A: Adapter>(form: &mut Form<A>, input: &Input<'_>, action: &ActionInfo) {
    form.sent.version = input.first("version").or_else(|| input.first("_version")).and_then(|text| text.parse().ok());
    form.sent.once = input.first("_once").filter(|key| key.len() <= ONCE_LIMIT && !key.is_empty()).map(str::to_owned);
    if form.row.key.is_none() && (form.any_row || !action.reads_fields) {
        form.row.key = input.first("_row").and_then(|text| text.parse().ok());
    }
    for (id, info) in A::INFO.numbered() {
        if let Some(original) = input.all(&format!("{ORIGINAL}{}", info.name)) {
            form.originals.insert(id, original);
        }
    }
}

/// Reads every field that was sent. Where one is wrong the value stays as it was, and what was
/// typed is kept beside it.
pub(super) fn read_fields<A: Adapter>(form: &mut Form<A>, input: &Input<'_>) {
    let mut value = form.row.value.clone();
    for (id, info) in A::INFO.numbered() {
        if let Err((kind, reason)) = read_field(form, &mut value, id, info, input) {
            form.fail(id, kind, reason);
        }
    }
    if form.errors.is_empty() {
        form.row.value = value;
    }
}

/// Checks a value that did not come by a form, a row of a file say, as a form would: each of its
/// fields is read from its own text, all errors come at once. Rights are not asked.
///
/// # Errors
/// All that is wrong.
pub fn checked<A: Adapter>(value: A) -> Result<A, Errors> {
    let mut form = Form::new(Row::from(value).seen_by(&Rights::unlimited()));
    let texts = |(id, info): (FieldId, &'static FieldInfo)| {
        form.row.texts(id).into_iter().map(|text| (info.name.to_owned(), text))
    };
    let pairs: Vec<_> = A::INFO.numbered().flat_map(texts).collect();
    read_fields(&mut form, &Input { pairs: &pairs, uploads: &[] });
    if form.errors.is_empty() { Ok(form.row.value) } else { Err(form.errors) }
}

type Refusal = (ErrorKind, String);

fn invalid(reason: impl Into<String>) -> Refusal {
    (ErrorKind::Invalid, reason.into())
}

fn required() -> Refusal {
    (ErrorKind::Required, "requires a value".to_owned())
}

fn read_field<A: Adapter>(
    form: &mut Form<A>,
    value: &mut A,
    id: FieldId,
    info: &'static FieldInfo,
    input: &Input<'_>,
) -> Result<(), Refusal> {
    if info.kind == Kind::File {
        return read_files(form, value, id, info, input);
    }
    let Some(sent) = input.field(info) else {
        let blank = form.row.may_modify(id) && is_blank(&form.row.texts(id));
        return if blank && info.required { Err(required()) } else { Ok(()) };
    };
    if !form.row.may_modify(id) {
        // Whether a value one may not see is the one that was sent is nothing to tell either.
        let unchanged = form.row.may_view(id) && trimmed(&sent, info) == trimmed(&form.row.texts(id), info);
        let refusal = (ErrorKind::NotPermitted, "may not be changed by you".to_owned());
        return if unchanged { Ok(()) } else { Err(refusal) };
    }
    form.typed.insert(id, sent.clone());
    let texts = sound_texts(form, id, info, &sent)?;
    let Some(field) = value.field_mut(id) else { return Ok(()) };
    if is_blank(&texts) {
        // What cannot be blank, a number say, keeps the words of its own type for that.
        if info.required {
            return Err(required());
        }
    }
    field.read(&texts).map_err(invalid)?;
    let number = field.number();
    if let (Some(number), Some(min)) = (number, info.min)
        && number < min
    {
        return Err(invalid(format!("must be at least {min}")));
    }
    if let (Some(number), Some(max)) = (number, info.max)
        && number > max
    {
        return Err(invalid(format!("must be at most {max}")));
    }
    value.check(id).map_err(invalid)
}

fn read_files<A: Adapter>(
    form: &Form<A>,
    value: &mut A,
    id: FieldId,
    info: &FieldInfo,
    input: &Input<'_>,
) -> Result<(), Refusal> {
    let files = input.files(info.name);
    if !files.is_empty() && !form.row.may_modify(id) {
        return Err((ErrorKind::NotPermitted, "may not be changed by you".to_owned()));
    }
    let Some(field) = value.field_mut(id) else { return Ok(()) };
    field.read_files(&files).map_err(invalid)?;
    if info.required && is_blank(&field.texts()) && field.to_json().is_null() && !is_chosen(&files) {
        return Err((ErrorKind::Required, "requires a file".to_owned()));
    }
    value.check(id).map_err(invalid)
}

fn is_chosen(files: &[Upload]) -> bool {
    files.iter().any(|file| !file.bytes.is_empty() || file.file_name.as_deref().is_some_and(|name| !name.is_empty()))
}

fn is_blank(texts: &[String]) -> bool {
    texts.iter().all(|text| text.trim().is_empty())
}

/// What was sent without what a keyboard adds to it.
pub(super) fn trimmed(sent: &[String], info: &FieldInfo) -> Vec<String> {
    let clean = |text: &String| match info.kind {
        // A password is taken as it is.
        Kind::Password => text.clone(),
        Kind::Lines => text::with_plain_lines(text).trim().to_owned(),
        _ => text.trim().to_owned(),
    };
    sent.iter().map(clean).collect()
}

/// The texts a value is read from.
fn sound_texts<A: Adapter>(
    form: &Form<A>,
    id: FieldId,
    info: &FieldInfo,
    sent: &[String],
) -> Result<Vec<String>, Refusal> {
    if sent.len() > 1 && !info.multiple && info.kind != Kind::Check {
        return Err(invalid("was sent twice"));
    }
    let mut texts = trimmed(sent, info);
    for text in texts.iter_mut().filter(|text| !text.is_empty()) {
        check_text(text, info).map_err(invalid)?;
    }
    if info.kind == Kind::Select {
        let choices = form.choices_of(id);
        let offered = |text: &String| text.is_empty() || choices.iter().any(|choice| choice.value == *text);
        if !texts.iter().all(offered) {
            return Err(invalid("must be one of the values offered"));
        }
    }
    Ok(texts)
}

/// Texts as the value their field would store; none where they are no such value.
pub(super) fn as_value<A: Adapter>(id: FieldId, info: &FieldInfo, texts: &[String]) -> Option<Value> {
    let mut value = A::default();
    let field = value.field_mut(id)?;
    field.read(&trimmed(texts, info)).ok()?;
    Some(field.to_column())
}

pub(super) fn check_text(text: &mut String, info: &FieldInfo) -> Result<(), String> {
    let chars = text.chars().count();
    if chars > info.max_chars {
        return Err(format!("must have at most {} characters", info.max_chars));
    }
    if chars < info.min_chars {
        return Err(format!("must have at least {} characters", info.min_chars));
    }
    match info.kind {
        Kind::Password => return Ok(()),
        kind => text::check(text, kind == Kind::Lines)?,
    }
    match info.kind {
        Kind::Email if !email::is_email(text) => Err("must be an address like name@example.org".to_owned()),
        Kind::Url => {
            *text = website::parse(text).ok_or("must be an address like https://example.org")?;
            Ok(())
        }
        _ => Ok(()),
    }
}
