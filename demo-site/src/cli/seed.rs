//! `demo-site seed`.

use std::time::Instant;

use clap::{Args, ValueEnum};
use toolcrib::Settings;
use toolcrib::clock::now_micros;
use toolcrib::db::Db;
use toolcrib::users::{UserListPage, UserSort, Users};

use super::{Failure, say, serve};
use crate::config::DemoUsers;
use crate::db::reindex;
use crate::db::seed::{self, USERS};
use crate::{demo_users, site};

/// What invented data is made of where nothing else is said.
const RANDOM_SEED: u64 = 20_261_121;

#[derive(Debug, Args)]
pub(super) struct SeedArguments {
    /// More than the two dozen companies of a new CRM
    #[arg(long)]
    size: Option<Size>,
    /// Remove all clients and whatever else was entered first; users stay
    #[arg(long)]
    reset: bool,
    /// Remove it without being asked, though there are other users than the demo's
    #[arg(long)]
    yes: bool,
    /// Make up other data; the same number makes the same
    #[arg(long, default_value_t = RANDOM_SEED)]
    random_seed: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Size {
    /// 200 clients
    Small,
    /// 50,000 clients
    Large,
}

impl From<Size> for seed::Size {
    fn from(size: Size) -> Self {
        match size {
            Size::Small => Self::Small,
            Size::Large => Self::Large,
        }
    }
}

/// Makes the demo users and companies, and as many more as wanted.
pub(super) async fn seed(settings: Settings, arguments: SeedArguments) -> Result<(), Failure> {
    let demo_users = DemoUsers::load(settings.profile)?;
    if demo_users == DemoUsers::Refused {
        return Err("a production profile has no demo users and no demo data".into());
    }
    let server = site::build(settings).await?;
    let (site, db) = (server.site(), server.site().db());
    if arguments.reset {
        reset(db, site.users(), arguments.yes).await?;
    } else if arguments.size.is_some() && seed::is_filled(&mut db.read().await?).await? {
        return Err("the database has been filled before: --reset empties it first".into());
    }
    // Where users are made the companies come with them.
    let had_users = site.users().count(&mut db.read().await?).await? > 0;
    let log_ins = demo_users::prepare(site, &demo_users).await?;
    // While there is little of it: what is filled in is indexed as it comes.
    reindex::if_needed(db).await?;
    let now = now_micros();
    if arguments.reset && had_users {
        let mut conn = db.begin().await?;
        seed::companies(&mut conn, now).await?;
        conn.commit().await?;
    }
    if let Some(size) = arguments.size {
        let start = Instant::now();
        let told = |done, of| say(&format!("{done} of {of} clients, {} s", start.elapsed().as_secs()));
        seed::fill(db, size.into(), arguments.random_seed, now, told).await?;
    }
    db.close().await;
    say(&serve::log_in_line(&log_ins));
    Ok(())
}

async fn reset(db: &Db, users: &Users, yes: bool) -> Result<(), Failure> {
    let everybody = UserListPage { search: "", sort: UserSort::Name, page: 1, per_page: 100 };
    let found = users.list(&mut db.read().await?, everybody).await?.users;
    let others: Vec<_> =
        found.iter().map(|user| user.name.as_str()).filter(|name| USERS.iter().all(|user| user.0 != *name)).collect();
    if !others.is_empty() && !yes {
        let others = others.join(", ");
        return Err(
            format!("--reset removes all clients and whatever else was entered, also by {others}: add --yes").into()
        );
    }
    say(
        "Removing all clients, persons, leads, deals, activities, tags, views, imports and logs; users and pipelines stay.",
    );
    let mut conn = db.begin().await?;
    seed::reset(&mut conn).await?;
    conn.commit().await?;
    Ok(())
}
