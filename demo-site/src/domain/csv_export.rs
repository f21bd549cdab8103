//! Clients as a CSV file: RFC 4180, UTF-8, safe to open in a spreadsheet.
//!
//! The header names are ones [`csv_import`](super::csv_import) knows, and every cell comes back as
//! it was: importing an exported file changes nothing. Cells that a spreadsheet would run are
//! marked with an apostrophe and quoted.

use super::csv_guard::guard;

/// The header row, in the order of [`ExportRow`]'s fields.
const HEADER: &[u8] = b"Account,Name,Industry,City,Website,Phone,Email,Notes\r\n";

/// One client as it goes into the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExportRow<'a> {
    /// The code it is known by.
    pub account: &'a str,
    /// The client's name.
    pub name: &'a str,
    /// Its line of business.
    pub industry: &'a str,
    /// Where it sits.
    pub city: &'a str,
    /// Its website.
    pub website: &'a str,
    /// Its phone number.
    pub phone: &'a str,
    /// Its e-mail address.
    pub email: &'a str,
    /// What else is known about it; may have several lines.
    pub notes: &'a str,
}

/// Writes a whole file: the header, then a row per client.
pub fn write<'a>(rows: impl IntoIterator<Item = ExportRow<'a>>) -> Vec<u8> {
    let mut file = header();
    append(&mut file, rows);
    file
}

/// The beginning of a file.
#[must_use]
pub fn header() -> Vec<u8> {
    HEADER.to_vec()
}

/// Writes further rows behind those that are there.
pub fn append<'a>(file: &mut Vec<u8>, rows: impl IntoIterator<Item = ExportRow<'a>>) {
    for row in rows {
        // Taken apart without `..`, so that a new field cannot be forgotten here.
        let ExportRow { account, name, industry, city, website, phone, email, notes } = row;
        write_line(file, &[account, name, industry, city, website, phone, email, notes]);
    }
}

/// Writes one line of any file.
pub fn write_line(file: &mut Vec<u8>, cells: &[&str]) {
    for (index, cell) in cells.iter().enumerate() {
        if index > 0 {
            file.push(b',');
        }
        write_cell(file, cell);
    }
    file.extend_from_slice(b"\r\n");
}

/// Writes rows of any cells, marked and quoted like those of [`write()`].
pub fn write_cells(rows: impl IntoIterator<Item = Vec<String>>) -> Vec<u8> {
    let mut file = Vec::new();
    for row in rows {
        for (index, cell) in row.iter().enumerate() {
            if index > 0 {
                file.push(b',');
            }
            write_cell(&mut file, cell);
        }
        file.extend_from_slice(b"\r\n");
    }
    file
}

fn write_cell(file: &mut Vec<u8>, cell: &str) {
    let guarded = guard(cell);
    // Semicolons and tabs are quoted too: some spreadsheets split at them whatever the header says.
    // Outer spaces are, because some readers trim bare cells.
    let quoted = guarded.len() != cell.len()
        || guarded.contains(['"', ',', ';', '\t', '\r', '\n'])
        || guarded.starts_with(' ')
        || guarded.ends_with(' ');
    if !quoted {
        file.extend_from_slice(guarded.as_bytes());
        return;
    }
    file.push(b'"');
    file.extend_from_slice(guarded.replace('"', "\"\"").as_bytes());
    file.push(b'"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::csv_import;

    const EMPTY: ExportRow<'_> =
        ExportRow { account: "A", name: "N", industry: "", city: "", website: "", phone: "", email: "", notes: "" };

    fn text_of(rows: &[ExportRow<'_>]) -> String {
        String::from_utf8(write(rows.iter().copied())).unwrap()
    }

    #[test]
    fn rows_follow_the_header() {
        let text = text_of(&[ExportRow {
            account: "BF.B",
            name: "Brown–Forman",
            city: "Louisville, Kentucky",
            notes: "Founded: 1870\nCIK: 14693",
            ..EMPTY
        }]);
        assert_eq!(
            text,
            "Account,Name,Industry,City,Website,Phone,Email,Notes\r\n\
             BF.B,Brown–Forman,,\"Louisville, Kentucky\",,,,\"Founded: 1870\nCIK: 14693\"\r\n"
        );
    }

    #[test]
    fn formulas_are_marked_and_quoted() {
        let row = ExportRow { name: "=cmd|' /C calc'!A0", phone: "+49 30 1", ..EMPTY };
        let text = text_of(&[row]);
        assert!(text.contains("\"'=cmd|' /C calc'!A0\""), "{text}");
        assert!(text.contains("\"'+49 30 1\""), "{text}");
        let row = ExportRow { name: "a \"b\"; c", ..EMPTY };
        assert!(text_of(&[row]).contains("\"a \"\"b\"\"; c\""));
    }

    proptest! {
        /// Whatever a sound client contains, the file brings it back.
        #[test]
        fn an_exported_client_is_imported_unchanged(
            name in "['=+@-]{0,3}[\\PC&&[^\\p{Cf}\\p{Cc}\\p{Zl}\\p{Zp}]]{1,20}",
            city in "['=+@;\", -]{0,6}[a-zß桜]{0,5}",
            phone in "[+]?[0-9 ()/-]{0,20}",
            notes in "['=+@\n\t;\",a-zé-]{0,40}",
        ) {
            let name = format!("{}x", name.trim());
            let row = ExportRow {
                name: &name,
                city: city.trim(),
                phone: phone.trim(),
                notes: notes.trim(),
                ..EMPTY
            };
            let file = write([row]);
            let rows: Vec<_> = csv_import::read(&file).unwrap().collect();
            prop_assert_eq!(rows.len(), 1);
            let imported = rows[0].1.as_ref().unwrap();
            prop_assert_eq!(imported.client.name.as_str(), row.name);
            prop_assert_eq!(imported.client.city.as_str(), row.city);
            prop_assert_eq!(imported.client.phone.as_str(), row.phone);
            prop_assert_eq!(imported.notes.as_str(), row.notes);
        }
    }
}
