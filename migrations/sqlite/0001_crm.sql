-- The CRM's first tables. The same as in ../postgres, in SQLite's words.
--
-- Integers are BIGINT, times are microseconds since 1970 UTC, money is an amount of minor units.
-- `search` columns hold the folded text of what can be searched, written by the program.
-- Unique indexes have names of their own, so that a test can drop one and show what it is for.

CREATE TABLE users (
    id            INTEGER PRIMARY KEY,
    name          TEXT    NOT NULL,
    display_name  TEXT    NOT NULL,
    role          TEXT    NOT NULL CHECK (role IN ('admin', 'sales', 'viewer')),
    password_hash TEXT    NOT NULL,
    disabled      BOOLEAN NOT NULL DEFAULT FALSE,
    created_at    BIGINT  NOT NULL
);
CREATE UNIQUE INDEX users_name ON users (name);

CREATE TABLE clients (
    id         INTEGER PRIMARY KEY,
    account    TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    industry   TEXT    NOT NULL DEFAULT '',
    city       TEXT    NOT NULL DEFAULT '',
    website    TEXT    NOT NULL DEFAULT '',
    phone      TEXT    NOT NULL DEFAULT '',
    email      TEXT    NOT NULL DEFAULT '',
    notes      TEXT    NOT NULL DEFAULT '',
    search     TEXT    NOT NULL,
    sort_name  TEXT    NOT NULL,
    owner_id   BIGINT  REFERENCES users (id) ON DELETE SET NULL,
    version    BIGINT  NOT NULL DEFAULT 1,
    created_at BIGINT  NOT NULL,
    updated_at BIGINT  NOT NULL
);
CREATE UNIQUE INDEX clients_account ON clients (account);
CREATE INDEX clients_by_name ON clients (sort_name, id);
CREATE INDEX clients_by_industry ON clients (industry, id);
CREATE INDEX clients_by_city ON clients (city, id);
CREATE INDEX clients_by_change ON clients (updated_at, id);

-- One row per account that was ever opened, made by whichever panel comes first.
CREATE TABLE tracking (
    id         INTEGER PRIMARY KEY,
    account    TEXT    NOT NULL,
    created_at BIGINT  NOT NULL
);
CREATE UNIQUE INDEX tracking_account ON tracking (account);

CREATE TABLE contacts (
    id         INTEGER PRIMARY KEY,
    client_id  BIGINT  NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    name       TEXT    NOT NULL,
    title      TEXT    NOT NULL DEFAULT '',
    email      TEXT    NOT NULL DEFAULT '',
    phone      TEXT    NOT NULL DEFAULT '',
    search     TEXT    NOT NULL,
    created_at BIGINT  NOT NULL
);
CREATE INDEX contacts_of_client ON contacts (client_id, name, id);

CREATE TABLE deals (
    id           INTEGER PRIMARY KEY,
    client_id    BIGINT  NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    title        TEXT    NOT NULL,
    stage        TEXT    NOT NULL CHECK (stage IN ('lead', 'qualified', 'proposal', 'won', 'lost')),
    amount_minor BIGINT  NOT NULL,
    currency     TEXT    NOT NULL,
    expected_at  BIGINT,
    search       TEXT    NOT NULL,
    created_at   BIGINT  NOT NULL
);
CREATE INDEX deals_of_client ON deals (client_id, created_at, id);

CREATE TABLE activities (
    id          INTEGER PRIMARY KEY,
    client_id   BIGINT  NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    kind        TEXT    NOT NULL CHECK (kind IN ('call', 'meeting', 'email', 'note', 'task')),
    subject     TEXT    NOT NULL,
    body        TEXT    NOT NULL DEFAULT '',
    happened_at BIGINT  NOT NULL,
    author      TEXT    NOT NULL,
    created_at  BIGINT  NOT NULL
);
CREATE INDEX activities_of_client ON activities (client_id, happened_at, id);
CREATE INDEX activities_by_time ON activities (happened_at, id);
