//! Who is present at a topic.

use serde::{Deserialize, Serialize};

/// Most people named in one list.
const NAMED_MAX: usize = 50;

/// Somebody who is present somewhere, and does something there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Present {
    /// The site's own key for the user.
    pub user_id: String,
    /// The name shown.
    pub display_name: String,
    /// What the page said: `editing`.
    pub doing: String,
}

/// Everybody once for each thing they do, whoever came first first.
pub(super) fn distinct<'a>(all: impl Iterator<Item = &'a Present>) -> Vec<Present> {
    let mut named: Vec<Present> = Vec::new();
    for one in all {
        let is_named = |other: &Present| other.user_id == one.user_id && other.doing == one.doing;
        if named.len() < NAMED_MAX && !named.iter().any(is_named) {
            named.push(one.clone());
        }
    }
    named
}
