//! Which column goes where.

use super::{FileRefusal, MAX_COLUMNS, Target};
use crate::domain::csv_guard::unguard;

/// How many header names a refusal quotes, and how much of each: enough to recognise the file.
const QUOTED_NAMES: usize = 20;
const QUOTED_CHARS: usize = 40;

/// A column: the name in its header, and where its cells go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// The name in the header; `Column 3` where that is empty.
    pub name: String,
    /// Where its cells go.
    pub target: Target,
}

/// The columns of a header record, each going where its name says.
pub(super) fn columns(header: &csv::ByteRecord) -> Result<Vec<Column>, FileRefusal> {
    if header.len() > MAX_COLUMNS {
        return Err(FileRefusal::TooManyColumns { columns: header.len() });
    }
    let mut columns: Vec<Column> = Vec::with_capacity(header.len());
    for (index, cell) in header.iter().enumerate() {
        let name = std::str::from_utf8(cell).map_err(|_| FileRefusal::NotUtf8)?;
        let name = unguard(name).split_whitespace().collect::<Vec<_>>().join(" ");
        let target = unless_taken(&columns, Target::of_header(&name));
        let name = if name.is_empty() { format!("Column {}", index + 1) } else { name };
        columns.push(Column { name, target });
    }
    Ok(columns)
}

/// Of two columns for one field the first counts.
pub(super) fn unless_taken(columns: &[Column], wanted: Target) -> Target {
    let is_taken = !wanted.takes_many() && columns.iter().any(|column| column.target == wanted);
    if is_taken { Target::NoteLine } else { wanted }
}

/// Refuses columns that lack what every client needs.
pub(super) fn require(columns: &[Column]) -> Result<(), FileRefusal> {
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

/// Refuses columns of which two go into the same field.
pub(super) fn tell_apart(columns: &[Column]) -> Result<(), FileRefusal> {
    for (index, column) in columns.iter().enumerate().filter(|(_, column)| !column.target.takes_many()) {
        if let Some(former) = columns.iter().take(index).find(|former| former.target == column.target) {
            return Err(FileRefusal::SameTarget {
                first: quote(&former.name),
                second: quote(&column.name),
                field: column.target.label().to_lowercase(),
            });
        }
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;

    fn targets(names: &[&str]) -> Vec<Target> {
        let header = csv::ByteRecord::from(names.to_vec());
        columns(&header).unwrap().into_iter().map(|column| column.target).collect()
    }

    fn required(names: Vec<&str>) -> FileRefusal {
        require(&columns(&csv::ByteRecord::from(names)).unwrap()).unwrap_err()
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
        let refusal = required(vec!["Name", "Town\u{7}", "GICS Sector"]);
        assert_eq!(
            refusal.to_string(),
            "the header has no column for the account (Account or Symbol); \
             its columns are: Name, Town\u{fffd}, GICS Sector"
        );
        let refusal = required(vec!["x"; 30]).to_string();
        assert!(refusal.contains("the account (Account or Symbol) and the name"), "{refusal}");
        assert!(refusal.ends_with("and 10 more"), "{refusal}");
        assert_eq!(
            columns(&csv::ByteRecord::from(vec!["x"; 65])).unwrap_err(),
            FileRefusal::TooManyColumns { columns: 65 }
        );
    }
}
