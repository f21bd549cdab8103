//! A bounded list that forgets the oldest.

use std::collections::VecDeque;

#[derive(Debug)]
pub(super) struct Ring<T> {
    kept: VecDeque<T>,
    limit: usize,
}

impl<T: Clone> Ring<T> {
    pub(super) fn new(limit: usize) -> Self {
        Self { kept: VecDeque::new(), limit }
    }

    pub(super) fn push(&mut self, item: T) {
        if self.kept.len() >= self.limit {
            self.kept.pop_front();
        }
        self.kept.push_back(item);
    }

    pub(super) fn clear(&mut self) {
        self.kept.clear();
    }

    pub(super) fn newest_first(&self) -> Vec<T> {
        self.kept.iter().rev().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_make_room() {
        let mut ring = Ring::new(3);
        for number in 0..5 {
            ring.push(number);
        }
        assert_eq!(ring.newest_first(), [4, 3, 2]);
        ring.clear();
        assert_eq!(ring.newest_first(), [0; 0]);
    }
}
