//! Several nodes on one database: who lives, what the others changed, locks over all of them.
//!
//! ```text
//!  a unit's commit ─ admit ─► toolcrib_changes ◄─ poll ─ feed of every node ─► application, live parts, …
//!                                    ▲   └─ NOTIFY: look now ─┘
//!  tell ─────────────────────────────┘
//!  take a lock ─► toolcrib_tickets: a place in line, the lease and the fence in one row
//!  beat ─► toolcrib_nodes: a node lives while its row is there
//! ```
//!
//! * The truth is in tables. A notification only hints that it is time to look; where none comes, each node looks every
//!   `cluster.poll_ms`.
//! * A look takes exactly what became visible since the last one: what the two snapshots of the database differ in, not
//!   what has a larger number. Nothing is taken twice, nothing is missed, whatever the order of commits.
//! * [`Cluster::current`] is what makes reads of a snapshot in memory current: it answers after a look that began later
//!   than the question. All who ask while one look is under way share the next one.
//! * Who holds what is decided by the database's clock and rows alone. A node that was declared dead finds out at its
//!   next look or commit, and joins again as a new one.
//! * All is of one process where SQLite is the database: there is no cluster then.

mod change;
mod feed;
mod handle;
mod store;
mod tickets;

pub(crate) use self::change::{Change, Kind};
pub(crate) use self::feed::{Caught, Followers};
pub(crate) use self::handle::{Cluster, ClusterError};
pub(crate) use self::store::{APPLICATION, Admitted, Locked, Look, Position, VARIABLE, look, position};
pub(crate) use self::tickets::{Place, TakeError, Ticket};
