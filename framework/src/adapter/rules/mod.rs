//! What a value must look like, whoever typed it. Forms apply these by the kind of a field; a site
//! may call them for what does not come by a form.

pub mod email;
pub(super) mod text;
pub mod website;
