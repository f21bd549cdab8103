//! `toolcrib lint`: refuses templates that hand a visitor's text to the browser as code.
//!
//! Askama escapes `< > & " '`. That is enough between tags and inside quoted attribute values, and nowhere else:
//! everything here is about the other places (S2, S5).
//!
//! ```text
//! file ─► source: text, expressions, tags, comments ─► html: elements and where each expression stands
//!      ─► check: findings ─► allowed: without those somebody gave a reason for
//! ```
//!
//! All but [`folder`] is pure. Not read: delimiters set in `askama.toml`, and what expressions evaluate to, so a link to
//! `{{ url }}` is the program's to check.

mod allow;
mod check;
mod expression;
mod finding;
pub mod folder;
mod forms;
mod html;
mod labels;
mod rust;
mod source;
#[cfg(test)]
mod tests;

pub use self::allow::{AllowError, Allowed};
pub use self::check::template;
pub use self::finding::{Finding, Rule};
pub use self::rust::rust_file;
pub(crate) use self::source::first_use;
