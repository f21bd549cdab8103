//! Who may see a page: checked before any instance is touched (W23).

use crate::page::PageInfo;
use crate::session::EndUser;

/// What becomes of a request for a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// The page answers.
    Granted,
    /// The login page answers in its place.
    LoginRequired,
    /// 403.
    Denied,
}

/// Decides by the page's flags and who is signed in.
pub(super) fn check(page: &PageInfo, user: Option<&EndUser>) -> Access {
    match (page.requires_login(), user) {
        (false, _) => Access::Granted,
        (true, None) => Access::LoginRequired,
        (true, Some(user)) if page.required_right().is_none_or(|right| user.has_right(right)) => Access::Granted,
        (true, Some(_)) => Access::Denied,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPEN: PageInfo = PageInfo::new("open", "/open");
    const CLOSED: PageInfo = PageInfo::new("closed", "/closed").login_required();
    const ADMIN: PageInfo = PageInfo::new("admin", "/admin").right("admin");

    fn user(rights: &[&str]) -> EndUser {
        EndUser {
            id: "1".into(),
            name: "anna".into(),
            display_name: "Anna".into(),
            rights: rights.iter().map(|right| (*right).to_owned()).collect(),
        }
    }

    #[test]
    fn rights_decide() {
        assert_eq!(check(&OPEN, None), Access::Granted);
        assert_eq!(check(&CLOSED, None), Access::LoginRequired);
        assert_eq!(check(&ADMIN, None), Access::LoginRequired);
        assert_eq!(check(&CLOSED, Some(&user(&[]))), Access::Granted);
        assert_eq!(check(&ADMIN, Some(&user(&["edit"]))), Access::Denied);
        assert_eq!(check(&ADMIN, Some(&user(&["admin"]))), Access::Granted);
    }
}
