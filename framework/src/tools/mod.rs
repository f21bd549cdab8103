//! Pages for those who run a site: right `admin`.

mod application;
mod board;
mod events;
mod jobs;
mod locks;
mod nodes;
mod object_log;
mod paging;
mod preview;
mod requests;
mod roles;
mod status;
mod users;

use self::application::{ApplicationJsonPage, ApplicationPage};
pub(crate) use self::board::Board;
use self::events::EventsJsonPage;
use self::jobs::{JobPage, JobsJsonPage, JobsPage};
use self::locks::{LocksJsonPage, LocksPage};
use self::nodes::{NodesJsonPage, NodesPage};
use self::object_log::{LogJsonPage, LogPage};
use self::preview::{PreviewPage, SamplePage};
pub(crate) use self::requests::NAMES as WATCHERS;
use self::requests::{RequestsJsonPage, RequestsPage};
use self::roles::{RolePage, RolesPage};
use self::status::{StatusJsonPage, StatusPage};
use self::users::{NewUserPage, UserPage, UsersPage};
use crate::page::{PageInfo, PageModule};

/// Takes pages, one after the other.
pub(crate) trait Register {
    fn page<P: PageModule>(self) -> Self;
}

/// Registers all of these pages, in their order.
pub(crate) fn register<R: Register>(to: R) -> R {
    to.page::<StatusPage>()
        .page::<StatusJsonPage>()
        .page::<ApplicationPage>()
        .page::<ApplicationJsonPage>()
        .page::<LocksPage>()
        .page::<LocksJsonPage>()
        .page::<NodesPage>()
        .page::<NodesJsonPage>()
        .page::<LogPage>()
        .page::<LogJsonPage>()
        .page::<JobsPage>()
        .page::<JobsJsonPage>()
        .page::<JobPage>()
        .page::<RequestsPage>()
        .page::<RequestsJsonPage>()
        .page::<EventsJsonPage>()
        .page::<PreviewPage>()
        .page::<SamplePage>()
        .page::<UsersPage>()
        .page::<NewUserPage>()
        .page::<UserPage>()
        .page::<RolesPage>()
        .page::<RolePage>()
}

/// The pages' infos alone.
impl Register for Vec<PageInfo> {
    fn page<P: PageModule>(mut self) -> Self {
        self.push(P::INFO);
        self
    }
}
