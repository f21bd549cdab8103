//! `/duplicates`, `/merges`: two clients into one, and back.

mod compare;
mod duplicates;
mod record;
mod sides;

use toolcrib::prelude::*;
use toolcrib::server::SiteBuilder;

use super::{filters, viewer};
use crate::db::merges;

/// The pages and their samples.
pub(super) fn register(builder: SiteBuilder) -> SiteBuilder {
    let builder = builder
        .page::<duplicates::DuplicatesPage>()
        .page::<compare::ComparePage>()
        .page::<record::MergesPage>()
        .page::<record::MergePage>();
    record::preview(compare::preview(duplicates::preview(builder)))
}

/// Leads from the address of a client that was merged into another to that one; 404 where there is nothing to lead to.
pub(in crate::pages) async fn where_it_went(cx: &mut Context<'_>) -> PageResult {
    let (id, viewer) = (cx.path("id")?, viewer(cx)?);
    let kept = merges::merged_into(cx.read().await?, id, viewer).await?.or_not_found()?;
    cx.redirect(format!("/clients/{kept}"))
}
