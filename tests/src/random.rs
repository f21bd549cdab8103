//! Random choices that a printed seed repeats.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::SystemTime;

/// A small generator (SplitMix64): good for choosing what a client does next, for nothing else.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// One seeded by `TOOLCRIB_TEST_SEED` or by the clock; prints the seed, which the test runner shows on failure.
    #[must_use]
    pub fn seeded(what: &str) -> Self {
        let given = std::env::var("TOOLCRIB_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = given.unwrap_or_else(clock);
        eprintln!("{what}: TOOLCRIB_TEST_SEED={seed}");
        Self(seed)
    }

    /// One that makes the same choices every time.
    #[must_use]
    pub fn from_seed(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.number() % limit
    }

    /// Puts `items` into a random order.
    ///
    /// # Panics
    ///
    /// Never: an index fits into a word.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = usize::try_from(self.below(last as u64 + 1)).expect("an index fits");
            items.swap(last, other);
        }
    }
}

fn clock() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

static SERIAL: AtomicU64 = AtomicU64::new(1);

/// A word that occurs nowhere else, for accounts, names and search texts.
#[must_use]
pub fn word(prefix: &str) -> String {
    let turn = SERIAL.fetch_add(1, Ordering::Relaxed);
    format!("{prefix}{:x}x{turn}", std::process::id())
}
