//! Deals on their board: columns, sums, moves.
