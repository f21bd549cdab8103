//! `/tasks`: what is to be done, by when.

use toolcrib::server::SiteBuilder;

/// The pages and their samples.
pub(super) fn register(builder: SiteBuilder) -> SiteBuilder {
    builder
}
