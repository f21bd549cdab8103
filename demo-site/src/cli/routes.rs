//! `demo-site routes`.

use toolcrib::Settings;
use toolcrib::prelude::PageInfo;

use super::say;
use crate::site;

/// Lists the pages by path. Opens no database.
pub(super) fn list(settings: Settings) {
    let mut pages = site::builder(settings).pages();
    pages.retain(PageInfo::is_published);
    pages.sort_unstable_by_key(PageInfo::path);
    let widest = |text: fn(&PageInfo) -> &'static str| pages.iter().map(|page| text(page).len()).max().unwrap_or(0);
    let (path, name) = (widest(PageInfo::path), widest(PageInfo::name));
    let methods = widest(PageInfo::allow);
    for page in &pages {
        let line = format!("{:path$}  {:methods$}  {:name$}  {}", page.path(), page.allow(), page.name(), access(page));
        say(&line);
    }
}

fn access(page: &PageInfo) -> String {
    match (page.required_right(), page.requires_login()) {
        (Some(right), _) => format!("right {right}"),
        (None, true) => "signed in".to_owned(),
        (None, false) => "everybody".to_owned(),
    }
}
