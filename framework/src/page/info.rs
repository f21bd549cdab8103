//! What is known of a page without creating it.

/// A page's name, address and flags: readable without an instance (WebSnap: W22, W23, W27).
///
/// ```
/// use toolcrib::page::PageInfo;
///
/// const INFO: PageInfo = PageInfo::new("client", "/clients/{id}").title("Client").login_required();
/// assert_eq!(INFO.name(), "client");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageInfo {
    name: &'static str,
    path: &'static str,
    title: &'static str,
    published: bool,
    login_required: bool,
    right: Option<&'static str>,
    in_menu: bool,
    shows: bool,
    acts: bool,
    fragment: bool,
    untouched: bool,
    body_limit: Option<usize>,
    session_exclusive: bool,
}

impl PageInfo {
    /// A published page that answers GET and HEAD for anybody.
    ///
    /// `path` is a pattern: `{id}` stands for one segment. Names and the fixed parts of paths are
    /// compared without regard to case.
    #[must_use]
    pub const fn new(name: &'static str, path: &'static str) -> Self {
        Self {
            name,
            path,
            title: name,
            published: true,
            login_required: false,
            right: None,
            in_menu: false,
            shows: true,
            acts: false,
            fragment: false,
            untouched: false,
            body_limit: None,
            session_exclusive: false,
        }
    }

    /// The title, for menus and the browser. Defaults to the name.
    #[must_use]
    pub const fn title(mut self, title: &'static str) -> Self {
        self.title = title;
        self
    }

    /// Requests of one session to such pages run one after the other (G12, D3); others run in
    /// parallel with all of them.
    #[must_use]
    pub const fn exclusive_session(mut self) -> Self {
        self.session_exclusive = true;
        self
    }

    /// Whether requests of one session to it run one after the other.
    #[must_use]
    pub const fn is_session_exclusive(&self) -> bool {
        self.session_exclusive
    }

    /// Reachable from other pages only, not by its address.
    #[must_use]
    pub const fn unpublished(mut self) -> Self {
        self.published = false;
        self
    }

    /// For signed-in users: others get the login page in its place.
    #[must_use]
    pub const fn login_required(mut self) -> Self {
        self.login_required = true;
        self
    }

    /// For users with this right; implies [`PageInfo::login_required`].
    #[must_use]
    pub const fn right(mut self, right: &'static str) -> Self {
        self.login_required = true;
        self.right = Some(right);
        self
    }

    /// Listed in the menu of those who may see it.
    #[must_use]
    pub const fn in_menu(mut self) -> Self {
        self.in_menu = true;
        self
    }

    /// Answers POST as well, by [`PageModule::action`](super::PageModule::action).
    #[must_use]
    pub const fn accepts_post(mut self) -> Self {
        self.acts = true;
        self
    }

    /// Answers POST only.
    #[must_use]
    pub const fn post_only(mut self) -> Self {
        self.acts = true;
        self.shows = false;
        self
    }

    /// A part of a page, loaded by itself: its errors and refusals are parts of a page too, unless a browser opens its
    /// address in a window.
    #[must_use]
    pub const fn fragment(mut self) -> Self {
        self.fragment = true;
        self
    }

    /// Requests for it do not prolong the session: for what a page polls by itself.
    #[must_use]
    pub const fn background(mut self) -> Self {
        self.untouched = true;
        self
    }

    /// The largest body it accepts, in bytes. Defaults to the setting `request.body_limit`.
    #[must_use]
    pub const fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = Some(bytes);
        self
    }

    /// Its name: how other pages and the settings refer to it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The pattern of its address.
    #[must_use]
    pub const fn path(&self) -> &'static str {
        self.path
    }

    /// See [`PageInfo::title`].
    #[must_use]
    pub const fn title_text(&self) -> &'static str {
        self.title
    }

    /// Whether it can be reached by its address.
    #[must_use]
    pub const fn is_published(&self) -> bool {
        self.published
    }

    /// Whether it is for signed-in users only.
    #[must_use]
    pub const fn requires_login(&self) -> bool {
        self.login_required
    }

    /// The right it asks for.
    #[must_use]
    pub const fn required_right(&self) -> Option<&'static str> {
        self.right
    }

    /// Whether it is listed in menus. A page whose path has parameters never is.
    #[must_use]
    pub fn is_in_menu(&self) -> bool {
        self.in_menu && self.published && !self.path.contains('{')
    }

    /// Whether it answers GET and HEAD.
    #[must_use]
    pub const fn answers_get(&self) -> bool {
        self.shows
    }

    /// Whether it answers POST.
    #[must_use]
    pub const fn answers_post(&self) -> bool {
        self.acts
    }

    /// Whether it is a part of a page.
    #[must_use]
    pub const fn is_fragment(&self) -> bool {
        self.fragment
    }

    /// Whether requests for it leave the session's idle time alone.
    #[must_use]
    pub const fn is_background(&self) -> bool {
        self.untouched
    }

    /// Its own limit on bodies, in bytes.
    #[must_use]
    pub const fn max_body(&self) -> Option<usize> {
        self.body_limit
    }

    /// The value of an `Allow` header.
    #[must_use]
    pub const fn allow(&self) -> &'static str {
        match (self.shows, self.acts) {
            (true, true) => "GET, HEAD, POST",
            (true, false) => "GET, HEAD",
            _ => "POST",
        }
    }
}
