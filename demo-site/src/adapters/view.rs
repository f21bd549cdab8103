//! A saved view.
