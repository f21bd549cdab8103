//! The derives of Toolcrib. Use them by `toolcrib::prelude` or `toolcrib::adapter`.
#![doc(test(attr(deny(warnings))))]

mod actions;
mod adapter;
mod choices;
mod mistakes;
mod names;
mod variants;
mod words;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Makes a struct an adapter: `toolcrib::adapter::Adapter` (W30, W31, W33, W34, W37).
///
/// Every field of the struct is a field of the adapter unless it is skipped. The adapter's name is the
/// struct's in snake case. Beside the trait the struct gets a constant of each field, with the struct's
/// visibility: `Note::TITLE`.
///
/// | `#[adapter(…)]` | says | without it |
/// |---|---|---|
/// | `table = "notes"` | the table of its rows, perhaps with a schema and a dot | no rows, no columns |
/// | `key = "id"` | the column of the key | `id` |
/// | `version = "version"` | the column that goes up with every change | none |
/// | `merge` | two edits of different fields are both stored | the later one decides |
/// | `search = "search"` | the column of folded text a search looks through | no search |
/// | `sort(title, "-due", newest = "-created_at")` | orders of a list, the first being the usual one; a field or its column, `-` for the greatest first, or a name and any column | none |
/// | `page_size = 25`, `max_page_size = 200` | rows of a page, and the most a visitor may ask for | 25 and 200 |
///
/// | `#[field(…)]` | says | without it |
/// |---|---|---|
/// | `label = "Title"` | what people call it | the name, in words |
/// | `hint = "…"` | a sentence under the control | none |
/// | `kind = "lines"` | the control: `line`, `lines`, `email`, `url`, `phone`, `password`, `number`, `day`, `check`, `select`, `file`, `hidden` | the type's own; `select` with `choices` |
/// | `required` | it must have a value | it may be empty |
/// | `min_chars = 2`, `max_chars = 80` | limits of a text in characters | 0 and 1,000 |
/// | `min = 0`, `max = 1_000_000` | limits of a number | those of the type |
/// | `check = path` | a `fn(&mut T) -> Result<(), E>`, `E: Display`; it may change the value | nothing else is checked |
/// | `choices = path` | a `fn() -> Vec<Choice>`: the values to choose from | those of the type |
/// | `view = "right"`, `modify = "right"` | the right to see it, to change it | everybody who gets the page |
/// | `read_only` | no form changes it | forms do |
/// | `session = "Username"` | the session field it stands for; such a field has no column (W32) | none |
/// | `column = "owner_id"`, `column = false` | its column, or none | its name where there is a table; none for `FileField` |
/// | `unique`, `filter` | no two rows have the same; a list may be narrowed by it | neither |
/// | `autocomplete = "name"` | what a browser may fill in, in HTML's words | `off` |
/// | `skip` | no field of the adapter | |
///
/// # Limits
/// The struct has named fields and no type parameters, constants or lifetimes; it is `Default`, `Clone`,
/// `Send` and `Sync`. No field is named `info`. Names of tables and columns are letters, digits and `_`.
///
/// # Errors
/// What cannot be is refused where it is written; all mistakes are told at once.
///
/// # Example
/// ```
/// use toolcrib::prelude::*;
///
/// /// A note on a desk.
/// #[derive(Debug, Clone, Default, Adapter)]
/// #[adapter(table = "notes", version = "version", sort(title, newest = "-created_at"))]
/// pub struct Note {
///     #[field(required, max_chars = 80)]
///     title: String,
///     #[field(kind = "lines", check = no_shouting)]
///     body: String,
///     #[field(skip)]
///     words: u32,
/// }
///
/// fn no_shouting(body: &mut String) -> Result<(), &'static str> {
///     *body = body.replace("!!", "!");
///     if body.contains("HEY") { Err("must not shout") } else { Ok(()) }
/// }
///
/// # fn main() {
/// let mut note = Note { body: "Careful!!".to_owned(), words: 1, ..Note::default() };
/// assert_eq!(Note::INFO.name(), "note");
/// assert_eq!(Note::INFO.field(Note::TITLE).map(|field| field.label()), Some("Title"));
/// assert_eq!(note.check(Note::BODY), Ok(()));
/// assert_eq!(note.field(Note::BODY).map(|body| body.display()), Some("Careful!".to_owned()));
/// # assert_eq!(note.words, 1);
/// # }
/// ```
#[proc_macro_derive(Adapter, attributes(adapter, field))]
pub fn adapter(input: TokenStream) -> TokenStream {
    adapter::derive(&parse_macro_input!(input as DeriveInput)).into()
}

