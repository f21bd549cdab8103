//! `/leads`: people who may become clients.

mod convert;
mod form;
mod list;
mod record;

use toolcrib::prelude::*;
use toolcrib::server::SiteBuilder;

use crate::adapters::Lead;
use crate::db::leads;
use crate::pages::viewer;

/// The pages and their samples.
pub(super) fn register(builder: SiteBuilder) -> SiteBuilder {
    let builder = builder
        .page::<list::LeadsPage>()
        .page::<form::LeadNewPage>()
        .page::<record::LeadPage>()
        .page::<form::LeadEditPage>()
        .page::<convert::LeadConvertPage>();
    convert::preview(form::preview(record::preview(list::preview(builder))))
}

/// The lead of the page's address, if it is there for whoever looks: somebody else's private one is not.
async fn lead_of(cx: &mut Context<'_>) -> Result<(i64, Row<Lead>), PageError> {
    let (id, viewer) = (cx.path("id")?, viewer(cx)?);
    let lead = leads::find(cx.read().await?, id, viewer).await?.or_not_found()?;
    Ok((id, lead))
}
