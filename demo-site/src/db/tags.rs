//! Tags and what they stand on.
