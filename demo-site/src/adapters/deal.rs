//! A deal.
