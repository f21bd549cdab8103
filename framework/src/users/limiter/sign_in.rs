//! The limiter a sign-in page asks.

use std::hash::{BuildHasher, Hash, RandomState};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use thiserror::Error;

use super::ledger::{Allowance, Ledger, MAX_KEYS};

/// The part of an IPv6 address that is one customer's: everything below is theirs to choose from.
const IPV6_NETWORK: u128 = !0 << 64;

/// Too many failures: the next try is refused unseen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("too many failed sign-ins")]
pub struct Throttled {
    /// When a try is allowed again.
    pub retry_after: Duration,
}

/// The allowances of the three ledgers; see the [module](super) for what each is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowances {
    /// Of an address, whatever the account.
    pub address: Allowance,
    /// Of an account from one address.
    pub account_from_address: Allowance,
    /// Of an account, whatever the address.
    pub account: Allowance,
}

impl Default for Allowances {
    fn default() -> Self {
        let every = |at_once, seconds| Allowance { at_once, one_more_every: Duration::from_secs(seconds) };
        Self {
            // An office behind one address has many people, and Monday mornings.
            address: every(30, 20),
            // Eight slips at once, eight more within ten minutes.
            account_from_address: every(8, 75),
            account: every(20, 30),
        }
    }
}

/// Limits failed sign-ins; one for the whole site, shared by reference.
///
/// Ask [`check`](Self::check) before the password is looked at, and tell
/// [`failed`](Self::failed) when it was wrong or the user unknown, the same for both. A sign-in
/// that succeeds is not reported: however many succeed, none is refused for it. Nor is one that
/// got no verdict, because the password check was busy.
#[derive(Debug)]
pub struct SignInLimiter {
    // Names go into keys by a hash with a secret of this process: every key has the same size, and
    // nobody can choose names that collide.
    hasher: RandomState,
    // Held for some map look-ups at a time, and never across an `await`.
    ledgers: Mutex<Ledgers>,
}

#[derive(Debug)]
struct Ledgers {
    address: Ledger,
    account_from_address: Ledger,
    account: Ledger,
}

#[derive(Debug, Clone, Copy)]
struct Keys {
    address: u64,
    account_from_address: u64,
    account: u64,
}

impl Default for SignInLimiter {
    fn default() -> Self {
        Self::new()
    }
}

impl SignInLimiter {
    /// Starts with no failures and the default [`Allowances`].
    #[must_use]
    pub fn new() -> Self {
        Self::with_allowances(Allowances::default())
    }

    /// Starts with no failures.
    #[must_use]
    pub fn with_allowances(allowances: Allowances) -> Self {
        let Allowances { address, account_from_address, account } = allowances;
        Self {
            hasher: RandomState::new(),
            ledgers: Mutex::new(Ledgers {
                address: Ledger::new(address, MAX_KEYS),
                account_from_address: Ledger::new(account_from_address, MAX_KEYS),
                account: Ledger::new(account, MAX_KEYS),
            }),
        }
    }

    /// Whether this address may try to sign in to this account now. Counts nothing.
    ///
    /// An unknown address (`None`) is one more address, shared by all that are unknown.
    ///
    /// # Errors
    /// [`Throttled`] if it may not.
    pub fn check(&self, account: &str, address: Option<IpAddr>, now: Instant) -> Result<(), Throttled> {
        let keys = self.keys(account, address);
        self.ledgers().check(keys, now)
    }

    /// Counts a failed sign-in.
    ///
    /// # Errors
    /// [`Throttled`] if the next try would be refused; the answer to this one may say so.
    pub fn failed(&self, account: &str, address: Option<IpAddr>, now: Instant) -> Result<(), Throttled> {
        let keys = self.keys(account, address);
        let mut ledgers = self.ledgers();
        ledgers.address.count(keys.address, now);
        ledgers.account_from_address.count(keys.account_from_address, now);
        ledgers.account.count(keys.account, now);
        ledgers.check(keys, now)
    }

    fn ledgers(&self) -> MutexGuard<'_, Ledgers> {
        // A panic half-way leaves at worst one failure uncounted.
        self.ledgers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keys(&self, account: &str, address: Option<IpAddr>) -> Keys {
        // Spelling a name differently must not open another account's ledger.
        let account = crate::users::name::fold(account);
        let address = address.map(network);
        Keys {
            address: self.key(&address),
            account_from_address: self.key(&(&account, address)),
            account: self.key(&account),
        }
    }

    fn key(&self, parts: &impl Hash) -> u64 {
        self.hasher.hash_one(parts)
    }
}

impl Ledgers {
    fn check(&self, keys: Keys, now: Instant) -> Result<(), Throttled> {
        let under_attack = self.account.refused_for(keys.account, now).map(|calm_again| {
            // Until the account is calm again or this address's own failures are forgotten. An
            // address without failures waits for nothing.
            self.account_from_address.debt(keys.account_from_address, now).min(calm_again)
        });
        let retry_after = [
            self.address.refused_for(keys.address, now),
            self.account_from_address.refused_for(keys.account_from_address, now),
            under_attack.filter(|wait| !wait.is_zero()),
        ]
        .into_iter()
        .flatten()
        .max();
        retry_after.map_or(Ok(()), |retry_after| Err(Throttled { retry_after }))
    }
}

