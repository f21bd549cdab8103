//! Companies at which clients have accounts, and asking them whether such an account is sound.
//!
//! [`MockProvider`] asks nobody: it answers by rules of the reference, so that every state of an account can be seen and
//! tested. A site that has real ones implements [`Provider`] and hands it to the builder in its place:
//! `.state::<Arc<dyn Provider>>(Arc::new(Ours))`.

use std::time::Duration;

use futures_util::future::BoxFuture;

/// How long a reference that begins with `SLOW-` takes.
const SLOW: Duration = Duration::from_millis(300);

/// What a provider says of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// It is there and in order.
    Sound,
    /// It is not, and asking again makes no difference. A sentence says why.
    Broken(String),
    /// There was no answer; a later one may come.
    Unreachable(String),
}

/// Asks companies about accounts.
pub trait Provider: Send + Sync + 'static {
    /// Whether the account with `reference` at `provider` is sound. `attempt` counts from 1 how often this check was tried.
    fn check<'a>(&'a self, provider: &'a str, reference: &'a str, attempt: u32) -> BoxFuture<'a, Finding>;
}

/// A provider that is none. It says of a reference:
///
/// | reference | answer |
/// |---|---|
/// | `DOWN3-…` | none for the first three attempts of a check |
/// | `SLOW-…` | after a while |
/// | `GONE-…` | closed |
/// | `…-4711-3` | the single digit at the end is the sum of those before it, without its tens; else it is mistyped |
/// | any other | sound |
#[derive(Debug, Clone, Copy, Default)]
pub struct MockProvider;

impl Provider for MockProvider {
    fn check<'a>(&'a self, _: &'a str, reference: &'a str, attempt: u32) -> BoxFuture<'a, Finding> {
        Box::pin(async move {
            if reference.starts_with("SLOW-") {
                tokio::time::sleep(SLOW).await;
            }
            finding(reference, attempt)
        })
    }
}

fn finding(reference: &str, attempt: u32) -> Finding {
    let down = reference.strip_prefix("DOWN").and_then(|rest| rest.split_once('-'));
    if down.and_then(|(times, _)| times.parse::<u32>().ok()).is_some_and(|times| attempt <= times) {
        return Finding::Unreachable("There was no answer.".to_owned());
    }
    if reference.starts_with("GONE-") {
        return Finding::Broken("The account was closed.".to_owned());
    }
    if has_wrong_digit(reference) {
        return Finding::Broken("The check digit does not fit: is the reference mistyped?".to_owned());
    }
    Finding::Sound
}

/// Whether a reference has a digit of its own at the end that is not the one its other digits make.
fn has_wrong_digit(reference: &str) -> bool {
    let Some((rest, last)) = reference.rsplit_once('-') else { return false };
    let (Ok(digit), 1) = (last.parse::<u32>(), last.len()) else { return false };
    rest.chars().filter_map(|letter| letter.to_digit(10)).sum::<u32>() % 10 != digit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_can_be_had() {
        let broken = |reference| matches!(finding(reference, 1), Finding::Broken(_));
        assert_eq!(finding("ACC-900001", 1), Finding::Sound);
        assert_eq!(finding("AB-4711-3", 1), Finding::Sound);
        assert!(broken("AB-4711-4") && broken("GONE-1234"));
        assert_eq!(finding("4711", 1), Finding::Sound);
        assert!(matches!(finding("DOWN2-X", 2), Finding::Unreachable(_)));
        assert_eq!(finding("DOWN2-X", 3), Finding::Sound);
        assert_eq!(finding("DOWNTOWN-X", 1), Finding::Sound);
    }
}
