//! The traits a site author implements, and what the framework makes of them.

use std::any::{Any, TypeId};

use futures_util::future::LocalBoxFuture;

use super::{CacheMode, Context, CreateMode, ErrorNotice, Frame, PageError, PageInfo, Response, Site};
use crate::db::Conn;
use crate::session::{HookError, SessionEnd, SessionStart};

/// What a page's methods answer.
pub type PageResult = Result<Response, PageError>;

/// Whether the page goes on after a hook (WebSnap: `Handled`, W24).
#[derive(Debug)]
pub enum Flow {
    /// It goes on.
    Continue,
    /// This is the answer; the page's own method is not called.
    Handled(Response),
}

/// Why an instance could not be created.
#[derive(Debug)]
pub struct CreateError(Box<dyn std::error::Error + Send + Sync>);

impl CreateError {
    /// Wraps a message.
    pub fn new(message: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(message.into())
    }

    pub(crate) fn into_inner(self) -> Box<dyn std::error::Error + Send + Sync> {
        self.0
    }
}

impl<E: std::error::Error + Send + Sync + 'static> From<E> for CreateError {
    fn from(error: E) -> Self {
        Self(Box::new(error))
    }
}

/// A page: its values are pooled and serve one request at a time.
///
/// The methods are called in this order for every attempt of a request (WebSnap: W6):
/// [`on_activate`](Self::on_activate), [`initialize`](Self::initialize), then for POST
/// [`action`](Self::action), for GET and HEAD [`before_page`](Self::before_page),
/// [`show`](Self::show), [`after_page`](Self::after_page), and in any case
/// [`on_deactivate`](Self::on_deactivate).
///
/// A method that returns `Err` leaves the instance in the pool; one that panics, or does not
/// return before the request's deadline, costs the instance, and the next request gets a new one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a page module",
    note = "a page needs `const INFO`, `create`, `initialize` and `show`"
)]
#[expect(async_fn_in_trait, reason = "pages run on one arbiter; their futures need not be Send")]
pub trait PageModule: Sized + Send + 'static {
    /// What is known of the page without creating it.
    const INFO: PageInfo;
    /// When instances take part in a request. Defaults to on demand.
    const CREATE: CreateMode = CreateMode::OnDemand;
    /// What becomes of an instance after its request. Defaults to being kept.
    const CACHE: CacheMode = CacheMode::Cache;

    /// The data modules it works with. Defaults to none.
    fn uses() -> Uses {
        Uses::none()
    }

    /// Creates an instance, when the pool needs one.
    async fn create(site: &Site) -> Result<Self, CreateError>;

    /// Resets the instance. Called before every use, between any two requests and any two
    /// attempts; what it does not reset is seen by another visitor (the dirty drill).
    fn initialize(&mut self);

    /// Called first, before the reset. Defaults to nothing.
    async fn on_activate(&mut self, _cx: &mut Context<'_>) -> Result<(), PageError> {
        Ok(())
    }

    /// Answers POST. Defaults to 405.
    async fn action(&mut self, _cx: &mut Context<'_>) -> PageResult {
        Err(PageError::MethodNotAllowed)
    }

    /// Called before [`PageModule::show`]; may answer in its place. Defaults to going on.
    async fn before_page(&mut self, _cx: &mut Context<'_>) -> Result<Flow, PageError> {
        Ok(Flow::Continue)
    }

    /// Answers GET and HEAD.
    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult;

    /// Called after [`PageModule::show`], not where another hook answered. Defaults to nothing.
    async fn after_page(&mut self, _cx: &mut Context<'_>, _response: &mut Response) -> Result<(), PageError> {
        Ok(())
    }

    /// Called last, after errors too, not after a panic. Defaults to nothing.
    fn on_deactivate(&mut self) {}
}

/// A module without a page: what several pages share for the length of one request.
#[expect(async_fn_in_trait, reason = "modules run on one arbiter; their futures need not be Send")]
pub trait DataModule: Sized + Send + 'static {
    /// Its name, of its own among all modules of a site.
    const NAME: &'static str;
    /// When instances take part in a request. Defaults to on demand: with pages that use it.
    const CREATE: CreateMode = CreateMode::OnDemand;
    /// What becomes of an instance after its request. Defaults to being kept.
    const CACHE: CacheMode = CacheMode::Cache;

    /// Creates an instance, when the pool needs one.
    async fn create(site: &Site) -> Result<Self, CreateError>;

    /// Resets the instance, as [`PageModule::initialize`].
    fn initialize(&mut self);
}

