-- The content loop: decisions and their ledger, what was measured, what was learned, and what the jobs did.
-- Columns ending in _real are wall-clock time; every other time is schedule time.

CREATE TABLE decisions (
    decision_id uuid PRIMARY KEY,
    lane text NOT NULL DEFAULT 'content' CHECK (lane IN ('content', 'reply')),
    kind text NOT NULL DEFAULT 'single' CHECK (kind IN ('single', 'thread', 'reply')),
    status text NOT NULL DEFAULT 'queued' CHECK (status IN
        ('queued', 'claimed', 'publishing', 'uncertain', 'posted', 'failed', 'cancelled', 'skipped')),
    reason text NOT NULL DEFAULT '',
    text text NOT NULL CHECK (text <> ''),
    content_hash text NOT NULL,
    generator text NOT NULL,
    topic text NOT NULL,
    hook text NOT NULL,
    format text NOT NULL,
    length text NOT NULL,
    angle text NOT NULL,
    tone text NOT NULL,
    slot text NOT NULL,
    weight_version integer NOT NULL,
    propensity double precision NOT NULL CHECK (propensity > 0 AND propensity <= 1),
    choice jsonb NOT NULL,
    scores jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    scheduled_at timestamptz NOT NULL,
    attempt integer NOT NULL DEFAULT 0,
    claim_token uuid,
    claim_owner text,
    lease_until_real timestamptz,
    tweet_id text CHECK (tweet_id ~ '^[0-9]{15,20}$'),
    posted_at timestamptz,
    CONSTRAINT posted_has_its_tweet CHECK (status <> 'posted' OR (tweet_id IS NOT NULL AND posted_at IS NOT NULL)),
    CONSTRAINT claims_have_a_token CHECK (
        status NOT IN ('claimed', 'publishing') OR (claim_token IS NOT NULL AND lease_until_real IS NOT NULL))
);
CREATE UNIQUE INDEX decisions_tweet ON decisions (tweet_id) WHERE tweet_id IS NOT NULL;
CREATE UNIQUE INDEX decisions_live_text ON decisions (content_hash)
    WHERE status IN ('queued', 'claimed', 'publishing', 'uncertain', 'posted');
CREATE INDEX decisions_due ON decisions (status, scheduled_at);
CREATE INDEX decisions_posted ON decisions (posted_at) WHERE status = 'posted';

-- The state machine of a decision, so that no program and no operator can take a forbidden way.
CREATE FUNCTION check_decision_transition() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.status <> OLD.status AND NOT (OLD.status || '>' || NEW.status) = ANY (ARRAY[
        'queued>claimed', 'queued>cancelled', 'queued>skipped', 'queued>failed',
        'claimed>queued', 'claimed>publishing', 'claimed>failed', 'claimed>skipped', 'claimed>cancelled',
        'publishing>posted', 'publishing>uncertain',
        'uncertain>posted', 'uncertain>queued', 'uncertain>failed'])
    THEN
        RAISE EXCEPTION 'decision % may not go from % to %', OLD.decision_id, OLD.status, NEW.status
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER decision_transition BEFORE UPDATE OF status ON decisions
    FOR EACH ROW EXECUTE FUNCTION check_decision_transition();

-- An attempt is an intent made durable before the click. `site_time` and `click_until` are on the platform's own clock:
-- when the page was opened, and the last moment at which the click can have happened.
CREATE TABLE publish_attempts (
    attempt_id uuid PRIMARY KEY,
    decision_id uuid NOT NULL REFERENCES decisions,
    attempt integer NOT NULL,
    boot_id text NOT NULL,
    lane text NOT NULL,
    intent_at timestamptz NOT NULL,
    site_time timestamptz NOT NULL,
    click_until timestamptz NOT NULL,
    result text NOT NULL DEFAULT 'open' CHECK (result IN ('open', 'uncertain', 'posted', 'absent', 'unresolved')),
    reason text NOT NULL DEFAULT '',
    resolved_at timestamptz,
    UNIQUE (decision_id, attempt)
);
CREATE INDEX attempts_window ON publish_attempts (lane, intent_at);
-- At most one attempt of a decision may be in the open: a second click needs the first one settled.
CREATE UNIQUE INDEX attempts_open ON publish_attempts (decision_id) WHERE result IN ('open', 'uncertain', 'posted');

