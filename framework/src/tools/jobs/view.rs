//! The jobs as pages.

use askama::Template;

use super::look::Look;
use crate::filters;
use crate::jobs::{JobCounts, JobRecord, JobState, ScheduleRecord};
use crate::page::Frame;
use crate::tools::object_log::begin;

#[derive(Template)]
#[template(path = "tools/jobs.html")]
pub(super) struct JobsView {
    pub(super) look: Look,
    pub(super) counts: JobCounts,
    /// Names of jobs, and whether the site knows them.
    pub(super) names: Vec<(bool, String, JobCounts)>,
    pub(super) schedules: Vec<ScheduleRecord>,
    /// How many jobs the filter lets through.
    pub(super) matching: i64,
    pub(super) pages: i64,
    pub(super) jobs: Vec<JobRecord>,
    /// Of this process.
    pub(super) workers: usize,
}

#[derive(Template)]
#[template(path = "tools/job.html")]
pub(super) struct JobView {
    pub(super) job: JobRecord,
    pub(super) known: bool,
}

impl JobsView {
    fn is_filtered(&self) -> bool {
        super::is_filtered(&self.look.filter)
    }

    fn is_state(&self, state: &JobState) -> bool {
        self.look.filter.state == Some(*state)
    }

    fn is_name(&self, name: &str) -> bool {
        self.look.filter.name.as_deref() == Some(name)
    }

    /// Whether the name that is filtered by is none of those to choose from.
    fn strange_name(&self) -> Option<&str> {
        let name = self.look.filter.name.as_deref()?;
        (!self.names.iter().any(|(_, known, _)| known == name)).then_some(name)
    }
}

/// What may be done about a job: the word for the form, and for people.
fn actions(state: &JobState) -> &'static [(&'static str, &'static str)] {
    match state {
        JobState::Queued => &[("cancel", "Cancel")],
        JobState::Running => &[],
        JobState::Failed => &[("retry", "Retry now"), ("remove", "Remove")],
        JobState::Done | JobState::Cancelled => &[("remove", "Remove")],
    }
}

/// How far a job is, as far as it said.
fn progress(job: &JobRecord) -> String {
    match (job.done, job.total) {
        (0, 0) => String::new(),
        (done, 0) => grouped(done),
        (done, total) => format!("{} of {}", grouped(done), grouped(total)),
    }
}

fn grouped(number: u64) -> String {
    filters::grouped(i64::try_from(number).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_says_how_far_it_is_as_far_as_it_knows() {
        let said = |done, total| {
            progress(&JobRecord {
                id: 1,
                name: "count".to_owned(),
                state: JobState::Running,
                attempts: 1,
                done,
                total,
                last_error_for_admins: None,
                created_at: 0,
                due_at: 0,
                ended_at: None,
            })
        };
        assert_eq!((said(0, 0), said(1_200, 0), said(0, 3)), (String::new(), "1,200".into(), "0 of 3".into()));
    }

    #[test]
    fn only_what_has_ended_can_be_removed() {
        for state in JobState::ALL {
            let removable = actions(&state).iter().any(|(what, _)| *what == "remove");
            assert_eq!(removable, state.is_ended(), "{state:?}");
        }
    }
}
