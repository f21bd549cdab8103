//! Declarations of application variables: a name, a type, whether it outlives the process.

use std::marker::PhantomData;

/// A typed application variable.
///
/// Durable unless said otherwise: its value is in the site's database before a unit that wrote it
/// is answered, and a restart finds it there (G24).
///
/// ```
/// use toolcrib::application::AppVar;
///
/// const TALLY: AppVar<i64> = AppVar::new("Tally");
/// const VISITORS_NOW: AppVar<i64> = AppVar::new("VisitorsNow").volatile();
/// assert_eq!(TALLY.name(), "Tally");
/// assert!(!VISITORS_NOW.is_durable());
/// ```
#[derive(Debug)]
pub struct AppVar<T> {
    name: &'static str,
    durable: bool,
    value: PhantomData<fn() -> T>,
}

/// A counter that any number of units may change at the same time without a conflict (G8, G15).
///
/// ```
/// use toolcrib::application::RcCounter;
///
/// const CLICKS: RcCounter = RcCounter::new("Clicks");
/// assert!(CLICKS.is_durable());
/// ```
#[derive(Debug)]
pub struct RcCounter {
    name: &'static str,
    durable: bool,
}

/// A queue: any number of units add without a conflict; two that take the same item conflict.
#[derive(Debug)]
pub struct RcQueue<T> {
    name: &'static str,
    durable: bool,
    value: PhantomData<fn() -> T>,
}

/// A map from texts: units that write different keys do not conflict.
#[derive(Debug)]
pub struct RcMap<T> {
    name: &'static str,
    durable: bool,
    value: PhantomData<fn() -> T>,
}

/// A bag: units that add and remove do not conflict, unless two remove the last of its kind.
#[derive(Debug)]
pub struct RcBag<T> {
    name: &'static str,
    durable: bool,
    value: PhantomData<fn() -> T>,
}

/// What the four typed declarations have in common.
macro_rules! declaration {
    ($of:ident $(<$t:ident>)? { $($more:ident: $value:expr)? }) => {
        impl $(<$t>)? $of $(<$t>)? {
            /// Declares it. Two declarations of one name mean the same variable.
            ///
            /// # Panics
            /// At compile time, in a constant, for an empty name or one longer than 200 bytes.
            #[must_use]
            pub const fn new(name: &'static str) -> Self {
                assert!(!name.is_empty(), "an application variable needs a name");
                assert!(name.len() <= super::NAME_LIMIT, "a variable's name has at most 200 bytes");
                Self { name, durable: true $(, $more: $value)? }
            }

            /// Kept in memory only: gone with the process, and cheaper.
            #[must_use]
            pub const fn volatile(mut self) -> Self {
                self.durable = false;
                self
            }

            /// Its name.
            #[must_use]
            pub const fn name(&self) -> &'static str {
                self.name
            }

            /// Whether it is in the database.
            #[must_use]
            pub const fn is_durable(&self) -> bool {
                self.durable
            }
        }
    };
}

declaration!(AppVar<T> { value: PhantomData });
declaration!(RcCounter {});
declaration!(RcQueue<T> { value: PhantomData });
declaration!(RcMap<T> { value: PhantomData });
declaration!(RcBag<T> { value: PhantomData });
