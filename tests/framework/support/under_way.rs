//! Requests that are under way while the test goes on.

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::timeout;
use toolcrib_tests::Answer;

use super::Visitor;

/// A request that was sent, and whose answer is asked for later.
#[must_use]
pub(crate) struct UnderWay(JoinHandle<Answer>);

impl Visitor {
    /// Opens a page while the test goes on.
    pub(crate) fn opens(&self, path: impl Into<String>) -> UnderWay {
        let (visitor, path) = (self.clone(), path.into());
        UnderWay(tokio::spawn(async move { visitor.get(&path).await }))
    }

    /// Sends a form, with a token fetched before, while the test goes on.
    pub(crate) fn sends(&self, token: &str, path: impl Into<String>, fields: &[(&str, &str)]) -> UnderWay {
        let (visitor, token, path) = (self.clone(), token.to_owned(), path.into());
        let fields: Vec<(String, String)> =
            fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        UnderWay(tokio::spawn(async move {
            let fields: Vec<(&str, &str)> =
                fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            visitor.post_with(&token, &path, &fields).await
        }))
    }
}

impl UnderWay {
    /// The answer, when it has come.
    pub(crate) async fn answer(self) -> Answer {
        self.0.await.expect("an answer")
    }

    /// Whether it has come.
    pub(crate) fn is_answered(&self) -> bool {
        self.0.is_finished()
    }

    /// Watches for a moment that no answer comes: for what has to wait and shows it nowhere else.
    pub(crate) async fn stays_unanswered(&mut self, moment: Duration) {
        let early = timeout(moment, &mut self.0).await;
        assert!(early.is_err(), "this should have waited: {early:?}");
    }
}

/// Does some work on a thread of its own while the test goes on: for what cannot be sent between threads.
pub(crate) fn in_background<T: Send + 'static>(work: impl AsyncFnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    let runtime = tokio::runtime::Handle::current();
    tokio::task::spawn_blocking(move || runtime.block_on(work()))
}

/// How many attempts an answer took.
pub(crate) fn attempts(answer: &Answer) -> u32 {
    let count = answer.header("x-attempts").unwrap_or_else(|| panic!("no count of attempts in {answer:?}"));
    count.parse().expect("a number")
}
