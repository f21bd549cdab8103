//! Types a field can have: how they look in a control, in a column, in JSON.

use time::Date;
use time::macros::format_description;

use crate::db::Value;
use crate::page::Upload;

/// The control of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// One line of text.
    Line,
    /// Several lines.
    Lines,
    /// An e-mail address.
    Email,
    /// A web address: `http://…` or `https://…`.
    Url,
    /// A telephone number.
    Phone,
    /// A password: never shown again.
    Password,
    /// A number.
    Number,
    /// A day.
    Day,
    /// Yes or no.
    Check,
    /// One of some values, or several.
    Select,
    /// A file.
    File,
    /// Not shown; no secret either.
    Hidden,
}

impl Kind {
    /// The `type` of HTML's `input`; nothing where it is another element.
    pub(crate) fn input_type(self) -> &'static str {
        match self {
            // Not `url`, which wants a scheme: `example.org` will do.
            Self::Line | Self::Url => "text",
            Self::Email => "email",
            Self::Phone => "tel",
            Self::Password => "password",
            // Not `number`: browsers hide what was typed wrong.
            Self::Number => "text",
            Self::Day => "date",
            Self::Check => "checkbox",
            Self::File => "file",
            Self::Hidden => "hidden",
            Self::Lines | Self::Select => "",
        }
    }
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ColumnType {
    /// `BIGINT`.
    Int,
    /// `DOUBLE PRECISION`, `REAL`.
    Float,
    /// `BOOLEAN`.
    Bool,
    /// `TEXT`.
    Text,
}

/// A value to choose from.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Choice {
    /// What the form sends.
    pub value: String,
    /// What people read.
    pub label: String,
}

impl Choice {
    /// A value and what people read for it.
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Self { value: value.into(), label: label.into() }
    }
}

/// What is fixed about a type.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a type a field can have",
    label = "not a type a field can have",
    note = "use `String`, `i64`, `i32`, `u32`, `f64`, `bool`, `Day`, `Amount`, `FileField`, an `Option` or a `Vec` of them, or an enum that derives `Choices`; mark what is no field `#[field(skip)]`"
)]
pub trait FieldType: FieldValue {
    /// The control of a field that does not name one.
    const KIND: Kind;
    /// What its column holds.
    const COLUMN: ColumnType = ColumnType::Text;
    /// Whether it takes several values.
    const MULTIPLE: bool = false;

    /// The values to choose from, where the type knows them.
    #[must_use]
    fn choices() -> Vec<Choice> {
        Vec::new()
    }
}

/// The value of a field, its type forgotten.
#[expect(clippy::wrong_self_convention, reason = "`from_…` is read into the value that is there")]
pub trait FieldValue: Send + Sync + 'static {
    /// What a control holds: one text, or several for a field that takes several values.
    fn texts(&self) -> Vec<String>;

    /// What people read where there is nothing to type.
    fn display(&self) -> String {
        self.texts().join(", ")
    }

    /// Takes what was typed, already trimmed. The answer completes a sentence that begins with the
    /// field's label: `must be a whole number`.
    ///
    /// # Errors
    /// Why it is no such value; the value is left as it was.
    fn read(&mut self, typed: &[String]) -> Result<(), String>;

    /// Takes the files that were sent. Only a field of files has a use for them.
    ///
    /// # Errors
    /// Why they are refused, as [`FieldValue::read`].
    fn read_files(&mut self, _files: &[Upload]) -> Result<(), String> {
        Ok(())
    }

    /// The number it stands for, where it has limits.
    fn number(&self) -> Option<i64> {
        None
    }

    /// What is stored in its column.
    fn to_column(&self) -> Value;

    /// Takes what was stored. Answers whether it was of this type.
    fn from_column(&mut self, stored: Value) -> bool;

    /// As JSON.
    fn to_json(&self) -> serde_json::Value;

    /// Takes what a session holds. Answers whether it was of this type.
    fn from_json(&mut self, json: &serde_json::Value) -> bool;
}

fn only(typed: &[String]) -> &str {
    typed.first().map_or("", String::as_str)
}

impl FieldType for String {
    const KIND: Kind = Kind::Line;
}

impl FieldValue for String {
    fn texts(&self) -> Vec<String> {
        vec![self.clone()]
    }

    fn read(&mut self, typed: &[String]) -> Result<(), String> {
        only(typed).clone_into(self);
        Ok(())
    }

    fn to_column(&self) -> Value {
        Value::from(self)
    }

    fn from_column(&mut self, stored: Value) -> bool {
        match stored {
            Value::Text(text) => *self = text.unwrap_or_default(),
            _ => return false,
        }
        true
    }

