//! Why a unit of work was not accepted.

use std::fmt;

use serde::Serialize;

/// What stood in the way of a unit, for the object log (G2).
///
/// ```text
/// Write-Write on Tally (seen version 4, now version 5: 17)
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Conflict {
    pub(crate) kind: ConflictKind,
    pub(crate) name: String,
    /// The key, position or item within the variable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) entry: Option<String>,
    /// The version in the unit's view; `None` if it was not there.
    pub(crate) seen: Option<u64>,
    /// The version it has now; `None` if it is not there.
    pub(crate) current: Option<u64>,
    /// What a guard asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) needs: Option<i64>,
    /// An excerpt of what it is now.
    pub(crate) value: String,
}

/// The kinds of conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) enum ConflictKind {
    /// Another unit wrote it after this one had looked.
    #[serde(rename = "Write-Write")]
    WriteWrite,
    /// Another unit holds its object lock.
    #[serde(rename = "Write-Lock")]
    WriteLock,
    /// With what others committed a guard no longer holds.
    Guard,
    /// With what others committed a count would leave the range of its type.
    Overflow,
}

impl Conflict {
    /// The variable is locked on another node.
    pub(crate) fn of_lock(name: String) -> Self {
        let kind = ConflictKind::WriteLock;
        Self { kind, name, entry: None, seen: None, current: None, needs: None, value: String::new() }
    }
}

impl fmt::Display for ConflictKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WriteWrite => "Write-Write",
            Self::WriteLock => "Write-Lock",
            Self::Guard => "Guard",
            Self::Overflow => "Overflow",
        })
    }
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}", self.kind, self.name)?;
        if let Some(entry) = &self.entry {
            write!(f, "[{entry}]")?;
        }
        match (self.kind, self.needs) {
            (ConflictKind::WriteLock, _) => f.write_str(" (locked by another request)"),
            (ConflictKind::WriteWrite, _) => {
                write!(f, " (seen {}, now {}", Version(self.seen), Version(self.current))?;
                if !self.value.is_empty() {
                    write!(f, ": {}", self.value)?;
                }
                f.write_str(")")
            }
            (_, Some(needs)) => write!(f, " (needs at least {needs}, now {})", self.value),
            (_, None) => write!(f, " (now {})", self.value),
        }
    }
}

struct Version(Option<u64>);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(version) => write!(f, "version {version}"),
            None => f.write_str("absent"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conflict(kind: ConflictKind) -> Conflict {
        let (seen, current) = (Some(4), Some(5));
        Conflict { kind, name: "Tally".to_owned(), entry: None, seen, current, needs: None, value: "17".to_owned() }
    }

    #[test]
    fn a_report_names_kind_object_versions_and_value() {
        let mut report = conflict(ConflictKind::WriteWrite);
        assert_eq!(report.to_string(), "Write-Write on Tally (seen version 4, now version 5: 17)");
        (report.seen, report.entry) = (None, Some("blue".to_owned()));
        assert_eq!(report.to_string(), "Write-Write on Tally[blue] (seen absent, now version 5: 17)");
        (report.seen, report.current, report.value) = (Some(4), None, String::new());
        assert_eq!(report.to_string(), "Write-Write on Tally[blue] (seen version 4, now absent)");
    }

    #[test]
    fn a_report_of_a_lock_says_so() {
        let report = conflict(ConflictKind::WriteLock);
        assert_eq!(report.to_string(), "Write-Lock on Tally (locked by another request)");
    }

    #[test]
    fn a_report_of_a_guard_says_what_it_needs() {
        let report = Conflict { needs: Some(20), ..conflict(ConflictKind::Guard) };
        assert_eq!(report.to_string(), "Guard on Tally (needs at least 20, now 17)");
    }

    #[test]
    fn the_log_reads_it_as_json() {
        let json = serde_json::to_string(&conflict(ConflictKind::WriteWrite)).unwrap();
        assert_eq!(json, r#"{"kind":"Write-Write","name":"Tally","seen":4,"current":5,"value":"17"}"#);
    }
}
