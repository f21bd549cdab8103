-- What a small sales team works with: pipelines, persons, leads, tasks, tags, views, imports, accounts, and what
-- happened to all of it. The same as in ../postgres, in SQLite's words.
--
-- A `version` counts the changes of what people edit. `private` records are their owner's alone. `search` columns are folded by the
-- program. What refers to a user goes on without one when the user is removed.

-- ----- What is sold, and how far it has come

CREATE TABLE pipelines (
    id         INTEGER PRIMARY KEY,
    name       TEXT    NOT NULL,
    position   BIGINT  NOT NULL,
    version    BIGINT  NOT NULL DEFAULT 1,
    created_at BIGINT  NOT NULL,
    updated_at BIGINT  NOT NULL
);
CREATE UNIQUE INDEX pipelines_name ON pipelines (name);

-- `probability` is in per cent: what part of a deal's worth the forecast counts.
CREATE TABLE stages (
    id          INTEGER PRIMARY KEY,
    pipeline_id BIGINT  NOT NULL REFERENCES pipelines (id) ON DELETE CASCADE,
    name        TEXT    NOT NULL,
    position    BIGINT  NOT NULL,
    probability BIGINT  NOT NULL CHECK (probability BETWEEN 0 AND 100),
    outcome     TEXT    NOT NULL CHECK (outcome IN ('open', 'won', 'lost')),
    version     BIGINT  NOT NULL DEFAULT 1,
    created_at  BIGINT  NOT NULL,
    updated_at  BIGINT  NOT NULL
);
CREATE UNIQUE INDEX stages_name ON stages (pipeline_id, name);

INSERT INTO pipelines (name, position, created_at, updated_at) VALUES ('Sales', 1, 0, 0);
INSERT INTO stages (pipeline_id, name, position, probability, outcome, created_at, updated_at)
SELECT pipelines.id, stage.name, stage.position, stage.probability, stage.outcome, 0, 0
FROM pipelines
JOIN (SELECT 'Lead' AS name, 1 AS position, 10 AS probability, 'open' AS outcome UNION ALL
      SELECT 'Qualified', 2, 30, 'open' UNION ALL
      SELECT 'Proposal', 3, 60, 'open' UNION ALL
      SELECT 'Won', 4, 100, 'won' UNION ALL
      SELECT 'Lost', 5, 0, 'lost') AS stage ON TRUE;

-- ----- Imports: a file, how it is read, what came of each line

CREATE TABLE import_runs (
    id          INTEGER PRIMARY KEY,
    owner_id    BIGINT  REFERENCES toolcrib_users (id) ON DELETE SET NULL,
    file_name   TEXT    NOT NULL,
    bytes       BIGINT  NOT NULL,
    encoding    TEXT    NOT NULL,
    separator   TEXT    NOT NULL,
    mapping     TEXT    NOT NULL DEFAULT '{}',
    state       TEXT    NOT NULL CHECK (state IN ('uploaded', 'queued', 'running', 'done', 'failed', 'undone')),
    total       BIGINT  NOT NULL DEFAULT 0,
    processed   BIGINT  NOT NULL DEFAULT 0,
    taken       BIGINT  NOT NULL DEFAULT 0,
    skipped     BIGINT  NOT NULL DEFAULT 0,
    refused     BIGINT  NOT NULL DEFAULT 0,
    message     TEXT    NOT NULL DEFAULT '',
    version     BIGINT  NOT NULL DEFAULT 1,
    created_at  BIGINT  NOT NULL,
    started_at  BIGINT,
    finished_at BIGINT,
    undone_at   BIGINT
);
CREATE INDEX import_runs_by_time ON import_runs (created_at, id);

-- Kept apart, and only until the run is over and old: lists of runs do not read it.
CREATE TABLE import_files (
    run_id  BIGINT PRIMARY KEY REFERENCES import_runs (id) ON DELETE CASCADE,
    content TEXT   NOT NULL
);

