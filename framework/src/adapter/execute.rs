//! Actions: what a form is posted for (W35, W36).

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::read::{Input, read_fields, read_frame};
use super::row::Rights;
use super::{Actions, Adapter, Errors, Form, Row, once};
use crate::page::{Context, Flow, PageError, PageResult, Refused, Response};

/// What came of an action that was not refused.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[must_use = "what came of an action is the value its `execute` returns"]
pub struct Done {
    to: Option<String>,
    message: Option<String>,
    json: Option<serde_json::Value>,
    #[serde(skip)]
    answer: Option<Response>,
}

impl Done {
    /// The action's own page and message come next.
    pub fn new() -> Self {
        Self::default()
    }

    /// Another address of this site comes next.
    pub fn to(mut self, path: impl Into<String>) -> Self {
        self.to = Some(path.into());
        self
    }

    /// The next page says this once, instead of the action's message.
    pub fn message(mut self, text: impl Into<String>) -> Self {
        self.message = Some(text.into());
        self
    }

    /// This is the answer itself, not a redirect to what comes next (W36). Whoever sends the same
    /// form again is led to the next page instead.
    pub fn answer(mut self, response: Response) -> Self {
        self.answer = Some(response);
        self
    }

    /// What is answered where JSON is asked for.
    pub fn json(mut self, value: serde_json::Value) -> Self {
        self.json = Some(value);
        self
    }
}

/// What the commands of an adapter do.
///
/// The order is WebSnap's (W35): the right is checked, the fields are read and checked, then
/// [`before_execute`](Self::before_execute), [`execute`](Self::execute),
/// [`after_execute`](Self::after_execute). Whoever of them adds an error to the form refuses it: the
/// whole unit of work is undone, and the page shows the form with everything that is wrong with it.
#[expect(async_fn_in_trait, reason = "pages run on one arbiter; their futures need not be Send")]
pub trait Execute: Actions {
    /// The adapter the commands are for.
    type Adapter: Adapter;

    /// Whether the action can be executed now; its button is not shown and it answers 403 where
    /// not. Defaults to always.
    fn is_enabled(self, _form: &Form<Self::Adapter>) -> bool {
        true
    }

    /// May answer in place of the action, or refuse the form. Defaults to going on.
    async fn before_execute(self, _form: &mut Form<Self::Adapter>, _cx: &mut Context<'_>) -> Result<Flow, PageError> {
        Ok(Flow::Continue)
    }

    /// Does it. The form's value is what was typed, sound by itself; changes belong to the unit
    /// of work.
    async fn execute(self, form: &mut Form<Self::Adapter>, cx: &mut Context<'_>) -> Result<Done, PageError>;

    /// After it was done, before the commit. Defaults to nothing.
    async fn after_execute(self, _form: &mut Form<Self::Adapter>, _cx: &mut Context<'_>) -> Result<(), PageError> {
        Ok(())
    }
}

impl Context<'_> {
    /// A form of a row or a value, as this visitor may see and change it.
    ///
    /// In the attempt that refused a form of the same row this is that form: with what was typed,
    /// and all that is wrong with it. So the page's `show` need not know whether it shows a form
    /// for the first time.
    pub fn form_of<A: Adapter>(&mut self, row: impl Into<Row<A>>) -> Form<A> {
        let mut row = row.into();
        let rights = self.rights();
        let mut errors = None;
        if let Some(refused) = self.attempt.refused.as_ref().and_then(|refused| refused.form.downcast_ref::<Form<A>>())
        {
            if refused.row.key == row.key {
                return refused.clone();
            }
            // A form of a row in a list was refused: what is wrong is told above the page's own form, which
            // stays its own.
            errors = Some(refused.errors.clone());
        }
        for (id, info) in A::INFO.numbered() {
            if let (Some(name), Some(field)) = (info.session, row.value.field_mut(id))
                && let Some(json) = self.attempt.session.json(name)
                && !field.from_json(&json)
            {
                tracing::warn!(field = name, "a session field is not of its adapter field's type");
            }
        }
        let mut form = Form::new(row).seen_by(&rights);
        form.errors = errors.map(Errors::without_fields).unwrap_or_default();
        form.shape.target = self.path_and_query();
        form.shape.csrf_token = self.csrf_token();
        form.shape.once = crate::secret::random_key().unwrap_or_default();
        form
    }

    /// A row or a value as this visitor may see it.
    pub fn row<A: Adapter>(&self, row: impl Into<Row<A>>) -> Row<A> {
        row.into().seen_by(&self.rights())
    }

    /// What the visitor may do.
    #[must_use]
    pub fn rights(&self) -> Rights {
        Rights::of(self.end_user())
    }

    /// Executes the action a form was posted for and answers: 303 to the next page with its message
    /// after success (W36), else what `show` makes of the refused form, with status 422, 403
    /// where a field may not be changed, 409 where another user was faster.
    ///
    /// # Errors
    /// [`PageError::BadRequest`] for an action that is not `X`'s (W20), [`PageError::Forbidden`] where
    /// it may not be executed, and whatever the action fails with.
    pub async fn execute<X: Execute>(&mut self, form: Form<X::Adapter>) -> PageResult {
        let action = chosen::<X>(&Input { pairs: self.attempt.request.body.form(), uploads: &[] })?;
        self.execute_action(action, form).await
    }

