//! Statements with many rows: one round trip instead of one per row.

use std::fmt::Write;

/// The parameters of `rows` rows of `columns` values each: `($1, $2), ($3, $4)`.
pub(super) fn tuples(rows: usize, columns: usize) -> String {
    let mut text = String::with_capacity(rows * columns * 6);
    for row in 0..rows {
        text.push_str(if row == 0 { "(" } else { ", (" });
        push_parameters(&mut text, row * columns, columns);
        text.push(')');
    }
    text
}

/// The parameters of a list: `$1, $2, $3`.
pub(super) fn list(count: usize) -> String {
    let mut text = String::with_capacity(count * 6);
    push_parameters(&mut text, 0, count);
    text
}

fn push_parameters(text: &mut String, bound: usize, count: usize) {
    for index in 1..=count {
        let comma = if index == 1 { "" } else { ", " };
        // Writing to a string cannot fail.
        let _ = write!(text, "{comma}${}", bound + index);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_numbered_through() {
        assert_eq!(tuples(2, 3), "($1, $2, $3), ($4, $5, $6)");
        assert_eq!(list(3), "$1, $2, $3");
        assert_eq!(tuples(0, 3), "");
    }
}
