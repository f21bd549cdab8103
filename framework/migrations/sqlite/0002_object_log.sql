-- The object log. A number is never used twice (AUTOINCREMENT): a form that deletes an entry must not meet a later one.
-- `process` and `number` name an entry before it is stored, so that storing it twice stores it once.
CREATE TABLE toolcrib_object_log (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    process BIGINT NOT NULL,
    number BIGINT NOT NULL,
    at BIGINT NOT NULL,
    worker BIGINT NOT NULL,
    priority BIGINT NOT NULL,
    label TEXT NOT NULL,
    url TEXT NOT NULL,
    request_id TEXT NOT NULL,
    attempt BIGINT NOT NULL,
    page TEXT NOT NULL,
    object TEXT,
    error TEXT,
    session TEXT,
    tagged BOOLEAN NOT NULL DEFAULT FALSE,
    UNIQUE (process, number)
);
CREATE INDEX toolcrib_object_log_priority ON toolcrib_object_log (priority, id);
