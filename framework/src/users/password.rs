//! Password hashes: argon2id, off the worker threads, never more at once than there are cores.
//!
//! A hash costs about 20 ms of a core and 19 MiB on purpose. Without a limit a few dozen sign-ins
//! at once would take the memory and the cores from everybody else, so they queue; a queue that is
//! full answers [`PasswordError::Busy`] at once, which a page turns into a 503.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{self, PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use thiserror::Error;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The longest password taken, in bytes, unmodified: long enough for any pass phrase, and short
/// enough that hashing it costs no more than the fixed cost.
pub const MAX_PASSWORD_BYTES: usize = 1024;

/// How many may wait for a core, per core: at 20 ms each the last waits about a third of a second.
const WAITING_PER_CORE: usize = 16;

/// How long one may wait all the same, should the cores be busy with something else.
const MAX_WAIT: Duration = Duration::from_secs(3);

/// What to tell a client that found the queue full.
const RETRY_AFTER: Duration = Duration::from_secs(2);

// OWASP's first recommendation for argon2id.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Stands in for the hash of a user who does not exist: no password is known to fit, and checking
/// one costs the same.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$Y/EeCNx+vCEQH54btFTMGg$T5gmwKOl7MC3Ijyew3ghSBQVWJ6bWNREDqTjIQ5w6eY";

/// Why no answer about a password could be given.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PasswordError {
    /// Longer than [`MAX_PASSWORD_BYTES`].
    #[error("a password has at most {MAX_PASSWORD_BYTES} bytes")]
    TooLong,
    /// Nothing to hash; checking an empty password is a mismatch like any other.
    #[error("a password must not be empty")]
    Empty,
    /// Too many at once.
    #[error("too many sign-ins at once")]
    Busy {
        /// When it is worth trying again.
        retry_after: Duration,
    },
    /// The stored hash is none of ours, or the system has no random numbers.
    #[error("the password hash cannot be computed")]
    Hash(#[source] password_hash::Error),
    /// The stored hash is damaged.
    #[error("the stored password hash cannot be read")]
    Stored(#[source] password_hash::phc::Error),
    /// The computation was torn down with the runtime.
    #[error("the password computation was stopped")]
    Stopped,
}

/// What came of checking a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    /// It is the user's.
    Match,
    /// It is not, or there is no such user: the two look alike and take equally long.
    Mismatch,
}

/// Hashes and checks passwords; one for the whole site, shared by reference.
#[derive(Debug)]
pub struct Passwords {
    /// One permit per core: who holds one computes.
    cores: Arc<Semaphore>,
    /// One permit per computation under way or waiting.
    places: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self::new()
    }
}

