-- One row per session that is kept in Redis: its start was told, its end was not yet. The row is written in the
-- transaction of the start hook and removed in that of the end hook, so each is told once whatever crashes in between.
CREATE TABLE toolcrib_session_starts (
    id BIGINT PRIMARY KEY,
    absolute_at BIGINT NOT NULL
);
CREATE INDEX toolcrib_session_starts_absolute ON toolcrib_session_starts (absolute_at);
