//! The words of the global search, kept beside what they stand in.
