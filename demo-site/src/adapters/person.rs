//! A person at a client.
