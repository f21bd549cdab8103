//! Invented companies into the tables, a thousand in a transaction.

use toolcrib::db::{self, Conn, Db, DbError};

use super::ground::Ground;
use super::{invent, prospects, records};

/// How many companies a transaction has.
const AT_ONCE: u64 = 1_000;

/// How much is made up, beside the two dozen companies of a new CRM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// About two hundred clients.
    Small,
    /// Fifty thousand clients, with some six hundred thousand activities.
    Large,
}

impl Size {
    /// How many companies and how many leads.
    const fn counts(self) -> (u64, u64) {
        match self {
            Self::Small => (176, 40),
            Self::Large => (49_976, 3_000),
        }
    }
}

/// Makes up companies and leads, and says after each transaction how many companies of how many there are.
///
/// # Errors
/// Whatever the database says; what was said to be there stays.
pub async fn fill(
    db: &Db,
    size: Size,
    random_seed: u64,
    now: i64,
    mut progress: impl FnMut(u64, u64),
) -> Result<(), DbError> {
    let (companies, leads) = size.counts();
    let mut done = 0;
    while done < companies {
        let next = (done + AT_ONCE).min(companies);
        let invented: Vec<_> = (done..next).map(|number| invent::company(random_seed, number)).collect();
        let mut conn = db.begin().await?;
        let ground = Ground::look(&mut conn, now).await?;
        records::store(&mut conn, &ground, &invented).await?;
        if done == 0 {
            prospects::store(&mut conn, &ground, random_seed, leads).await?;
        }
        conn.commit().await?;
        done = next;
        progress(done, companies);
    }
    // The engines choose indexes by what they know of the tables.
    let mut conn = db.begin().await?;
    db::query("ANALYZE").execute(&mut conn).await?;
    conn.commit().await
}

/// Whether companies of [`fill`] are there already.
///
/// # Errors
/// Whatever the database says.
pub async fn is_filled(conn: &mut Conn) -> Result<bool, DbError> {
    let account = invent::company(0, 0).client.account;
    Ok(db::query("SELECT COUNT(*) FROM clients WHERE account = $1").bind(account).scalar::<i64>(conn).await? > 0)
}
