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

/// Rows in portions of at most `most`, the last ones smaller and smaller by half: whatever the number of rows, there are
/// few different statements, which the connection keeps prepared.
pub(super) fn portions<T>(rows: &[T], most: usize) -> Vec<&[T]> {
    let mut portions = Vec::new();
    let mut rest = rows;
    let mut size = most.max(1);
    while !rest.is_empty() {
        while size > rest.len() {
            size = (size / 2).max(1);
        }
        let (portion, others) = rest.split_at(size);
        portions.push(portion);
        rest = others;
    }
    portions
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
    fn portions_are_all_rows_once_in_few_sizes() {
        let rows: Vec<usize> = (0..1_000).collect();
        let mut sizes = std::collections::BTreeSet::new();
        for count in 0..=1_000 {
            let portions = portions(&rows[..count], 256);
            assert_eq!(portions.concat(), rows[..count]);
            sizes.extend(portions.iter().map(|portion| portion.len()));
        }
        assert!(sizes.len() <= 9, "{sizes:?}");
    }

    #[test]
    fn parameters_are_numbered_through() {
        assert_eq!(tuples(2, 3), "($1, $2, $3), ($4, $5, $6)");
        assert_eq!(list(3), "$1, $2, $3");
        assert_eq!(tuples(0, 3), "");
    }
}
