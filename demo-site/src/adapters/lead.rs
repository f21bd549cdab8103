//! A lead.
