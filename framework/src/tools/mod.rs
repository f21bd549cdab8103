//! Pages for those who run a site: right `admin`.

mod board;
mod status;

use std::any::TypeId;

pub(crate) use self::board::Board;
pub(crate) use self::status::{StatusJsonPage, StatusPage};
use crate::page::{PageInfo, PageModule};

/// The pages' infos, in the order they are registered.
pub(crate) fn infos() -> [PageInfo; 2] {
    [StatusPage::INFO, StatusJsonPage::INFO]
}

/// Whether a module is one of these pages.
pub(crate) fn is_tool(module: TypeId) -> bool {
    [TypeId::of::<StatusPage>(), TypeId::of::<StatusJsonPage>()].contains(&module)
}
