-- What came of each form that was sent, for whoever sends the same form again.
CREATE TABLE toolcrib_submissions (
    digest TEXT PRIMARY KEY,
    answer TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX toolcrib_submissions_age ON toolcrib_submissions (created_at);
