//! Numbers that look random and are the same every time.

/// The generator `SplitMix64`: tiny, and good enough to make up a story. Not for secrets.
#[derive(Debug)]
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number of `range`, ends included.
    pub(super) fn between(&mut self, range: std::ops::RangeInclusive<i64>) -> i64 {
        let span = range.end().abs_diff(*range.start()).saturating_add(1);
        range.start().wrapping_add_unsigned(self.next() % span)
    }

    /// An item of `items`, which must not be empty.
    #[expect(clippy::indexing_slicing, reason = "a remainder is below the length")]
    pub(super) fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        let index = self.next() % items.len() as u64;
        items[usize::try_from(index).unwrap_or_default()]
    }
}
