//! Pipelines and their stages.

use toolcrib::db::{self, Conn, DbError};

use super::journal::{self, Actor, Entry};
use crate::domain::board::GAP;

/// The most pipelines there may be, and the most stages of one: a page shows them all.
pub const MOST_PIPELINES: i64 = 20;
/// See [`MOST_PIPELINES`].
pub const MOST_STAGES: i64 = 12;

/// A pipeline, and what is in it.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow, serde::Deserialize)]
pub struct Pipeline {
    /// Its id.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Its place among the others.
    pub position: i64,
    /// How often it was changed.
    pub version: i64,
    /// How many stages it has.
    pub stages: i64,
}

/// A stage of a pipeline.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow, serde::Deserialize)]
pub struct Stage {
    /// Its id.
    pub id: i64,
    /// The pipeline's.
    pub pipeline_id: i64,
    /// Its name.
    pub name: String,
    /// Its place in the pipeline.
    pub position: i64,
    /// `open`, `won` or `lost`.
    pub outcome: String,
}

/// A stage to choose, with the name of its pipeline.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct StageOffer {
    /// Its id.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// The pipeline's name.
    pub pipeline: String,
}

/// A row that is one of several in an order of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ordered {
    /// A pipeline among all.
    Pipeline,
    /// A stage among those of this pipeline.
    StageOf(i64),
}

impl Stage {
    /// Whether a deal that stands here is over.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.outcome != "open"
    }
}

const STAGE: &str = "id, pipeline_id, name, position, outcome";

/// Answers all pipelines in their order.
///
/// # Errors
/// Whatever the database says.
pub async fn all(conn: &mut Conn) -> Result<Vec<Pipeline>, DbError> {
    db::query(
        "SELECT id, name, position, version, \
         (SELECT COUNT(*) FROM stages WHERE stages.pipeline_id = pipelines.id) AS stages \
         FROM pipelines ORDER BY position, id LIMIT $1",
    )
    .bind(MOST_PIPELINES)
    .fetch_all(conn)
    .await
}

/// Answers the stages of a pipeline in their order.
///
/// # Errors
/// Whatever the database says.
pub async fn stages(conn: &mut Conn, pipeline_id: i64) -> Result<Vec<Stage>, DbError> {
    db::query_built(format!("SELECT {STAGE} FROM stages WHERE pipeline_id = $1 ORDER BY position, id LIMIT $2"))
        .bind(pipeline_id)
        .bind(MOST_STAGES)
        .fetch_all(conn)
        .await
}

/// Answers a stage.
///
/// # Errors
/// Whatever the database says.
pub async fn stage(conn: &mut Conn, id: i64) -> Result<Option<Stage>, DbError> {
    db::query_built(format!("SELECT {STAGE} FROM stages WHERE id = $1")).bind(id).fetch_optional(conn).await
}

/// Answers every stage, for a form that asks for one.
///
/// # Errors
/// Whatever the database says.
pub async fn offers(conn: &mut Conn) -> Result<Vec<StageOffer>, DbError> {
    db::query(
        "SELECT stages.id, stages.name, pipelines.name AS pipeline \
         FROM stages JOIN pipelines ON pipelines.id = stages.pipeline_id \
         ORDER BY pipelines.position, pipelines.id, stages.position, stages.id LIMIT $1",
    )
    .bind(MOST_PIPELINES * MOST_STAGES)
    .fetch_all(conn)
    .await
}

/// Keeps a pipeline from being changed until the transaction ends; nothing where it is not there.
///
/// # Errors
/// Whatever the database says.
pub async fn hold(tx: &mut Conn, id: i64) -> Result<Option<i64>, DbError> {
    db::query("UPDATE pipelines SET position = position WHERE id = $1 RETURNING id").bind(id).scalar_optional(tx).await
}

/// Answers a stage and keeps it from being changed, removed or given other cards until the transaction ends.
///
/// # Errors
/// Whatever the database says.
pub async fn hold_stage(tx: &mut Conn, id: i64) -> Result<Option<Stage>, DbError> {
    db::query_built(format!("UPDATE stages SET position = position WHERE id = $1 RETURNING {STAGE}"))
        .bind(id)
        .fetch_optional(tx)
        .await
}

/// Answers how many deals stand in each stage of a pipeline, everybody's: what may be removed does not depend on who looks.
///
/// # Errors
/// Whatever the database says.
pub async fn deals_by_stage(conn: &mut Conn, pipeline_id: i64) -> Result<Vec<(i64, i64)>, DbError> {
    db::query(
        "SELECT stages.id, (SELECT COUNT(*) FROM deals WHERE deals.stage_id = stages.id) \
         FROM stages WHERE stages.pipeline_id = $1",
    )
    .bind(pipeline_id)
    .fetch_all(conn)
    .await
}

/// Answers the position behind all others.
///
/// # Errors
/// Whatever the database says.
pub async fn last_position(conn: &mut Conn, of: Ordered) -> Result<i64, DbError> {
    let query = match of {
        Ordered::Pipeline => db::query("SELECT COALESCE(MAX(position), 0) + 1 FROM pipelines"),
        Ordered::StageOf(pipeline) => {
            db::query("SELECT COALESCE(MAX(position), 0) + 1 FROM stages WHERE pipeline_id = $1").bind(pipeline)
        }
    };
    query.scalar(conn).await
}

/// Answers how many there are.
///
/// # Errors
/// Whatever the database says.
pub async fn count(conn: &mut Conn, of: Ordered) -> Result<i64, DbError> {
    let query = match of {
        Ordered::Pipeline => db::query("SELECT COUNT(*) FROM pipelines"),
        Ordered::StageOf(pipeline) => db::query("SELECT COUNT(*) FROM stages WHERE pipeline_id = $1").bind(pipeline),
    };
    query.scalar(conn).await
}

