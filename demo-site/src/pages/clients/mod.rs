//! Clients: the list, the card with its panels, the form, the file.

mod card;
mod export;
mod form;
mod list;
mod panels;
mod previews;

pub(super) use self::previews::preview;
pub use card::ClientPage;
pub use export::ClientsCsvPage;
pub use form::{ClientEditPage, ClientNewPage};
pub use list::ClientsPage;
pub use panels::{ActivitiesPanel, ContactsPanel, DealsPanel};
