//! Ends are told: claimed in Redis, accounted for in the database.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::link::Step;
use super::{Content, Redis};
use crate::clock::{micros, now_micros};
use crate::db::{self, DbError};
use crate::session::events::{EndReason, SessionEnd, SessionHooks};
use crate::session::store::{Told, run_end_hook};

/// How long a claim holds: longer than a hook and its transaction can take. Whoever crashed meanwhile
/// leaves the end to another.
const CLAIM: Duration = Duration::from_secs(30);

/// Account of sessions that Redis may have lost, looked at in one go.
const LOST_AT_ONCE: i64 = 50;

impl Redis {
    pub(in crate::session::store) async fn tell_one(&self, hooks: &SessionHooks) -> Result<Option<Told>, DbError> {
        let claimed: Option<Content> = self.link.run(Step::new("claim").with(micros(CLAIM))).await?;
        let Some((id, _, _, _, fields, reason)) = claimed else { return self.tell_lost(hooks).await };
        let reason = EndReason::parse(&reason);
        match self.tell(hooks, &SessionEnd::new(id, reason, fields)).await {
            Ok(now) => {
                // Should this be lost, the claim lapses and whoever claims next finds that it was told.
                self.link.leave("an end that was told", Step::new("told").with(id));
                Ok(Some(Told { id, reason, now }))
            }
            Err(error) => {
                self.link.leave("a claim", Step::new("release").with(id));
                Err(error)
            }
        }
    }

    /// Runs the hook in the transaction that closes the account of the session; false: it was
    /// closed before, or never opened, since the unit that started the session was undone.
    async fn tell(&self, hooks: &SessionHooks, end: &SessionEnd) -> Result<bool, DbError> {
        const CLOSE: &str = "DELETE FROM toolcrib_session_starts WHERE id = $1";
        let mut tx = self.db.begin().await?;
        if db::query(CLOSE).bind(end.id).execute(&mut tx).await? == 0 {
            tx.rollback().await?;
            return Ok(false);
        }
        if !run_end_hook(hooks, end, &mut tx).await {
            drop(tx);
            tx = self.db.begin().await?;
            if db::query(CLOSE).bind(end.id).execute(&mut tx).await? == 0 {
                tx.rollback().await?;
                return Ok(false);
            }
        }
        tx.commit().await?;
        Ok(true)
    }

    /// Now and then: sessions of which Redis knows nothing although their start was told and their
    /// time is over. Redis was emptied, or threw them away.
    async fn tell_lost(&self, hooks: &SessionHooks) -> Result<Option<Told>, DbError> {
        let (now, period) = (now_micros(), 60 * micros(self.limits.interval));
        if now < self.next_look.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let over: Vec<i64> = {
            let mut conn = self.db.read().await?;
            db::query("SELECT id FROM toolcrib_session_starts WHERE absolute_at < $1 ORDER BY absolute_at LIMIT $2")
                .bind(now - period)
                .bind(LOST_AT_ONCE)
                .scalars(&mut conn)
                .await?
        };
        for id in over {
            if self.link.ask::<i64>(Step::new("is_known").with(id)).await? == 0 {
                let reason = EndReason::Timeout;
                let now = self.tell(hooks, &SessionEnd::new(id, reason, HashMap::new())).await?;
                return Ok(Some(Told { id, reason, now }));
            }
        }
        self.next_look.store(now + period, Ordering::Relaxed);
        Ok(None)
    }
}