/// Gives a new pipeline the stages most begin with.
///
/// # Errors
/// Whatever the database says.
pub async fn begin(tx: &mut Conn, pipeline_id: i64, now: i64) -> Result<(), DbError> {
    db::query(
        "INSERT INTO stages (pipeline_id, name, position, probability, outcome, created_at, updated_at) \
         VALUES ($1, 'New', 1, 10, 'open', $2, $2), ($1, 'Proposal', 2, 50, 'open', $2, $2), \
         ($1, 'Won', 3, 100, 'won', $2, $2), ($1, 'Lost', 4, 0, 'lost', $2, $2)",
    )
    .bind(pipeline_id)
    .bind(now)
    .execute(tx)
    .await
    .map(drop)
}

/// Moves a row one place up or down, if its version is still this one. Answers whether it is; at the end of the row of others
/// nothing is to be done.
///
/// # Errors
/// Whatever the database says.
pub async fn step(tx: &mut Conn, of: Ordered, id: i64, version: i64, up: bool, now: i64) -> Result<bool, DbError> {
    let table = if of == Ordered::Pipeline { "pipelines" } else { "stages" };
    let mine = db::query_built(format!(
        "UPDATE {table} SET version = version + 1, updated_at = $1 WHERE id = $2 AND version = $3 RETURNING id"
    ));
    if mine.bind(now).bind(id).bind(version).scalar_optional::<i64>(tx).await?.is_none() {
        return Ok(false);
    }
    let mut order = match of {
        Ordered::Pipeline => db::query("SELECT id FROM pipelines ORDER BY position, id").scalars::<i64>(tx).await?,
        Ordered::StageOf(pipeline) => {
            let query = db::query("SELECT id FROM stages WHERE pipeline_id = $1 ORDER BY position, id");
            query.bind(pipeline).scalars::<i64>(tx).await?
        }
    };
    let Some(at) = order.iter().position(|other| *other == id) else { return Ok(true) };
    let other = if up { at.checked_sub(1) } else { Some(at + 1).filter(|next| *next < order.len()) };
    let Some(other) = other else { return Ok(true) };
    order.swap(at, other);
    // They are few, and what was counted twice or left out is mended on the way.
    for (position, id) in (1_i64..).zip(&order) {
        let place = format!("UPDATE {table} SET position = $1 WHERE id = $2 AND position <> $1");
        db::query_built(place).bind(position).bind(*id).execute(tx).await?;
    }
    Ok(true)
}

/// Moves all deals of a stage below those of another, in their order, and notes it for each. Answers how many.
///
/// # Errors
/// Whatever the database says.
pub async fn rehome(tx: &mut Conn, from: &Stage, to: &Stage, actor: &Actor, now: i64) -> Result<u64, DbError> {
    let told = db::query(
        "INSERT INTO timeline_events (client_id, kind, body, actor, happened_at) \
         SELECT client_id, 'moved', 'Moved “' || title || '” from ' || $1 || ' to ' || $2, $3, $4 \
         FROM deals WHERE stage_id = $5",
    );
    told.bind(&from.name).bind(&to.name).bind(&actor.name).bind(now).bind(from.id).execute(tx).await?;
    let changes = serde_json::json!({ "stage": [from.name, to.name] }).to_string();
    db::query(
        "INSERT INTO audit_log (happened_at, actor_id, actor, action, record_kind, record_id, record_name, changes) \
         SELECT $1, $2, $3, 'moved', 'deal', id, title, $4 FROM deals WHERE stage_id = $5",
    )
    .bind(now)
    .bind(actor.id)
    .bind(&actor.name)
    .bind(changes)
    .bind(from.id)
    .execute(tx)
    .await?;
    // Below the last one there, in the order they had.
    let shift = db::query(
        "SELECT COALESCE((SELECT MAX(position) FROM deals WHERE stage_id = $1), 0) + $2 \
         - COALESCE((SELECT MIN(position) FROM deals WHERE stage_id = $3), 0)",
    );
    let shift: i64 = shift.bind(to.id).bind(GAP).bind(from.id).scalar(tx).await?;
    db::query(
        "UPDATE deals SET stage_id = $1, version = version + 1, updated_at = $2, position = position + $3, \
         closed_at = CASE WHEN $4 THEN COALESCE(closed_at, $2) ELSE NULL END WHERE stage_id = $5",
    )
    .bind(to.id)
    .bind(now)
    .bind(shift)
    .bind(to.is_closed())
    .bind(from.id)
    .execute(tx)
    .await
}

/// Closes or opens the deals of a stage whose outcome was changed.
///
/// # Errors
/// Whatever the database says.
pub async fn set_closed(tx: &mut Conn, stage_id: i64, closed: bool, now: i64) -> Result<u64, DbError> {
    let set = if closed {
        "UPDATE deals SET closed_at = $1, version = version + 1 WHERE stage_id = $2 AND closed_at IS NULL"
    } else {
        "UPDATE deals SET closed_at = NULL, version = version + 1 \
         WHERE stage_id = $2 AND closed_at IS NOT NULL AND $1 > 0"
    };
    db::query(set).bind(now).bind(stage_id).execute(tx).await
}

/// Notes what was done with a pipeline or a stage.
///
/// # Errors
/// Whatever the database says.
pub async fn note(
    tx: &mut Conn,
    actor: &Actor,
    now: i64,
    (action, kind): (&str, &str),
    (id, name): (i64, &str),
    changes: serde_json::Value,
) -> Result<(), DbError> {
    let entry = Entry { action, record_kind: kind, record_id: id, record_name: name, changes, told: None };
    journal::note(tx, actor, now, entry).await
}
