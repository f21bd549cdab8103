-- A number once given to a session is never given again: entries of the object log and events name
-- sessions by it. SQLite gives the number of a removed last row anew unless it is told not to.
CREATE TABLE toolcrib_sessions_new (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key_hash BLOB NOT NULL UNIQUE,
    user_id TEXT,
    created_at BIGINT NOT NULL,
    idle_at BIGINT NOT NULL,
    absolute_at BIGINT NOT NULL,
    ended_at BIGINT,
    end_reason TEXT
);
INSERT INTO toolcrib_sessions_new (id, key_hash, user_id, created_at, idle_at, absolute_at, ended_at, end_reason)
SELECT id, key_hash, user_id, created_at, idle_at, absolute_at, ended_at, end_reason FROM toolcrib_sessions;

CREATE TABLE toolcrib_session_fields_new (
    session_id BIGINT NOT NULL REFERENCES toolcrib_sessions_new (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (session_id, name)
) WITHOUT ROWID;
INSERT INTO toolcrib_session_fields_new (session_id, name, value)
SELECT session_id, name, value FROM toolcrib_session_fields;

DROP TABLE toolcrib_session_fields;
DROP TABLE toolcrib_sessions;
ALTER TABLE toolcrib_sessions_new RENAME TO toolcrib_sessions;
ALTER TABLE toolcrib_session_fields_new RENAME TO toolcrib_session_fields;

CREATE INDEX toolcrib_sessions_idle ON toolcrib_sessions (idle_at) WHERE ended_at IS NULL;
CREATE INDEX toolcrib_sessions_absolute ON toolcrib_sessions (absolute_at) WHERE ended_at IS NULL;
CREATE INDEX toolcrib_sessions_ended ON toolcrib_sessions (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX toolcrib_sessions_user ON toolcrib_sessions (user_id) WHERE user_id IS NOT NULL;
