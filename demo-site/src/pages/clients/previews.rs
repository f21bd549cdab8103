//! The samples of the templates of clients.

use toolcrib::server::SiteBuilder;

use super::{card, form, list, panels};

pub(in crate::pages) fn preview(builder: SiteBuilder) -> SiteBuilder {
    panels::preview(form::preview(card::preview(list::preview(builder))))
}
