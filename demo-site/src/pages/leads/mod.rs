//! `/leads`: who may become a client, and becomes one.

use toolcrib::server::SiteBuilder;

/// The pages and their samples.
pub(super) fn register(builder: SiteBuilder) -> SiteBuilder {
    builder
}
