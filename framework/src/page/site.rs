//! What a page may know of its site.

use std::any::{Any, TypeId};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::web::Bytes;

use super::{Frame, MenuEntry, PageInfo, Preview};
use crate::application::Application;
use crate::db::Db;
use crate::events::Events;
use crate::live::Live;
use crate::object_log::ObjectLog;
use crate::requests::Requests;
use crate::secret::{SiteSecret, hash, hex};
use crate::session::{EndUser, Sessions};
use crate::settings::Settings;
use crate::unit_of_work::{RetryPolicy, Stats};
use crate::users::Users;

/// A handle on the site a module belongs to. Cloning is cheap.
#[derive(Clone)]
pub struct Site {
    parts: Arc<SiteParts>,
}

/// What a site is made of.
pub(crate) struct SiteParts {
    pub(crate) title: &'static str,
    pub(crate) settings: Settings,
    pub(crate) db: Db,
    pub(crate) sessions: Sessions,
    pub(crate) users: Users,
    pub(crate) application: Application,
    pub(crate) stats: Stats,
    /// When units are run again whose page has no schedule of its own.
    pub(crate) retry: RetryPolicy,
    pub(crate) object_log: ObjectLog,
    pub(crate) events: Events,
    pub(crate) live: Live,
    pub(crate) requests: Requests,
    pub(crate) secret: SiteSecret,
    pub(crate) pages: Vec<PageInfo>,
    pub(crate) assets: Arc<Assets>,
    pub(crate) previews: Vec<Preview>,
    pub(crate) states: HashMap<TypeId, Box<dyn Any + Send + Sync>>,
    pub(crate) error_page: fn(&ErrorNotice<'_>, &Frame) -> Option<String>,
}

/// An error as a visitor is told it.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct ErrorNotice<'a> {
    /// The status of the answer.
    pub status: StatusCode,
    /// A sentence for the visitor: what happened and what to do. Never a cause.
    pub sentence: &'a str,
}

/// Files served from memory, each under an address with a mark of its content.
#[derive(Debug, Default)]
pub(crate) struct Assets(BTreeMap<&'static str, Asset>);

#[derive(Debug)]
pub(crate) struct Asset {
    pub(crate) content_type: &'static str,
    pub(crate) bytes: Bytes,
    pub(crate) mark: String,
}

impl std::fmt::Debug for Site {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Site").field("title", &self.parts.title).finish_non_exhaustive()
    }
}

impl Site {
    pub(crate) fn new(parts: SiteParts) -> Self {
        Self { parts: Arc::new(parts) }
    }

    /// The application's title.
    #[must_use]
    pub fn title(&self) -> &'static str {
        self.parts.title
    }

    /// The site's settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.parts.settings
    }

    /// The site's database. In a page use [`Context::read`](super::Context::read) and
    /// [`Context::tx`](super::Context::tx), which belong to the request's unit of work.
    #[must_use]
    pub fn db(&self) -> &Db {
        &self.parts.db
    }

    /// The site's sessions.
    #[must_use]
    pub fn sessions(&self) -> &Sessions {
        &self.parts.sessions
    }

    /// The site's users and their roles.
    #[must_use]
    pub fn users(&self) -> &Users {
        &self.parts.users
    }

    /// The application, for changes outside any unit of work: each takes effect at once. In a page
    /// use [`Context::application`](super::Context::application), which belongs to the request's
    /// unit of work.
    #[must_use]
    pub fn application(&self) -> &Application {
        &self.parts.application
    }

    /// The object log: what went wrong, for those who run the site.
    #[must_use]
    pub fn object_log(&self) -> &ObjectLog {
        &self.parts.object_log
    }

    /// The latest events in the site's life.
    #[must_use]
    pub fn events(&self) -> &Events {
        &self.parts.events
    }

    /// What is told to browsers as it happens, and who is present where.
    #[must_use]
    pub fn live(&self) -> &Live {
        &self.parts.live
    }

    /// A value given to the builder: shared by all modules, so it synchronises itself.
    #[must_use]
    pub fn state<T: Any + Send + Sync>(&self) -> Option<&T> {
        self.parts.states.get(&TypeId::of::<T>()).and_then(|value| value.downcast_ref())
    }

    /// All pages, in the order they were registered, without creating any.
    #[must_use]
    pub fn pages(&self) -> &[PageInfo] {
        &self.parts.pages
    }

    /// A page by its name.
    #[must_use]
    pub fn page(&self, name: &str) -> Option<&PageInfo> {
        self.parts.pages.iter().find(|page| page.name().eq_ignore_ascii_case(name))
    }

    pub(crate) fn parts(&self) -> &SiteParts {
        &self.parts
    }

    /// The menu of a visitor.
    pub(crate) fn menu(&self, user: Option<&EndUser>, current: &str) -> Vec<MenuEntry> {
        self.parts
            .pages
            .iter()
            .filter(|page| page.is_in_menu() && may_see(page, user))
            .map(|page| MenuEntry {
                name: page.name(),
                title: page.title_text(),
                path: page.path(),
                current: page.name() == current,
            })
            .collect()
    }
}

impl Site {
    /// The published pages a visitor may see.
    pub(crate) fn pages_for(&self, user: Option<&EndUser>) -> Vec<PageInfo> {
        self.parts.pages.iter().filter(|page| page.is_published() && may_see(page, user)).copied().collect()
    }
}

/// Whether a visitor may see a page.
fn may_see(page: &PageInfo, user: Option<&EndUser>) -> bool {
    match (page.requires_login(), user) {
        (false, _) => true,
        (true, None) => false,
        (true, Some(user)) => page.required_right().is_none_or(|right| user.has_right(right)),
    }
}

impl Assets {
    pub(crate) fn add(&mut self, name: &'static str, bytes: &'static [u8]) {
        let mark = hex(&hash(bytes)).chars().take(12).collect();
        let asset = Asset { content_type: content_type(name), bytes: Bytes::from_static(bytes), mark };
        self.0.insert(name, asset);
    }

    pub(crate) fn look_up(&self, name: &str) -> Option<&Asset> {
        self.0.get(name)
    }

    pub(crate) fn url(&self, name: &str) -> String {
        match self.0.get(name) {
            Some(asset) => format!("/assets/{name}?v={}", asset.mark),
            None => {
                tracing::warn!(asset = name, "no such asset");
                format!("/assets/{name}")
            }
        }
    }
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "webp" => "image/webp",
        "woff2" => "font/woff2",
        "json" => "application/json",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
