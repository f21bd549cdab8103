//! What the CRM does in the background.

pub(crate) mod accounts;
pub(crate) mod imports;
