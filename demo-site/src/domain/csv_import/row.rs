//! The rows of a file as clients.

use std::collections::HashMap;

use toolcrib::adapter::checked;

use super::header::Column;
use super::record::{Record, Records};
use super::{MAX_CELL_CHARS, MAX_NOTES_CHARS, RowRefusal, Separator, Target};
use crate::adapters::Client;
use crate::domain::csv_guard::unguard;

/// A sound row: a client, and what else the file knows about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportRow {
    /// The client.
    pub client: Client,
    /// What has no field of its own, a line each.
    pub notes: String,
}

/// The rows of a file, each with the line it begins on.
pub struct Rows<'a> {
    records: Records<'a>,
    columns: Vec<Column>,
    is_decoded: bool,
    /// Where each account was first.
    seen: HashMap<String, u64>,
}

impl std::fmt::Debug for Rows<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rows").field("columns", &self.columns).finish_non_exhaustive()
    }
}

impl Iterator for Rows<'_> {
    type Item = (u64, Result<ImportRow, RowRefusal>);

    fn next(&mut self) -> Option<Self::Item> {
        let record = self.records.next()?;
        let row = self.all_was_read(&record).and_then(|()| row(&record, &self.columns));
        let row = row.and_then(|row| self.unless_repeated(record.line, row));
        Some((record.line, row))
    }
}

impl<'a> Rows<'a> {
    /// The rows of records whose first is the header, which was understood like this.
    pub(super) fn new(mut records: Records<'a>, columns: Vec<Column>) -> Self {
        records.next();
        Self { records, columns, is_decoded: false, seen: HashMap::new() }
    }

    /// Its columns.
    #[must_use]
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// What stands between its cells.
    #[must_use]
    pub fn separator(&self) -> Separator {
        self.records.separator()
    }

    /// The text was written in another encoding than UTF-8: a replacement character is what could not be read.
    pub(super) fn decoded(mut self, is_decoded: bool) -> Self {
        self.is_decoded = is_decoded;
        self
    }

    fn all_was_read(&self, record: &Record) -> Result<(), RowRefusal> {
        const UNREAD: &[u8] = "\u{fffd}".as_bytes();
        if !self.is_decoded {
            return Ok(());
        }
        let unread = |cell: &[u8]| cell.windows(UNREAD.len()).any(|part| part == UNREAD);
        let mut used = record.cells.iter().zip(&self.columns).filter(|(_, column)| column.target != Target::Ignore);
        match used.find(|(cell, _)| unread(cell)) {
            Some((_, column)) => Err(RowRefusal::Unreadable { column: column.name.clone() }),
            None => Ok(()),
        }
    }

    fn unless_repeated(&mut self, line: u64, row: ImportRow) -> Result<ImportRow, RowRefusal> {
        let account = row.client.account.as_str();
        if let Some(&first_line) = self.seen.get(account) {
            return Err(RowRefusal::Repeated { account: account.to_owned(), first_line });
        }
        self.seen.insert(account.to_owned(), line);
        Ok(row)
    }
}

fn row(record: &Record, columns: &[Column]) -> Result<ImportRow, RowRefusal> {
    if record.cells.len() != columns.len() {
        return Err(RowRefusal::ColumnCount { expected: columns.len(), found: record.cells.len() });
    }
    if record.is_blank() {
        return Err(RowRefusal::Empty);
    }
    let mut input = Client::default();
    let mut own_notes = String::new();
    let mut note_lines = Vec::new();
    let used = record.cells.iter().zip(columns).filter(|(_, column)| column.target != Target::Ignore);
    for (cell, column) in used {
        let text = cell_text(cell, column)?;
        // Only notes lines can have several columns: each field is given to one.
        match column.target {
            Target::Account => input.account.push_str(text),
            Target::Name => input.name.push_str(text),
            Target::Industry => input.industry.push_str(text),
            Target::City => input.city.push_str(text),
            Target::Website => input.website.push_str(text),
            Target::Phone => input.phone.push_str(text),
            Target::Email => input.email.push_str(text),
            Target::Notes => own_notes = note_text(text, column)?,
            Target::NoteLine => {
                let note = note_text(text, column)?;
                if !note.is_empty() {
                    note_lines.push(format!("{}: {note}", column.name));
                }
            }
            Target::Ignore => {}
        }
    }
    if !own_notes.is_empty() {
        note_lines.insert(0, own_notes);
    }
    let notes = note_lines.join("\n");
    if notes.chars().count() > MAX_NOTES_CHARS {
        return Err(RowRefusal::NotesTooLong);
    }
    let client = checked(input).map_err(RowRefusal::Invalid)?;
    Ok(ImportRow { client, notes })
}

