//! How often a sign-in may fail.
//!
//! Only failures count, in three ledgers that refill with time:
//!
//! | ledger | what it stops | allows |
//! |---|---|---|
//! | of an *address*, whatever the account | one password tried on many accounts | 30, one more every 20 s |
//! | of an *account from one address* | many passwords tried on one account | 8, one more every 75 s |
//! | of an *account*, whatever the address | the same, from many addresses | 20, one more every 30 s |
//!
//! **Nobody can lock somebody else out.** The third ledger refuses only addresses that have
//! themselves failed with this account lately: while an account is under attack from everywhere,
//! every address gets one try at it instead of eight. Its owner, who comes from an address the
//! attacker does not use and knows the password, gets in at the first try.
//!
//! Tries that run at the same time are all let in and all counted. What they exceed an allowance
//! by is a debt that has to be paid off first, so over time nothing is gained by it, and how many
//! can run at once is bounded by [`Passwords`](super::password::Passwords).
//!
//! Memory is bounded too: each ledger keeps at most [`MAX_KEYS`] entries of fixed size, whatever
//! is sent as a user name.
//!
//! `governor` is not used here: it cannot tell whether a key is limited without counting, does not
//! count what exceeds a limit, and its stores have no upper bound.

mod ledger;
mod sign_in;

pub use ledger::{Allowance, MAX_KEYS};
pub use sign_in::{Allowances, SignInLimiter, Throttled};
