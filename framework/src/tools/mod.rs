//! Pages for those who run a site: right `admin`.

mod application;
mod board;
mod events;
mod locks;
mod object_log;
mod paging;
mod status;

use std::any::TypeId;

pub(crate) use self::application::{ApplicationJsonPage, ApplicationPage};
pub(crate) use self::board::Board;
pub(crate) use self::events::EventsJsonPage;
pub(crate) use self::locks::{LocksJsonPage, LocksPage};
pub(crate) use self::object_log::{LogJsonPage, LogPage};
pub(crate) use self::status::{StatusJsonPage, StatusPage};
use crate::page::{PageInfo, PageModule};

/// The pages' infos, in the order they are registered.
pub(crate) fn infos() -> [PageInfo; 9] {
    [
        StatusPage::INFO,
        StatusJsonPage::INFO,
        ApplicationPage::INFO,
        ApplicationJsonPage::INFO,
        LocksPage::INFO,
        LocksJsonPage::INFO,
        LogPage::INFO,
        LogJsonPage::INFO,
        EventsJsonPage::INFO,
    ]
}

/// Whether a module is one of these pages.
pub(crate) fn is_tool(module: TypeId) -> bool {
    [
        TypeId::of::<StatusPage>(),
        TypeId::of::<StatusJsonPage>(),
        TypeId::of::<ApplicationPage>(),
        TypeId::of::<ApplicationJsonPage>(),
        TypeId::of::<LocksPage>(),
        TypeId::of::<LocksJsonPage>(),
        TypeId::of::<LogPage>(),
        TypeId::of::<LogJsonPage>(),
        TypeId::of::<EventsJsonPage>(),
    ]
    .contains(&module)
}
