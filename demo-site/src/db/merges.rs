//! Two clients into one, and back.
