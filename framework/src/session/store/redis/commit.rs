//! What a unit does to its session: before COMMIT, and after it.

use super::link::{Link, Step};
use super::{DOUBT, Redis, finish, token, with_changes};
use crate::clock::{micros, now_micros};
use crate::db::{self, Conn};
use crate::secret::{hash, hex, random_key, random_number};
use crate::session::events::{EndReason, SessionStart, guarded};
use crate::session::fields::{FIELDS_LIMIT, USER};
use crate::session::store::{Outcome, Terms};
use crate::session::{CookieChange, Fate, Known, Session, SessionError};

/// What was made ready before COMMIT. Dropped before it was carried out, it is undone.
#[derive(Debug)]
pub(in crate::session) struct Settlement {
    link: Link,
    pending: Option<Pending>,
}

#[derive(Debug)]
enum Pending {
    /// Fields to be written.
    Write(Step),
    /// A sign-in that is noted in the session.
    SignIn { id: i64, key_hash: String, step: Step },
    /// A session in doubt that is to end.
    End { id: i64, token: String, reason: EndReason },
    /// A session that is written already, and that nobody has the key of yet.
    Start { id: i64 },
}

impl Redis {
    /// One session of one unit, and nothing else to be committed: then one step is enough.
    pub(in crate::session::store) fn commits_alone(&self, session: &Session) -> bool {
        session.known().is_some() && !matches!(session.fate(), Fate::Rotate { .. })
    }

    pub(in crate::session::store) async fn commit_alone(&self, session: &Session) -> Result<Outcome, SessionError> {
        let Some(known) = session.known() else { return Ok(Outcome::new(CookieChange::Keep, None)) };
        if let Fate::End(reason) = session.fate() {
            self.link.ask::<i64>(finish(known.id, *reason)).await?;
            return Ok(Outcome { ended: true, ..Outcome::new(CookieChange::Remove, Some(known)) });
        }
        check_fields(session)?;
        match self.link.ask::<i64>(self.write(known.id, session.changes())).await? {
            0 => Err(SessionError::Ended),
            _ => Ok(Outcome::new(CookieChange::Keep, Some(known))),
        }
    }

    pub(in crate::session::store) async fn commit(
        &self,
        tx: &mut Conn,
        session: &Session,
        terms: Terms<'_>,
    ) -> Result<Outcome, SessionError> {
        let known = session.known();
        match (session.fate(), known) {
            (Fate::End(reason), Some(known)) => self.prepare_end(known, *reason).await,
            (Fate::End(_), None) => Ok(Outcome::new(CookieChange::Keep, None)),
            (Fate::Keep, Some(known)) => {
                check_fields(session)?;
                if self.link.ask::<i64>(Step::new("check").with(known.id).with("")).await? == 0 {
                    return Err(SessionError::Ended);
                }
                let write = Pending::Write(self.write(known.id, session.changes()));
                Ok(self.then(Outcome::new(CookieChange::Keep, Some(known)), write))
            }
            (Fate::Keep, None) => self.start(tx, session, None, terms).await,
            (Fate::Rotate { user_id }, Some(known)) => match self.prepare_sign_in(known, session, user_id).await? {
                Some(outcome) => Ok(outcome),
                // Signing in needs no session that lived before: start another.
                None => self.start(tx, session, Some(user_id), terms).await,
            },
            (Fate::Rotate { user_id }, None) => self.start(tx, session, Some(user_id), terms).await,
        }
    }

    async fn prepare_end(&self, known: Known, reason: EndReason) -> Result<Outcome, SessionError> {
        let outcome = Outcome { ended: true, ..Outcome::new(CookieChange::Remove, Some(known)) };
        let token = token();
        let step = Step::new("doubt").with(known.id).with(&token).with(micros(DOUBT));
        // Armed before the step: an answer that does not come leaves the session trusted again.
        let outcome = self.then(outcome, Pending::End { id: known.id, token, reason });
        self.link.ask::<i64>(step).await?;
        Ok(outcome)
    }

    /// `None`: the session has ended.
    async fn prepare_sign_in(
        &self,
        known: Known,
        session: &Session,
        user_id: &str,
    ) -> Result<Option<Outcome>, SessionError> {
        check_fields(session)?;
        let key = random_key()?;
        let key_hash = hex(&hash(key.as_bytes()));
        let entry = session.changes().touched(USER).flatten().unwrap_or_default();
        let prepare = Step::new("prepare_sign_in").with(known.id).with(&key_hash).with(user_id).with(entry);
        let step = Step::new("sign_in").with(known.id).with(&key_hash).with(USER).with(self.limits.idle_timeout);
        let step = with_changes(step, session.changes());
        let sign_in = Pending::SignIn { id: known.id, key_hash, step };
        let mut outcome = self.then(Outcome::new(CookieChange::Set(key), Some(known)), sign_in);
        if self.link.ask::<i64>(prepare).await? == 0 {
            outcome.forget();
            return Ok(None);
        }
        Ok(Some(outcome))
    }

