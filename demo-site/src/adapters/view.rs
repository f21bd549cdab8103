//! A saved view: a name for what a list is narrowed to.

use toolcrib::prelude::*;

use crate::db::views;
use crate::domain::client_filter::ClientFilter;
use crate::pages::viewer;

/// A saved view of the list of clients.
#[derive(Debug, Clone, Default, PartialEq, Eq, Adapter)]
#[adapter(table = "saved_views", version = "version")]
pub struct SavedView {
    /// Its name.
    #[field(required, max_chars = 60, label = "Name of the view")]
    pub name: String,
    /// Whether everybody sees it.
    #[field(label = "Show it to everybody", modify = "edit")]
    pub shared: bool,
    /// The query of its address. The form's `query` is no field: it is read by the action, which keeps what makes sense.
    #[field(read_only, kind = "hidden", max_chars = 2000, column = "query")]
    pub asked: String,
    /// Whose it is.
    #[field(read_only, kind = "hidden")]
    pub owner_id: i64,
}

/// What is done with saved views.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, Actions)]
#[serde(rename_all = "snake_case")]
pub enum ViewAction {
    /// A new one, of what the list shows just now.
    #[action(label = "Save this view", success = "clients.views", failure = "clients.views")]
    Add,
    /// Another name.
    #[action(label = "Save changes", success = "clients.views", message = "The view has been saved.")]
    Save,
    /// It is gone; what it showed is not.
    #[action(label = "Remove", success = "clients.views", message = "The view is gone.", no_fields, danger)]
    Remove,
}

impl Execute for ViewAction {
    type Adapter = SavedView;

    /// Whether the view is the visitor's own is found out by the page.
    async fn execute(self, form: &mut Form<SavedView>, cx: &mut Context<'_>) -> Result<Done, PageError> {
        if self == Self::Remove {
            return form.remove(cx).await;
        }
        let viewer = viewer(cx)?;
        let (all, is_taken) = views::taken(cx.tx().await?, viewer, &form.value().name, form.key()).await?;
        if is_taken {
            form.refuse_in_words(SavedView::NAME, "You have a view of that name already.");
        }
        let now = now_micros();
        form.also("updated_at", now);
        if self == Self::Save {
            return super::once_more(form.save(cx).await);
        }
        if all >= views::MOST {
            form.refuse_all("You have twenty views already. Remove one first.");
        }
        let query = ClientFilter::from_query(cx.form_param("query").unwrap_or_default()).query();
        form.also("created_at", now);
        let view = form.value_mut();
        view.owner_id = viewer;
        view.asked.clone_from(&query);
        let message = format!("“{}” stands above the list now.", view.name);
        let to = if query.is_empty() { "/clients".to_owned() } else { format!("/clients?{query}") };
        Ok(super::once_more(form.save(cx).await)?.to(to).message(message))
    }
}