    /// As [`Context::execute`], of the one action that posting to this page's address means, whatever
    /// the form names.
    ///
    /// # Errors
    /// As [`Context::execute`].
    pub async fn execute_action<X: Execute>(&mut self, action: X, mut form: Form<X::Adapter>) -> PageResult {
        {
            let request = std::sync::Arc::clone(&self.attempt.request);
            let input = Input { pairs: request.body.form(), uploads: request.body.uploads() };
            read_frame(&mut form, &input, action.info());
            form.sent.action = Some(action.info());
            if !form.row.rights.include(action.info().right) || !action.is_enabled(&form) {
                return Err(PageError::Forbidden);
            }
            if action.info().reads_fields {
                read_fields(&mut form, &input);
            }
        }
        let user = self.end_user().map(|user| user.id);
        let digest = form.sent.once.as_deref().map(|key| once::digest(key, self.page().name(), user.as_deref()));
        if let Some(digest) = &digest
            && let Some(done) = once::answer(self.read().await?, digest).await?
        {
            return self.answer_again(done);
        }
        if form.is_refused() {
            return self.refuse(form, digest).await;
        }
        if let Flow::Handled(response) = action.before_execute(&mut form, self).await? {
            return Ok(response);
        }
        if form.is_refused() {
            return self.refuse(form, digest).await;
        }
        let done = action.execute(&mut form, self).await?;
        if !form.is_refused() {
            action.after_execute(&mut form, self).await?;
        }
        if form.is_refused() {
            return self.refuse(form, digest).await;
        }
        self.keep_session_fields(&form)?;
        let done = self.completed(action, &form, done)?;
        if let Some(digest) = &digest
            && !once::store(self.tx().await?, digest, &done).await?
        {
            return self.repeat(digest).await;
        }
        self.answer_done(done)
    }

    /// Stores the fields that live in the session (W32).
    fn keep_session_fields<A: Adapter>(&mut self, form: &Form<A>) -> Result<(), PageError> {
        for (id, info) in A::INFO.numbered().filter(|(id, _)| form.typed.contains_key(id)) {
            if let (Some(name), Some(field)) = (info.session, form.row.value.field(id)) {
                self.attempt.session.set_json(name, &field.to_json())?;
            }
        }
        Ok(())
    }

    /// Another sending of the same form was faster: this one is undone and answered as that one.
    async fn repeat(&mut self, digest: &str) -> PageResult {
        self.undo().await;
        match once::answer(self.read().await?, digest).await? {
            Some(done) => self.answer_again(done),
            // It was swept meanwhile, a day later.
            None => Err(PageError::bad_request("This form was sent already.")),
        }
    }

    /// Undoes the unit and has the form shown with all that is wrong with it.
    async fn refuse<A: Adapter>(&mut self, form: Form<A>, digest: Option<String>) -> PageResult {
        self.undo().await;
        // What stands in the way may be this form's own first sending.
        if let Some(digest) = digest
            && let Some(done) = once::answer(self.read().await?, &digest).await?
        {
            return self.answer_again(done);
        }
        let status = form.status();
        if self.wants_json() {
            let mut answer = json!({ "errors": form.errors.to_json() });
            if let (Some(current), Some(map)) = (&form.current, answer.as_object_mut()) {
                map.insert("stored".to_owned(), current.to_json());
            }
            let answer = self.json_with(status, &answer)?;
            return Ok(answer.retry_after(form.retry_after()));
        }
        let failure = form.sent.action.and_then(|action| action.failure);
        let retry_after = form.retry_after();
        self.attempt.refused = Some(Refused { form: Box::new(form), status, retry_after });
        match failure {
            Some(page) => self.dispatch_page(page),
            None => Ok(Response::show()),
        }
    }

    /// What comes next, complete: it must be the same for whoever sends the form again.
    fn completed<X: Execute>(&self, action: X, form: &Form<X::Adapter>, mut done: Done) -> Result<Done, PageError> {
        let info = action.info();
        if done.to.is_none() {
            let key = form.row.key.map(|key| key.to_string());
            done.to = Some(match info.success {
                Some(page) => self.address_of_page(page, key.as_deref())?,
                None => self.own_address()?,
            });
        }
        done.message = done.message.or_else(|| info.message.map(str::to_owned));
        if done.json.is_none() {
            done.json = Some(form.row.key.map_or_else(|| json!({ "done": true }), |key| json!({ "id": key })));
        }
        Ok(done)
    }

    /// Where this page is, without a query: not as the request wrote it, which may not be local.
    fn own_address(&self) -> Result<String, PageError> {
        self.address_of_page(self.page().name(), None)
    }

    /// As the first sending was answered, whose message waits in the session already.
    fn answer_again(&mut self, mut done: Done) -> PageResult {
        if !self.wants_fragment() {
            done.message = None;
        }
        self.answer_done(done)
    }

    fn answer_done(&mut self, done: Done) -> PageResult {
        if let Some(answer) = done.answer {
            return Ok(answer);
        }
        let to = done.to.unwrap_or_else(|| "/".to_owned());
        if self.wants_json() {
            return self.json(&done.json);
        }
        // In place: the script loads the part again and says the message itself.
        if self.wants_fragment() && to == self.own_address()? {
            return self.json(&json!({ "message": done.message }));
        }
        if let Some(message) = &done.message {
            self.flash(message)?;
        }
        if self.wants_fragment() {
            return self.json(&json!({ "location": to }));
        }
        self.redirect(to)
    }
}

/// The action a form was posted for. A form of a single action need not name it.
fn chosen<X: Actions>(input: &Input<'_>) -> Result<X, PageError> {
    match (input.action().map(|(name, _)| name), X::ALL) {
        (None, [only]) => Ok(*only),
        (None, _) => Err(PageError::bad_request("The form does not say what is to be done.")),
        (Some(name), all) => all
            .iter()
            .copied()
            .find(|action| action.info().name == name)
            .ok_or_else(|| PageError::bad_request("This page has no such action.")),
    }
}
