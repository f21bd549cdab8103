//! What happened with a client: activities and events in one order.
