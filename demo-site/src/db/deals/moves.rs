//! Moving a deal: into another stage, or to another place of its own.

use toolcrib::db::{self, Conn, DbError};

use crate::db::visible;
use crate::domain::board;

/// A deal that nobody else changes until the transaction ends.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Held {
    /// Its id.
    pub id: i64,
    /// What it is about.
    pub title: String,
    /// The client's id.
    pub client_id: i64,
    /// Where it stands.
    pub stage_id: i64,
    /// At which place there.
    pub position: i64,
    /// How often it was changed.
    pub version: i64,
    /// When it was won or lost.
    pub closed_at: Option<i64>,
}

/// Answers a deal that is there for the viewer, and keeps it from being changed.
///
/// # Errors
/// Whatever the database says.
pub async fn hold(tx: &mut Conn, id: i64, viewer: i64) -> Result<Option<Held>, DbError> {
    let update = format!(
        "UPDATE deals SET position = position WHERE id = $1 AND {} \
         RETURNING id, title, client_id, stage_id, position, version, closed_at",
        visible::of_client("deals.client_id", 2)
    );
    db::query_built(update).bind(id).bind(viewer).fetch_optional(tx).await
}

/// Whether a deal stands right behind another of its stage, or at its top.
///
/// # Errors
/// Whatever the database says.
pub async fn has_place(conn: &mut Conn, held: &Held, stage: i64, after: Option<i64>) -> Result<bool, DbError> {
    if held.stage_id != stage {
        return Ok(false);
    }
    let before = db::query(
        "SELECT id FROM deals WHERE stage_id = $1 AND (position < $2 OR (position = $2 AND id < $3)) \
         ORDER BY position DESC, id DESC LIMIT 1",
    );
    let before = before.bind(stage).bind(held.position).bind(held.id).scalar_optional::<i64>(conn).await?;
    Ok(before == after)
}

/// Answers the position right behind a deal of a stage, or at the top of the stage, for the deal `moving`.
///
/// Where there is no room, the stage is numbered anew first. Nothing where the deal to stand behind is not in that stage. The
/// stage is [held](crate::db::pipelines::hold_stage).
///
/// # Errors
/// Whatever the database says.
pub async fn place_after(
    tx: &mut Conn,
    stage: i64,
    after: Option<i64>,
    moving: Option<i64>,
) -> Result<Option<i64>, DbError> {
    for _ in 0..2 {
        let Some((before, behind)) = neighbours(tx, stage, after, moving).await? else { return Ok(None) };
        if let Some(position) = board::between(before, behind) {
            return Ok(Some(position));
        }
        number_anew(tx, stage).await?;
    }
    Ok(None)
}

/// The positions before and behind a place.
async fn neighbours(
    tx: &mut Conn,
    stage: i64,
    after: Option<i64>,
    moving: Option<i64>,
) -> Result<Option<(Option<i64>, Option<i64>)>, DbError> {
    let moving = moving.unwrap_or_default();
    let Some(after) = after else {
        let first = "SELECT position FROM deals WHERE stage_id = $1 AND id <> $2 ORDER BY position, id LIMIT 1";
        let first = db::query(first).bind(stage).bind(moving).scalar_optional::<i64>(tx).await?;
        return Ok(Some((None, first)));
    };
    let before = db::query("SELECT position FROM deals WHERE stage_id = $1 AND id = $2 AND id <> $3");
    let before = before.bind(stage).bind(after).bind(moving).scalar_optional::<i64>(tx).await?;
    let Some(before) = before else { return Ok(None) };
    let behind = db::query(
        "SELECT position FROM deals WHERE stage_id = $1 AND id <> $2 AND (position > $3 OR (position = $3 AND id > $4)) \
         ORDER BY position, id LIMIT 1",
    );
    let behind = behind.bind(stage).bind(moving).bind(before).bind(after).scalar_optional::<i64>(tx).await?;
    Ok(Some((Some(before), behind)))
}

/// Gives the deals of a stage positions with gaps again, in the order they have.
async fn number_anew(tx: &mut Conn, stage: i64) -> Result<(), DbError> {
    db::query(
        "UPDATE deals SET position = numbered.place * $1 FROM \
         (SELECT id, ROW_NUMBER() OVER (ORDER BY position, id) AS place FROM deals WHERE stage_id = $2) AS numbered \
         WHERE deals.id = numbered.id",
    )
    .bind(board::GAP)
    .bind(stage)
    .execute(tx)
    .await
    .map(drop)
}

/// Puts a [held](hold) deal into a stage at a position. Into another stage that is a change of the deal; another place in its own
/// is none that an open form would have to know of.
///
/// # Errors
/// Whatever the database says.
pub async fn put(
    tx: &mut Conn,
    held: &Held,
    (stage, position): (i64, i64),
    closed_at: Option<i64>,
    now: i64,
) -> Result<i64, DbError> {
    if held.stage_id == stage {
        let place = db::query("UPDATE deals SET position = $1 WHERE id = $2 RETURNING version");
        return place.bind(position).bind(held.id).scalar(tx).await;
    }
    db::query(
        "UPDATE deals SET stage_id = $1, position = $2, closed_at = $3, updated_at = $4, version = version + 1 \
         WHERE id = $5 RETURNING version",
    )
    .bind(stage)
    .bind(position)
    .bind(closed_at)
    .bind(now)
    .bind(held.id)
    .scalar(tx)
    .await
}
