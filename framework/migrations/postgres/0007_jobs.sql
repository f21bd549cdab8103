-- Work to be done in the background. `free_at` says from when on somebody may take the job: when it is due, while it
-- runs when its claim lapses; nothing once it has ended. `fence` counts the claims: only the holder of the latest
-- may write. A number is never given twice: pages and forms name a job by it.
CREATE TABLE toolcrib_jobs (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL,
    unique_key TEXT COLLATE "C",
    payload TEXT NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
    attempts BIGINT NOT NULL DEFAULT 0,
    fence BIGINT NOT NULL DEFAULT 0,
    free_at BIGINT,
    done BIGINT NOT NULL DEFAULT 0,
    total BIGINT NOT NULL DEFAULT 0,
    last_error TEXT,
    created_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    ended_at BIGINT
);
CREATE INDEX toolcrib_jobs_free ON toolcrib_jobs (free_at, id) WHERE free_at IS NOT NULL;
CREATE UNIQUE INDEX toolcrib_jobs_unique ON toolcrib_jobs (name, unique_key) WHERE free_at IS NOT NULL;
CREATE INDEX toolcrib_jobs_state ON toolcrib_jobs (state, name, id);
CREATE INDEX toolcrib_jobs_name ON toolcrib_jobs (name, id);

-- When each schedule of the site is due next.
CREATE TABLE toolcrib_job_schedules (
    name TEXT COLLATE "C" PRIMARY KEY,
    job TEXT NOT NULL,
    plan TEXT NOT NULL,
    next_at BIGINT NOT NULL,
    last_at BIGINT
);