    fn to_json(&self) -> serde_json::Value {
        self.as_str().into()
    }

    fn from_json(&mut self, json: &serde_json::Value) -> bool {
        json.as_str().map(|text| text.clone_into(self)).is_some()
    }
}

macro_rules! whole_numbers {
    ($($type:ty),*) => {$(
        impl FieldType for $type {
            const KIND: Kind = Kind::Number;
            const COLUMN: ColumnType = ColumnType::Int;
        }

        impl FieldValue for $type {
            fn texts(&self) -> Vec<String> {
                vec![self.to_string()]
            }

            fn read(&mut self, typed: &[String]) -> Result<(), String> {
                let wrong = || match only(typed).parse::<i128>() {
                    Ok(_) => "is out of range".to_owned(),
                    Err(_) => "must be a whole number".to_owned(),
                };
                *self = only(typed).parse().map_err(|_| wrong())?;
                Ok(())
            }

            fn number(&self) -> Option<i64> {
                Some(i64::from(*self))
            }

            fn to_column(&self) -> Value {
                Value::from(*self)
            }

            fn from_column(&mut self, stored: Value) -> bool {
                let Value::Int(number) = stored else { return false };
                Self::try_from(number.unwrap_or_default()).map(|number| *self = number).is_ok()
            }

            fn to_json(&self) -> serde_json::Value {
                (*self).into()
            }

            fn from_json(&mut self, json: &serde_json::Value) -> bool {
                json.as_i64().and_then(|number| Self::try_from(number).ok()).map(|number| *self = number).is_some()
            }
        }
    )*};
}

whole_numbers!(i64, i32, u32);

impl FieldType for f64 {
    const KIND: Kind = Kind::Number;
    const COLUMN: ColumnType = ColumnType::Float;
}

impl FieldValue for f64 {
    fn texts(&self) -> Vec<String> {
        vec![self.to_string()]
    }

    fn read(&mut self, typed: &[String]) -> Result<(), String> {
        match only(typed).parse::<Self>() {
            Ok(number) if number.is_finite() => *self = number,
            _ => return Err("must be a number such as 12.5".to_owned()),
        }
        Ok(())
    }

    fn to_column(&self) -> Value {
        Value::from(*self)
    }

    fn from_column(&mut self, stored: Value) -> bool {
        let Value::Float(number) = stored else { return false };
        *self = number.unwrap_or_default();
        true
    }

    fn to_json(&self) -> serde_json::Value {
        (*self).into()
    }

    fn from_json(&mut self, json: &serde_json::Value) -> bool {
        json.as_f64().map(|number| *self = number).is_some()
    }
}

impl FieldType for bool {
    const KIND: Kind = Kind::Check;
    const COLUMN: ColumnType = ColumnType::Bool;
}

impl FieldValue for bool {
    fn texts(&self) -> Vec<String> {
        if *self { vec!["on".to_owned()] } else { vec![String::new()] }
    }

    fn display(&self) -> String {
        if *self { "yes".to_owned() } else { "no".to_owned() }
    }

    fn read(&mut self, typed: &[String]) -> Result<(), String> {
        // The control is preceded by a hidden one that sends nothing: the last word counts.
        *self = match typed.last().map_or("", String::as_str) {
            "on" | "true" | "1" | "yes" => true,
            "" | "off" | "false" | "0" | "no" => false,
            _ => return Err("must be ticked or not".to_owned()),
        };
        Ok(())
    }

    fn to_column(&self) -> Value {
        Value::from(*self)
    }

    fn from_column(&mut self, stored: Value) -> bool {
        let Value::Bool(yes) = stored else { return false };
        *self = yes.unwrap_or_default();
        true
    }

    fn to_json(&self) -> serde_json::Value {
        (*self).into()
    }

    fn from_json(&mut self, json: &serde_json::Value) -> bool {
        json.as_bool().map(|yes| *self = yes).is_some()
    }
}

