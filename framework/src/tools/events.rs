//! The latest events in the site's life.

use serde::Serialize;

use crate::events::Event;
use crate::page::{Context, CreateError, PageInfo, PageModule, PageResult, Site};

/// `/tools/events.json`.
pub(crate) struct EventsJsonPage;

#[derive(Serialize)]
struct Document {
    events: Vec<Event>,
}

impl PageModule for EventsJsonPage {
    const INFO: PageInfo =
        PageInfo::new("events.json", "/tools/events.json").title("Events as JSON").right("admin").background();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        cx.json(&Document { events: cx.site().events().latest() })
    }
}
