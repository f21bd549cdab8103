//! The site's secret and what is derived from it.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::db::{self, Db, DbError};

/// A digest or key of 256 bits.
pub(crate) type Digest256 = [u8; 32];

/// The system's source of randomness failed. Nothing can be kept secret without it.
#[derive(Debug, thiserror::Error)]
#[error("the system's random source failed")]
pub struct RandomError(#[source] getrandom::Error);

/// The key all other keys are derived from.
#[derive(Clone)]
pub(crate) struct SiteSecret(Vec<u8>);

impl std::fmt::Debug for SiteSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SiteSecret(…)")
    }
}

/// Why no secret could be had.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// No randomness.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// The database that keeps the development secret failed.
    #[error("cannot keep the development secret in the database")]
    Database(#[from] DbError),
}

impl SiteSecret {
    pub(crate) fn new(secret: &str) -> Self {
        Self(secret.as_bytes().to_vec())
    }

    /// In development nobody sets a secret; one is made up and kept in the database, so that a
    /// restart does not sign everybody out.
    pub(crate) async fn of_development(db: &Db) -> Result<Self, SecretError> {
        let mut tx = db.begin().await?;
        db::query(
            "INSERT INTO toolcrib_settings (name, value) VALUES ('development_secret', $1) \
             ON CONFLICT (name) DO NOTHING",
        )
        .bind(random_key()?)
        .execute(&mut tx)
        .await?;
        let secret: String =
            db::query("SELECT value FROM toolcrib_settings WHERE name = 'development_secret'").scalar(&mut tx).await?;
        tx.commit().await?;
        Ok(Self::new(&secret))
    }

    /// A keyed digest of `data`, of its own for every `purpose`.
    pub(crate) fn digest(&self, purpose: &str, data: &[u8]) -> Digest256 {
        // HMAC takes a key of any length; the error is for key types of fixed size.
        match Hmac::<Sha256>::new_from_slice(&self.0) {
            Ok(mut mac) => {
                mac.update(&purpose.len().to_be_bytes());
                mac.update(purpose.as_bytes());
                mac.update(data);
                mac.finalize().into_bytes().into()
            }
            Err(_) => hash(&self.0),
        }
    }
}

/// SHA-256.
pub(crate) fn hash(data: &[u8]) -> Digest256 {
    Sha256::digest(data).into()
}

/// 256 random bits in 64 hexadecimal digits.
pub(crate) fn random_key() -> Result<String, RandomError> {
    let mut bytes = Digest256::default();
    getrandom::fill(&mut bytes).map_err(RandomError)?;
    Ok(hex(&bytes))
}

/// A random number of 63 bits, never 0: one that nobody has had before.
#[cfg(feature = "redis")]
pub(crate) fn random_number() -> Result<i64, RandomError> {
    let mut bytes = [0; 8];
    loop {
        getrandom::fill(&mut bytes).map_err(RandomError)?;
        match i64::from_ne_bytes(bytes) & i64::MAX {
            0 => {}
            number => return Ok(number),
        }
    }
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Compares without telling by its duration where the difference is.
pub(crate) fn same(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_purpose_has_a_digest_of_its_own() {
        let secret = SiteSecret::new("a secret of at least thirty-two characters");
        assert_ne!(secret.digest("a", b"bc"), secret.digest("ab", b"c"));
        assert_eq!(secret.digest("a", b"b"), secret.digest("a", b"b"));
        let other = SiteSecret::new("another secret of at least thirty-two characters");
        assert_ne!(secret.digest("a", b"b"), other.digest("a", b"b"));
    }

    #[test]
    fn keys_have_256_bits_and_differ() {
        let key = random_key().expect("randomness");
        assert_eq!(key.len(), 64);
        assert_ne!(key, random_key().expect("randomness"));
    }

    #[test]
    fn a_secret_does_not_print_itself() {
        assert_eq!(format!("{:?}", SiteSecret::new("hunter2")), "SiteSecret(…)");
    }
}
