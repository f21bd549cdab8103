//! What a module says of its instances' lives, and a setting may say otherwise.

/// When instances of a module take part in a request (WebSnap: W7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CreateMode {
    /// When the request is for this page, or for a page that uses this module.
    OnDemand,
    /// In every request that reaches a page.
    Always,
}

/// What becomes of an instance after its request (WebSnap: W8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheMode {
    /// It goes back into its pool.
    Cache,
    /// It is dropped.
    Destroy,
}
