//! An account of a client at another company.