/// Makes an enum without values the actions of an adapter: `toolcrib::adapter::Actions` (W35, W36).
///
/// An action's name is the variant's in snake case.
///
/// | `#[action(…)]` | says | without it |
/// |---|---|---|
/// | `label = "Add the note"` | what its button says | the name, in words |
/// | `right = "edit"` | the right to execute it | everybody who gets the page |
/// | `success = "notes"` | the page to go to afterwards | the page itself |
/// | `failure = "notes"` | the page that shows a refused form | the page itself |
/// | `message = "…"` | what the next page says once | nothing |
/// | `no_fields` | it does not read and check the form's fields | it does |
/// | `danger` | its button warns | it does not |
///
/// # Limits
/// The enum is `Copy` and `PartialEq` and has at least one variant.
///
/// # Errors
/// What cannot be is refused where it is written; all mistakes are told at once.
///
/// # Example
/// ```
/// use toolcrib::prelude::*;
///
/// #[derive(Debug, Clone, Copy, PartialEq, Eq, Actions)]
/// pub enum NoteAction {
///     #[action(label = "Add the note", right = "edit", message = "The note has been added.")]
///     Add,
///     #[action(right = "edit", no_fields, danger)]
///     DeleteAll,
/// }
///
/// assert_eq!(NoteAction::ALL, [NoteAction::Add, NoteAction::DeleteAll]);
/// assert_eq!(NoteAction::DeleteAll.info().name(), "delete_all");
/// assert_eq!(NoteAction::DeleteAll.info().label(), "Delete all");
/// ```
#[proc_macro_derive(Actions, attributes(action))]
pub fn actions(input: TokenStream) -> TokenStream {
    actions::derive(&parse_macro_input!(input as DeriveInput)).into()
}

/// Makes an enum without values a type a field can have: `toolcrib::adapter::FieldType` (W31).
///
/// A choice is stored, typed and written in JSON as the variant's name in snake case; people read its
/// label. Nothing else is read. `as_str` answers the former. For `Option` and `Vec` of it the enum is
/// `Default`.
///
/// | `#[choice(…)]` | says | without it |
/// |---|---|---|
/// | `label = "Proposal sent"` | what people read | the name, in words |
/// | `value = "proposal"` | what is stored and typed | the name in snake case |
///
/// # Limits
/// At least one variant, no two with the same value.
///
/// # Errors
/// What cannot be is refused where it is written; all mistakes are told at once.
///
/// # Example
/// ```
/// use toolcrib::prelude::*;
///
/// #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Choices)]
/// pub enum Stage {
///     #[default]
///     Lead,
///     #[choice(label = "Proposal sent", value = "proposal")]
///     Offer,
/// }
///
/// let mut stage = Stage::Lead;
/// assert_eq!(stage.read(&["proposal".to_owned()]), Ok(()));
/// assert_eq!((stage, stage.as_str(), stage.display().as_str()), (Stage::Offer, "proposal", "Proposal sent"));
/// assert_eq!(stage.read(&["won".to_owned()]), Err("must be one of the values offered".to_owned()));
/// ```
#[proc_macro_derive(Choices, attributes(choice))]
pub fn choices(input: TokenStream) -> TokenStream {
    choices::derive(&parse_macro_input!(input as DeriveInput)).into()
}