CREATE TABLE receipts (
    decision_id uuid PRIMARY KEY REFERENCES decisions,
    attempt_id uuid NOT NULL UNIQUE REFERENCES publish_attempts,
    tweet_id text NOT NULL UNIQUE CHECK (tweet_id ~ '^[0-9]{15,20}$'),
    evidence text NOT NULL CHECK (evidence IN ('response', 'toast', 'timeline')),
    posted_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL
);

-- A look at our own timeline that did not show an uncertain attempt, and why that may prove nothing (empty: it does).
-- A timeline that could not be read at all is no look.
CREATE TABLE evidence_scans (
    scan_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    attempt_id uuid NOT NULL REFERENCES publish_attempts,
    scanned_at timestamptz NOT NULL,
    site_time timestamptz NOT NULL,
    doubts text NOT NULL
);
CREATE INDEX scans_of_attempt ON evidence_scans (attempt_id, site_time);

CREATE TABLE checkpoints (
    decision_id uuid NOT NULL REFERENCES decisions,
    kind text NOT NULL,
    due_at timestamptz NOT NULL,
    done_at timestamptz,
    late boolean,
    result text NOT NULL DEFAULT '',
    PRIMARY KEY (decision_id, kind)
);
CREATE INDEX checkpoints_due ON checkpoints (due_at) WHERE done_at IS NULL;

CREATE TABLE metric_snapshots (
    snapshot_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    decision_id uuid NOT NULL REFERENCES decisions,
    tweet_id text NOT NULL,
    checkpoint text NOT NULL,
    taken_at timestamptz NOT NULL,
    age_s double precision NOT NULL CHECK (age_s >= 0),
    views bigint CHECK (views >= 0),
    likes bigint CHECK (likes >= 0),
    reposts bigint CHECK (reposts >= 0),
    replies bigint CHECK (replies >= 0),
    bookmarks bigint CHECK (bookmarks >= 0),
    source text NOT NULL CHECK (source IN ('measured', 'estimated', 'simulated')),
    quality text NOT NULL CHECK (quality IN ('ok', 'suspect', 'rejected')),
    reason text NOT NULL DEFAULT '',
    UNIQUE (decision_id, checkpoint)
);
CREATE INDEX snapshots_of_decision ON metric_snapshots (decision_id, taken_at);

CREATE TABLE weight_snapshots (
    version integer PRIMARY KEY CHECK (version >= 0),
    created_at timestamptz NOT NULL,
    source text NOT NULL CHECK (source IN ('prior', 'learned')),
    outcomes integer NOT NULL CHECK (outcomes >= 0),
    body jsonb NOT NULL
);

CREATE TABLE job_runs (
    run_id text PRIMARY KEY,
    job text NOT NULL,
    family text NOT NULL,
    slot timestamptz NOT NULL,
    attempt integer NOT NULL,
    trigger text NOT NULL,
    started_at timestamptz,
    ended_at timestamptz NOT NULL,
    late_s double precision NOT NULL DEFAULT 0,
    outcome text NOT NULL CHECK (outcome IN ('done', 'nothing', 'snooze', 'blocked', 'failed', 'missed')),
    counts jsonb NOT NULL DEFAULT '{}',
    reason text NOT NULL DEFAULT ''
);
CREATE INDEX runs_of_job ON job_runs (job, slot);

-- Money of the model: reserved at its worst case before the call, settled after it. A call that died keeps its reserve.
CREATE TABLE llm_usage (
    call_id uuid PRIMARY KEY,
    day date NOT NULL,
    lane text NOT NULL CHECK (lane IN ('content', 'replies', 'analysis')),
    purpose text NOT NULL,
    model text NOT NULL,
    reserved_usd numeric(12, 6) NOT NULL CHECK (reserved_usd >= 0),
    cost_usd numeric(12, 6) CHECK (cost_usd >= 0),
    called_at timestamptz NOT NULL
);
CREATE INDEX usage_of_day ON llm_usage (day, lane);

-- Switches that operators turn at run time; data, so that they are read at the commit point.
CREATE TABLE flags (
    name text PRIMARY KEY,
    is_on boolean NOT NULL,
    set_at timestamptz NOT NULL,
    set_by text NOT NULL
);
