//! A pipeline and its stages.
