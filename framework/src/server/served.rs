//! The site as the dispatcher sees it.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::application_start::ApplicationStart;
use super::companion::CompanionPool;
use super::looks::Looks;
use super::origin::Hosts;
use super::page_pool::PagePool;
use super::routes::Routes;
use crate::page::{PageInfo, Site};
use crate::unit_of_work::RetryPolicy;

/// Everything a request may need, shared by all workers.
pub(super) struct Served {
    pub(super) site: Site,
    pub(super) hosts: Hosts,
    pub(super) routes: Routes,
    pub(super) pages: Vec<Entry>,
    /// App module first, then data modules, then pages, in the order they were registered.
    pub(super) modules: Vec<Arc<dyn CompanionPool>>,
    pub(super) login_page: Option<usize>,
    /// The cookie a visitor's form token is bound to before there is a session.
    pub(super) visitor_cookie: String,
    pub(super) draining: AtomicBool,
    pub(super) start: Arc<ApplicationStart>,
    /// Where shared objects live.
    pub(super) objects: actix::Arbiter,
}

/// One page.
pub(super) struct Entry {
    pub(super) info: PageInfo,
    pub(super) pool: Arc<dyn PagePool>,
    /// Whether its requests look at the application.
    pub(super) looks: Looks,
    /// When its requests are run again after a conflict.
    pub(super) retry: RetryPolicy,
    /// Modules checked out before it, by their number: of pages that are created always those
    /// registered before it, where it is created always itself.
    pub(super) before: Vec<usize>,
    /// Modules checked out after it: other pages that are created always, then the app module,
    /// then data modules. The order is the same for all requests, so none wait in a circle.
    pub(super) after: Vec<usize>,
}

impl Served {
    pub(super) fn entry(&self, page: usize) -> Option<&Entry> {
        self.pages.get(page)
    }

    pub(super) fn page_named(&self, name: &str) -> Option<usize> {
        self.pages.iter().position(|entry| entry.info.name().eq_ignore_ascii_case(name))
    }
}