/// The one module that takes part in every request that reaches a page (WebSnap: W9).
#[expect(async_fn_in_trait, reason = "modules run on one arbiter; their futures need not be Send")]
pub trait AppModule: Sized + Send + 'static {
    /// The application's title, for templates.
    const TITLE: &'static str;
    /// What becomes of an instance after its request. Defaults to being kept.
    const CACHE: CacheMode = CacheMode::Cache;

    /// Creates an instance, when the pool needs one.
    async fn create(site: &Site) -> Result<Self, CreateError>;

    /// Resets the instance, as [`PageModule::initialize`].
    fn initialize(&mut self);

    /// Called in every request before the page; may answer in its place. Defaults to going on.
    async fn on_request_start(&mut self, _cx: &mut Context<'_>) -> Result<Flow, PageError> {
        Ok(Flow::Continue)
    }

    /// Called in every request after the page answered. Defaults to nothing.
    async fn on_request_end(&mut self, _cx: &mut Context<'_>, _response: &mut Response) -> Result<(), PageError> {
        Ok(())
    }

    /// The application starts: once in the life of the process, before any page runs and before
    /// the first session starts. The requests that need it meanwhile wait. After an error they are
    /// answered 503, and the next one starts it anew (A9). No lock is needed here. Defaults to
    /// nothing.
    async fn on_application_start(_site: &Site) -> Result<(), HookError> {
        Ok(())
    }

    /// The application ends: after the last request, where it was started (A11). Defaults to
    /// nothing.
    async fn on_application_end(_site: &Site) -> Result<(), HookError> {
        Ok(())
    }

    /// A session starts. Runs in the transaction that creates it. Defaults to nothing.
    async fn on_session_start(_start: &SessionStart, _tx: &mut Conn) -> Result<(), HookError> {
        Ok(())
    }

    /// A session has ended. Runs once, in the transaction that removes it. Defaults to nothing.
    async fn on_session_end(_end: &SessionEnd, _tx: &mut Conn) -> Result<(), HookError> {
        Ok(())
    }

    /// Renders the page for an error in the site's own looks. Defaults to the framework's.
    fn error_page(_notice: &ErrorNotice<'_>, _frame: &Frame) -> Option<String> {
        None
    }
}

/// The app module's hooks of the application, its type forgotten.
#[derive(Clone, Copy)]
pub(crate) struct ApplicationHooks {
    pub(crate) start: for<'a> fn(&'a Site) -> LocalBoxFuture<'a, Result<(), HookError>>,
    pub(crate) end: for<'a> fn(&'a Site) -> LocalBoxFuture<'a, Result<(), HookError>>,
}

/// The data modules a page works with.
#[derive(Debug, Clone, Default)]
#[must_use = "what a page uses is the value its `uses` returns"]
pub struct Uses(Vec<(TypeId, &'static str)>);

impl Uses {
    /// No data module.
    pub fn none() -> Self {
        Self::default()
    }

    /// One more data module.
    pub fn and<D: DataModule>(mut self) -> Self {
        self.0.push((TypeId::of::<D>(), D::NAME));
        self
    }

    pub(crate) fn types(&self) -> &[(TypeId, &'static str)] {
        &self.0
    }
}

/// What the pool needs of any module.
pub(crate) trait Module: Companion + Sized + 'static {
    fn create(site: &Site) -> impl Future<Output = Result<Self, CreateError>>;
}

/// A module at a request, its type forgotten: the app module, data modules, pages created always.
pub(crate) trait Companion: Send {
    fn initialize(&mut self);
    /// The author's own value.
    fn value(&mut self) -> &mut dyn Any;
    fn into_any(self: Box<Self>) -> Box<dyn Any + Send>;
    /// The app module's hooks; other modules have none.
    fn app_hooks(&mut self) -> Option<&mut dyn AppHooks> {
        None
    }
}

/// The app module's hooks, its type forgotten.
pub(crate) trait AppHooks {
    fn start<'a>(&'a mut self, cx: &'a mut Context<'_>) -> LocalBoxFuture<'a, Result<Flow, PageError>>;
    fn end<'a>(
        &'a mut self,
        cx: &'a mut Context<'_>,
        response: &'a mut Response,
    ) -> LocalBoxFuture<'a, Result<(), PageError>>;
}

macro_rules! companion {
    ($of:ident, $kind:ident $(, $hooks:item)?) => {
        impl<M: $kind> Companion for $of<M> {
            fn initialize(&mut self) {
                self.0.initialize();
            }

            fn value(&mut self) -> &mut dyn Any {
                &mut self.0
            }

            fn into_any(self: Box<Self>) -> Box<dyn Any + Send> {
                self
            }

            $($hooks)?
        }

        impl<M: $kind> Module for $of<M> {
            async fn create(site: &Site) -> Result<Self, CreateError> {
                M::create(site).await.map(Self)
            }
        }
    };
}

/// A page as its pool sees it.
pub(crate) struct PageOf<P>(pub(crate) P);
/// A data module as its pool sees it.
pub(crate) struct DataOf<D>(D);
/// The app module as its pool sees it.
pub(crate) struct AppOf<A>(A);

companion!(PageOf, PageModule);
companion!(DataOf, DataModule);
companion!(
    AppOf,
    AppModule,
    fn app_hooks(&mut self) -> Option<&mut dyn AppHooks> {
        Some(self)
    }
);

impl<A: AppModule> AppHooks for AppOf<A> {
    fn start<'a>(&'a mut self, cx: &'a mut Context<'_>) -> LocalBoxFuture<'a, Result<Flow, PageError>> {
        Box::pin(self.0.on_request_start(cx))
    }

    fn end<'a>(
        &'a mut self,
        cx: &'a mut Context<'_>,
        response: &'a mut Response,
    ) -> LocalBoxFuture<'a, Result<(), PageError>> {
        Box::pin(self.0.on_request_end(cx, response))
    }
}
