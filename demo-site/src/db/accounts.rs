//! Accounts of clients at other companies, and what a check of them found.
