//! The start of the application: once, however many ask for it at the same time (A9, T29).

/// Who has started the application, and who waits for that. Pure: `W` stands for a waiter.
#[derive(Debug)]
pub(crate) struct Start<W> {
    state: State<W>,
}

#[derive(Debug)]
enum State<W> {
    NotStarted,
    Starting(Vec<W>),
    Started,
}

/// What to do about a request that needs the application started.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    /// It is.
    Started,
    /// Begin, and wait for the end.
    Begin,
    /// Somebody has begun: wait for the end.
    Wait,
}

impl<W> Default for Start<W> {
    fn default() -> Self {
        Self { state: State::NotStarted }
    }
}

impl<W> Start<W> {
    /// Somebody needs the application; `waiter` is kept unless it is started.
    pub(crate) fn ask(&mut self, waiter: W) -> Ask {
        match &mut self.state {
            State::Started => Ask::Started,
            State::Starting(waiters) => {
                waiters.push(waiter);
                Ask::Wait
            }
            State::NotStarted => {
                self.state = State::Starting(vec![waiter]);
                Ask::Begin
            }
        }
    }

    /// The start has ended; after a failure the next who asks begins anew. Answers who waited.
    pub(crate) fn ended(&mut self, started: bool) -> Vec<W> {
        let next = if started { State::Started } else { State::NotStarted };
        match std::mem::replace(&mut self.state, next) {
            State::Starting(waiters) => waiters,
            State::NotStarted | State::Started => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_who_ask_at_once_the_first_begins_and_all_are_told() {
        let mut start = Start::default();
        assert_eq!(start.ask(1), Ask::Begin);
        assert_eq!(start.ask(2), Ask::Wait);
        assert_eq!(start.ask(3), Ask::Wait);
        assert_eq!(start.ended(true), [1, 2, 3]);
        assert_eq!(start.ask(4), Ask::Started);
    }

    #[test]
    fn after_a_failed_start_the_next_who_asks_begins_anew() {
        let mut start = Start::default();
        assert_eq!(start.ask(1), Ask::Begin);
        assert_eq!(start.ask(2), Ask::Wait);
        assert_eq!(start.ended(false), [1, 2]);
        assert_eq!(start.ask(3), Ask::Begin);
    }
}
