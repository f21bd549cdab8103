//! Clients from a CSV file.
//!
//! [`Sheet::detect`] finds out how a file is written and which column is what, and a person may say
//! otherwise; [`read`] takes UTF-8 text and the columns' names only. Both look at the whole file first:
//! what makes all of it doubtful (no header, a quote that is never closed, too large) refuses it before
//! any row is taken. Then it yields row by row; a faulty row is refused alone, with its line.
//!
//! Columns are found by their header, whatever the case, also by the usual words of other languages:
//!
//! | header | goes into |
//! |---|---|
//! | `Account`, `Symbol` | account (required) |
//! | `Name`, `Security`, `Company` | name (required) |
//! | `Industry`, `Sector`, `GICS Sector` | industry |
//! | `City`, `Location`, `Headquarters Location` | city |
//! | `Website`, `URL` | website |
//! | `Phone`, `Telephone` | phone |
//! | `Email`, `E-mail` | e-mail |
//! | `Notes` | notes, as it is |
//! | any other | notes, as a line `Header: value` |
//!
//! If two columns mean the same field, the first is taken and the other goes into the notes.
//! Cells may be separated by commas, semicolons, tabs or bars: what the first records agree on. A line number is that
//! of the line on which the row begins: quoted cells may have several lines.

mod encoding;
mod error;
mod header;
mod record;
mod row;
mod separator;
mod sheet;
mod target;

pub use encoding::Encoding;
pub use error::{FileRefusal, RowRefusal};
pub use header::Column;
pub use row::{ImportRow, Rows};
pub use separator::Separator;
pub use sheet::{Reading, Sheet, read};
pub use target::Target;

/// The largest file taken, the same as the largest upload: it is held in memory.
pub const MAX_FILE_BYTES: usize = 16 << 20;

/// The most rows taken: all go into one transaction, during which nobody else can write on SQLite.
pub const MAX_ROWS: usize = 100_000;

/// The most columns taken. Wider files are exports of something else than clients.
pub const MAX_COLUMNS: usize = 64;

/// The longest cell taken, in characters: more is a document, not a field.
pub const MAX_CELL_CHARS: usize = 10_000;

/// The longest notes a client gets from a file, in characters: lists read them with the row.
pub const MAX_NOTES_CHARS: usize = 20_000;
