//! Everything a page needs of its request.

use std::any::Any;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::HeaderValue;
use actix_web::http::{Method, StatusCode};
use actix_web::web::Bytes;
use askama::Template;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::address::{address_of, is_local};
use super::{
    AppModule, Companion, Csrf, DataModule, Frame, Knobs, LockRequest, ObjectInUnit, PageError, PageInfo, PageResult,
    Request, Response, SharedObject, Site, Unit, Upload, fill,
};
use crate::application::ApplicationView;
use crate::db::{Conn, DbError};
use crate::live::{Viewer, Wish};
use crate::locks::{Holder, LedgerRow, LockName, Scope};
use crate::session::{EndReason, EndUser, Session, SessionError};

/// Which instance serves, and how often it has before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct InstanceUse {
    /// The instance's number, of its own in this process.
    pub id: u64,
    /// How many requests it has served, this one included.
    pub uses: u64,
}

/// One run of one request: everything in it vanishes with it unless it commits.
pub(crate) struct Attempt {
    pub(crate) unit: Unit,
    pub(crate) request: Arc<Request>,
    pub(crate) page: PageInfo,
    pub(crate) session: Session,
    pub(crate) csrf: Csrf,
    pub(crate) modules: Modules,
    pub(crate) instance: InstanceUse,
    /// Whether another page handed the request on to this one.
    pub(crate) dispatched: bool,
    /// How many companions were reset for this attempt.
    pub(crate) initialized: usize,
    /// The form this attempt refused, for whatever page shows it.
    pub(crate) refused: Option<Refused>,
}

/// A form that was refused, its type forgotten.
pub(crate) struct Refused {
    pub(crate) form: Box<dyn Any + Send>,
    pub(crate) status: StatusCode,
    pub(crate) retry_after: Option<Duration>,
}

/// The modules checked out beside the page.
#[derive(Default)]
pub(crate) struct Modules {
    pub(crate) companions: Vec<Option<Box<dyn Companion>>>,
}

impl Modules {
    fn find<T: Any>(&mut self) -> Option<&mut T> {
        self.companions.iter_mut().flatten().find_map(|companion| companion.value().downcast_mut::<T>())
    }
}

/// What a page's methods are given: the request, the session, the database, the answer.
///
/// It lives for one attempt. Nothing of it can be kept in the page.
pub struct Context<'a> {
    pub(crate) attempt: &'a mut Attempt,
}

impl std::fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context")
            .field("request", &self.attempt.request.id)
            .field("page", &self.attempt.page.name())
            .field("attempt", &self.attempt.unit.number)
            .finish_non_exhaustive()
    }
}

