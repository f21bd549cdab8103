//! Clients from a CSV file.
//!
//! [`read`] looks at the whole file first: what makes all of it doubtful (no header, a quote that
//! is never closed, too large) refuses it before any row is taken. Then it yields row by row; a
//! faulty row is refused alone, with its line.
//!
//! Columns are found by their header, whatever the case:
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
//! Cells may be separated by commas, semicolons or tabs; the header decides. A line number is that
//! of the line on which the row begins: quoted cells may have several lines.

mod error;
mod header;
mod record;
mod row;

pub use error::{FileRefusal, RowRefusal};
pub use row::{ImportRow, Rows, read};

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
