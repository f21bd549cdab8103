//! `/clients/views`: the views somebody saved, and where they are renamed and removed.

use askama::Template;
use serde::Deserialize;
use serde_json::json;
use toolcrib::prelude::*;
use toolcrib::server::SiteBuilder;

use crate::adapters::{SavedView, ViewAction};
use crate::db::views::{self, View};
use crate::domain::client_filter::ClientFilter;
use crate::pages::viewer;

/// One's own views, and a form for another one.
#[derive(Debug)]
pub(crate) struct ViewsPage;

/// One view: its name, who sees it, away with it.
#[derive(Debug)]
pub(crate) struct ViewPage;

#[derive(Debug, Deserialize, Template)]
#[template(path = "clients/views.html")]
struct Views {
    views: Vec<View>,
    form: Form<SavedView>,
}

#[derive(Debug, Deserialize, Template)]
#[template(path = "clients/view.html")]
struct OneView {
    form: Form<SavedView>,
}

impl PageModule for ViewsPage {
    const INFO: PageInfo =
        PageInfo::new("clients.views", "/clients/views").title("Views").login_required().accepts_post();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let viewer = viewer(cx)?;
        let mut views = views::listed(cx.read().await?, viewer).await?;
        views.retain(|view| view.own);
        if cx.wants_json() {
            let views: Vec<_> =
                views.iter().map(|view| json!({ "id": view.id, "name": view.name, "query": view.query })).collect();
            return cx.json(&json!({ "views": views }));
        }
        // What is saved is what the address asks for, or what a refused form came with.
        let query = match cx.form_param("query") {
            Some(query) => ClientFilter::from_query(query).query(),
            None => ClientFilter::read(|name| cx.query_param(name)).query(),
        };
        let form = cx.form_of(SavedView::default()).to("/clients/views").carry("query", query);
        cx.render(Views { views, form })
    }

    async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
        let form = cx.form_of(SavedView::default());
        cx.execute_action(ViewAction::Add, form).await
    }
}

impl PageModule for ViewPage {
    const INFO: PageInfo =
        PageInfo::new("clients.view", "/clients/views/{view}").title("View").login_required().accepts_post();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let (id, view) = view_of(cx).await?;
        if cx.wants_json() {
            return cx.json(&cx.row::<SavedView>(view).to_json());
        }
        let form = cx.form_of(view).to(format!("/clients/views/{id}"));
        cx.render(OneView { form })
    }

    async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
        let (id, view) = view_of(cx).await?;
        let form = cx.form_of(view).to(format!("/clients/views/{id}"));
        match cx.form_param("_action") {
            Some("remove") => cx.execute_action(ViewAction::Remove, form).await,
            _ => cx.execute_action(ViewAction::Save, form).await,
        }
    }
}

/// The view of the page's address, if it is the visitor's own.
async fn view_of(cx: &mut Context<'_>) -> Result<(i64, Row<SavedView>), PageError> {
    let id = cx.path("view")?;
    let viewer = viewer(cx)?;
    let rows = cx.read().await?;
    if !views::is_own(rows, id, viewer).await? {
        return Err(PageError::NotFound);
    }
    Ok((id, Row::<SavedView>::find(rows, id).await?.or_not_found()?))
}

impl View {
    /// The list as this view shows it.
    #[must_use]
    pub fn href(&self) -> String {
        super::list::address(&self.query)
    }
}

/// The templates' samples.
pub(in crate::pages) fn preview(builder: SiteBuilder) -> SiteBuilder {
    builder
        .preview::<Views>("clients/views.html", include_str!("../../../../templates/clients/views.samples.json"))
        .preview::<OneView>("clients/view.html", include_str!("../../../../templates/clients/view.samples.json"))
}
