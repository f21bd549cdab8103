//! Histories: what clients did and were answered, and whether a correct site can have answered like that.
//!
//! A client of a load writes down when it asked for what, when it had the answer, and what the answer was. That is all
//! there is to know from outside, and it is enough to find a site guilty: if no order of the operations that fits the
//! times explains the answers, something was lost, doubled, or shown too late. The checkers here are pure; they know no
//! server and no clock.
//!
//! | checker | what it wants | what finds it out |
//! |---|---|---|
//! | [`exclusion`] | critical sections of one name never overlap, unless both only read | a sweep over their times |
//! | [`counter`], [`register`], [`once`] | one variable is *linearizable*: each operation happens at one moment between question and answer | an order by value where values tell it, else a search |
//! | [`transactions`] | units of work over several lists are a *strict snapshot isolation* | cycles of what must have come before what |
//!
//! # What an outcome says
//!
//! [`Outcome::Done`] has an answer, so the operation happened between the two moments. [`Outcome::Failed`] certainly did
//! not happen; whoever sees it all the same is an error of the site. [`Outcome::Unknown`] (no answer, a lost
//! connection, an answer of 500) may have happened, may not have, or may still happen long after the client gave up.
//! A checker never blames a site for an unknown operation that shows, nor for one that does not.
//!
//! # The search
//!
//! Where nothing but trying helps, it is the one of Wing and Gong with Lowe's memory: operations are linearized one by
//! one, none after the end of one that is still waiting; a dead end is taken back; a pair of *which are done* and *what
//! is stored* is tried once only. It is exponential at worst. So what the loads ask for has a way of its own: a counter
//! whose additions answer different numbers is in one order only, a counter whose additions answer nothing is a matter
//! of deadlines, and a register whose writes are distinct is a matter of zones (Gibbons and Korach). Property tests
//! hold these against the search.
//!
//! # Lists
//!
//! A unit appends distinct numbers to lists and reads whole lists, so what was read tells the order of the appends (the
//! idea is Elle's, by Kingsbury and Alvaro). From it follow the edges of Adya's graph: *ww* who appended after whom, *wr*
//! who saw whom, *rw* who did not yet see whom; and *rt*, who had his answer before the other asked. What Toolcrib
//! promises is snapshot isolation in which the first committer wins, and that an acknowledged unit is seen by whoever
//! asks afterwards. In such a history every cycle has two *rw* side by side (Cerone and Gotsman). All other cycles are
//! reported, with the cycle as evidence; those with two side by side, which is write skew, are counted: reads do not
//! conflict by design.

mod fault;
mod operation;
mod search;
#[cfg(test)]
mod simulated;

pub mod counter;
pub mod exclusion;
pub mod once;
pub mod register;
pub mod transactions;

pub use fault::Fault;
pub use fault::Kind;
pub use operation::History;
pub use operation::Moment;
pub use operation::Operation;
pub use operation::Outcome;
pub use operation::Tally;
