//! CSV as the tests read it.

/// A table with a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// The columns' names, in lower case.
    pub header: Vec<String>,
    /// The rows.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// Reads RFC 4180 text.
    ///
    /// # Panics
    ///
    /// When it is none: bad UTF-8, or rows of different length.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Self {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let mut reader = csv::ReaderBuilder::new().has_headers(true).from_reader(bytes);
        let header = reader.headers().expect("a header").iter().map(str::to_lowercase).collect();
        let rows = reader.records().map(|row| row.expect("a row").iter().map(str::to_owned).collect());
        Self { header, rows: rows.collect() }
    }

    /// All values of the first of these columns that there is.
    ///
    /// # Panics
    ///
    /// When there is none of them.
    #[must_use]
    pub fn column(&self, names: &[&str]) -> Vec<&str> {
        let at = self.header.iter().position(|column| names.contains(&column.as_str()));
        let at = at.unwrap_or_else(|| panic!("no column {names:?} in {:?}", self.header));
        self.rows.iter().map(|row| row[at].as_str()).collect()
    }

    /// Accounts and names, in the table's order.
    #[must_use]
    pub fn clients(&self) -> Vec<(&str, &str)> {
        let accounts = self.column(&["account", "symbol"]);
        accounts.into_iter().zip(self.column(&["name", "security"])).collect()
    }

    /// How many rows have this account.
    #[must_use]
    pub fn count(&self, account: &str) -> usize {
        self.column(&["account", "symbol"]).into_iter().filter(|found| *found == account).count()
    }
}
