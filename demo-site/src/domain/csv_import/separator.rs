//! What stands between the cells of a file.

use std::collections::HashMap;

/// How many records the guess looks at.
const LOOKED_AT: usize = 20;

/// What stands between two cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Separator {
    /// `,`
    Comma,
    /// `;`
    Semicolon,
    /// A tab.
    Tab,
    /// `|`
    Pipe,
}

impl Separator {
    /// All there are, the usual first.
    pub const ALL: [Self; 4] = [Self::Comma, Self::Semicolon, Self::Tab, Self::Pipe];

    /// The one with a name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|separator| separator.name() == name)
    }

    /// Its name as stored and sent by forms.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Comma => "comma",
            Self::Semicolon => "semicolon",
            Self::Tab => "tab",
            Self::Pipe => "pipe",
        }
    }

    /// Its name for people.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Comma => "Comma ,",
            Self::Semicolon => "Semicolon ;",
            Self::Tab => "Tab",
            Self::Pipe => "Pipe |",
        }
    }

    pub(super) fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Semicolon => b';',
            Self::Tab => b'\t',
            Self::Pipe => b'|',
        }
    }

    /// The one by which most of the first records have as many cells as the header; of several, the
    /// one that makes most cells. Text that is not UTF-8 is as good here.
    #[must_use]
    pub fn detect(text: &[u8]) -> Self {
        let counts = counts(text);
        let fit = |separator: &Self| separator.fit(&counts);
        // Of equals `max_by_key` takes the last: the comma.
        Self::ALL.into_iter().rev().max_by_key(fit).unwrap_or(Self::Comma)
    }

    /// How many of the first records agree with the header, and on how many cells. One cell is no agreement.
    fn fit(self, counts: &[HashMap<u8, usize>]) -> (usize, usize) {
        let of = |record: &HashMap<u8, usize>| record.get(&self.byte()).copied().unwrap_or_default();
        let header = counts.first().map(of).unwrap_or_default();
        if header == 0 {
            return (0, 0);
        }
        (counts.iter().filter(|record| of(record) == header).count(), header)
    }
}

/// How often each separator stands outside of quotes, for each of the first records.
fn counts(text: &[u8]) -> Vec<HashMap<u8, usize>> {
    let mut records = Vec::new();
    let mut record = HashMap::new();
    let (mut is_quoted, mut is_blank) = (false, true);
    for byte in text.iter().chain(b"\n") {
        match byte {
            b'\r' | b'\n' if !is_quoted => {
                if !is_blank {
                    records.push(std::mem::take(&mut record));
                }
                is_blank = true;
                if records.len() == LOOKED_AT {
                    break;
                }
                continue;
            }
            b'"' => is_quoted = !is_quoted,
            byte if !is_quoted => *record.entry(*byte).or_default() += 1,
            _ => {}
        }
        is_blank = false;
    }
    records
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_separator_is_what_the_first_records_agree_on() {
        let cases: [(&[u8], Separator); 9] = [
            (b"a,b;c,d\n;;;;;", Separator::Comma),
            (b"a;\"b,,,,\";c\r\n", Separator::Semicolon),
            (b"\n\na\tb\tc\n", Separator::Tab),
            (b"a,b;c", Separator::Comma),
            (b"a", Separator::Comma),
            (b"", Separator::Comma),
            (b"a|b|c\n1|2,5|3\n", Separator::Pipe),
            // The header has as many commas, but only the semicolons go on.
            (b"Name, first;Account\nAda;A1\nBo;A2\n", Separator::Semicolon),
            // Quoted cells may have lines and separators of their own.
            (b"a;b\n\"1,2\n3,4\n5,6\";x\n\"7,8\";y\n", Separator::Semicolon),
        ];
        for (text, expected) in cases {
            assert_eq!(Separator::detect(text), expected, "{:?}", String::from_utf8_lossy(text));
        }
    }

    #[test]
    fn every_separator_can_be_named() {
        for separator in Separator::ALL {
            assert_eq!(Separator::of_name(separator.name()), Some(separator));
        }
        assert_eq!(Separator::of_name(","), None);
    }
}