CREATE TABLE import_rows (
    run_id    BIGINT NOT NULL REFERENCES import_runs (id) ON DELETE CASCADE,
    line      BIGINT NOT NULL,
    outcome   TEXT   NOT NULL CHECK (outcome IN ('taken', 'skipped', 'refused')),
    reason    TEXT   NOT NULL DEFAULT '',
    client_id BIGINT,
    PRIMARY KEY (run_id, line)
);
CREATE INDEX import_rows_by_outcome ON import_rows (run_id, outcome, line);

-- ----- Clients and the people at them

ALTER TABLE clients ADD COLUMN private BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE clients ADD COLUMN merged_into BIGINT REFERENCES clients (id) ON DELETE SET NULL;
ALTER TABLE clients ADD COLUMN import_run_id BIGINT REFERENCES import_runs (id) ON DELETE SET NULL;
CREATE INDEX clients_by_owner ON clients (owner_id, id);
CREATE INDEX clients_private ON clients (id, owner_id) WHERE private;
CREATE INDEX clients_merged ON clients (merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX clients_by_import ON clients (import_run_id) WHERE import_run_id IS NOT NULL;

ALTER TABLE contacts RENAME TO persons;
ALTER TABLE persons ADD COLUMN notes TEXT NOT NULL DEFAULT '';
ALTER TABLE persons ADD COLUMN sort_name TEXT NOT NULL DEFAULT '';
ALTER TABLE persons ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE persons ADD COLUMN updated_at BIGINT NOT NULL DEFAULT 0;
-- LOWER folds ASCII only; the first change of a person writes it properly.
UPDATE persons SET sort_name = LOWER(name), updated_at = created_at;
CREATE INDEX persons_by_name ON persons (sort_name, id);

CREATE TABLE leads (
    id           INTEGER PRIMARY KEY,
    name         TEXT    NOT NULL,
    company      TEXT    NOT NULL DEFAULT '',
    title        TEXT    NOT NULL DEFAULT '',
    email        TEXT    NOT NULL DEFAULT '',
    phone        TEXT    NOT NULL DEFAULT '',
    source       TEXT    NOT NULL DEFAULT '',
    status       TEXT    NOT NULL DEFAULT 'new' CHECK (status IN ('new', 'working', 'qualified', 'converted', 'lost')),
    amount_minor BIGINT  NOT NULL DEFAULT 0,
    currency     TEXT    NOT NULL DEFAULT 'EUR',
    notes        TEXT    NOT NULL DEFAULT '',
    owner_id     BIGINT  REFERENCES toolcrib_users (id) ON DELETE SET NULL,
    private      BOOLEAN NOT NULL DEFAULT FALSE,
    search       TEXT    NOT NULL,
    sort_name    TEXT    NOT NULL,
    version      BIGINT  NOT NULL DEFAULT 1,
    created_at   BIGINT  NOT NULL,
    updated_at   BIGINT  NOT NULL,
    converted_at BIGINT,
    client_id    BIGINT  REFERENCES clients (id) ON DELETE SET NULL,
    person_id    BIGINT  REFERENCES persons (id) ON DELETE SET NULL,
    deal_id      BIGINT
);
CREATE INDEX leads_by_change ON leads (updated_at, id);
CREATE INDEX leads_by_status ON leads (status, updated_at, id);

-- ----- Deals: the stage is a row now

CREATE TABLE deals_rebuilt (
    id           INTEGER PRIMARY KEY,
    client_id    BIGINT  NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    person_id    BIGINT  REFERENCES persons (id) ON DELETE SET NULL,
    title        TEXT    NOT NULL,
    stage_id     BIGINT  NOT NULL REFERENCES stages (id),
    position     BIGINT  NOT NULL DEFAULT 0,
    amount_minor BIGINT  NOT NULL,
    currency     TEXT    NOT NULL,
    expected_at  BIGINT,
    closed_at    BIGINT,
    owner_id     BIGINT  REFERENCES toolcrib_users (id) ON DELETE SET NULL,
    search       TEXT    NOT NULL,
    version      BIGINT  NOT NULL DEFAULT 1,
    created_at   BIGINT  NOT NULL,
    updated_at   BIGINT  NOT NULL
);
INSERT INTO deals_rebuilt (id, client_id, title, stage_id, position, amount_minor, currency, expected_at, closed_at, owner_id, search,
                   created_at, updated_at)
SELECT deals.id, deals.client_id, deals.title, stages.id, deals.id, deals.amount_minor, deals.currency, deals.expected_at,
       CASE WHEN deals.stage IN ('won', 'lost') THEN deals.created_at END, clients.owner_id, deals.search,
       deals.created_at, deals.created_at
FROM deals JOIN clients ON clients.id = deals.client_id JOIN stages ON LOWER(stages.name) = deals.stage;
DROP TABLE deals;
ALTER TABLE deals_rebuilt RENAME TO deals;
CREATE INDEX deals_of_client ON deals (client_id, created_at, id);
CREATE INDEX deals_on_board ON deals (stage_id, position, id);
CREATE INDEX deals_by_close ON deals (closed_at, id) WHERE closed_at IS NOT NULL;
CREATE INDEX deals_of_owner ON deals (owner_id, stage_id, id);

-- ----- Activities: of a client, a person, a deal or of none; tasks have a day and an end

CREATE TABLE activities_rebuilt (
    id          INTEGER PRIMARY KEY,
    client_id   BIGINT  REFERENCES clients (id) ON DELETE CASCADE,
    person_id   BIGINT  REFERENCES persons (id) ON DELETE SET NULL,
    deal_id     BIGINT  REFERENCES deals (id) ON DELETE SET NULL,
    kind        TEXT    NOT NULL CHECK (kind IN ('call', 'meeting', 'email', 'note', 'task')),
    subject     TEXT    NOT NULL,
    body        TEXT    NOT NULL DEFAULT '',
    happened_at BIGINT  NOT NULL,
    due_at      BIGINT,
    done_at     BIGINT,
    owner_id    BIGINT  REFERENCES toolcrib_users (id) ON DELETE SET NULL,
    author      TEXT    NOT NULL,
    version     BIGINT  NOT NULL DEFAULT 1,
    created_at  BIGINT  NOT NULL,
    updated_at  BIGINT  NOT NULL
);
INSERT INTO activities_rebuilt (id, client_id, kind, subject, body, happened_at, due_at, done_at, owner_id, author,
                        created_at, updated_at)
SELECT activities.id, activities.client_id, activities.kind, activities.subject, activities.body, activities.happened_at,
       CASE WHEN activities.kind = 'task' THEN activities.happened_at END,
       CASE WHEN activities.kind = 'task' THEN activities.happened_at END,
       clients.owner_id, activities.author, activities.created_at, activities.created_at
FROM activities JOIN clients ON clients.id = activities.client_id;
DROP TABLE activities;
ALTER TABLE activities_rebuilt RENAME TO activities;
CREATE INDEX activities_of_client ON activities (client_id, happened_at, id);
CREATE INDEX activities_by_time ON activities (happened_at, id);
CREATE INDEX activities_of_person ON activities (person_id, happened_at, id) WHERE person_id IS NOT NULL;
CREATE INDEX activities_of_deal ON activities (deal_id, happened_at, id) WHERE deal_id IS NOT NULL;
CREATE INDEX tasks_open ON activities (owner_id, due_at, id) WHERE kind = 'task' AND done_at IS NULL;

-- What the program notes by itself, shown among the activities of the client.
CREATE TABLE timeline_events (
    id          INTEGER PRIMARY KEY,
    client_id   BIGINT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    kind        TEXT   NOT NULL,
    body        TEXT   NOT NULL,
    actor       TEXT   NOT NULL,
    happened_at BIGINT NOT NULL
);
CREATE INDEX timeline_events_of_client ON timeline_events (client_id, happened_at, id);

-- Who did what, of everything; it survives what it is about.
CREATE TABLE audit_log (
    id          INTEGER PRIMARY KEY,
    happened_at BIGINT NOT NULL,
    actor_id    BIGINT,
    actor       TEXT   NOT NULL,
    action      TEXT   NOT NULL,
    record_kind TEXT   NOT NULL,
    record_id   BIGINT NOT NULL,
    record_name TEXT   NOT NULL,
    changes     TEXT   NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_log_by_time ON audit_log (happened_at, id);
CREATE INDEX audit_log_of_record ON audit_log (record_kind, record_id, id);

-- ----- Tags, views, merges, accounts elsewhere

CREATE TABLE tags (
    id         INTEGER PRIMARY KEY,
    name       TEXT   NOT NULL,
    search     TEXT   NOT NULL,
    version    BIGINT NOT NULL DEFAULT 1,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX tags_name ON tags (search);

CREATE TABLE client_tags (
    client_id BIGINT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    tag_id    BIGINT NOT NULL REFERENCES tags (id) ON DELETE CASCADE,
    PRIMARY KEY (client_id, tag_id)
);
CREATE INDEX client_tags_of_tag ON client_tags (tag_id, client_id);

CREATE TABLE saved_views (
    id         INTEGER PRIMARY KEY,
    owner_id   BIGINT  NOT NULL REFERENCES toolcrib_users (id) ON DELETE CASCADE,
    name       TEXT    NOT NULL,
    query      TEXT    NOT NULL,
    shared     BOOLEAN NOT NULL DEFAULT FALSE,
    version    BIGINT  NOT NULL DEFAULT 1,
    created_at BIGINT  NOT NULL,
    updated_at BIGINT  NOT NULL
);
CREATE UNIQUE INDEX saved_views_name ON saved_views (owner_id, name);

-- `before` is what the kept client was; `kept_version` what it became: undoing is refused once somebody changed it.
CREATE TABLE merges (
    id           INTEGER PRIMARY KEY,
    kept_id      BIGINT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    gone_id      BIGINT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    before       TEXT   NOT NULL,
    kept_version BIGINT NOT NULL,
    actor_id     BIGINT REFERENCES toolcrib_users (id) ON DELETE SET NULL,
    actor        TEXT   NOT NULL,
    merged_at    BIGINT NOT NULL,
    undone_at    BIGINT
);
CREATE INDEX merges_of_kept ON merges (kept_id, id);
CREATE INDEX merges_of_gone ON merges (gone_id, id);

CREATE TABLE merge_moves (
    merge_id    BIGINT NOT NULL REFERENCES merges (id) ON DELETE CASCADE,
    record_kind TEXT   NOT NULL,
    record_id   BIGINT NOT NULL,
    PRIMARY KEY (merge_id, record_kind, record_id)
);

CREATE TABLE external_accounts (
    id         INTEGER PRIMARY KEY,
    client_id  BIGINT  NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    provider   TEXT    NOT NULL,
    reference  TEXT    NOT NULL,
    state      TEXT    NOT NULL DEFAULT 'unchecked'
               CHECK (state IN ('unchecked', 'checking', 'sound', 'broken', 'unreachable')),
    message    TEXT    NOT NULL DEFAULT '',
    checked_at BIGINT,
    version    BIGINT  NOT NULL DEFAULT 1,
    created_at BIGINT  NOT NULL,
    updated_at BIGINT  NOT NULL
);
CREATE UNIQUE INDEX external_accounts_reference ON external_accounts (provider, reference);
CREATE INDEX external_accounts_of_client ON external_accounts (client_id, id);
CREATE INDEX external_accounts_by_state ON external_accounts (state, id);

-- ----- The index of the global search: folded words, by what they stand in
-- kind: 1 client, 2 person, 3 deal, 4 note (an activity)

CREATE TABLE search_words (
    word      TEXT   NOT NULL,
    kind      BIGINT NOT NULL,
    record_id BIGINT NOT NULL,
    PRIMARY KEY (word, kind, record_id)
) WITHOUT ROWID;
CREATE INDEX search_words_of_record ON search_words (kind, record_id, word);
