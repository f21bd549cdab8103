//! Clients: the list, the card with its panels, the form, the file.

mod activities;
mod activity;
mod bulk;
mod card;
mod export;
mod form;
mod holds;
mod list;
mod live;
mod panels;
mod race;
mod views;

pub(in crate::pages) use panels::tracked;

use toolcrib::prelude::*;
use toolcrib::server::SiteBuilder;

use crate::adapters::Client;
use crate::db::clients;
use crate::pages::viewer;

/// The pages and their samples.
pub(super) fn register(builder: SiteBuilder) -> SiteBuilder {
    let builder = builder
        .page::<list::ClientsPage>()
        .page::<form::ClientNewPage>()
        .page::<card::ClientPage>()
        .page::<form::ClientEditPage>()
        .page::<panels::ContactsPanel>()
        .page::<panels::DealsPanel>()
        .page::<activities::ActivitiesPanel>()
        .page::<activity::ActivityPage>()
        .page::<holds::ClientHoldsPage>()
        .page::<live::ClientLivePage>()
        .page::<race::ClientRacePage>()
        .page::<bulk::ClientsBulkPage>()
        .page::<views::ViewsPage>()
        .page::<views::ViewPage>()
        .page::<export::ClientsCsvPage>();
    let builder = panels::preview(form::preview(card::preview(list::preview(builder))));
    views::preview(holds::preview(activity::preview(activities::preview(builder))))
}

/// The client of the page's address, if it is there for whoever looks: somebody else's private one is not.
pub(in crate::pages) async fn client_of(cx: &mut Context<'_>) -> Result<(i64, Row<Client>), PageError> {
    let id = cx.path("id")?;
    let viewer = viewer(cx)?;
    let rows = cx.read().await?;
    if !clients::is_there(rows, id, viewer).await? {
        return Err(PageError::NotFound);
    }
    Ok((id, Row::<Client>::find(rows, id).await?.or_not_found()?))
}
