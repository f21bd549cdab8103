//! Clients: the list, the card with its panels, the form, the file.

mod card;
mod export;
mod field;
mod form;
mod list;
mod panels;

pub use card::ClientPage;
pub use export::ClientsCsvPage;
pub use form::{ClientEditPage, ClientNewPage};
pub use list::ClientsPage;
pub use panels::{ActivitiesPanel, ContactsPanel, DealsPanel};

use toolcrib::prelude::*;

/// The right to change clients.
const EDIT: &str = "edit";

/// Refuses whoever may not change clients. For pages that everybody may see but not everybody may
/// post to; the form hides what is refused here, which alone protects nothing.
fn require_edit(cx: &Context<'_>) -> Result<(), PageError> {
    match cx.end_user() {
        Some(user) if user.has_right(EDIT) => Ok(()),
        _ => Err(PageError::Forbidden),
    }
}
