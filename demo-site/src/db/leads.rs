//! Leads, and what they become.