impl Passwords {
    /// Sets up as many computations at once as the machine has cores.
    #[must_use]
    pub fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        Self::with_capacity(cores, cores * WAITING_PER_CORE)
    }

    /// Sets up `at_once` computations and `waiting` places behind them.
    #[must_use]
    pub fn with_capacity(at_once: usize, waiting: usize) -> Self {
        Self { cores: Arc::new(Semaphore::new(at_once)), places: Arc::new(Semaphore::new(at_once + waiting)) }
    }

    /// Makes the text to store for a password (`$argon2id$…`, with a salt of its own).
    ///
    /// Any password of 1 to [`MAX_PASSWORD_BYTES`] bytes; where a person chooses one, ask
    /// [`Users::hash_password`](super::Users::hash_password), which has rules.
    ///
    /// # Errors
    /// [`PasswordError::Empty`], [`PasswordError::TooLong`], or [`PasswordError::Busy`].
    pub async fn hash(&self, password: String) -> Result<String, PasswordError> {
        if password.is_empty() {
            return Err(PasswordError::Empty);
        }
        check_length(&password)?;
        self.compute(move || hash_now(password.as_bytes())).await
    }

    /// Checks a password against the stored text of a user, or of no user at all.
    ///
    /// Without a user it does the same work and answers [`Verdict::Mismatch`], so that nobody can
    /// find out by the clock who has an account. For the same reason check a disabled user's
    /// password too, and refuse afterwards.
    ///
    /// # Errors
    /// [`PasswordError::TooLong`], [`PasswordError::Busy`], or [`PasswordError::Stored`] for a
    /// damaged hash.
    pub async fn verify(&self, password: String, stored: Option<String>) -> Result<Verdict, PasswordError> {
        check_length(&password)?;
        let known = stored.is_some();
        let stored = stored.unwrap_or_else(|| NOBODY.to_owned());
        let verdict = self.compute(move || verify_now(password.as_bytes(), &stored)).await?;
        Ok(if known { verdict } else { Verdict::Mismatch })
    }

    async fn compute<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let permits = self.permits().await?;
        // The permits travel with the work: it goes on when the caller is gone, and so does the
        // core it takes.
        let computed = tokio::task::spawn_blocking(move || {
            let _permits = permits;
            work()
        });
        computed.await.map_err(|_| PasswordError::Stopped)?
    }

    async fn permits(&self) -> Result<[OwnedSemaphorePermit; 2], PasswordError> {
        let busy = || PasswordError::Busy { retry_after: RETRY_AFTER };
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| busy())?;
        let core = tokio::time::timeout(MAX_WAIT, Arc::clone(&self.cores).acquire_owned())
            .await
            .map_err(|_| busy())?
            .map_err(|_| PasswordError::Stopped)?;
        Ok([core, place])
    }
}

fn check_length(password: &str) -> Result<(), PasswordError> {
    if password.len() > MAX_PASSWORD_BYTES { Err(PasswordError::TooLong) } else { Ok(()) }
}

fn argon2id() -> Result<Argon2<'static>, PasswordError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|error| PasswordError::Hash(error.into()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash_now(password: &[u8]) -> Result<String, PasswordError> {
    let hash: PasswordHash = argon2id()?.hash_password(password).map_err(PasswordError::Hash)?;
    Ok(hash.to_string())
}

