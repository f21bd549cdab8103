//! Jobs that do what they are told, and sites that do them.

use serde::Deserialize;
use serde::Serialize;
use toolcrib::jobs::EnqueueError;
use toolcrib::server::SiteBuilder;

use crate::support::prelude::*;

/// A job that takes these steps, separated by commas; it is tried again at once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Act {
    pub(super) steps: String,
}

/// The same with the usual waits between its attempts.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Patient {
    pub(super) steps: String,
}

/// A job of a number of rows, one in each step; it waits where the test wants it to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Rows {
    pub(super) count: u64,
}

impl Job for Act {
    const NAME: &'static str = "act";
    const ATTEMPTS: u32 = 3;

    fn delay(_: u32) -> Duration {
        Duration::ZERO
    }

    async fn run(&self, run: &mut JobRun) -> Result<(), JobError> {
        play(&self.steps, run).await
    }
}

impl Job for Patient {
    const NAME: &'static str = "patient";

    async fn run(&self, run: &mut JobRun) -> Result<(), JobError> {
        play(&self.steps, run).await
    }
}

impl Job for Rows {
    const NAME: &'static str = "rows";

    async fn run(&self, run: &mut JobRun) -> Result<(), JobError> {
        let stage = Stage::of(run.site());
        stage.note(format!("attempt {} from {}", run.attempt(), run.done()));
        for row in run.done()..self.count {
            if stage.is_up("wait") {
                stage.gate("row").pass().await;
            }
            run.progress(row + 1, self.count);
            run.step(async |unit| insert(unit, &format!("row {row}")).await).await?;
        }
        Ok(())
    }
}

/// Takes the steps, one after the other. Whatever happens is noted on the stage.
async fn play(steps: &str, run: &mut JobRun) -> Result<(), JobError> {
    let stage = Stage::of(run.site());
    stage.count("run");
    for step in steps.split(',').filter(|step| !step.is_empty()) {
        let (what, of) = step.split_once(':').unwrap_or((step, ""));
        let taken = match what {
            "row" => run.step(async |unit| insert(unit, of).await).await,
            "row-of-attempt" => {
                let body = format!("{of} {}", run.attempt());
                run.step(async |unit| insert(unit, &body).await).await
            }
            "pass" => {
                stage.gate(if run.attempt() == 1 { "first" } else { "later" }).pass().await;
                Ok(())
            }
            "hang" => std::future::pending().await,
            "block" => {
                stage.count("blocking");
                std::thread::sleep(Duration::from_secs(8));
                Ok(())
            }
            "retry" => Err(JobError::retry(of.to_owned())),
            "fail" => Err(JobError::fail(of)),
            "fail-in-step" => run.step(async |_| Err(JobError::fail(of).into())).await,
            "lose-rows" => {
                run.step(async |unit| {
                    insert(unit, of).await?;
                    Err::<(), _>(PageError::NotFound)
                })
                .await
            }
            "panic" => panic!("asked to panic: {of}"),
            "panic-in-step" => run.step(async |_| panic!("asked to panic: {of}")).await,
            "once" if run.attempt() == 1 => Err(JobError::retry(of.to_owned())),
            "once" => Ok(()),
            other => panic!("there is no step {other:?}"),
        };
        if let Err(error) = taken {
            stage.note(format!("{step}: {error}"));
            return Err(error);
        }
    }
    Ok(())
}

/// Adds a note in a unit.
pub(super) async fn insert(unit: &mut Unit, body: &str) -> Result<(), PageError> {
    db::query("INSERT INTO notes (body) VALUES ($1)").bind(body).execute(unit.tx().await?).await?;
    Ok(())
}

/// A job that cannot even fail: how long to wait, and why it failed, panics too.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Clumsy {
    pub(super) says: bool,
}

#[derive(Debug)]
struct Mute;

impl std::fmt::Display for Mute {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        panic!("an error that cannot be told")
    }
}

impl std::error::Error for Mute {}

impl Job for Clumsy {
    const NAME: &'static str = "clumsy";
    const ATTEMPTS: u32 = 2;

    fn delay(_: u32) -> Duration {
        panic!("no idea")
    }

    async fn run(&self, run: &mut JobRun) -> Result<(), JobError> {
        Stage::of(run.site()).count("clumsy");
        Err(if self.says { JobError::retry("it fell") } else { JobError::retry(Mute) })
    }
}

/// A site with all of these jobs.
pub(super) fn acting(site: SiteBuilder) -> SiteBuilder {
    site.app_module::<PlainApp>().job::<Act>().job::<Patient>().job::<Rows>().job::<Clumsy>()
}

/// A site with all of these jobs, which looks for them often.
pub(super) async fn site(engine: Engine, settings: &str) -> Running {
    Running::start(engine, &format!("jobs.poll_ms = 20\n{settings}"), acting).await
}

/// A job of these steps.
pub(super) fn act(steps: &str) -> Act {
    Act { steps: steps.to_owned() }
}

impl Running {
    /// Adds a job, and answers its number.
    pub(super) async fn adds<J: Job>(&self, job: &J) -> i64 {
        self.adds_with(job, JobOptions::default()).await.expect("a job that can be added").id()
    }

    /// Adds a job with these options.
    pub(super) async fn adds_with<J: Job>(&self, job: &J, options: JobOptions) -> Result<Enqueued, EnqueueError> {
        let mut tx = self.site.db().begin().await.expect("a transaction");
        let added = self.site.jobs().enqueue_on(&mut tx, job, options).await;
        if added.is_ok() {
            tx.commit().await.expect("a commit");
        }
        added
    }

    /// A job as it stands.
    pub(super) async fn job(&self, id: i64) -> JobRecord {
        let mut conn = self.site.db().read().await.expect("a connection");
        self.site.jobs().find(&mut conn, id).await.expect("an answer").expect("a job of this number")
    }

    /// Waits until a job stands so.
    pub(super) async fn becomes(&self, id: i64, state: JobState) -> JobRecord {
        let what = format!("job {id} is {}", state.name());
        eventually(&what, Duration::from_secs(10), async || {
            let job = self.job(id).await;
            assert!(!job.state.is_ended() || job.state == state, "{what}, not {job:?}");
            (job.state == state).then_some(job)
        })
        .await
    }

    /// Runs one statement.
    pub(super) async fn sql(&self, text: &'static str) {
        let mut tx = self.site.db().begin().await.expect("a transaction");
        db::query(text).execute(&mut tx).await.unwrap_or_else(|error| panic!("{text}: {error:?}"));
        tx.commit().await.expect("a commit");
    }
}
