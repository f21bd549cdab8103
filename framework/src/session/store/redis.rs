//! Sessions in Redis.
//!
//! Redis does not commit with the database. So a commit has two parts, and what a session keeps is
//! arranged so that a crash between them does no harm that could be avoided:
//!
//! * **Before COMMIT** everything is done that may be refused: that the session is open, that there
//!   is room for another. A session that starts is written whole (nobody has its key yet); a sign-in
//!   is noted in the session, so that who ends or changes the user's sessions meanwhile finds it; a
//!   session that is to end is put *in doubt*: nobody reads it, and the doubt itself ends it in a
//!   while. The sessions of a user who is disabled, or has another password, end here: if COMMIT
//!   fails they have ended nevertheless. Those of a user with other rights are put in doubt.
//! * **After COMMIT** the fields are written, the sign-in counts, what was in doubt ends or is
//!   trusted again with the new rights.
//! * **A crash in between**, or a Redis that does not answer then: the unit's rows are stored, the
//!   fields it set are lost; who was to be signed in is not; sessions in doubt end after ten
//!   seconds. Nothing is ever left with rights it should have lost.
//! * **A unit without a transaction** has one part: its fields are written whole or it fails.
//!
//! Start and end hooks write into the database, so the database keeps account of them: a row per
//! session in `toolcrib_session_starts`, added in the transaction of the start hook and removed in
//! that of the end hook. Each is told once, whatever crashes. Should Redis lose its data, the ends of
//! the sessions lost with it are told when their absolute limit is over, without their fields.
//!
//! Every step is one script, which Redis runs alone, and times are by the clock of Redis.

mod commit;
mod ends;
mod link;
mod users;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::{Duration, Instant};

pub(super) use self::commit::Settlement;
use self::link::{Link, Step, unavailable};
use super::{Limits, OpenStoreError};
use crate::clock::{micros, now_micros};
use crate::db::{Db, DbError};
use crate::secret::{Digest256, hex};
use crate::session::cache::Loaded;
use crate::session::events::EndReason;
use crate::session::fields::USER;
use crate::session::{Changes, Known};

/// How long a session may be in doubt before the doubt ends it.
const DOUBT: Duration = Duration::from_secs(10);

/// The longest wait for a session that is in doubt.
const DOUBT_PATIENCE: Duration = Duration::from_secs(1);

/// How often such a session is looked at again.
const DOUBT_LOOK: Duration = Duration::from_millis(10);

/// Sessions named in one step, so that no step holds Redis up for long.
const AT_ONCE: usize = 500;

/// A session as the script tells it: number, whether it is in doubt, idle time left and absolute
/// time left in microseconds, fields, reason of its end.
type Content = (i64, i64, i64, i64, HashMap<String, String>, String);

/// The store.
#[derive(Debug)]
pub(in crate::session) struct Redis {
    db: Db,
    link: Link,
    limits: Limits,
    /// When to look again for sessions that Redis has lost.
    next_look: AtomicI64,
}

impl Redis {
    /// Redis need not answer yet.
    pub(super) async fn open(db: Db, url: &str, limits: Limits) -> Result<Self, OpenStoreError> {
        let store = Self { db, link: Link::new(url)?, limits, next_look: AtomicI64::new(0) };
        match store.active().await {
            Ok(_) => tracing::info!(redis = store.link.target(), "sessions are in Redis"),
            Err(error) => tracing::warn!(
                redis = store.link.target(),
                error = &error as &dyn std::error::Error,
                "Redis does not answer; until it does nobody can be signed in"
            ),
        }
        Ok(store)
    }

    /// A session in doubt is waited for: it is a moment's matter, unless something crashed.
    pub(super) async fn current(&self, key_hash: &Digest256) -> Result<Option<Arc<Loaded>>, DbError> {
        let patience = Instant::now() + DOUBT_PATIENCE;
        loop {
            let step = Step::new("load").with(hex(key_hash));
            let Some(content) = self.link.ask::<Option<Content>>(step).await? else { return Ok(None) };
            let (id, in_doubt, idle_left, absolute_left, fields, _) = content;
            if in_doubt == 0 {
                let now = now_micros();
                return Ok(Some(Arc::new(Loaded {
                    known: Known { id, key_hash: *key_hash },
                    fields,
                    idle_at: AtomicI64::new(now.saturating_add(idle_left)),
                    absolute_at: now.saturating_add(absolute_left),
                })));
            }
            if Instant::now() >= patience {
                return Err(unavailable("the session is about to be changed"));
            }
            tokio::time::sleep(DOUBT_LOOK).await;
        }
    }

