//! What goes on beside the workers, on a thread that no job can block: claims are renewed, schedules
//! are kept, old jobs are removed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::handle::Plan;
use super::run::Phase;
use super::workers::UnderWay;
use super::{JobOptions, Jobs, store};
use crate::clock::{micros, now_micros};
use crate::db::{self, Conn, DbError};
use crate::object_log::{Entry, Priority};
use crate::page::Site;
use crate::panics::message_of;

/// How often old jobs are removed.
const SWEEP_EVERY: Duration = Duration::from_secs(3_600);

/// What the keeper works with.
#[derive(Clone)]
pub(super) struct Keeper {
    pub(super) site: Site,
    pub(super) jobs: Jobs,
    pub(super) phase: watch::Receiver<Phase>,
    pub(super) under_way: Arc<UnderWay>,
}

impl Keeper {
    /// Renews the claims of this process until nobody is at work: three times before they lapse, so
    /// that one renewal may fail.
    pub(super) async fn beat(mut self) {
        let every = self.site.settings().jobs.lease / 3;
        while !self.is_over_after(every, Phase::Stopped).await {
            if let Err(error) = self.renew_all().await {
                tracing::debug!(error = &error as &dyn std::error::Error, "renewing the claims on jobs");
            }
        }
    }

    async fn renew_all(&self) -> Result<(), DbError> {
        let claims = self.under_way.claims();
        if claims.is_empty() {
            return Ok(());
        }
        let mut lost = Vec::new();
        let mut tx = self.site.db().begin().await?;
        let until = now_micros().saturating_add(micros(self.site.settings().jobs.lease));
        for claim in claims {
            if !store::renew(&mut tx, claim.key(), until, None).await? {
                lost.push(claim);
            }
        }
        tx.commit().await?;
        // One that ended meanwhile is not lost: it has left.
        lost.iter().filter(|claim| self.under_way.has(claim)).for_each(|claim| claim.lose());
        Ok(())
    }

    /// Keeps the schedules and removes old jobs until the site stops.
    pub(super) async fn keep(mut self) {
        let settings = self.site.settings().jobs;
        let mut known = false;
        let mut swept: Option<tokio::time::Instant> = None;
        loop {
            let kept = async {
                if !known {
                    self.announce().await?;
                    known = true;
                }
                self.add_due().await
            };
            if let Err(error) = kept.await {
                tracing::debug!(error = &error as &dyn std::error::Error, "the schedules of jobs");
            }
            if swept.is_none_or(|swept| swept.elapsed() >= SWEEP_EVERY) && self.sweep().await.is_ok() {
                swept = Some(tokio::time::Instant::now());
            }
            if self.is_over_after(settings.poll, Phase::Stopping).await {
                return;
            }
        }
    }

    /// Stores the schedules that are new or differ from what is stored.
    async fn announce(&self) -> Result<(), DbError> {
        if self.jobs.plans().is_empty() {
            return Ok(());
        }
        let now = now_micros();
        let mut tx = self.site.db().begin().await?;
        for plan in self.jobs.plans() {
            db::query(
                "INSERT INTO toolcrib_job_schedules (name, job, plan, next_at) VALUES ($1, $2, $3, $4) \
                 ON CONFLICT (name) DO UPDATE SET job = excluded.job, plan = excluded.plan, next_at = excluded.next_at \
                 WHERE toolcrib_job_schedules.plan <> excluded.plan OR toolcrib_job_schedules.job <> excluded.job",
            )
            .bind(plan.name)
            .bind(plan.job)
            .bind(plan.schedule.to_string())
            .bind(plan.schedule.first(now))
            .execute(&mut tx)
            .await?;
        }
        tx.commit().await
    }

    /// Adds the jobs whose time has come.
    async fn add_due(&self) -> Result<(), DbError> {
        if self.jobs.plans().is_empty() {
            return Ok(());
        }
        let due: Vec<(String, i64)> = {
            let mut conn = self.site.db().read().await?;
            db::query("SELECT name, next_at FROM toolcrib_job_schedules WHERE next_at <= $1 ORDER BY next_at LIMIT 200")
                .bind(now_micros())
                .fetch_all(&mut conn)
                .await?
        };
        for (name, next_at) in due {
            if let Some(plan) = self.jobs.plans().iter().find(|plan| plan.name == name) {
                self.add(plan, next_at).await?;
            }
        }
        Ok(())
    }

    /// Adds the job of a schedule that was due at `due`, unless another process has done so.
    async fn add(&self, plan: &Plan, due: i64) -> Result<(), DbError> {
        let now = now_micros();
        let mut tx = self.site.db().begin().await?;
        let moved =
            db::query("UPDATE toolcrib_job_schedules SET next_at = $3, last_at = $4 WHERE name = $1 AND next_at = $2")
                .bind(plan.name)
                .bind(due)
                .bind(plan.schedule.next(due, now))
                .bind(now)
                .execute(&mut tx)
                .await?;
        if moved == 1 {
            self.add_job(plan, &mut tx).await?;
        }
        tx.commit().await
    }

    /// A job that cannot be made or stored is noted, and its schedule goes on.
    async fn add_job(&self, plan: &Plan, tx: &mut Conn) -> Result<(), DbError> {
        let options = JobOptions::default().unique(Plan::key_of(plan.name));
        // An author's code, which must not end what renews the claims.
        let made = catch_unwind(AssertUnwindSafe(|| (plan.make)()));
        let made = made.unwrap_or_else(|panic| Err(serde::ser::Error::custom(message_of(panic.as_ref()))));
        let failed = match made {
            Ok(payload) => match self.jobs.enqueue_payload(tx, plan.job, &payload, options).await {
                Ok(_) => return Ok(()),
                Err(super::EnqueueError::Database(error)) => return Err(error),
                Err(error) => Box::new(error) as Box<dyn std::error::Error>,
            },
            Err(error) => Box::new(error),
        };
        let entry = Entry::new(Priority::Error, "Scheduled job was not added").page(plan.job).object(plan.name);
        self.site.object_log().note(entry.error(failed.as_ref()));
        Ok(())
    }

    async fn sweep(&self) -> Result<(), DbError> {
        let kept = Duration::from_secs(u64::from(self.site.settings().jobs.keep_days) * 24 * 3_600);
        let before = now_micros().saturating_sub(micros(kept));
        loop {
            let mut tx = self.site.db().begin().await?;
            let more = store::remove_old(&mut tx, before).await?;
            tx.commit().await?;
            if !more {
                return Ok(());
            }
        }
    }

    /// Waits that long; true at once when the phase has come.
    async fn is_over_after(&mut self, wait: Duration, end: Phase) -> bool {
        tokio::select! {
            _ = self.phase.wait_for(|phase| *phase >= end) => true,
            () = tokio::time::sleep(wait) => false,
        }
    }
}
