//! A job as it is stored and looked at.

/// How a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum JobState {
    /// It waits until it is due and a worker is free.
    Queued,
    /// A worker has it.
    Running,
    /// It was done.
    Done,
    /// No attempt is left; it stays for people to look at.
    Failed,
    /// Somebody took it out of the queue.
    Cancelled,
}

impl JobState {
    /// All of them, in the order of a job's life.
    pub const ALL: [Self; 5] = [Self::Queued, Self::Running, Self::Done, Self::Failed, Self::Cancelled];

    /// Its name in the store, in addresses and documents.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state of a name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Whether nothing becomes of the job any more by itself.
    #[must_use]
    pub fn is_ended(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled)
    }
}

/// A job as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct JobRecord {
    /// Its number.
    pub id: i64,
    /// The name of its type.
    pub name: String,
    /// How it stands.
    pub state: JobState,
    /// Attempts so far, one under way included.
    pub attempts: u32,
    /// How much of it is done, as the job said last.
    pub done: u64,
    /// Of how much; 0 where the job did not say.
    pub total: u64,
    /// Why the last attempt that failed did, with all causes. For administrators only.
    pub last_error_for_admins: Option<String>,
    /// When it was added, in microseconds since 1970.
    pub created_at: i64,
    /// When it is due, or was.
    pub due_at: i64,
    /// When it ended.
    pub ended_at: Option<i64>,
}
