//! Why a file or a row is not taken.

use thiserror::Error;

use super::{MAX_CELL_CHARS, MAX_COLUMNS, MAX_FILE_BYTES, MAX_NOTES_CHARS, MAX_ROWS};
use toolcrib::adapter::Errors;

/// Why a whole file is refused. Nothing of it is taken.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FileRefusal {
    /// Nothing in it.
    #[error("the file is empty")]
    Empty,
    /// Larger than [`MAX_FILE_BYTES`].
    #[error("the file has {bytes} bytes, at most {MAX_FILE_BYTES} are taken")]
    TooLarge {
        /// Its size.
        bytes: u64,
    },
    /// A workbook or another packed file.
    #[error("the file is a workbook or an archive, not CSV: save it as \"CSV UTF-8\"")]
    NotCsv,
    /// UTF-16, or a header in an old eight-bit encoding.
    #[error("the file is not UTF-8: save it as \"CSV UTF-8\"")]
    NotUtf8,
    /// More than [`MAX_COLUMNS`] columns.
    #[error("the header has {columns} columns, at most {MAX_COLUMNS} are taken")]
    TooManyColumns {
        /// How many there are.
        columns: usize,
    },
    /// More than [`MAX_ROWS`] rows.
    #[error("the file has more than {MAX_ROWS} rows")]
    TooManyRows,
    /// The header lacks what every client needs.
    #[error("the header has no column for the {missing}; its columns are: {found}")]
    MissingColumns {
        /// The required columns it lacks.
        missing: String,
        /// The columns it has.
        found: String,
    },
    /// Two columns were chosen for one field.
    #[error("the columns {first} and {second} both go into the {field}: choose one")]
    SameTarget {
        /// The one column's name.
        first: String,
        /// The other's.
        second: String,
        /// The field both go into.
        field: String,
    },
    /// A quote was opened and never closed: where the rows end is anybody's guess.
    #[error("line {line}: a quote is opened and never closed")]
    UnclosedQuote {
        /// Where the row with the quote begins.
        line: u64,
    },
}

/// Why one row is refused. The rows around it are not concerned.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RowRefusal {
    /// Only empty cells.
    #[error("all cells are empty")]
    Empty,
    /// Too few or too many cells: which is which cannot be told.
    #[error("has {found} columns, the header has {expected}")]
    ColumnCount {
        /// As many as the header.
        expected: usize,
        /// As many as there are.
        found: usize,
    },
    /// Bytes that are no text.
    #[error("column \"{column}\" is not UTF-8")]
    NotUtf8 {
        /// The header of the cell's column.
        column: String,
    },
    /// Bytes that mean nothing in the encoding the file is read as.
    #[error("column \"{column}\" has characters that cannot be read in this encoding")]
    Unreadable {
        /// The header of the cell's column.
        column: String,
    },
    /// Longer than [`MAX_CELL_CHARS`].
    #[error("column \"{column}\" has more than {MAX_CELL_CHARS} characters")]
    CellTooLong {
        /// The header of the cell's column.
        column: String,
    },
    /// Control characters in a cell that goes into the notes.
    #[error("column \"{column}\" contains control characters")]
    Control {
        /// The header of the cell's column.
        column: String,
    },
    /// Longer than [`MAX_NOTES_CHARS`] together.
    #[error("the notes would have more than {MAX_NOTES_CHARS} characters")]
    NotesTooLong,
    /// Something is wrong with the client's fields.
    #[error("{0}")]
    Invalid(#[source] Errors),
    /// The file has this account already; the first row counts.
    #[error("account {account} is on line {first_line} already")]
    Repeated {
        /// The account.
        account: String,
        /// Where it is first.
        first_line: u64,
    },
}