    pub(super) async fn active(&self) -> Result<u64, DbError> {
        self.link.ask(Step::new("count")).await
    }

    pub(super) async fn stored_users(&self, ids: &[i64]) -> Result<HashMap<i64, Option<String>>, DbError> {
        let mut found = HashMap::with_capacity(ids.len());
        for some in ids.chunks(AT_ONCE) {
            let step = some.iter().fold(Step::new("stored_users").with(USER), Step::with);
            let entries: Vec<(i64, String)> = self.link.ask(step).await?;
            found.extend(entries.into_iter().map(|(id, entry)| (id, Some(entry).filter(|entry| !entry.is_empty()))));
        }
        Ok(found)
    }

    pub(super) async fn write_touched(&self, touched: &HashMap<i64, i64>) -> Result<(), DbError> {
        let touched: Vec<_> = touched.iter().collect();
        for some in touched.chunks(AT_ONCE) {
            let now = now_micros();
            let step = some.iter().fold(Step::new("touch").with(self.limits.idle_timeout), |step, (id, idle_at)| {
                let seen_at = idle_at.saturating_sub(self.limits.idle_timeout);
                step.with(id).with(now.saturating_sub(seen_at).max(0))
            });
            self.link.ask::<i64>(step).await?;
        }
        Ok(())
    }

    /// Another node may have seen the visitor and not have written it down yet: two intervals' grace.
    pub(super) async fn end_timed_out(&self) -> Result<(), DbError> {
        let grace = 2 * micros(self.limits.interval);
        loop {
            let ended: usize = self.link.ask(Step::new("sweep").with(grace).with(AT_ONCE)).await?;
            if ended < AT_ONCE {
                return Ok(());
            }
        }
    }

    pub(super) async fn merge(&self, known: Known, changes: &Changes) -> Result<(), DbError> {
        self.link.ask::<i64>(self.write(known.id, changes)).await?;
        Ok(())
    }

    pub(super) async fn end(&self, known: Known, reason: EndReason) -> Result<(), DbError> {
        self.link.ask::<i64>(finish(known.id, reason)).await?;
        Ok(())
    }

    /// The step that merges changes into an open session.
    fn write(&self, id: i64, changes: &Changes) -> Step {
        with_changes(Step::new("write").with(id).with(self.limits.idle_timeout), changes)
    }
}

/// The step that ends a session.
fn finish(id: i64, reason: EndReason) -> Step {
    Step::new("finish").with(id).with(reason.name())
}

fn with_changes(step: Step, changes: &Changes) -> Step {
    changes.iter().fold(step, |step, (name, json)| match json {
        Some(json) => step.with(name).with(1).with(json),
        None => step.with(name).with(0).with(""),
    })
}

/// What tells one change from another that puts the same session in doubt.
fn token() -> String {
    uuid::Uuid::now_v7().simple().to_string()
}

#[cfg(test)]
mod tests {
    /// A step's name is a text: one that the script has not would be found out by a visitor.
    #[test]
    fn every_step_that_is_asked_for_is_in_the_script() {
        let script = include_str!("redis/sessions.lua");
        let sources = [
            include_str!("redis.rs"),
            include_str!("redis/commit.rs"),
            include_str!("redis/ends.rs"),
            include_str!("redis/users.rs"),
        ];
        let asked: std::collections::BTreeSet<&str> = sources
            .iter()
            .flat_map(|source| source.split("Step::new(\"").skip(1))
            .filter_map(|rest| rest.split('"').next())
            .filter(|name| name.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_'))
            .collect();
        assert!(asked.len() > 15, "{asked:?}");
        for name in asked {
            assert!(script.contains(&format!("function steps.{name}()")), "{name}");
        }
    }
}
