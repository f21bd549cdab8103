//! The CRM's pages: a folder per area, a file per page, with the page module and what its template shows.
//!
//! A page module asks `db` for rows, `domain` for verdicts, and hands a template struct to the
//! frame. The template structs hold plain values; what a template needs to decide is a method here,
//! not a condition there. Each area registers its pages and the samples of their templates.

mod account;
mod accounts;
mod audit;
mod clients;
mod deals;
mod desk;
mod filters;
pub(crate) mod import;
pub(crate) mod imports;
mod leads;
mod merges;
mod notice;
mod persons;
mod pipelines;
mod reports;
mod search;
mod setup;
mod tags;
pub(crate) mod tasks;
mod viewer;
pub(crate) mod words;

pub(crate) use notice::error_page;
pub(crate) use viewer::{actor, viewer};

use toolcrib::server::SiteBuilder;

/// All pages, in the order of the menu.
pub(crate) fn register(builder: SiteBuilder) -> SiteBuilder {
    let areas: [fn(SiteBuilder) -> SiteBuilder; 17] = [
        desk::register,
        clients::register,
        persons::register,
        leads::register,
        deals::register,
        tasks::register,
        reports::register,
        import::register,
        imports::register,
        merges::register,
        accounts::register,
        search::register,
        account::register,
        setup::register,
        pipelines::register,
        tags::register,
        audit::register,
    ];
    areas.into_iter().fold(builder, |builder, register| register(builder))
}
