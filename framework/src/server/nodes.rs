//! What this node makes of what the others tell.

use crate::cluster::Change;
use crate::page::Site;

/// Begins to follow the other nodes, where there can be any.
pub(super) fn follow(site: &Site) {
    site.application().follow(|_: &Change| {}, || {});
}
