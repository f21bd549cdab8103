//! A tag.
