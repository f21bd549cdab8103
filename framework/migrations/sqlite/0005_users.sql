-- Who may sign in. `name` is folded (case, spaces), `search` is the folded name and name to show. A number is
-- never given twice (AUTOINCREMENT): sessions name their user by it.
CREATE TABLE toolcrib_users (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    display_name TEXT NOT NULL,
    search TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    disabled BOOLEAN NOT NULL DEFAULT FALSE,
    version BIGINT NOT NULL DEFAULT 1,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    signed_in_at BIGINT
);
CREATE UNIQUE INDEX toolcrib_users_name ON toolcrib_users (name);

CREATE TABLE toolcrib_roles (
    name TEXT PRIMARY KEY,
    label TEXT NOT NULL,
    version BIGINT NOT NULL DEFAULT 1
) WITHOUT ROWID;

CREATE TABLE toolcrib_role_rights (
    role TEXT NOT NULL REFERENCES toolcrib_roles (name) ON DELETE CASCADE,
    right_name TEXT NOT NULL,
    PRIMARY KEY (role, right_name)
) WITHOUT ROWID;

-- A role somebody has cannot be removed.
CREATE TABLE toolcrib_user_roles (
    user_id BIGINT NOT NULL REFERENCES toolcrib_users (id) ON DELETE CASCADE,
    role TEXT NOT NULL REFERENCES toolcrib_roles (name),
    PRIMARY KEY (user_id, role)
) WITHOUT ROWID;
CREATE INDEX toolcrib_user_roles_role ON toolcrib_user_roles (role);
