//! `/persons`: the people at clients.

mod card;
mod form;
mod list;

use toolcrib::prelude::*;
use toolcrib::server::SiteBuilder;

use crate::adapters::Person;
use crate::db::persons::{self, Employer};
use crate::pages::viewer;

/// The pages and their samples.
pub(super) fn register(builder: SiteBuilder) -> SiteBuilder {
    let builder = builder
        .page::<list::PersonsPage>()
        .page::<form::PersonNewPage>()
        .page::<card::PersonPage>()
        .page::<form::PersonEditPage>();
    form::preview(card::preview(list::preview(builder)))
}

/// The person of the page's address with his or her client, if they are there for whoever looks.
async fn person_of(cx: &mut Context<'_>) -> Result<(i64, Row<Person>, Employer), PageError> {
    let (id, viewer) = (cx.path("id")?, viewer(cx)?);
    let rows = cx.read().await?;
    if !persons::is_there(rows, id, viewer).await? {
        return Err(PageError::NotFound);
    }
    let stored = Row::<Person>::find(rows, id).await?.or_not_found()?;
    let employer = persons::employer(rows, stored.value().client_id, viewer).await?.or_not_found()?;
    let version = stored.version();
    let person = Person { account: employer.account.clone(), ..stored.into_value() };
    Ok((id, Row::stored(person, id, version), employer))
}
