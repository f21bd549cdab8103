//! Small public pages that show what the framework does, one idea each.
//!
//! Each of them can be slowed down or made to fail by the test knobs, between the read and the
//! write, which is where races are.

mod append;
mod card_game;
mod contest;
mod counter;
mod drill;
mod index;
mod mirror;
mod pace;
mod race;
mod rc_tally;
mod relay;
mod sales;
mod serial;
mod skew;
mod tally;
mod workshop;

pub use append::AppendPage;
pub use card_game::{CardGame, CardGamePage, Move, Played};
pub use drill::DrillPage;
pub use index::ExamplesPage;
pub use mirror::MirrorPage;
pub use race::RacePage;
pub use rc_tally::RcTallyPage;
pub use relay::{ArrivalPage, RelayPage};
pub use sales::SalesPage;
pub use serial::SerialPage;
pub use skew::SkewPage;
pub use tally::TallyPage;
pub use workshop::WorkshopPage;