/// The request.
impl Context<'_> {
    /// The site.
    #[must_use]
    pub fn site(&self) -> &Site {
        &self.attempt.unit.site
    }

    /// The page being served.
    #[must_use]
    pub fn page(&self) -> &PageInfo {
        &self.attempt.page
    }

    /// A value given to the builder by [`SiteBuilder::state`](crate::server::SiteBuilder::state).
    ///
    /// # Errors
    /// [`PageError::Other`] where none of this type was given.
    pub fn state<T: Any + Send + Sync>(&self) -> Result<&T, PageError> {
        self.site()
            .state::<T>()
            .ok_or_else(|| PageError::other(format!("the site has no state of type {}", std::any::type_name::<T>())))
    }

    /// Path and query of the request, as sent: where a sign-in leads back to.
    #[must_use]
    pub fn path_and_query(&self) -> String {
        self.attempt.request.path_and_query()
    }

    /// The request's method.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.attempt.request.method
    }

    /// A parameter of the page's path, parsed.
    ///
    /// # Errors
    /// [`PageError::NotFound`] where it is not a `T`: there is no page at such an address.
    pub fn path<T: FromStr>(&self, name: &str) -> Result<T, PageError> {
        lookup(&self.attempt.request.params, name).and_then(|value| value.parse().ok()).ok_or(PageError::NotFound)
    }

    /// The first value of a query parameter.
    #[must_use]
    pub fn query_param(&self, name: &str) -> Option<&str> {
        lookup(&self.attempt.request.query_pairs, name)
    }

    /// The query as a type.
    ///
    /// # Errors
    /// [`PageError::BadRequest`] where it does not fit.
    pub fn query<T: DeserializeOwned>(&self) -> Result<T, PageError> {
        Ok(fill(&self.attempt.request.query_pairs)?)
    }

    /// The first value of a form field.
    #[must_use]
    pub fn form_param(&self, name: &str) -> Option<&str> {
        lookup(self.attempt.request.form(), name)
    }

    /// The form as a type, the framework's own `_csrf` left out.
    ///
    /// # Errors
    /// [`PageError::BadRequest`] where it does not fit.
    pub fn form<T: DeserializeOwned>(&self) -> Result<T, PageError> {
        let pairs: Vec<(String, String)> =
            self.attempt.request.form().iter().filter(|(name, _)| name != super::TOKEN_FIELD).cloned().collect();
        Ok(fill(&pairs)?)
    }

    /// A file sent with a `multipart/form-data` form.
    ///
    /// # Errors
    /// None today; a later version may read uploads on demand.
    pub async fn upload(&self, field: &str) -> Result<Option<Upload>, PageError> {
        Ok(self.attempt.request.body.upload(field).cloned())
    }

    /// The body as it was sent.
    #[must_use]
    pub fn body(&self) -> &Bytes {
        self.attempt.request.raw_body()
    }

    /// A header's value, where it is plain text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.attempt.request.header(name)
    }

    /// Whether JSON is asked for.
    #[must_use]
    pub fn wants_json(&self) -> bool {
        self.attempt.request.wants_json()
    }

    /// Whether a part of a page is asked for.
    #[must_use]
    pub fn wants_fragment(&self) -> bool {
        self.attempt.request.wants_fragment()
    }

    /// The request's id.
    #[must_use]
    pub fn request_id(&self) -> &str {
        &self.attempt.request.id
    }

    /// The address the request came from. Behind a proxy that is one of `server.trusted_proxies` it is the one its
    /// `X-Forwarded-For` tells; behind any other, the proxy's.
    #[must_use]
    pub fn peer_ip(&self) -> Option<IpAddr> {
        self.attempt.request.peer
    }

    /// Which instance serves.
    #[must_use]
    pub fn instance(&self) -> InstanceUse {
        self.attempt.instance
    }

    /// Which attempt of the request this is, from 1.
    #[must_use]
    pub fn attempt_number(&self) -> u32 {
        self.attempt.unit.number
    }

    /// The test knobs of this request: without effect unless the site was started for tests.
    #[must_use]
    pub fn knobs(&self) -> Knobs {
        if self.site().settings().test_knobs {
            Knobs::read(&self.attempt.request.query_pairs)
        } else {
            Knobs::default()
        }
    }
}

