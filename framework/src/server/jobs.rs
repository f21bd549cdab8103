//! What a site registers to be done in the background.

use std::sync::Arc;
use std::time::Instant;

use super::SiteBuilder;
use super::served::Served;
use crate::jobs::{Job, JobWorkers, Ready, Schedule};

impl SiteBuilder {
    /// A job: a type of work done in the background. Jobs whose types a site does not register stay in the
    /// table, for a site that does.
    pub fn job<J: Job>(mut self) -> Self {
        self.jobs.job::<J>();
        self
    }

    /// A job that comes again, once however many processes serve the site. One that was missed while no process
    /// ran is made up once; one that has not ended when it is due again is not added a second time.
    ///
    /// ```no_run
    /// # use serde::{Deserialize, Serialize};
    /// # use toolcrib::prelude::*;
    /// # use toolcrib::server::SiteBuilder;
    /// # #[derive(Serialize, Deserialize)]
    /// # struct Recount { shelf: i64 }
    /// # impl Job for Recount {
    /// #     const NAME: &'static str = "recount";
    /// #     async fn run(&self, _: &mut JobRun) -> Result<(), JobError> { Ok(()) }
    /// # }
    /// # fn with_jobs(builder: SiteBuilder) -> SiteBuilder {
    /// builder.job::<Recount>().schedule::<Recount>("every night", Schedule::daily(2, 30), || Recount { shelf: 7 })
    /// # }
    /// ```
    pub fn schedule<J: Job>(
        mut self,
        name: &'static str,
        schedule: Schedule,
        make: impl Fn() -> J + Send + Sync + 'static,
    ) -> Self {
        self.jobs.schedule(name, schedule, make);
        self
    }
}

/// Starts the workers. The first job starts the application, as the first request does.
pub(super) fn start(served: &Served) -> JobWorkers {
    let (start, timeout) = (Arc::clone(&served.start), served.site.settings().request.timeout);
    let ready: Ready = Arc::new(move || {
        let start = Arc::clone(&start);
        Box::pin(async move { start.is_started() || start.ensure(Instant::now() + timeout).await })
    });
    JobWorkers::start(&served.site, &ready)
}
