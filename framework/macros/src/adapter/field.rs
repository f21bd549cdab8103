//! One field: what its attribute says, checked.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Ident, Type};

use super::kind::Kind;
use crate::mistakes::Mistakes;
use crate::names;
use crate::words::{Form, Vocabulary, Words};

const WORDS: Vocabulary = Vocabulary {
    attribute: "field",
    words: &[
        ("autocomplete", Form::Text),
        ("check", Form::Path),
        ("choices", Form::Path),
        ("column", Form::Column),
        ("filter", Form::Flag),
        ("hint", Form::Text),
        ("kind", Form::Text),
        ("label", Form::Text),
        ("max", Form::Number),
        ("max_chars", Form::Count),
        ("min", Form::Number),
        ("min_chars", Form::Count),
        ("modify", Form::Text),
        ("read_only", Form::Flag),
        ("required", Form::Flag),
        ("session", Form::Text),
        ("skip", Form::Flag),
        ("unique", Form::Flag),
        ("view", Form::Text),
    ],
};

/// What `FieldInfo` has where `max_chars` is not given.
const DEFAULT_MAX_CHARS: i64 = 1_000;

/// A field of the struct that is a field of the adapter.
pub(super) struct Field {
    pub(super) ident: Ident,
    pub(super) constant: Ident,
    /// Without `r#`.
    pub(super) name: String,
    pub(super) label: String,
    pub(super) type_: Type,
    /// The control that is not the type's own.
    pub(super) kind: Option<Kind>,
    /// The control as far as it is known before the types are.
    pub(super) known_kind: Option<Kind>,
    pub(super) column: Option<String>,
    pub(super) words: Words,
}

impl Field {
    /// Reads a member of the struct; nothing for one that is skipped.
    pub(super) fn read(member: &syn::Field, has_table: bool, mistakes: &mut Mistakes) -> Option<Self> {
        let ident = member.ident.clone()?;
        let words = Words::read(&member.attrs, WORDS, mistakes);
        if words.has("skip") {
            for word in words.keys().filter(|word| *word != "skip") {
                mistakes.at(word, format!("a skipped field is no field of the adapter: leave out `{word}` or `skip`"));
            }
            return None;
        }
        let name = names::plain(&ident);
        let label = words.text("label").map_or_else(|| names::label(&name), syn::LitStr::value);
        if label.is_empty() {
            mistakes.at(&ident, "no label follows from this name: write `#[field(label = \"…\")]`");
        }
        let own_kind = Kind::of(&member.ty);
        let given_kind = words.text("kind").and_then(|kind| mistakes.take(Kind::named(kind)));
        let chosen_from = words.has("choices").then_some(Kind("Select"));
        let field = Self {
            constant: names::constant(&ident),
            name,
            label,
            type_: member.ty.clone(),
            kind: given_kind.or(chosen_from),
            known_kind: given_kind.or(own_kind),
            column: None,
            ident,
            words,
        };
        field.check_kind(own_kind, mistakes);
        field.check_chars(mistakes);
        field.check_numbers(own_kind, mistakes);
        field.check_session(mistakes);
        let column = field.read_column(has_table, own_kind, mistakes);
        Some(Self { column, ..field })
    }

    /// Where a mistake about the column is shown.
    pub(super) fn column_place(&self) -> TokenStream {
        self.words.text("column").map_or_else(|| self.ident.to_token_stream(), ToTokens::to_token_stream)
    }

    fn check_kind(&self, own: Option<Kind>, mistakes: &mut Mistakes) {
        let (Some(kind), Some(own), Some(place)) = (self.kind, own, self.words.text("kind")) else { return };
        if kind.is_file() != own.is_file() {
            let message = "a field of files has the type `FileField` and the kind `file`: change one of them";
            mistakes.at(place, message);
        }
    }

    fn check_chars(&self, mistakes: &mut Mistakes) {
        if let Some(kind) = self.known_kind.filter(|kind| !kind.is_text()) {
            for word in ["min_chars", "max_chars"].into_iter().filter_map(|word| self.words.key(word)) {
                let kind = kind.name();
                mistakes.at(
                    word,
                    format!(
                        "`{word}` is for text, and this field's kind is `{kind}`: use `min` and `max`, or leave it out"
                    ),
                );
            }
        }
        let most = self.words.number("max_chars").map_or(DEFAULT_MAX_CHARS, |(most, _)| most);
        if let Some((least, place)) = self.words.number("min_chars").filter(|(least, _)| *least > most) {
            let hint = if self.words.has("max_chars") { "exchange them" } else { "give `max_chars` as well" };
            mistakes.at(place, format!("`min_chars` {least} is more than `max_chars` {most}: {hint}"));
        }
    }

    fn check_numbers(&self, own: Option<Kind>, mistakes: &mut Mistakes) {
        if own.is_some_and(|kind| !kind.is_number()) {
            for word in ["min", "max"].into_iter().filter_map(|word| self.words.key(word)) {
                let message = format!("`{word}` is for numbers: use `{word}_chars` for text, or leave it out");
                mistakes.at(word, message);
            }
        }
        let (Some((least, place)), Some((most, _))) = (self.words.number("min"), self.words.number("max")) else {
            return;
        };
        if least > most {
            mistakes.at(place, format!("`min` {least} is more than `max` {most}: exchange them"));
        }
    }

    fn check_session(&self, mistakes: &mut Mistakes) {
        if !self.words.has("session") {
            return;
        }
        for word in ["unique", "filter", "column"].into_iter().filter_map(|word| self.words.key(word)) {
            if word == "column" && self.words.is_off("column") {
                continue;
            }
            let message = format!("a field of the session has no column: leave out `{word}` or `session`");
            mistakes.at(word, message);
        }
    }

    fn read_column(&self, has_table: bool, own: Option<Kind>, mistakes: &mut Mistakes) -> Option<String> {
        let is_file = own.is_some_and(Kind::is_file);
        let given = self.words.text("column");
        if let Some(text) = given {
            if !names::is_sql_name(&text.value(), 1) {
                mistakes.at(text, "a column's name has letters, digits and `_` only: rename the column");
            }
            if is_file {
                mistakes.at(text, "a file is stored in no column: leave out `column`");
            }
        }
        if self.words.has("session") {
            return None;
        }
        let without = self.words.is_off("column") || is_file;
        for word in ["unique", "filter", "column"].into_iter().filter_map(|word| self.words.key(word)) {
            let says_none = word == "column" && self.words.is_off("column");
            if !has_table && !says_none {
                mistakes
                    .at(word, format!("`{word}` needs a table: write `#[adapter(table = \"…\")]` above the struct"));
            } else if without && word != "column" {
                mistakes.at(word, format!("`{word}` needs a column, and this field has none: leave it out"));
            }
        }
        let name = given.map_or_else(|| self.name.clone(), syn::LitStr::value);
        (has_table && !without).then_some(name)
    }
}
