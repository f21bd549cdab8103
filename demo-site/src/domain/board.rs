//! Where the cards of a column stand: whole numbers with gaps, so that a move writes one row.

/// The room left between two cards.
pub const GAP: i64 = 1 << 20;

/// The position between two neighbours of a column, either of which may be missing.
///
/// At the top there is none before, at the end none behind. Nothing where no number is left between them: the column is
/// numbered anew first.
#[must_use]
pub fn between(before: Option<i64>, behind: Option<i64>) -> Option<i64> {
    match (before, behind) {
        (None, None) => Some(GAP),
        (Some(before), None) => before.checked_add(GAP),
        (None, Some(behind)) => behind.checked_sub(GAP),
        (Some(before), Some(behind)) => {
            let room = behind.checked_sub(before)?;
            (room > 1).then_some(before + room / 2)
        }
    }
}

/// The position of the card at a place of a column that is numbered anew; the first has the place 1.
#[must_use]
pub fn numbered(place: i64) -> i64 {
    place.saturating_mul(GAP)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A column as rows are: positions by card, sorted when they are looked at.
    #[derive(Debug, Default)]
    struct Column {
        rows: Vec<(i64, u32)>,
        renumbered: usize,
    }

    impl Column {
        fn put(&mut self, card: u32, after: Option<u32>) {
            self.rows.retain(|(_, other)| *other != card);
            self.rows.sort_unstable();
            let place = |rows: &[(i64, u32)]| match after {
                None => between(None, rows.first().map(|row| row.0)),
                Some(after) => {
                    let at = rows.iter().position(|row| row.1 == after).unwrap();
                    between(Some(rows[at].0), rows.get(at + 1).map(|row| row.0))
                }
            };
            let position = place(&self.rows).unwrap_or_else(|| {
                self.renumbered += 1;
                for (index, row) in self.rows.iter_mut().enumerate() {
                    row.0 = numbered(i64::try_from(index).unwrap() + 1);
                }
                place(&self.rows).unwrap()
            });
            self.rows.push((position, card));
            self.rows.sort_unstable();
        }

        fn order(&self) -> Vec<u32> {
            self.rows.iter().map(|row| row.1).collect()
        }
    }

    proptest! {
        #[test]
        fn a_column_is_in_the_order_a_plain_list_would_be(moves in prop::collection::vec((0_u32..9, 0_usize..10), 1..400)) {
            let mut column = Column::default();
            let mut plain: Vec<u32> = Vec::new();
            for (card, at) in moves {
                plain.retain(|other| *other != card);
                let at = at.min(plain.len());
                let after = at.checked_sub(1).map(|before| plain[before]);
                plain.insert(at, card);
                column.put(card, after);
                prop_assert_eq!(column.order(), plain.clone());
            }
        }
    }

    #[test]
    fn a_gap_that_is_used_up_is_told() {
        assert_eq!(between(Some(3), Some(5)), Some(4));
        assert_eq!(between(Some(3), Some(4)), None);
        assert_eq!(between(Some(4), Some(4)), None);
        assert_eq!(between(Some(i64::MIN), Some(i64::MAX)), None);
        assert_eq!(between(Some(i64::MAX), None), None);
        assert_eq!(between(None, Some(i64::MIN)), None);
    }

    #[test]
    fn the_same_gap_takes_twenty_cards_before_the_column_is_numbered_anew() {
        let mut column = Column::default();
        column.put(0, None);
        for card in 1..=60 {
            column.put(card, Some(0));
        }
        let mut expected: Vec<u32> = (1..=60).rev().collect();
        expected.insert(0, 0);
        assert_eq!(column.order(), expected);
        assert_eq!(column.renumbered, 2);
    }
}