fn verify_now(password: &[u8], stored: &str) -> Result<Verdict, PasswordError> {
    let stored = PasswordHash::new(stored).map_err(PasswordError::Stored)?;
    match argon2id()?.verify_password(password, &stored) {
        Ok(()) => Ok(Verdict::Match),
        Err(password_hash::Error::PasswordInvalid) => Ok(Verdict::Mismatch),
        Err(error) => Err(PasswordError::Hash(error)),
    }
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::task::Poll;

    use super::*;

    fn passwords() -> Passwords {
        Passwords::with_capacity(2, 4)
    }

    #[tokio::test]
    async fn the_right_password_matches_and_others_do_not() {
        let passwords = passwords();
        let stored = passwords.hash("correct horse".into()).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        let verify = |password: &str| passwords.verify(password.into(), Some(stored.clone()));
        assert_eq!(verify("correct horse").await.unwrap(), Verdict::Match);
        for wrong in ["", "correct horse ", "Correct horse", "correct horse\0"] {
            assert_eq!(verify(wrong).await.unwrap(), Verdict::Mismatch, "{wrong:?}");
        }
        let other = passwords.hash("correct horse".into()).await.unwrap();
        assert_ne!(other, stored, "every hash has a salt of its own");
    }

    #[tokio::test]
    async fn passwords_are_taken_as_they_are_up_to_the_limit() {
        let passwords = passwords();
        for password in ["x".repeat(64), "x".repeat(128), "пароль 桜 é".into(), "x".repeat(1024)] {
            let stored = passwords.hash(password.clone()).await.unwrap();
            assert_eq!(passwords.verify(password.clone(), Some(stored.clone())).await.unwrap(), Verdict::Match);
            let shorter: String = password.chars().skip(1).collect();
            assert_eq!(passwords.verify(shorter, Some(stored)).await.unwrap(), Verdict::Mismatch);
        }
        let long = "x".repeat(1025);
        assert!(matches!(passwords.hash(long.clone()).await, Err(PasswordError::TooLong)));
        assert!(matches!(passwords.verify(long, None).await, Err(PasswordError::TooLong)));
        assert!(matches!(passwords.hash(String::new()).await, Err(PasswordError::Empty)));
    }

    #[tokio::test]
    async fn an_unknown_user_never_matches() {
        let passwords = passwords();
        for password in ["", "x", "the password of nobody"] {
            assert_eq!(passwords.verify(password.into(), None).await.unwrap(), Verdict::Mismatch);
        }
    }

    /// That the time is equal too is seen from outside; here, that the work is.
    #[tokio::test]
    async fn an_unknown_user_costs_the_same_work_as_a_known_one() {
        let passwords = passwords();
        let stored = passwords.hash("secret".into()).await.unwrap();
        let cost = |hash: &str| hash.split('$').take(4).collect::<Vec<_>>().join("$");
        assert_eq!(cost(NOBODY), cost(&stored));

        let (_hold, held) = std::sync::mpsc::channel::<()>();
        let full = Passwords::with_capacity(1, 0);
        let mut working = Box::pin(full.compute(move || Ok(held.recv().is_err())));
        assert!(is_pending(working.as_mut()).await);
        for user in [Some(stored), None] {
            let answer = full.verify("wrong".into(), user).await;
            assert!(matches!(answer, Err(PasswordError::Busy { .. })), "nobody is answered unseen");
        }
    }

    #[tokio::test]
    async fn a_full_queue_is_busy_at_once_and_recovers() {
        let passwords = Passwords::with_capacity(1, 1);
        let (hold, held) = std::sync::mpsc::channel::<()>();
        let mut working = Box::pin(passwords.compute(move || Ok(held.recv().is_err())));
        let mut waiting = Box::pin(passwords.verify("x".into(), None));
        assert!(is_pending(working.as_mut()).await);
        assert!(is_pending(waiting.as_mut()).await);
        let refused = passwords.verify("x".into(), None).await;
        assert!(matches!(refused, Err(PasswordError::Busy { .. })));
        drop(hold);
        assert!(working.await.unwrap());
        assert_eq!(waiting.await.unwrap(), Verdict::Mismatch);
        assert_eq!(passwords.verify("x".into(), None).await.unwrap(), Verdict::Mismatch);
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_a_core_for_ever() {
        let passwords = Passwords::with_capacity(1, 1);
        let _core = Arc::clone(&passwords.cores).acquire_owned().await.unwrap();
        let refused = passwords.verify("x".into(), None).await;
        assert!(matches!(refused, Err(PasswordError::Busy { .. })));
        assert_eq!(passwords.places.available_permits(), 2);
    }

    #[tokio::test]
    async fn a_caller_that_leaves_gives_its_core_back_when_the_work_is_done() {
        let passwords = Passwords::with_capacity(1, 0);
        let (hold, held) = std::sync::mpsc::channel::<()>();
        let mut working = Box::pin(passwords.compute(move || Ok(held.recv().is_err())));
        assert!(is_pending(working.as_mut()).await);
        drop(working);
        assert_eq!(passwords.cores.available_permits(), 0);
        assert_eq!(passwords.places.available_permits(), 0);
        drop(hold);
        drop(Arc::clone(&passwords.places).acquire_owned().await.unwrap());
        assert_eq!(passwords.verify("x".into(), None).await.unwrap(), Verdict::Mismatch);
    }

    /// Polls a future once.
    async fn is_pending<T>(mut future: Pin<&mut impl Future<Output = T>>) -> bool {
        std::future::poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx).is_pending())).await
    }

    #[tokio::test]
    async fn a_damaged_hash_is_an_error_not_a_mismatch() {
        let answer = passwords().verify("x".into(), Some("plain text".into())).await;
        assert!(matches!(answer, Err(PasswordError::Stored(_))));
    }
}
