-- Whoever counts open tasks asks of each whose client it is.
DROP INDEX tasks_open;
CREATE INDEX tasks_open ON activities (owner_id, due_at, id, client_id) WHERE kind = 'task' AND done_at IS NULL;
