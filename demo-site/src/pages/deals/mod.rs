//! `/deals`: the board, a deal, its moves.

mod board;
mod form;
mod list;
mod live;
mod moves;
mod record;

use toolcrib::prelude::*;
use toolcrib::server::SiteBuilder;

use crate::adapters::Deal;
use crate::db::{colleagues, deals, pipelines};
use crate::pages::viewer;

/// The pages and their samples.
pub(super) fn register(builder: SiteBuilder) -> SiteBuilder {
    let builder = builder
        .page::<board::DealsPage>()
        .page::<live::DealsLivePage>()
        .page::<form::DealNewPage>()
        .page::<record::DealPage>()
        .page::<form::DealEditPage>()
        .page::<moves::DealMovePage>();
    form::preview(record::preview(list::preview(board::preview(builder))))
}

/// The deal of the page's address, if it is there for whoever looks: one of somebody else's private client is not.
async fn deal_of(cx: &mut Context<'_>) -> Result<(i64, Row<Deal>), PageError> {
    let (id, viewer) = (cx.path("id")?, viewer(cx)?);
    let deal = deals::find(cx.read().await?, id, viewer).await?.or_not_found()?;
    Ok((id, deal))
}

/// Who may own a record, whoever owns it now among them.
pub(in crate::pages) async fn owner_choices(
    present: Option<i64>,
    cx: &mut Context<'_>,
) -> Result<Vec<Choice>, PageError> {
    let owners = colleagues::offered(cx.read().await?, present).await?;
    Ok(owners.into_iter().map(|(id, name)| Choice::new(id.to_string(), name)).collect())
}

/// Every stage; with the name of its pipeline where there are several.
pub(in crate::pages) async fn stage_choices(cx: &mut Context<'_>) -> Result<Vec<Choice>, PageError> {
    let stages = pipelines::offers(cx.read().await?).await?;
    let first = stages.first().map(|stage| stage.pipeline.clone());
    let several = stages.iter().any(|stage| Some(&stage.pipeline) != first.as_ref());
    let label = |stage: &pipelines::StageOffer| match several {
        true => format!("{}: {}", stage.pipeline, stage.name),
        false => stage.name.clone(),
    };
    Ok(stages.iter().map(|stage| Choice::new(stage.id.to_string(), label(stage))).collect())
}
