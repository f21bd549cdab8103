//! Who looks at a page, as the tables know users.

use toolcrib::prelude::*;

use crate::db::journal::Actor;

/// The signed-in user's id. Pages that use it require a sign-in.
///
/// # Errors
/// [`PageError::Other`] where nobody is signed in, or the session's user is none of the site's own.
pub(crate) fn viewer(cx: &Context<'_>) -> Result<i64, PageError> {
    let user = cx.end_user().ok_or_else(|| PageError::other(NoViewer))?;
    user.id.parse().map_err(|_| PageError::other(NoViewer))
}

/// The signed-in user, for the journal.
///
/// # Errors
/// As [`viewer`].
pub(crate) fn actor(cx: &Context<'_>) -> Result<Actor, PageError> {
    let id = viewer(cx)?;
    Ok(Actor { id: Some(id), name: cx.end_user().map(|user| user.display_name).unwrap_or_default() })
}

/// A page without a visitor.
#[derive(Debug, thiserror::Error)]
#[error("a page asks who looks at it, and nobody is signed in: does it require a sign-in?")]
struct NoViewer;
