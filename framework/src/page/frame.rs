//! What every template may show without being handed it.

use std::sync::Arc;

use super::{Assets, PageInfo};
use crate::session::EndUser;

/// The run-time value `frame` of every template rendered by
/// [`Context::render`](super::Context::render).
///
/// ```html
/// {% let frame = "frame"|value::<toolcrib::page::Frame>? %}
/// ```
#[derive(Debug, Clone)]
pub struct Frame {
    pub(crate) application: &'static str,
    pub(crate) page: PageInfo,
    pub(crate) path: String,
    pub(crate) menu: Vec<MenuEntry>,
    pub(crate) end_user: Option<EndUser>,
    pub(crate) csrf_token: String,
    pub(crate) flashes: Vec<String>,
    pub(crate) request_id: String,
    pub(crate) assets: Arc<Assets>,
}

/// A page listed in the menu.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct MenuEntry {
    /// The page's name.
    pub name: &'static str,
    /// What to show.
    pub title: &'static str,
    /// Where it leads.
    pub path: &'static str,
    /// Whether this is the page being shown.
    pub current: bool,
}

impl Frame {
    /// The application's title.
    #[must_use]
    pub fn application(&self) -> &str {
        self.application
    }

    /// The page being shown.
    #[must_use]
    pub fn page(&self) -> &PageInfo {
        &self.page
    }

    /// Path and query of the request, as sent.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The pages this visitor may choose from, in the order they were registered.
    #[must_use]
    pub fn menu(&self) -> &[MenuEntry] {
        &self.menu
    }

    /// Who is signed in.
    #[must_use]
    pub fn end_user(&self) -> Option<&EndUser> {
        self.end_user.as_ref()
    }

    /// Whether somebody is signed in who has this right.
    #[must_use]
    pub fn has_right(&self, right: &str) -> bool {
        self.end_user.as_ref().is_some_and(|user| user.has_right(right))
    }

    /// The token every form must carry in its field `_csrf`.
    #[must_use]
    pub fn csrf_token(&self) -> &str {
        &self.csrf_token
    }

    /// Messages to be shown once, oldest first.
    #[must_use]
    pub fn flashes(&self) -> &[String] {
        &self.flashes
    }

    /// The request's id, to be quoted to support.
    #[must_use]
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// The address of an asset, with a mark that changes with its content.
    #[must_use]
    pub fn asset(&self, name: &str) -> String {
        self.assets.url(name)
    }
}