fn cell_text<'a>(cell: &'a [u8], column: &Column) -> Result<&'a str, RowRefusal> {
    let column = || column.name.clone();
    let text = std::str::from_utf8(cell).map_err(|_| RowRefusal::NotUtf8 { column: column() })?;
    // Bytes are at least as many as characters: most cells need no counting.
    if text.len() > MAX_CELL_CHARS && text.chars().count() > MAX_CELL_CHARS {
        return Err(RowRefusal::CellTooLong { column: column() });
    }
    Ok(unguard(text))
}

/// Notes may have lines and tabs, with one kind of line end, so that they compare equal when the
/// file comes back from an editor that uses another.
fn note_text(text: &str, column: &Column) -> Result<String, RowRefusal> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    if text.chars().any(|character| character.is_control() && !matches!(character, '\n' | '\t')) {
        return Err(RowRefusal::Control { column: column.name.clone() });
    }
    Ok(text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;
    use crate::domain::csv_import::{FileRefusal, MAX_FILE_BYTES, MAX_ROWS, read};

    const SP500: &str = "\
Symbol,Security,GICS Sector,GICS Sub-Industry,Headquarters Location,Date added,CIK,Founded
MMM,3M,Industrials,Industrial Conglomerates,\"Saint Paul, Minnesota\",1957-03-04,66740,1902
ABBV,AbbVie,Health Care,Biotechnology,\"North Chicago, Illinois\",2012-12-31,1551152,2013 (1888)
EL,Estée Lauder Companies (The),Consumer Staples,Personal Care Products,\"New York City, New York\",2006-01-05,1001250,1946
";

    fn outcomes(bytes: &[u8]) -> Vec<(u64, Result<ImportRow, RowRefusal>)> {
        read(bytes).unwrap().collect()
    }

    fn refusals(text: &str) -> Vec<(u64, String)> {
        outcomes(text.as_bytes())
            .into_iter()
            .filter_map(|(line, row)| row.err().map(|refusal| (line, refusal.to_string())))
            .collect()
    }

    #[test]
    fn a_list_of_companies_arrives_whole() {
        let rows = outcomes(SP500.as_bytes());
        assert_eq!(rows.len(), 3);
        let (line, abbvie) = &rows[1];
        let abbvie = abbvie.as_ref().unwrap();
        assert_eq!(*line, 3);
        assert_eq!(abbvie.client.account, "ABBV");
        assert_eq!(abbvie.client.name, "AbbVie");
        assert_eq!(abbvie.client.industry, "Health Care");
        assert_eq!(abbvie.client.city, "North Chicago, Illinois");
        assert_eq!(
            abbvie.notes,
            "GICS Sub-Industry: Biotechnology\nDate added: 2012-12-31\nCIK: 1551152\nFounded: 2013 (1888)"
        );
        assert_eq!(rows[2].1.as_ref().unwrap().client.name, "Estée Lauder Companies (The)");
    }

    #[test]
    fn byte_order_mark_line_ends_and_separators_do_not_matter() {
        let expected = outcomes(SP500.as_bytes());
        assert_eq!(outcomes(format!("\u{feff}{SP500}").as_bytes()), expected);
        assert_eq!(outcomes(SP500.replace('\n', "\r\n").as_bytes()), expected);
        assert_eq!(outcomes(SP500.trim_end().as_bytes()), expected);
        let semicolons = SP500.replace(',', ";").replace("; ", ", ");
        assert_eq!(outcomes(semicolons.as_bytes()), expected);
        let tabs = SP500.replace(',', "\t").replace("\t ", ", ");
        assert_eq!(outcomes(tabs.as_bytes()), expected);
    }

    #[test]
    fn faulty_rows_are_refused_with_their_line() {
        let text = "\
Account,Name,Website,Remark
A1,One,,\"two
lines\"
A2,Two,

A3,Three,javascript:alert(1),
A4,,,
,,,
A1,Again,,
A5,Five,,ok
";
        assert_eq!(
            refusals(text),
            [
                (4, "has 3 columns, the header has 4".to_owned()),
                (6, "Field Website must be an address like https://example.org.".to_owned()),
                (7, "Field Name requires a value.".to_owned()),
                (8, "all cells are empty".to_owned()),
                (9, "account A1 is on line 2 already".to_owned()),
            ]
        );
        let rows = outcomes(text.as_bytes());
        assert_eq!(rows[0].1.as_ref().unwrap().notes, "Remark: two\nlines");
        assert_eq!(rows.last().unwrap().0, 10);
    }

    #[test]
    fn bytes_that_are_no_text_refuse_their_row_only() {
        let rows = outcomes(b"Account,Name\nA1,Caf\xe9\nA2,Two\nA3,\xff\xfe\n");
        let lines: Vec<_> = rows.iter().map(|(line, row)| (*line, row.is_ok())).collect();
        assert_eq!(lines, [(2, false), (3, true), (4, false)]);
        assert_eq!(rows[0].1.as_ref().unwrap_err().to_string(), "column \"Name\" is not UTF-8");
    }

    #[test]
    fn oversized_and_unprintable_cells_refuse_their_row() {
        let long = "x".repeat(MAX_CELL_CHARS + 1);
        let edge = "桜".repeat(MAX_CELL_CHARS);
        let text = format!("Account,Name,A,B\nA1,One,{long},\nA2,Two,{edge},\nA3,Three,{edge},{edge}\nA4,Four,a\0b,\n");
        assert_eq!(
            refusals(&text),
            [
                (2, "column \"A\" has more than 10000 characters".to_owned()),
                (4, "the notes would have more than 20000 characters".to_owned()),
                (5, "column \"A\" contains control characters".to_owned()),
            ]
        );
    }

    #[test]
    fn a_file_that_is_doubtful_as_a_whole_is_refused_at_once() {
        let refusal = |bytes: &[u8]| read(bytes).unwrap_err();
        for empty in [&b""[..], b"\n\n", b"\xef\xbb\xbf", b"  \n", b",,\nA1,One,"] {
            assert_eq!(refusal(empty), FileRefusal::Empty, "{empty:?}");
        }
        assert_eq!(refusal(&vec![b'x'; MAX_FILE_BYTES + 1]), FileRefusal::TooLarge { bytes: 16_777_217 });
        assert_eq!(refusal(b"PK\x03\x04\x14"), FileRefusal::NotCsv);
        assert_eq!(refusal(b"\xff\xfeA\0"), FileRefusal::NotUtf8);
        assert_eq!(refusal(b"Account,Caf\xe9\n"), FileRefusal::NotUtf8);
        assert!(matches!(refusal(b"MMM,3M\nABT,Abbott\n"), FileRefusal::MissingColumns { .. }));
        assert_eq!(refusal(b"Account,Name\nA1,One\nA2,\"Two\nA3,Three\n"), FileRefusal::UnclosedQuote { line: 3 });
        let mut many = String::from("Account,Name\n");
        for number in 0..=MAX_ROWS {
            writeln!(many, "{number},x").unwrap();
        }
        assert_eq!(refusal(many.as_bytes()), FileRefusal::TooManyRows);
        assert!(read(&many.as_bytes()[..many.len() - "100000,x\n".len()]).is_ok());
    }

    #[test]
    fn a_header_alone_is_a_file_without_rows() {
        assert!(outcomes(b"Account,Name").is_empty());
    }
}