/// What counts as one address.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & IPV6_NETWORK)),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn address(last: u8) -> Option<IpAddr> {
        Some(IpAddr::V4(Ipv4Addr::new(127, 0, 0, last)))
    }

    /// Tries with a wrong password until refused; answers how many tries were let in.
    fn failures_until_refused(limiter: &SignInLimiter, account: &str, from: Option<IpAddr>, now: Instant) -> u32 {
        (0..1000)
            .find(|_| {
                let refused = limiter.check(account, from, now).is_err();
                if !refused {
                    let _ = limiter.failed(account, from, now);
                }
                refused
            })
            .expect("never refused")
    }

    #[test]
    fn many_passwords_on_one_account_are_refused() {
        let limiter = SignInLimiter::new();
        let now = Instant::now();
        assert_eq!(failures_until_refused(&limiter, "anna", address(1), now), 8);
        let throttled = limiter.check("anna", address(1), now).unwrap_err();
        assert_eq!(throttled.retry_after, Duration::from_secs(75));
        assert_eq!(limiter.check("boris", address(1), now), Ok(()), "the address may try others");
        assert_eq!(limiter.check("anna", address(1), now + throttled.retry_after), Ok(()));
    }

    #[test]
    fn one_password_on_many_accounts_is_refused() {
        let limiter = SignInLimiter::new();
        let now = Instant::now();
        let let_in = (0..100)
            .filter(|number| {
                let account = format!("user{number}");
                let let_in = limiter.check(&account, address(1), now).is_ok();
                if let_in {
                    let _ = limiter.failed(&account, address(1), now);
                }
                let_in
            })
            .count();
        assert_eq!(let_in, 30);
        assert_eq!(limiter.check("user1", address(2), now), Ok(()));
    }

    #[test]
    fn an_account_under_attack_from_everywhere_is_open_to_its_owner_only() {
        let limiter = SignInLimiter::new();
        let now = Instant::now();
        let from_everywhere: u32 =
            (1..=100).map(|last| failures_until_refused(&limiter, "anna", address(last), now)).sum();
        assert!(from_everywhere <= 20 + 100, "{from_everywhere} guesses");
        // The owner, from elsewhere, is let in at the first try.
        assert_eq!(limiter.check("anna", address(200), now), Ok(()));
        // A wrong password from there is told to wait at once, and does have to.
        let throttled = limiter.failed("anna", address(200), now).unwrap_err();
        assert_eq!(limiter.check("anna", address(200), now), Err(throttled));
        assert!(throttled.retry_after <= Duration::from_secs(75));
        assert_eq!(limiter.check("anna", address(200), now + throttled.retry_after), Ok(()));
    }

    #[test]
    fn successes_never_count() {
        let limiter = SignInLimiter::new();
        let now = Instant::now();
        for _ in 0..10_000 {
            assert_eq!(limiter.check("anna", address(1), now), Ok(()));
        }
    }

    #[test]
    fn the_last_failure_allowed_says_so() {
        let limiter = SignInLimiter::new();
        let now = Instant::now();
        for _ in 0..7 {
            assert_eq!(limiter.failed("anna", address(1), now), Ok(()));
        }
        assert!(limiter.failed("anna", address(1), now).is_err());
    }

    #[test]
    fn spelling_does_not_open_another_ledger() {
        let limiter = SignInLimiter::new();
        let now = Instant::now();
        for spelling in ["anna", " anna ", "ANNA", "Anna", "an\0na", "anna", "aNNa", "anna\n"] {
            let _ = limiter.failed(spelling, address(1), now);
        }
        assert!(limiter.check("anna", address(1), now).is_err());
    }

    #[test]
    fn a_whole_ipv6_network_is_one_address() {
        let limiter = SignInLimiter::new();
        let now = Instant::now();
        for last in 1..=8_u16 {
            let from = Ipv6Addr::new(0x2001, 0xdb8, 1, 2, 3, 4, 5, last);
            let _ = limiter.failed("anna", Some(from.into()), now);
        }
        let same = Ipv6Addr::new(0x2001, 0xdb8, 1, 2, 9, 9, 9, 9);
        let other = Ipv6Addr::new(0x2001, 0xdb8, 1, 3, 3, 4, 5, 1);
        assert!(limiter.check("anna", Some(same.into()), now).is_err());
        assert!(limiter.check("anna", Some(other.into()), now).is_ok());
        let mapped = Ipv4Addr::LOCALHOST.to_ipv6_mapped();
        assert_eq!(network(mapped.into()), address(1).unwrap());
    }

    #[test]
    fn unknown_addresses_share_one_ledger() {
        let limiter = SignInLimiter::new();
        let now = Instant::now();
        assert_eq!(failures_until_refused(&limiter, "anna", None, now), 8);
    }

    #[test]
    fn a_hundred_thousand_keys_cost_little_time() {
        let limiter = SignInLimiter::new();
        let start = Instant::now();
        for number in 0..100_000_u32 {
            let from = Some(IpAddr::V4(Ipv4Addr::from_bits(number)));
            let account = format!("user{number}");
            assert_eq!(limiter.check(&account, from, start), Ok(()));
            let _ = limiter.failed(&account, from, start);
        }
        let spent = start.elapsed();
        assert!(spent < Duration::from_secs(10), "{spent:?}");
    }
}
