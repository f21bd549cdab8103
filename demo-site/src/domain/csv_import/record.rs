//! Records of a CSV file with the line each begins on.

use std::io::{Chain, Read};

use csv::{ByteRecord, ReaderBuilder};

use super::Separator;

/// Goes behind the file. If every quote is closed it is a record of its own, which is dropped;
/// if not, the open cell swallows it. The reader alone does not tell.
const END_MARK: &[u8] = b"\nx";

/// A record and the line it begins on, counted from 1.
pub(super) struct Record {
    pub(super) line: u64,
    pub(super) cells: ByteRecord,
}

impl Record {
    /// Whether it has nothing but empty cells.
    pub(super) fn is_blank(&self) -> bool {
        self.cells.iter().all(|cell| cell.trim_ascii().is_empty())
    }
}

/// The records of a file, blank lines left out.
pub(super) struct Records<'a> {
    reader: csv::Reader<Chain<&'a [u8], &'static [u8]>>,
    bytes: &'a [u8],
    separator: Separator,
    counted: usize,
    line: u64,
    saw_end_mark: bool,
}

impl<'a> Records<'a> {
    pub(super) fn new(bytes: &'a [u8], separator: Separator) -> Self {
        let reader = ReaderBuilder::new()
            .delimiter(separator.byte())
            .has_headers(false)
            // A wrong number of cells is the row's fault, not the file's.
            .flexible(true)
            .from_reader(bytes.chain(END_MARK));
        Self { reader, bytes, separator, counted: 0, line: 1, saw_end_mark: false }
    }

    pub(super) fn separator(&self) -> Separator {
        self.separator
    }

    /// Whether the file ended outside of quotes; known once all records are read.
    pub(super) fn ended_well(&self) -> bool {
        self.saw_end_mark
    }

    /// The line at an offset. The reader's own count is one short after CRLF, and at a blank line
    /// where those precede the record.
    fn line_at(&mut self, offset: usize) -> u64 {
        let passed = self.bytes.get(self.counted..offset).unwrap_or_default();
        for (index, byte) in passed.iter().enumerate() {
            let ends_line = match byte {
                b'\n' => true,
                b'\r' => passed.get(index + 1) != Some(&b'\n'),
                _ => false,
            };
            self.line += u64::from(ends_line);
        }
        self.counted = offset;
        self.line
    }
}

impl Iterator for Records<'_> {
    type Item = Record;

    fn next(&mut self) -> Option<Record> {
        let mut cells = ByteRecord::new();
        // Reading from memory cannot fail, and a flexible reader accepts every record.
        if !matches!(self.reader.read_byte_record(&mut cells), Ok(true)) {
            return None;
        }
        let reached = cells.position().map_or(0, csv::Position::byte);
        let reached = usize::try_from(reached).unwrap_or(usize::MAX).min(self.bytes.len());
        // The position is in front of line ends the reader skips on its way to the record.
        let ahead = self.bytes.get(reached..).unwrap_or_default();
        let skipped = ahead.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let start = reached + skipped;
        if start >= self.bytes.len() {
            self.saw_end_mark = true;
            return None;
        }
        Some(Record { line: self.line_at(start), cells })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> (Vec<(u64, String)>, bool) {
        let mut records = Records::new(text.as_bytes(), Separator::Comma);
        let mut found = Vec::new();
        for record in records.by_ref() {
            let cells: Vec<_> = record.cells.iter().map(String::from_utf8_lossy).collect();
            found.push((record.line, cells.join("|")));
        }
        (found, records.ended_well())
    }

    #[test]
    fn lines_are_counted_with_every_line_end() {
        for end in ["\n", "\r\n", "\r"] {
            let text = ["a,b", "", "", "c,\"d", "e\"", "f,g"].join(end);
            let (found, ended_well) = lines(&text);
            let numbers: Vec<_> = found.iter().map(|(line, _)| *line).collect();
            assert_eq!(numbers, [1, 4, 6], "{end:?}");
            assert!(ended_well);
            assert_eq!(lines(&(text + end)).0.len(), 3, "a final line end adds no record");
        }
    }

    #[test]
    fn an_open_quote_is_noticed() {
        for open in ["a,\"b\nc,d\n", "a,\"b\n\"\"", "\"", "a,\"", "a,\"b\"\"\n"] {
            assert!(!lines(open).1, "{open:?}");
        }
        for closed in ["a,\"b\"", "a,\"b\"\"\"", "a,5\" pipe", "a\n\n", "", "\n", "\"\"", "a,\"b\n\"\n"] {
            assert!(lines(closed).1, "{closed:?}");
        }
    }
}
