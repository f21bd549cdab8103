//! What every site under test has: a form token, a sign-in, a sign-out.

use toolcrib::prelude::*;

/// Makes a page of one method: `show` for one that is looked at, `action` for one that is posted to.
macro_rules! page {
    ($vis:vis $name:ident, $info:expr, show($cx:ident) $body:block) => {
        page! { @page $vis $name, $info,
            async fn show(&mut self, $cx: &mut Context<'_>) -> PageResult $body
        }
    };
    ($vis:vis $name:ident, $info:expr, action($cx:ident) $body:block) => {
        page! { @page $vis $name, $info.post_only(),
            async fn show(&mut self, _: &mut Context<'_>) -> PageResult {
                Err(PageError::NotFound)
            }
            async fn action(&mut self, $cx: &mut Context<'_>) -> PageResult $body
        }
    };
    (@page $vis:vis $name:ident, $info:expr, $($methods:item)+) => {
        $vis struct $name;

        impl PageModule for $name {
            const INFO: PageInfo = $info;

            async fn create(_: &Site) -> Result<Self, CreateError> {
                Ok(Self)
            }

            fn initialize(&mut self) {}

            $($methods)+
        }
    };
}
pub(crate) use page;

/// An app module that does nothing of its own.
pub(crate) struct PlainApp;

impl AppModule for PlainApp {
    const TITLE: &'static str = "A site under test";

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}
}

/// `GET /token`: the visitor's form token.
pub(super) struct Token;

impl PageModule for Token {
    const INFO: PageInfo = PageInfo::new("token", "/token").background();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        Ok(Response::text(cx.frame().csrf_token()))
    }
}

/// `GET /sign-in`: the login page. `POST /sign-in`: lets anybody in, with the rights asked for.
pub(super) struct SignIn;

impl PageModule for SignIn {
    const INFO: PageInfo = PageInfo::new("sign-in", "/sign-in").accepts_post();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, _: &mut Context<'_>) -> PageResult {
        Ok(Response::text("please sign in"))
    }

    async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
        let name = cx.form_param("user").or_not_found()?.to_owned();
        let rights = cx.form_param("rights").unwrap_or_default().split(' ').map(str::to_owned).collect();
        cx.sign_in(&EndUser { id: name.clone(), display_name: name.clone(), name, rights })?;
        Ok(Response::text("signed in"))
    }
}

/// `POST /sign-out`.
pub(super) struct SignOut;

impl PageModule for SignOut {
    const INFO: PageInfo = PageInfo::new("sign-out", "/sign-out").post_only();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, _: &mut Context<'_>) -> PageResult {
        Err(PageError::NotFound)
    }

    async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
        cx.sign_out();
        Ok(Response::text("signed out"))
    }
}
