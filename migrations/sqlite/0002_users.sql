-- Users and their roles are the framework's now. The same as in ../postgres, in SQLite's words.
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

-- LOWER folds ASCII only: other letters of a name to show are searched in their own case until the user is changed.
INSERT INTO toolcrib_users (id, name, display_name, search, password_hash, disabled, created_at, changed_at)
SELECT id, name, display_name, name || CHAR(10) || LOWER(display_name), password_hash, disabled, created_at, created_at
FROM users;

INSERT INTO toolcrib_user_roles (user_id, role) SELECT id, role FROM users;

-- The column is replaced, not the table: what refers to clients with ON DELETE CASCADE is not touched.
ALTER TABLE clients ADD COLUMN owner BIGINT REFERENCES toolcrib_users (id) ON DELETE SET NULL;
UPDATE clients SET owner = owner_id WHERE owner_id IS NOT NULL;
ALTER TABLE clients DROP COLUMN owner_id;
ALTER TABLE clients RENAME COLUMN owner TO owner_id;

DROP TABLE users;
