//! Which pages look at the application: what to know before a request runs on one of several nodes.

use std::sync::atomic::{AtomicU32, Ordering};

/// A page that did not look so often in a row is taken for one that does not.
const WITHOUT: u32 = 16;

/// How often in a row a page has not looked at the application, when it showed something and when something was posted.
///
/// A unit that looks wants to see what was committed on all nodes, which costs a question to the database before it
/// begins; pages that never look do without. One that looks unexpectedly is run again with what it wants to see.
#[derive(Debug, Default)]
pub(super) struct Looks {
    shown: AtomicU32,
    posted: AtomicU32,
}

impl Looks {
    /// Whether the page's next request is to have a current view.
    pub(super) fn are_expected(&self, posts: bool) -> bool {
        self.of(posts).load(Ordering::Relaxed) < WITHOUT
    }

    /// Whether a request has looked.
    pub(super) fn note(&self, posts: bool, looked: bool) {
        let count = self.of(posts);
        if looked {
            count.store(0, Ordering::Relaxed);
        } else if self.are_expected(posts) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn of(&self, posts: bool) -> &AtomicU32 {
        if posts { &self.posted } else { &self.shown }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_expected_to_look_until_it_has_not_for_a_while_and_again_once_it_has() {
        let looks = Looks::default();
        for _ in 0..WITHOUT {
            assert!(looks.are_expected(false));
            looks.note(false, false);
        }
        assert!(!looks.are_expected(false));
        assert!(looks.are_expected(true), "posts are counted by themselves");
        looks.note(false, true);
        assert!(looks.are_expected(false));
    }
}
