-- One row per durable application variable. A write names the version it replaces, so that no
-- process overwrites what another one wrote.
CREATE TABLE toolcrib_variables (
    name TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    value TEXT,
    amount BIGINT NOT NULL DEFAULT 0,
    version BIGINT NOT NULL
);

-- One row per item of a queue, key of a map or kind of thing in a bag, so that units that change
-- different ones never meet.
CREATE TABLE toolcrib_variable_entries (
    variable TEXT NOT NULL REFERENCES toolcrib_variables (name) ON DELETE CASCADE,
    entry TEXT NOT NULL,
    position BIGINT NOT NULL DEFAULT 0,
    value TEXT,
    amount BIGINT NOT NULL DEFAULT 0,
    version BIGINT NOT NULL,
    PRIMARY KEY (variable, entry)
);
