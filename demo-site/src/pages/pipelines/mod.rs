//! `/pipelines`: what is sold and how far it comes, arranged by administrators.

mod list;
mod record;

use toolcrib::server::SiteBuilder;

/// The pages and their samples.
pub(super) fn register(builder: SiteBuilder) -> SiteBuilder {
    let builder = builder.page::<list::PipelinesPage>().page::<record::PipelinePage>();
    record::preview(list::preview(builder))
}
