//! Versions and positions.

/// The bits of a number that say which node gave it out.
const NODE_BITS: u32 = 20;

/// The one counter of versions and positions.
///
/// On one of several nodes the lower bits of every number are the node's, so no two nodes give out the same; a node's
/// number is never used again. Whatever a node has seen is below what it gives out next, so numbers are in the order in
/// which one could know of the other.
#[derive(Debug)]
pub(super) struct Numbers {
    last: u64,
    node: Option<u64>,
}

impl Numbers {
    pub(super) fn after(last: u64) -> Self {
        Self { last, node: None }
    }

    pub(super) fn of_node(&mut self, node: u64) {
        self.node = Some(node % (1 << NODE_BITS));
    }

    pub(super) fn has_others(&self) -> bool {
        self.node.is_some()
    }

    pub(super) fn next(&mut self) -> u64 {
        self.last = match self.node {
            None => self.last + 1,
            Some(node) => (((self.last >> NODE_BITS) + 1) << NODE_BITS) | node,
        };
        self.last
    }

    pub(super) fn above(&mut self, number: u64) {
        self.last = self.last.max(number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_one_process_count_up() {
        let mut numbers = Numbers::after(4);
        assert_eq!([numbers.next(), numbers.next()], [5, 6]);
        numbers.above(10);
        numbers.above(3);
        assert_eq!(numbers.next(), 11);
    }

    #[test]
    fn two_nodes_never_give_out_the_same_number_and_later_ones_are_larger() {
        let (mut one, mut other) = (Numbers::after(7), Numbers::after(7));
        one.of_node(1);
        other.of_node(2);
        let mut given = std::collections::BTreeSet::new();
        for _ in 0..100 {
            for numbers in [&mut one, &mut other] {
                let before = numbers.last;
                let number = numbers.next();
                assert!(number > before, "{number} after {before}");
                assert!(given.insert(number), "{number} twice");
            }
        }
        other.above(one.last);
        assert!(other.next() > one.last, "what was seen is below");
    }
}
