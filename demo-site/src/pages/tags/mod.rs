//! `/tags`: the tags there are.

use askama::Template;
use serde::Deserialize;
use serde_json::json;
use toolcrib::prelude::*;
use toolcrib::server::SiteBuilder;

use super::filters;
use crate::adapters::{Tag, TagAction};
use crate::db::tags::{self, TagUse};
use crate::pages::viewer;

/// The tags, how many clients have them, and a form for another one.
#[derive(Debug)]
pub(crate) struct TagsPage;

/// One tag: its name, away with it.
#[derive(Debug)]
pub(crate) struct TagPage;

#[derive(Debug, Deserialize, Template)]
#[template(path = "tags/list.html")]
struct TagList {
    tags: Vec<TagUse>,
    form: Form<Tag>,
}

#[derive(Debug, Deserialize, Template)]
#[template(path = "tags/tag.html")]
struct OneTag {
    form: Form<Tag>,
}

impl PageModule for TagsPage {
    const INFO: PageInfo = PageInfo::new("tags", "/tags").title("Tags").right("admin").accepts_post();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let viewer = viewer(cx)?;
        let tags = tags::in_use(cx.read().await?, viewer).await?;
        if cx.wants_json() {
            return cx.json(&json!({ "tags": tags }));
        }
        let form = cx.form_of(Tag::default()).to("/tags");
        cx.render(TagList { tags, form })
    }

    async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
        let form = cx.form_of(Tag::default());
        cx.execute_action(TagAction::Add, form).await
    }
}

impl PageModule for TagPage {
    const INFO: PageInfo = PageInfo::new("tag", "/tags/{tag}").title("Tag").right("admin").accepts_post();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let (id, tag) = tag_of(cx).await?;
        if cx.wants_json() {
            return cx.json(&cx.row::<Tag>(tag).to_json());
        }
        let form = cx.form_of(tag).to(format!("/tags/{id}"));
        cx.render(OneTag { form })
    }

    async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
        let (id, tag) = tag_of(cx).await?;
        let form = cx.form_of(tag).to(format!("/tags/{id}"));
        match cx.form_param("_action") {
            Some("remove") => cx.execute_action(TagAction::Remove, form).await,
            _ => cx.execute_action(TagAction::Save, form).await,
        }
    }
}

/// The tag of the page's address.
async fn tag_of(cx: &mut Context<'_>) -> Result<(i64, Row<Tag>), PageError> {
    let id = cx.path("tag")?;
    Ok((id, Row::<Tag>::find(cx.read().await?, id).await?.or_not_found()?))
}

/// The pages and their samples.
pub(super) fn register(builder: SiteBuilder) -> SiteBuilder {
    builder
        .page::<TagsPage>()
        .page::<TagPage>()
        .preview::<TagList>("tags/list.html", include_str!("../../../../templates/tags/list.samples.json"))
        .preview::<OneTag>("tags/tag.html", include_str!("../../../../templates/tags/tag.samples.json"))
}
