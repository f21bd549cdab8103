//! `/accounts`: accounts of clients at other companies.

use toolcrib::server::SiteBuilder;

/// The pages and their samples.
pub(super) fn register(builder: SiteBuilder) -> SiteBuilder {
    builder
}
