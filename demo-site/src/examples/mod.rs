//! Small public pages that show what the framework does, one idea each.
//!
//! Each of them can be slowed down or made to fail by the test knobs, between the read and the
//! write, which is where races are.

mod drill;
mod index;
mod mirror;
mod relay;

pub use drill::DrillPage;
pub use index::ExamplesPage;
pub use mirror::MirrorPage;
pub use relay::{ArrivalPage, RelayPage};