const ISO_DAY: &[time::format_description::BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");

/// Microseconds in a day.
const DAY_MICROS: i64 = 86_400_000_000;

/// A day of the calendar, typed and shown without a time. Stored as microseconds since 1970 at its
/// begin (UTC).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub Date);

impl Default for Day {
    fn default() -> Self {
        Self(time::OffsetDateTime::UNIX_EPOCH.date())
    }
}

impl Day {
    /// The day as a browser's control has it: `2026-03-31`.
    #[must_use]
    pub fn iso(self) -> String {
        self.0.format(ISO_DAY).unwrap_or_default()
    }

    /// Its begin, in microseconds since 1970 (UTC).
    #[must_use]
    pub fn micros(self) -> i64 {
        let epoch = time::OffsetDateTime::UNIX_EPOCH.date().to_julian_day();
        i64::from(self.0.to_julian_day().saturating_sub(epoch)).saturating_mul(DAY_MICROS)
    }

    /// The day of a moment (UTC); nothing beyond the calendar.
    #[must_use]
    pub fn of(micros: i64) -> Option<Self> {
        let moment = time::OffsetDateTime::from_unix_timestamp(micros.div_euclid(1_000_000)).ok()?;
        Some(Self(moment.date()))
    }

    fn parse(text: &str) -> Option<Self> {
        Date::parse(text, ISO_DAY).ok().map(Self)
    }
}

impl FieldType for Day {
    const KIND: Kind = Kind::Day;
    const COLUMN: ColumnType = ColumnType::Int;
}

impl FieldValue for Day {
    fn texts(&self) -> Vec<String> {
        vec![self.iso()]
    }

    fn display(&self) -> String {
        self.0.format(format_description!("[day padding:none] [month repr:short] [year]")).unwrap_or_default()
    }

    fn read(&mut self, typed: &[String]) -> Result<(), String> {
        *self = Self::parse(only(typed)).ok_or("must be a day such as 2026-03-31")?;
        Ok(())
    }

    fn to_column(&self) -> Value {
        Value::from(self.micros())
    }

    fn from_column(&mut self, stored: Value) -> bool {
        let Value::Int(Some(micros)) = stored else { return false };
        Self::of(micros).map(|day| *self = day).is_some()
    }

    fn to_json(&self) -> serde_json::Value {
        self.iso().into()
    }

    fn from_json(&mut self, json: &serde_json::Value) -> bool {
        json.as_str().and_then(Self::parse).map(|day| *self = day).is_some()
    }
}

/// An amount of money, typed as `1250` or `12.50`, stored in minor units (cents) of whatever
/// currency the row says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Amount(pub i64);

impl Amount {
    fn parse(text: &str) -> Option<Self> {
        let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
        let (whole, cents) = digits.split_once('.').unwrap_or((digits, ""));
        let digits_only = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || cents.len() > 2 || !digits_only(whole) || !digits_only(cents) {
            return None;
        }
        let whole: i64 = whole.parse().ok()?;
        let cents: i64 = format!("{cents:0<2}").parse().ok()?;
        Some(Self(whole.checked_mul(100)?.checked_add(cents)? * sign))
    }
}

impl FieldType for Amount {
    const KIND: Kind = Kind::Number;
    const COLUMN: ColumnType = ColumnType::Int;
}

impl FieldValue for Amount {
    fn texts(&self) -> Vec<String> {
        let sign = if self.0 < 0 { "-" } else { "" };
        let minor = self.0.unsigned_abs();
        vec![format!("{sign}{}.{:02}", minor / 100, minor % 100)]
    }

    fn read(&mut self, typed: &[String]) -> Result<(), String> {
        *self = Self::parse(only(typed)).ok_or("must be an amount such as 12.50")?;
        Ok(())
    }

    /// In whole units, as limits are given.
    fn number(&self) -> Option<i64> {
        Some(self.0.div_euclid(100))
    }

    fn to_column(&self) -> Value {
        Value::from(self.0)
    }

    fn from_column(&mut self, stored: Value) -> bool {
        self.0.from_column(stored)
    }

    fn to_json(&self) -> serde_json::Value {
        self.0.into()
    }

    fn from_json(&mut self, json: &serde_json::Value) -> bool {
        self.0.from_json(json)
    }
}

/// A value that may be missing: nothing typed is nothing stored.
impl<T: FieldType + Default> FieldType for Option<T> {
    const KIND: Kind = T::KIND;
    const COLUMN: ColumnType = T::COLUMN;

    fn choices() -> Vec<Choice> {
        T::choices()
    }
}

impl<T: FieldType + Default> FieldValue for Option<T> {
    fn texts(&self) -> Vec<String> {
        self.as_ref().map_or_else(|| vec![String::new()], FieldValue::texts)
    }

    fn display(&self) -> String {
        self.as_ref().map(FieldValue::display).unwrap_or_default()
    }

    fn read(&mut self, typed: &[String]) -> Result<(), String> {
        if typed.iter().all(String::is_empty) {
            *self = None;
            return Ok(());
        }
        let mut value = T::default();
        value.read(typed)?;
        *self = Some(value);
        Ok(())
    }

    fn read_files(&mut self, files: &[Upload]) -> Result<(), String> {
        self.get_or_insert_default().read_files(files)
    }

    fn number(&self) -> Option<i64> {
        self.as_ref().and_then(FieldValue::number)
    }

    fn to_column(&self) -> Value {
        match (self, T::COLUMN) {
            (Some(value), _) => value.to_column(),
            (None, ColumnType::Int) => Value::Int(None),
            (None, ColumnType::Float) => Value::Float(None),
            (None, ColumnType::Bool) => Value::Bool(None),
            (None, ColumnType::Text) => Value::Text(None),
        }
    }

    fn from_column(&mut self, stored: Value) -> bool {
        if let Value::Int(None) | Value::Float(None) | Value::Bool(None) | Value::Text(None) = stored {
            *self = None;
            return true;
        }
        let mut value = T::default();
        let fits = value.from_column(stored);
        *self = Some(value);
        fits
    }

    fn to_json(&self) -> serde_json::Value {
        self.as_ref().map_or(serde_json::Value::Null, FieldValue::to_json)
    }

    fn from_json(&mut self, json: &serde_json::Value) -> bool {
        if json.is_null() {
            *self = None;
            return true;
        }
        let mut value = T::default();
        let fits = value.from_json(json);
        *self = Some(value);
        fits
    }
}

/// Several values. Stored as a JSON list in a column of text.
impl<T: FieldType + Default> FieldType for Vec<T> {
    const KIND: Kind = Kind::Select;
    const MULTIPLE: bool = true;

    fn choices() -> Vec<Choice> {
        T::choices()
    }
}

impl<T: FieldType + Default> FieldValue for Vec<T> {
    fn texts(&self) -> Vec<String> {
        self.iter().flat_map(FieldValue::texts).collect()
    }

    fn display(&self) -> String {
        self.iter().map(FieldValue::display).collect::<Vec<_>>().join(", ")
    }

    fn read(&mut self, typed: &[String]) -> Result<(), String> {
        let mut values = Self::new();
        // The control is preceded by a hidden one that sends nothing, so that none is an answer.
        for text in typed.iter().filter(|text| !text.is_empty()) {
            let mut value = T::default();
            value.read(std::slice::from_ref(text))?;
            values.push(value);
        }
        *self = values;
        Ok(())
    }

    fn to_column(&self) -> Value {
        Value::from(self.to_json().to_string())
    }

    fn from_column(&mut self, stored: Value) -> bool {
        let Value::Text(text) = stored else { return false };
        let json = text.map_or(Ok(serde_json::Value::Null), |text| serde_json::from_str(&text));
        json.is_ok_and(|json| self.from_json(&json))
    }

    fn to_json(&self) -> serde_json::Value {
        self.iter().map(FieldValue::to_json).collect()
    }

    fn from_json(&mut self, json: &serde_json::Value) -> bool {
        let Some(list) = json.as_array() else {
            self.clear();
            return json.is_null();
        };
        let mut values = Self::new();
        let fits = list.iter().all(|entry| {
            let mut value = T::default();
            let fits = value.from_json(entry);
            values.push(value);
            fits
        });
        *self = values;
        fits
    }
}

/// A file sent with a form; nothing where none was chosen. Never kept beyond the request, and in
/// no column.
#[derive(Debug, Clone, Default)]
pub struct FileField(pub Option<Upload>);

impl FieldType for FileField {
    const KIND: Kind = Kind::File;
}

impl FieldValue for FileField {
    fn texts(&self) -> Vec<String> {
        vec![self.display()]
    }

    fn display(&self) -> String {
        self.0.as_ref().and_then(|file| file.file_name.clone()).unwrap_or_default()
    }

    fn read(&mut self, _: &[String]) -> Result<(), String> {
        Ok(())
    }

    fn read_files(&mut self, files: &[Upload]) -> Result<(), String> {
        // A browser sends an empty file without a name where none was chosen.
        let chosen = |file: &&Upload| file.file_name.as_deref() != Some("") || !file.bytes.is_empty();
        let mut files = files.iter().filter(chosen);
        self.0 = files.next().cloned();
        if files.next().is_some() { Err("takes one file only".to_owned()) } else { Ok(()) }
    }

    fn to_column(&self) -> Value {
        Value::Text(None)
    }

    fn from_column(&mut self, _: Value) -> bool {
        true
    }

    fn to_json(&self) -> serde_json::Value {
        serde_json::Value::Null
    }

    fn from_json(&mut self, _: &serde_json::Value) -> bool {
        true
    }
}