/// State: rows, session, modules.
impl Context<'_> {
    /// A connection for reading. It cannot write. Once [`Context::tx`] was called, this is the
    /// transaction, so that a page reads what it wrote.
    ///
    /// # Errors
    /// [`DbError::NoConnection`] and [`DbError::Unavailable`].
    pub async fn read(&mut self) -> Result<&mut Conn, DbError> {
        self.attempt.unit.read().await
    }

    /// The unit of work's transaction, opened at the first call. It commits when the page answers
    /// `Ok` and is undone when it answers `Err`.
    ///
    /// # Errors
    /// As [`Context::read`], and [`DbError::Busy`].
    pub async fn tx(&mut self) -> Result<&mut Conn, DbError> {
        self.attempt.unit.tx().await
    }

    /// Something to do once the unit of work has committed: a mail, a message to another system.
    /// Dropped with a failed attempt. A panic in it is logged and changes nothing.
    pub fn after_commit(&mut self, effect: impl Future<Output = ()> + Send + 'static) {
        self.attempt.unit.after_commit(effect);
    }

    /// Tells browsers of what was done, once the unit of work has committed: see [`Unit::publish`].
    pub fn publish(&mut self, topic: impl AsRef<str>, event: &str, data: &(impl Serialize + ?Sized)) {
        self.attempt.unit.publish(topic, event, data);
    }

    /// The unit of work of this attempt: what [`Context::tx`], [`Context::application`] and
    /// [`Context::lock`] work on, for code that does not need a request.
    pub fn unit(&mut self) -> &mut Unit {
        &mut self.attempt.unit
    }

    /// The application, as this unit of work sees and changes it.
    pub fn application(&mut self) -> ApplicationView<'_> {
        self.attempt.unit.application()
    }

    /// Asks for a lock on a name: see [`Unit::lock`].
    pub fn lock(&mut self, name: impl AsRef<str>) -> LockRequest<'_> {
        self.attempt.unit.lock(name)
    }

    /// Asks for the lock of a scope: see [`Unit::lock_scope`].
    pub fn lock_scope(&mut self, scope: Scope) -> LockRequest<'_> {
        self.attempt.unit.lock_scope(scope)
    }

    /// Gives a lock on a name back before the unit ends: see [`Unit::unlock`].
    pub fn unlock(&mut self, name: impl AsRef<str>) {
        self.attempt.unit.unlock(name);
    }

    /// Who holds the lock on a name at this moment, in the order they got it; this request is among them where it has
    /// the lock. It is over as soon as it is read: good for telling people whom they wait for, not for deciding anything.
    ///
    /// ```no_run
    /// # use toolcrib::prelude::*;
    /// # fn note(cx: &Context<'_>) -> Option<String> {
    /// let holder = cx.holders("client/7").into_iter().find(|holder| &*holder.request != cx.request_id())?;
    /// Some(format!("{} has been at work for {} s", holder.page, holder.since.elapsed().as_secs()))
    /// # }
    /// ```
    #[must_use]
    pub fn holders(&self, name: impl AsRef<str>) -> Vec<Holder> {
        self.row_of(name.as_ref()).map(|row| Holder::all_of(&row)).unwrap_or_default()
    }

    /// How many requests wait for the lock on a name at this moment.
    #[must_use]
    pub fn waiters(&self, name: impl AsRef<str>) -> usize {
        self.row_of(name.as_ref()).map_or(0, |row| row.waiters.len())
    }

    fn row_of(&self, name: &str) -> Option<LedgerRow> {
        self.site().application().locks().row(&LockName::named(name).ok()?)
    }

    /// A shared object of the site: see [`Unit::shared_object`].
    ///
    /// # Errors
    /// [`PageError::Other`] where none of this type was registered.
    pub fn shared_object<O: SharedObject>(&mut self) -> Result<ObjectInUnit<'_, O>, PageError> {
        self.attempt.unit.shared_object()
    }

    /// The visitor's session, for reading.
    #[must_use]
    pub fn session(&self) -> &Session {
        &self.attempt.session
    }

    /// The visitor's session, for writing. What is written is stored with the commit.
    pub fn session_mut(&mut self) -> &mut Session {
        &mut self.attempt.session
    }

    /// Who is signed in.
    #[must_use]
    pub fn end_user(&self) -> Option<EndUser> {
        self.attempt.session.end_user()
    }

    /// Signs a user in. At commit the session gets a new key (no fixation).
    ///
    /// # Errors
    /// [`SessionError::TooLarge`] for a user entry above a field's limit.
    pub fn sign_in(&mut self, user: &EndUser) -> Result<(), SessionError> {
        self.attempt.session.sign_in(user)
    }

    /// Signs out: at commit the session ends, with all its fields.
    pub fn sign_out(&mut self) {
        self.attempt.session.end(EndReason::Logout);
    }

    /// Gives the session up, as ASP's `Session.Abandon`: it ends after this page, whose values
    /// stay readable until then (A12).
    pub fn abandon_session(&mut self) {
        self.attempt.session.end(EndReason::Abandoned);
    }

    /// A message the next page shows once.
    ///
    /// # Errors
    /// [`SessionError::TooLarge`] for a text above a field's limit.
    pub fn flash(&mut self, text: &str) -> Result<(), SessionError> {
        self.attempt.session.flash(text)
    }

    /// This request's instance of a data module the page declared in
    /// [`PageModule::uses`](super::PageModule::uses).
    ///
    /// # Errors
    /// [`PageError::Other`] where the page did not declare it.
    pub fn data<D: DataModule>(&mut self) -> Result<&mut D, PageError> {
        let page = self.attempt.page.name();
        self.attempt.modules.find::<D>().ok_or_else(|| {
            PageError::other(format!("page {page} does not use data module {}; name it in `uses`", D::NAME))
        })
    }

    /// This request's instance of the app module.
    ///
    /// # Errors
    /// [`PageError::Other`] where the site's app module is of another type, or in the app
    /// module's own hooks.
    pub fn app<A: AppModule>(&mut self) -> Result<&mut A, PageError> {
        self.attempt
            .modules
            .find::<A>()
            .ok_or_else(|| PageError::other("the app module is not of this type, or is at work"))
    }
}

