//! What every template may show without being handed it.

use std::fmt;
use std::sync::Arc;

use super::{Assets, PageInfo, Site};
use crate::session::{EndUser, Session};

/// The run-time value `frame` of every template rendered by
/// [`Context::render`](super::Context::render).
///
/// The first lines of a site's base template name its parts for all templates that extend it
/// (W41):
///
/// ```html
/// {%- let frame = ("frame"|value::<toolcrib::page::Frame>)? -%}
/// {%- let application = frame.application() -%}
/// {%- let end_user = frame.end_user() -%}
/// {%- let session = frame.session() -%}
/// {%- let page = frame.page() -%}
/// {%- let pages = frame.pages() -%}
/// {%- let flashes = frame.flashes() -%}
/// {%- let csrf = frame.csrf_token() -%}
/// ```
#[derive(Debug, Clone)]
pub struct Frame {
    pub(crate) site: Site,
    pub(crate) session: Session,
    pub(crate) page: PageInfo,
    pub(crate) path: String,
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

/// The application in a template: `{{ application }}` is its title.
#[derive(Debug, Clone, Copy)]
pub struct FrameApplication<'a>(&'a Site);

impl FrameApplication<'_> {
    /// An application variable as text; nothing where there is none of this name.
    ///
    /// ```html
    /// <p>{{ application.text("NumberOfSales") }} sold so far</p>
    /// ```
    #[must_use]
    pub fn text(&self, name: &str) -> String {
        self.0.application().text(name).map(|json| plain(&json)).unwrap_or_default()
    }
}

impl fmt::Display for FrameApplication<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.parts().title)
    }
}

/// The session in a template.
#[derive(Debug, Clone, Copy)]
pub struct FrameSession<'a>(&'a Session);

impl FrameSession<'_> {
    /// A session field as text; nothing where the visitor has none of this name, and nothing of what
    /// the framework keeps there.
    #[must_use]
    pub fn text(&self, name: &str) -> String {
        self.0.own_text(name).map(plain).unwrap_or_default()
    }
}

/// A text without the quotes of JSON, and anything else as JSON has it.
fn plain(json: &str) -> String {
    serde_json::from_str(json).unwrap_or_else(|_| json.to_owned())
}

impl Frame {
    /// The application: as an expression its title, and its variables by name (W39).
    #[must_use]
    pub fn application(&self) -> FrameApplication<'_> {
        FrameApplication(&self.site)
    }

    /// The visitor's session: its fields by name.
    #[must_use]
    pub fn session(&self) -> FrameSession<'_> {
        FrameSession(&self.session)
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

    /// The pages this visitor may choose from, in the order they were registered. None is created
    /// for it (W27).
    #[must_use]
    pub fn menu(&self) -> Vec<MenuEntry> {
        self.site.menu(self.end_user.as_ref(), self.page.name())
    }

    /// All published pages this visitor may see, in the menu or not (WebSnap: `Pages`).
    #[must_use]
    pub fn pages(&self) -> Vec<PageInfo> {
        self.site.pages_for(self.end_user.as_ref())
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
