//! A file as rows and columns, before it is said what they mean.

use std::borrow::Cow;

use super::header::{self, Column};
use super::record::{Record, Records};
use super::row::Rows;
use super::{Encoding, FileRefusal, MAX_FILE_BYTES, MAX_ROWS, Separator, Target};

/// How ZIP files begin, among them the workbooks of all spreadsheets.
const ZIP_MARK: &[u8] = b"PK\x03\x04";

/// How many rows a guess by content looks at.
const GUESSED_BY: usize = 50;

/// How a file is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// What its bytes are.
    pub encoding: Encoding,
    /// What stands between its cells.
    pub separator: Separator,
}

/// A file that can be read: its quotes are closed, it has a header, and is not too large.
#[derive(Debug)]
pub struct Sheet<'a> {
    text: Cow<'a, [u8]>,
    reading: Reading,
    columns: Vec<Column>,
    rows: usize,
}

impl<'a> Sheet<'a> {
    /// Reads a file as it looks to be written.
    ///
    /// # Errors
    /// What is wrong with the file as a whole.
    pub fn detect(bytes: &'a [u8]) -> Result<Self, FileRefusal> {
        check_size(bytes)?;
        let encoding = Encoding::detect(bytes);
        let text = encoding.decode(bytes);
        let separator = Separator::detect(&text);
        Self::of_text(text, Reading { encoding, separator })
    }

    /// Reads a file as somebody says.
    ///
    /// # Errors
    /// What is wrong with the file as a whole, read like that.
    pub fn read_as(bytes: &'a [u8], reading: Reading) -> Result<Self, FileRefusal> {
        check_size(bytes)?;
        Self::of_text(reading.encoding.decode(bytes), reading)
    }

    fn of_text(text: Cow<'a, [u8]>, reading: Reading) -> Result<Self, FileRefusal> {
        let records = count(Records::new(&text, reading.separator))?;
        let header = Records::new(&text, reading.separator).next();
        let header = header.filter(|record| !record.is_blank()).ok_or(FileRefusal::Empty)?;
        let columns = header::columns(&header.cells)?;
        Ok(Self { text, reading, columns, rows: records - 1 })
    }

    /// How it was read.
    #[must_use]
    pub fn reading(&self) -> Reading {
        self.reading
    }

    /// How many rows it has below the header.
    #[must_use]
    pub fn row_count(&self) -> usize {
        self.rows
    }

    /// Its columns, each going where its name says, or its cells where the name says nothing.
    #[must_use]
    pub fn guessed(&self) -> Vec<Column> {
        let mut samples: Vec<Vec<String>> = vec![Vec::new(); self.columns.len()];
        for record in self.records().skip(1).take(GUESSED_BY) {
            for (cells, cell) in samples.iter_mut().zip(record.cells.iter()) {
                cells.push(String::from_utf8_lossy(cell).into_owned());
            }
        }
        let mut columns = self.columns.clone();
        for (index, cells) in samples.iter().enumerate() {
            let guess = Target::of_cells(cells.iter().map(String::as_str));
            let guess = guess.map(|guess| header::unless_taken(&columns, guess));
            if let (Some(guess), Some(column)) = (guess, columns.get_mut(index))
                && column.target == Target::NoteLine
            {
                column.target = guess;
            }
        }
        columns
    }

    /// Its columns, going where somebody says; as guessed where nobody says anything that fits.
    #[must_use]
    pub fn columns_to(&self, targets: &[Target]) -> Vec<Column> {
        if targets.len() != self.columns.len() {
            return self.guessed();
        }
        let named = self.columns.iter().zip(targets);
        named.map(|(column, target)| Column { name: column.name.clone(), target: *target }).collect()
    }

    /// Its rows as clients.
    ///
    /// # Errors
    /// [`FileRefusal::MissingColumns`] where no column goes into the account or the name,
    /// [`FileRefusal::SameTarget`] where two go into one field.
    pub fn rows(&self, columns: Vec<Column>) -> Result<Rows<'_>, FileRefusal> {
        header::require(&columns)?;
        header::tell_apart(&columns)?;
        Ok(Rows::new(self.records(), columns).decoded(self.reading.encoding != Encoding::UTF_8))
    }

    /// What the file's rows look like whatever they mean: the line and the cells.
    pub fn raw(&self) -> impl Iterator<Item = (u64, Vec<String>)> {
        let cells =
            |record: &Record| record.cells.iter().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect();
        self.records().map(move |record| (record.line, cells(&record)))
    }

    fn records(&self) -> Records<'_> {
        Records::new(&self.text, self.reading.separator)
    }
}

/// Checks a file of UTF-8 text as a whole and answers its rows, the columns found by their names.
///
/// # Errors
/// What is wrong with the file as a whole; then nothing of it may be taken.
pub fn read(bytes: &[u8]) -> Result<Rows<'_>, FileRefusal> {
    check_size(bytes)?;
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(FileRefusal::NotUtf8);
    }
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let separator = Separator::detect(text);
    count(Records::new(text, separator))?;
    let mut records = Records::new(text, separator);
    let header = records.next().filter(|record| !record.is_blank()).ok_or(FileRefusal::Empty)?;
    let columns = header::columns(&header.cells)?;
    header::require(&columns)?;
    Ok(Rows::new(Records::new(text, separator), columns))
}

