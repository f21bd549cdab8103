//! People at clients, read.