    /// Account of the start and its hook in the transaction; then, as the last thing that can be
    /// refused, the session itself.
    async fn start(
        &self,
        tx: &mut Conn,
        session: &Session,
        user_id: Option<&str>,
        terms: Terms<'_>,
    ) -> Result<Outcome, SessionError> {
        check_fields(session)?;
        let (id, key) = (random_number()?, random_key()?);
        db::query("INSERT INTO toolcrib_session_starts (id, absolute_at) VALUES ($1, $2)")
            .bind(id)
            .bind(now_micros().saturating_add(self.limits.absolute_timeout))
            .execute(tx)
            .await?;
        let start = SessionStart::new(id, user_id, session);
        let hook = guarded(async { (terms.hooks.start)(&start, tx).await }, terms.deadline);
        hook.await.map_err(SessionError::Hook)?;
        let limit = self.limits.max_sessions.map_or_else(String::new, |limit| limit.to_string());
        let step = Step::new("start")
            .with(id)
            .with(hex(&hash(key.as_bytes())))
            .with(user_id.unwrap_or_default())
            .with(self.limits.idle_timeout)
            .with(self.limits.absolute_timeout)
            .with(limit);
        let started = Outcome { started: Some(id), ..Outcome::new(CookieChange::Set(key), session.known()) };
        let mut outcome = self.then(started, Pending::Start { id });
        if self.link.run::<i64>(with_changes(step, session.changes())).await? == 0 {
            outcome.forget();
            return Err(SessionError::Full(self.limits.max_sessions.unwrap_or_default()));
        }
        Ok(outcome)
    }

    fn then(&self, outcome: Outcome, pending: Pending) -> Outcome {
        Outcome { after: Some(Settlement { link: self.link.clone(), pending: Some(pending) }), ..outcome }
    }

    /// Carries out what was made ready. Nothing can be refused any more: the unit is committed.
    pub(in crate::session::store) async fn settle(&self, outcome: &mut Outcome) {
        let Some(pending) = outcome.after.as_mut().and_then(|after| after.pending.take()) else { return };
        let (what, step) = match pending {
            Pending::Start { .. } => return,
            Pending::Write(step) => ("the fields of a unit that is committed", step),
            Pending::End { id, reason, .. } => ("the end of a session", finish(id, reason)),
            Pending::SignIn { id, key_hash, step } => {
                match self.link.run::<i64>(step).await {
                    Ok(0) => {
                        tracing::info!(session = id, "the session ended while somebody signed in with it");
                        outcome.cookie = CookieChange::Keep;
                        self.link.leave("a sign-in", undo_sign_in(id, &key_hash));
                    }
                    Ok(_) => {}
                    // It may have been done; if not, the browser has a key that opens nothing.
                    Err(error) => {
                        let error = &error as &dyn std::error::Error;
                        tracing::error!(session = id, error, "a sign-in could not be written to Redis");
                    }
                }
                return;
            }
        };
        match self.link.ask::<i64>(step).await {
            Ok(0) => tracing::debug!(what, "the session ended meanwhile"),
            Ok(_) => {}
            Err(error) => {
                tracing::error!(what, error = &error as &dyn std::error::Error, "could not be written to Redis");
            }
        }
    }
}

impl Outcome {
    /// There is nothing to be carried out, nor to be undone.
    fn forget(&mut self) {
        if let Some(after) = &mut self.after {
            after.pending = None;
        }
    }
}

impl Drop for Settlement {
    fn drop(&mut self) {
        match self.pending.take() {
            None | Some(Pending::Write(_)) => {}
            Some(Pending::SignIn { id, key_hash, .. }) => self.link.leave("a sign-in", undo_sign_in(id, &key_hash)),
            Some(Pending::End { id, token, .. }) => {
                self.link.leave("the end of a session", Step::new("trust").with(id).with(token));
            }
            Some(Pending::Start { id }) => self.link.leave("the start of a session", Step::new("erase").with(id)),
        }
    }
}

fn undo_sign_in(id: i64, key_hash: &str) -> Step {
    Step::new("undo_sign_in").with(id).with(key_hash)
}

fn check_fields(session: &Session) -> Result<(), SessionError> {
    if session.field_count() > FIELDS_LIMIT { Err(SessionError::TooMany(FIELDS_LIMIT)) } else { Ok(()) }
}
