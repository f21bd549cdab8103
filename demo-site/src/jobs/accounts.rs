//! Checking accounts at other companies.
