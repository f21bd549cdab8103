//! Sums over all deals.
