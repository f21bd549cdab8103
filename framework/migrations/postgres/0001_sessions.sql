-- One row per visitor's session. The key the browser holds is stored as its SHA-256 only.
CREATE TABLE toolcrib_sessions (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key_hash BYTEA NOT NULL UNIQUE,
    user_id TEXT,
    created_at BIGINT NOT NULL,
    idle_at BIGINT NOT NULL,
    absolute_at BIGINT NOT NULL,
    ended_at BIGINT,
    end_reason TEXT
);
CREATE INDEX toolcrib_sessions_idle ON toolcrib_sessions (idle_at) WHERE ended_at IS NULL;
CREATE INDEX toolcrib_sessions_absolute ON toolcrib_sessions (absolute_at) WHERE ended_at IS NULL;
CREATE INDEX toolcrib_sessions_ended ON toolcrib_sessions (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX toolcrib_sessions_user ON toolcrib_sessions (user_id) WHERE user_id IS NOT NULL;

-- One row per field, so that requests of one session that write different fields never meet.
CREATE TABLE toolcrib_session_fields (
    session_id BIGINT NOT NULL REFERENCES toolcrib_sessions (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (session_id, name)
);

-- What the framework itself must remember between starts.
CREATE TABLE toolcrib_settings (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);
