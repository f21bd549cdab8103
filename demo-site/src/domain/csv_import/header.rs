//! Which column goes where.

use super::{FileRefusal, MAX_COLUMNS};
use crate::domain::csv_guard::unguard;

/// How many header names a refusal quotes, and how much of each: enough to recognise the file.
const QUOTED_NAMES: usize = 20;
const QUOTED_CHARS: usize = 40;

/// The field a column fills.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    Account,
    Name,
    Industry,
    City,
    Website,
    Phone,
    Email,
    Notes,
    /// A line of the notes, with the header in front.
    NoteLine,
}

/// A column: the name in its header, and where its cells go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) target: Target,
}

/// Finds the columns of a header record.
pub(super) fn columns(header: &csv::ByteRecord) -> Result<Vec<Column>, FileRefusal> {
    if header.len() > MAX_COLUMNS {
        return Err(FileRefusal::TooManyColumns { columns: header.len() });
    }
    let mut columns: Vec<Column> = Vec::with_capacity(header.len());
    for (index, cell) in header.iter().enumerate() {
        let name = std::str::from_utf8(cell).map_err(|_| FileRefusal::NotUtf8)?;
        let name = unguard(name).split_whitespace().collect::<Vec<_>>().join(" ");
        let wanted = target_of(&name);
        let taken = columns.iter().any(|column| column.target == wanted);
        let target = if taken { Target::NoteLine } else { wanted };
        let name = if name.is_empty() { format!("Column {}", index + 1) } else { name };
        columns.push(Column { name, target });
    }
    require(&columns)?;
    Ok(columns)
}

fn require(columns: &[Column]) -> Result<(), FileRefusal> {
    let lacks = |target| !columns.iter().any(|column| column.target == target);
    let missing: Vec<_> =
        [(Target::Account, "account (Account or Symbol)"), (Target::Name, "name (Name, Security or Company)")]
            .into_iter()
            .filter(|(target, _)| lacks(*target))
            .map(|(_, description)| description)
            .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let mut found: Vec<_> = columns.iter().take(QUOTED_NAMES).map(|column| quote(&column.name)).collect();
    if columns.len() > QUOTED_NAMES {
        found.push(format!("and {} more", columns.len() - QUOTED_NAMES));
    }
    Err(FileRefusal::MissingColumns { missing: missing.join(" and the "), found: found.join(", ") })
}

/// A header name fit for a message: short, and with control characters made visible.
fn quote(name: &str) -> String {
    let short: String = name.chars().take(QUOTED_CHARS).collect();
    let ellipsis = if short.len() < name.len() { "…" } else { "" };
    let visible: String = short
        .chars()
        .map(|character| if character.is_control() { char::REPLACEMENT_CHARACTER } else { character })
        .collect();
    format!("{visible}{ellipsis}")
}

fn target_of(name: &str) -> Target {
    match name.to_lowercase().as_str() {
        "account" | "symbol" => Target::Account,
        "name" | "security" | "company" => Target::Name,
        "industry" | "sector" | "gics sector" => Target::Industry,
        "city" | "location" | "headquarters location" => Target::City,
        "website" | "url" => Target::Website,
        "phone" | "telephone" => Target::Phone,
        "email" | "e-mail" => Target::Email,
        "notes" => Target::Notes,
        _ => Target::NoteLine,
    }
}

/// The separator of a file, by what its header line has most of outside of quotes.
pub(super) fn delimiter(bytes: &[u8]) -> u8 {
    let mut counts = [(b',', 0_usize), (b';', 0), (b'\t', 0)];
    let mut quoted = false;
    for byte in bytes.iter().skip_while(|byte| matches!(byte, b'\r' | b'\n')) {
        match byte {
            b'"' => quoted = !quoted,
            b'\r' | b'\n' if !quoted => break,
            _ if quoted => {}
            _ => {
                if let Some((_, count)) = counts.iter_mut().find(|(candidate, _)| candidate == byte) {
                    *count += 1;
                }
            }
        }
    }
    // Of several with the highest count this takes the last, which after `rev` is the comma.
    counts.iter().rev().max_by_key(|(_, count)| count).map_or(b',', |(candidate, _)| *candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn targets(names: &[&str]) -> Vec<Target> {
        let header = csv::ByteRecord::from(names.to_vec());
        columns(&header).unwrap().into_iter().map(|column| column.target).collect()
    }

    #[test]
    fn known_names_are_found_whatever_their_case() {
        use Target::{Account, City, Email, Industry, Name, NoteLine, Notes, Phone, Website};
        assert_eq!(
            targets(&["Symbol", "Security", "GICS Sector", "GICS Sub-Industry", "Headquarters Location"]),
            [Account, Name, Industry, NoteLine, City]
        );
        assert_eq!(
            targets(&[" COMPANY ", "account", "URL", "telephone", "E-Mail", "sector", "location", "Notes"]),
            [Name, Account, Website, Phone, Email, Industry, City, Notes]
        );
    }

    #[test]
    fn of_two_columns_for_one_field_the_first_counts() {
        assert_eq!(targets(&["Name", "Account", "Symbol"]), [Target::Name, Target::Account, Target::NoteLine]);
    }

    #[test]
    fn a_header_without_what_is_needed_is_refused_by_name() {
        let refusal = columns(&csv::ByteRecord::from(vec!["Name", "Town\u{7}", "GICS Sector"])).unwrap_err();
        assert_eq!(
            refusal.to_string(),
            "the header has no column for the account (Account or Symbol); \
             its columns are: Name, Town\u{fffd}, GICS Sector"
        );
        let refusal = columns(&csv::ByteRecord::from(vec!["x"; 30])).unwrap_err().to_string();
        assert!(refusal.contains("the account (Account or Symbol) and the name"), "{refusal}");
        assert!(refusal.ends_with("and 10 more"), "{refusal}");
        assert_eq!(
            columns(&csv::ByteRecord::from(vec!["x"; 65])).unwrap_err(),
            FileRefusal::TooManyColumns { columns: 65 }
        );
    }

    #[test]
    fn the_header_decides_the_separator() {
        assert_eq!(delimiter(b"a,b;c,d\n;;;;;"), b',');
        assert_eq!(delimiter(b"a;\"b,,,,\";c\r\n"), b';');
        assert_eq!(delimiter(b"\n\na\tb\tc\n"), b'\t');
        assert_eq!(delimiter(b"a,b;c"), b',');
        assert_eq!(delimiter(b"a"), b',');
    }
}
