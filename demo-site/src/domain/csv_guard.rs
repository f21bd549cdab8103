//! The mark that keeps a spreadsheet from running a cell as a formula.
//!
//! Spreadsheets run cells that begin with `=`, `+`, `-` or `@` (some after a tab or a line break,
//! some also the full-width forms). An apostrophe in front makes them text. So that a file can
//! come back unchanged, the rule covers cells that begin with apostrophes themselves:
//!
//! * out: any number of apostrophes followed by a dangerous character gets one more in front;
//! * in: one or more apostrophes followed by a dangerous character lose one.
//!
//! Every other cell is left alone both ways, hence `unguard(guard(cell)) == cell` for every text.

use std::borrow::Cow;

/// Marks a cell that a spreadsheet would run.
pub(super) fn guard(cell: &str) -> Cow<'_, str> {
    if is_dangerous_after_marks(cell) { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

/// Takes the mark off again.
pub(super) fn unguard(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if is_dangerous_after_marks(rest) => rest,
        _ => cell,
    }
}

fn is_dangerous_after_marks(cell: &str) -> bool {
    cell.trim_start_matches('\'').starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn dangerous_cells_get_one_mark() {
        for cell in ["=1+1", "+49", "-1", "@SUM(A1)", "\tx", "\rx", "\nx", "＝1"] {
            assert_eq!(guard(cell), format!("'{cell}"));
        }
        for cell in ["", "3M", "'quoted'", "a=b", " =1", "’=1"] {
            assert_eq!(guard(cell), cell);
        }
    }

    #[test]
    fn a_cell_that_begins_with_a_mark_survives() {
        for cell in ["'=1", "''=1", "'", "''", "'x"] {
            assert_eq!(unguard(&guard(cell)), cell);
        }
    }

    proptest! {
        #[test]
        fn guarding_can_always_be_undone(cell in "['=+@\t\r\n a-]{0,6}|\\PC*") {
            let guarded = guard(&cell);
            prop_assert!(!guarded.starts_with(['=', '+', '-', '@', '\t', '\r']));
            prop_assert_eq!(unguard(&guarded), cell.as_str());
        }
    }
}
