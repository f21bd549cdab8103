//! What invented records stand on: who there is, which stages and tags, and what time it is.

use std::collections::HashMap;

use toolcrib::adapter::fold;
use toolcrib::db::{self, Conn, DbError};

use super::invent::{Stage, TAGS};
use super::store::users;
use super::story::{DAY, Seller};

/// What was there before, by the ids records refer to.
#[derive(Debug)]
pub(super) struct Ground {
    users: HashMap<String, i64>,
    open: Vec<i64>,
    won: Option<i64>,
    lost: Option<i64>,
    tags: Vec<i64>,
    pub(super) now: i64,
}

impl Ground {
    /// Looks, and makes the tags that are missing.
    pub(super) async fn look(conn: &mut Conn, now: i64) -> Result<Self, DbError> {
        let stages: Vec<(String, i64)> = db::query(
            "SELECT outcome, id FROM stages WHERE pipeline_id = (SELECT id FROM pipelines ORDER BY position, id LIMIT 1) \
             ORDER BY position, id",
        )
        .fetch_all(conn)
        .await?;
        let with = |outcome: &str| stages.iter().filter(|stage| stage.0 == outcome).map(|stage| stage.1).collect();
        let (open, won, lost): (Vec<i64>, Vec<i64>, Vec<i64>) = (with("open"), with("won"), with("lost"));
        Ok(Self {
            users: users(conn).await?,
            open,
            won: won.first().copied(),
            lost: lost.first().copied(),
            tags: tags(conn, now).await?,
            now,
        })
    }

    pub(super) fn user(&self, seller: Seller) -> Option<i64> {
        self.users.get(seller.name()).copied()
    }

    /// The stage, if the pipeline has one like it.
    pub(super) fn stage(&self, stage: Stage) -> Option<i64> {
        match stage {
            Stage::Open(place) => self.open.get(place).or(self.open.last()).copied(),
            Stage::Won => self.won,
            Stage::Lost => self.lost,
        }
    }

    pub(super) fn tag(&self, place: usize) -> Option<i64> {
        self.tags.get(place).copied()
    }

    /// Midnight before now.
    pub(super) fn today(&self) -> i64 {
        self.now - self.now.rem_euclid(DAY)
    }
}

/// The ids of the tags, in their order; those that are missing are made.
async fn tags(conn: &mut Conn, now: i64) -> Result<Vec<i64>, DbError> {
    let mut ids = Vec::with_capacity(TAGS.len());
    for name in TAGS {
        // The row is touched, for its id is answered only then.
        let id = db::query(
            "INSERT INTO tags (name, search, created_at, updated_at) VALUES ($1, $2, $3, $3) \
             ON CONFLICT (search) DO UPDATE SET search = excluded.search RETURNING id",
        );
        ids.push(id.bind(*name).bind(fold(name)).bind(now).scalar(conn).await?);
    }
    Ok(ids)
}
