//! The CRM's pages: one file per page, with the page module and what its template shows.
//!
//! A page module asks `db` for rows, `domain` for verdicts, and hands a template struct to the
//! frame. The template structs hold plain values; what a template needs to decide is a method here,
//! not a condition there.

pub mod account;
pub mod clients;
mod desk;
mod filters;
pub(crate) mod import;
mod notice;
mod search;
pub(crate) mod words;

pub use desk::DeskPage;
pub use import::ImportPage;
pub use notice::error_page;
pub use search::SearchPage;

use toolcrib::server::SiteBuilder;

/// The samples of all templates, for `/tools/preview`.
pub(crate) fn previews(builder: SiteBuilder) -> SiteBuilder {
    let builder = clients::preview(desk::preview(search::preview(builder)));
    account::preview(import::preview(builder))
}
