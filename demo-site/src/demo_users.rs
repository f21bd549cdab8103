//! Filling an empty CRM, and refusing its users where real visitors come.

use thiserror::Error;
use toolcrib::prelude::*;
use toolcrib::users::password::PasswordError;
use toolcrib::users::{AuthenticateError, PasswordHash};

use crate::config::{DemoUsers, random_password};
use crate::db::seed::{self, SeedError, Seeded, USERS};

/// How the demo users can be signed in to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogIns {
    /// There are none.
    None,
    /// Just made, with a password made up for them: the one moment it can be shown.
    Random(String),
    /// With the password that was given.
    Given,
    /// Made at an earlier start, with another password than the one given now.
    GivenTooLate,
    /// Made at an earlier start.
    Earlier,
}

/// The CRM could not be filled, or must not have what it has.
#[derive(Debug, Error)]
pub enum DemoUsersError {
    /// Demo users on a site for real visitors.
    #[error(
        "the database has demo users ({0}), which a production profile refuses: \
         delete them or use another database"
    )]
    InProduction(String),
    /// The system has no random numbers.
    #[error("no password could be made up")]
    Random(#[source] getrandom::Error),
    /// The password could not be hashed.
    #[error("the demo users' password could not be hashed")]
    Hash(#[source] PasswordError),
    /// The password given now could not be compared with theirs.
    #[error("the demo users' password could not be checked")]
    Check(#[from] AuthenticateError),
    /// The rows could not be written.
    #[error("the demo data could not be written")]
    Seed(#[from] SeedError),
    /// The database failed.
    #[error("the demo users could not be looked up")]
    Db(#[from] DbError),
}

/// Fills an empty database, or checks that there is nobody to refuse.
///
/// # Errors
/// [`DemoUsersError`].
pub async fn prepare(site: &Site, wanted: &DemoUsers) -> Result<LogIns, DemoUsersError> {
    let db = site.db();
    let users = site.users();
    let (password, random) = match wanted {
        DemoUsers::Refused => return refuse(db, users).await,
        DemoUsers::WithPassword(password) => (password.clone(), false),
        DemoUsers::WithRandomPassword => (random_password().map_err(DemoUsersError::Random)?, true),
    };
    // Looked up first: hashing a password for nobody would take a while at every start.
    if users.count(&mut db.read().await?).await? > 0 {
        return found(db, users, password, random).await;
    }
    // Whatever was given: nobody chose it for an account of their own.
    let hash = users.passwords().hash(password.clone()).await.map_err(DemoUsersError::Hash)?;
    let mut conn = db.begin().await?;
    let seeded = seed::seed(&mut conn, users, &PasswordHash::made_elsewhere(hash), now_micros()).await?;
    conn.commit().await?;
    match seeded {
        Seeded::Done if random => Ok(LogIns::Random(password)),
        Seeded::Done => Ok(LogIns::Given),
        // Another process was faster.
        Seeded::AlreadyThere => found(db, users, password, random).await,
    }
}

async fn refuse(db: &Db, users: &Users) -> Result<LogIns, DemoUsersError> {
    let mut conn = db.read().await?;
    let mut found = Vec::new();
    for (name, ..) in USERS {
        if users.by_name(&mut conn, name).await?.is_some() {
            found.push(name);
        }
    }
    if found.is_empty() { Ok(LogIns::None) } else { Err(DemoUsersError::InProduction(found.join(", "))) }
}

/// There are users already: whether the password given now is theirs.
async fn found(db: &Db, users: &Users, password: String, random: bool) -> Result<LogIns, DemoUsersError> {
    let (name, ..) = USERS[0];
    if users.by_name(&mut db.read().await?, name).await?.is_none() {
        return Ok(LogIns::None);
    }
    if random {
        return Ok(LogIns::Earlier);
    }
    match users.verify(name, password, None).await? {
        Ok(_) => Ok(LogIns::Given),
        Err(_) => Ok(LogIns::GivenTooLate),
    }
}
