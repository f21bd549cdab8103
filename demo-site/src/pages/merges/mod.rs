//! `/duplicates`, `/merges`: two clients into one, and back.

use toolcrib::server::SiteBuilder;

/// The pages and their samples.
pub(super) fn register(builder: SiteBuilder) -> SiteBuilder {
    builder
}
