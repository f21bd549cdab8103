//! Browsers for tests.
//!
//! [`in_a_browser!`] makes a test of each fact. A fact gets a [`Stage`]: it starts the demo there and opens [`Browser`]s.
//! When the fact has ended, the stage asks every browser's recorder whether anything broke on the way (an error on the
//! console, a request that failed, a breach of the content security policy); when the fact has failed, the stage leaves a
//! picture of each browser in `target/browser/`.
//!
//! [`Findings`] gathers what is wrong with pages over a whole tour, so that one run names all of it.

mod axe;
mod browser;
mod commands;
mod driver;
mod findings;
mod recorder;
mod stage;

pub(crate) use browser::Browser;
pub(crate) use driver::is_used;
pub(crate) use findings::Findings;
pub(crate) use stage::Stage;
pub(crate) use stage::play;

/// Makes a test of each fact, which gets a [`Stage`].
macro_rules! in_a_browser {
    ($($fact:ident),+ $(,)?) => {
        mod in_a_browser {
            $(
                #[test]
                fn $fact() {
                    $crate::support::play(stringify!($fact), async |stage| super::$fact(stage).await);
                }
            )+
        }
    };
}

pub(crate) use in_a_browser;

/// What nearly every test uses.
pub(crate) mod prelude {
    pub(crate) use toolcrib_tests::prelude::*;

    pub(crate) use super::Browser;
    pub(crate) use super::Findings;
    pub(crate) use super::Stage;
    pub(crate) use super::in_a_browser;
}
