-- Health: what each stage found, the verdicts that came of it, and the errors by kind. Times are schedule time.

-- What is wrong now, by the stage that found it; each stage replaces its own. `healthy` marks a note.
CREATE TABLE health_symptoms (
    stage text NOT NULL,
    name text NOT NULL,
    level text NOT NULL CHECK (level IN ('healthy', 'degraded', 'unhealthy')),
    text text NOT NULL,
    since timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    PRIMARY KEY (stage, name)
);

-- The verdict's history. `seen` and `looks` are what the next look needs; `repaired_s` is how long an illness lasted that
-- ends with this row.
CREATE TABLE health_verdicts (
    judged_at timestamptz PRIMARY KEY,
    level text NOT NULL CHECK (level IN ('healthy', 'degraded', 'unhealthy')),
    since timestamptz NOT NULL,
    seen text NOT NULL CHECK (seen IN ('healthy', 'degraded', 'unhealthy')),
    looks integer NOT NULL CHECK (looks >= 0),
    ill_since timestamptz,
    repaired_s double precision CHECK (repaired_s >= 0),
    score double precision NOT NULL CHECK (score BETWEEN 0 AND 100),
    figures jsonb NOT NULL,
    symptoms jsonb NOT NULL,
    CONSTRAINT ill_since_when CHECK ((level = 'healthy') = (ill_since IS NULL))
);

CREATE TABLE error_fingerprints (
    fingerprint text PRIMARY KEY CHECK (fingerprint ~ '^[0-9a-f]{40}$'),
    kind text NOT NULL,
    place text NOT NULL,
    frames jsonb NOT NULL,
    message text NOT NULL,
    first_seen timestamptz NOT NULL,
    last_seen timestamptz NOT NULL,
    -- Null until a person was told of the new kind.
    told_at timestamptz
);
CREATE INDEX errors_last_seen ON error_fingerprints (last_seen);

-- How often each was seen within an hour, by process: its count only grows, so that writing it twice adds nothing.
CREATE TABLE error_counts (
    fingerprint text NOT NULL REFERENCES error_fingerprints ON DELETE CASCADE,
    boot_id text NOT NULL,
    hour timestamptz NOT NULL,
    errors integer NOT NULL CHECK (errors > 0),
    PRIMARY KEY (fingerprint, boot_id, hour)
);
CREATE INDEX errors_of_hour ON error_counts (hour);

CREATE INDEX runs_ended ON job_runs (ended_at);
