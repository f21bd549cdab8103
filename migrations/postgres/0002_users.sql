-- Users and their roles are the framework's now. The same as in ../sqlite, in PostgreSQL's words.
--
-- Roles come along where there are users; an empty database gets them at the start. Numbers stay, so that sessions and
-- owners go on naming the same users.
INSERT INTO toolcrib_roles (name, label)
SELECT 'admin', 'Administrator' FROM users UNION
SELECT 'sales', 'Sales' FROM users UNION
SELECT 'viewer', 'Viewer' FROM users;

INSERT INTO toolcrib_role_rights (role, right_name)
SELECT pair.role, pair.right_name
FROM toolcrib_roles
JOIN (SELECT 'admin' AS role, 'view' AS right_name UNION ALL
      SELECT 'admin', 'edit' UNION ALL
      SELECT 'admin', 'import' UNION ALL
      SELECT 'admin', 'admin' UNION ALL
      SELECT 'sales', 'view' UNION ALL
      SELECT 'sales', 'edit' UNION ALL
      SELECT 'sales', 'import' UNION ALL
      SELECT 'viewer', 'view') AS pair ON pair.role = toolcrib_roles.name;

-- LOWER goes by the locale of the server, the framework by Unicode: a letter may be searched in its own case until the
-- user is changed.
INSERT INTO toolcrib_users (id, name, display_name, search, password_hash, disabled, created_at, changed_at)
SELECT id, name, display_name, name || CHR(10) || LOWER(display_name), password_hash, disabled, created_at, created_at
FROM users;

INSERT INTO toolcrib_user_roles (user_id, role) SELECT id, role FROM users;

-- Numbers given from now on follow those that were copied.
SELECT setval(pg_get_serial_sequence('toolcrib_users', 'id'), MAX(id)) FROM toolcrib_users HAVING MAX(id) IS NOT NULL;

ALTER TABLE clients DROP CONSTRAINT clients_owner_id_fkey;
ALTER TABLE clients ADD CONSTRAINT clients_owner_id_fkey
    FOREIGN KEY (owner_id) REFERENCES toolcrib_users (id) ON DELETE SET NULL;

DROP TABLE users;
