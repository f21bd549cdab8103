//! Changes of many clients at once.