fn check_size(bytes: &[u8]) -> Result<(), FileRefusal> {
    if bytes.len() > MAX_FILE_BYTES {
        return Err(FileRefusal::TooLarge { bytes: bytes.len() as u64 });
    }
    if bytes.starts_with(ZIP_MARK) {
        return Err(FileRefusal::NotCsv);
    }
    Ok(())
}

/// Reads over the whole file once and counts its records. It costs little beside the database's work,
/// and a file whose last row is doubtful is refused before its first row is taken.
fn count(mut records: Records<'_>) -> Result<usize, FileRefusal> {
    let mut count = 0;
    let mut last_line = 1;
    for record in records.by_ref() {
        count += 1;
        last_line = record.line;
        // The header is a record too.
        if count > MAX_ROWS + 1 {
            return Err(FileRefusal::TooManyRows);
        }
    }
    match count {
        _ if !records.ended_well() => Err(FileRefusal::UnclosedQuote { line: last_line }),
        0 => Err(FileRefusal::Empty),
        count => Ok(count),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str) -> Vec<u8> {
        [vec![0xff, 0xfe], text.encode_utf16().flat_map(u16::to_le_bytes).collect()].concat()
    }

    const TEXT: &str = "Kunden-Nr.;Firma;Erreichbar;Ort;Web\r\nK1;Müller & Söhne;info@mueller.example;Köln;\r\n\
                        K2;Bäcker;;Ulm;www.baecker.example\r\n";

    #[test]
    fn a_file_is_the_same_however_it_was_written() {
        let expected = Sheet::detect(TEXT.as_bytes()).unwrap();
        let targets: Vec<_> = expected.guessed().iter().map(|column| column.target).collect();
        assert_eq!(targets, [Target::Account, Target::Name, Target::Email, Target::City, Target::Website]);
        assert_eq!(expected.row_count(), 2);
        let rows: Vec<_> = expected.rows(expected.guessed()).unwrap().collect();
        assert_eq!(rows[0].1.as_ref().unwrap().client.name, "Müller & Söhne");
        let western = TEXT.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap()).collect::<Vec<_>>();
        let marked = format!("\u{feff}{}", TEXT.replace("\r\n", "\n").replace(';', "\t"));
        let pipes = TEXT.replace(';', "|");
        for (bytes, encoding, separator) in [
            (western, "windows-1252", Separator::Semicolon),
            (marked.into_bytes(), "UTF-8", Separator::Tab),
            (utf16(TEXT), "UTF-16LE", Separator::Semicolon),
            (pipes.into_bytes(), "UTF-8", Separator::Pipe),
        ] {
            let sheet = Sheet::detect(&bytes).unwrap();
            assert_eq!((sheet.reading().encoding.name(), sheet.reading().separator), (encoding, separator));
            assert_eq!(sheet.rows(sheet.guessed()).unwrap().collect::<Vec<_>>(), rows, "{encoding}");
        }
    }

    #[test]
    fn what_a_person_says_counts_more_than_the_guess() {
        let reading = Reading { encoding: Encoding::WINDOWS_1252, separator: Separator::Comma };
        let sheet = Sheet::read_as("Account,Name\nA,Köln\n".as_bytes(), reading).unwrap();
        let rows: Vec<_> = sheet.rows(sheet.guessed()).unwrap().collect();
        assert_eq!(rows[0].1.as_ref().unwrap().client.name, "KÃ¶ln");
        let swapped = sheet.columns_to(&[Target::Name, Target::Account]);
        let rows: Vec<_> = sheet.rows(swapped).unwrap().collect();
        assert_eq!(rows[0].1.as_ref().unwrap().client.account, "KÃ¶ln");
        let left_out = sheet.columns_to(&[Target::Name, Target::Ignore]);
        assert!(matches!(sheet.rows(left_out).unwrap_err(), FileRefusal::MissingColumns { .. }));
        let twice = sheet.columns_to(&[Target::Name, Target::Name]);
        assert!(matches!(sheet.rows(twice).unwrap_err(), FileRefusal::MissingColumns { .. }));
        assert_eq!(sheet.columns_to(&[Target::Name]), sheet.guessed(), "a choice for other columns is none");
    }

    #[test]
    fn two_columns_for_one_field_are_refused_where_a_person_chose_them() {
        let sheet = Sheet::detect(b"a,b,c\n1,2,3\n").unwrap();
        let refusal = sheet.rows(sheet.columns_to(&[Target::Account, Target::Name, Target::Name])).unwrap_err();
        assert_eq!(refusal.to_string(), "the columns b and c both go into the name: choose one");
        assert!(sheet.rows(sheet.columns_to(&[Target::Account, Target::Name, Target::Ignore])).is_ok());
    }

    #[test]
    fn what_cannot_be_read_as_said_refuses_its_row() {
        let reading = Reading { encoding: Encoding::of_name("Shift_JIS").unwrap(), separator: Separator::Comma };
        let sheet = Sheet::read_as(b"Account,Name\nA,x\xfd\xfey\nB,ok\n", reading).unwrap();
        let rows: Vec<_> = sheet.rows(sheet.guessed()).unwrap().map(|(line, row)| (line, row.is_ok())).collect();
        assert_eq!(rows, [(2, false), (3, true)]);
    }
}