/// The answer.
impl Context<'_> {
    /// Renders a template to a page with status 200, or that of the form refused in this attempt.
    ///
    /// The connection for reading is given back first: rendering needs none.
    ///
    /// # Errors
    /// [`PageError::Template`].
    pub fn render(&mut self, template: impl Template) -> PageResult {
        let (status, retry_after) = self.status();
        Ok(self.render_with(status, template)?.retry_after(retry_after))
    }

    /// Renders a whole page, or, to a script that asks for a part of it, that part: one of the
    /// page's blocks (askama's `blocks`).
    ///
    /// # Errors
    /// [`PageError::Template`].
    pub fn render_part(&mut self, page: &impl Template, part: &impl Template) -> PageResult {
        if self.wants_fragment() { self.fragment(part) } else { self.render(page) }
    }

    /// Renders a template to a page with another status.
    ///
    /// # Errors
    /// [`PageError::Template`].
    pub fn render_with(&mut self, status: StatusCode, template: impl Template) -> PageResult {
        self.attempt.unit.work.release_reader();
        let frame = self.frame();
        Ok(Response::html(render(&template, &frame)?).with_status(status))
    }

    /// Renders a template to a part of a page, with the status of [`Context::render`]: it leaves
    /// the messages to be shown once alone.
    ///
    /// # Errors
    /// [`PageError::Template`].
    pub fn fragment(&mut self, template: impl Template) -> PageResult {
        self.attempt.unit.work.release_reader();
        let frame = self.attempt.frame(Vec::new());
        let (status, retry_after) = self.status();
        Ok(Response::html(render(&template, &frame)?).with_status(status).retry_after(retry_after))
    }

    fn status(&self) -> (StatusCode, Option<Duration>) {
        self.attempt.refused.as_ref().map_or((StatusCode::OK, None), |refused| (refused.status, refused.retry_after))
    }

    /// What templates get as `frame`; takes the messages to be shown once.
    pub fn frame(&mut self) -> Frame {
        let flashes = self.attempt.session.take_flashes();
        self.attempt.frame(flashes)
    }

    /// A stream of the events published to these topics, until the browser goes away. To be answered to a browser's
    /// `EventSource`, by a page of its own:
    ///
    /// ```no_run
    /// # use toolcrib::prelude::*;
    /// # async fn show(cx: &mut Context<'_>) -> PageResult {
    /// let id: i64 = cx.path("id")?;
    /// Ok(cx.live(&[format!("client/{id}")]).present(format!("client/{id}"), "editing"))
    /// # }
    /// ```
    ///
    /// The stream begins when the unit of work has committed and this page's instance is given back. It ends with the
    /// session, with a change of what its user may do, when the site stops, and after `live.max_minutes`; the browser
    /// then comes again by itself.
    #[must_use]
    pub fn live(&self, topics: &[impl AsRef<str>]) -> Response {
        Response::live(Wish::new(Viewer::of(&self.attempt.session), topics))
    }

    /// JSON with status 200.
    ///
    /// # Errors
    /// [`PageError::Other`] for a value JSON cannot represent.
    pub fn json(&self, value: &(impl Serialize + ?Sized)) -> PageResult {
        Response::json(value)
    }

    /// JSON with another status.
    ///
    /// # Errors
    /// As [`Context::json`].
    pub fn json_with(&self, status: StatusCode, value: &(impl Serialize + ?Sized)) -> PageResult {
        Ok(Response::json(value)?.with_status(status))
    }

    /// 303 to an address of this site.
    ///
    /// # Errors
    /// [`PageError::Other`] for an address that would lead elsewhere.
    pub fn redirect(&self, path: impl AsRef<str>) -> PageResult {
        let path = path.as_ref();
        if !is_local(path) {
            return Err(PageError::other(format!("a redirect to {path:?}, which is not local")));
        }
        HeaderValue::from_str(path).map(Response::redirect).map_err(PageError::other)
    }

    /// 303 to a page by its name: a new request (W25). Parameters of its path are filled in,
    /// others become its query.
    ///
    /// # Errors
    /// [`PageError::Other`] for an unknown page or a missing parameter.
    pub fn redirect_to_page(&self, name: &str, params: &[(&str, &str)]) -> PageResult {
        let page = self.site().page(name).ok_or_else(|| PageError::other(format!("there is no page {name:?}")))?;
        // It cannot lead elsewhere, whatever a parameter has in it: that is encoded.
        Ok(Response::redirect(HeaderValue::from_str(&address_of(page, params)?).map_err(PageError::other)?))
    }

    /// Lets another page answer this request (W25). This page's instance is handed back first;
    /// the session view and the unit of work go on; no field of a page or a data module does.
    ///
    /// # Errors
    /// None; an unknown page is an error once this page has returned.
    pub fn dispatch_page(&self, name: &str) -> PageResult {
        Ok(Response::dispatch(name.to_owned()))
    }
}

/// For adapters.
impl Context<'_> {
    /// The token every form must carry.
    pub(crate) fn csrf_token(&self) -> String {
        self.attempt.csrf.token(&self.attempt.unit.site.parts().secret)
    }

    /// Gives the connection for reading back: what follows takes its time and needs none.
    pub(crate) fn release_reader(&mut self) {
        self.attempt.unit.work.release_reader();
    }

    /// Undoes what the attempt did so far, with its locks and its changes to the session; it goes on
    /// from there.
    pub(crate) async fn undo(&mut self) {
        self.attempt.unit.work.abort().await;
        self.attempt.session.undo();
    }

    /// The address of a page, filled with the parameters of this request's own address, and with
    /// `key` for its `id`.
    pub(crate) fn address_of_page(&self, name: &str, key: Option<&str>) -> Result<String, PageError> {
        let page = self.site().page(name).ok_or_else(|| PageError::other(format!("there is no page {name:?}")))?;
        let own = self.attempt.request.params.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let mut params: Vec<(&str, &str)> = Vec::new();
        for (name, value) in key.map(|key| ("id", key)).into_iter().chain(own) {
            // Only what stands in the page's path, and once: the rest would become a query.
            let wanted = page.path().split('/').any(|segment| segment.starts_with(&format!("{{{name}")));
            if wanted && !params.iter().any(|(taken, _)| *taken == name) {
                params.push((name, value));
            }
        }
        address_of(page, &params)
    }
}

impl Attempt {
    fn frame(&self, flashes: Vec<String>) -> Frame {
        let end_user = self.session.end_user();
        let parts = self.unit.site.parts();
        Frame {
            site: self.unit.site.clone(),
            session: self.session.clone(),
            page: self.page,
            path: self.request.path_and_query(),
            end_user,
            csrf_token: self.csrf.token(&parts.secret),
            flashes,
            request_id: self.request.id.to_string(),
            assets: Arc::clone(&parts.assets),
        }
    }
}

fn render(template: &impl Template, frame: &Frame) -> Result<String, askama::Error> {
    let frame: &dyn Any = frame;
    template.render_with_values(&("frame", frame))
}

fn lookup<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
}
