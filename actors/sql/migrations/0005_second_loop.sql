-- The second loop: conversations found, answers written and measured, followers counted and accounted for, and what is
-- learned from both. Times are schedule time.

-- Whether the post that is answered mentions, quotes or answers us: on live platforms nobody else gets a reply.
ALTER TABLE decisions
    ADD COLUMN addressed_us boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT only_replies_are_addressed CHECK (lane = 'reply' OR NOT addressed_us);

-- How far each consumer has come in a rotation; nobody shares one.
CREATE TABLE cursors (
    consumer text PRIMARY KEY,
    position bigint NOT NULL CHECK (position >= 0),
    moved_at timestamptz NOT NULL
);

-- Accounts whose posts may be worth an answer. Of a profile only figures are kept, never its words.
CREATE TABLE accounts (
    handle text PRIMARY KEY CHECK (handle ~ '^[a-z0-9_]{1,20}$'),
    found_by text NOT NULL CHECK (found_by IN ('search', 'harvest')),
    found_at timestamptz NOT NULL,
    followers bigint CHECK (followers >= 0),
    following bigint CHECK (following >= 0),
    posts_per_day double precision CHECK (posts_per_day >= 0),
    profile_at timestamptz,
    quality double precision NOT NULL DEFAULT 0 CHECK (quality BETWEEN 0 AND 100),
    -- Likes, reposts and replies to a view, shrunk to what all accounts have; with its 80 % interval.
    engagement double precision CHECK (engagement BETWEEN 0 AND 1),
    engagement_low double precision CHECK (engagement_low BETWEEN 0 AND 1),
    engagement_high double precision CHECK (engagement_high BETWEEN 0 AND 1),
    engagement_posts integer CHECK (engagement_posts > 0),
    -- The sums it was made of: what is common to all accounts is learned from these, not from what was shrunk already.
    engagement_events bigint CHECK (engagement_events BETWEEN 0 AND engagement_views),
    engagement_views bigint CHECK (engagement_views > 0),
    engagement_at timestamptz,
    -- What answering this author has come to, 0 to 100: quality, and what his readers did.
    priority double precision NOT NULL DEFAULT 0 CHECK (priority BETWEEN 0 AND 100),
    priority_at timestamptz
);
CREATE INDEX accounts_priority ON accounts (priority DESC, quality DESC);

-- One search of the harvest and its funnel: cards seen, of these readable and new, too old or unfit, judged off topic, kept.
CREATE TABLE harvest_searches (
    search_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    searched_at timestamptz NOT NULL,
    consumer text NOT NULL,
    query text NOT NULL,
    min_likes integer NOT NULL DEFAULT 0 CHECK (min_likes >= 0),
    seen integer NOT NULL CHECK (seen >= 0),
    parsed integer NOT NULL CHECK (parsed BETWEEN 0 AND seen),
    aged integer NOT NULL CHECK (aged >= 0),
    judged_out integer NOT NULL CHECK (judged_out >= 0),
    kept integer NOT NULL CHECK (kept >= 0),
    CHECK (aged + judged_out + kept <= parsed)
);
CREATE INDEX searches_of_consumer ON harvest_searches (consumer, searched_at);

-- Somebody else's post that we may answer. It is never deleted while anything refers to it: what was answered once is not
-- harvested again, and what came of it is still to be asked. The words of what was turned down are not kept.
CREATE TABLE opportunities (
    tweet_id text PRIMARY KEY CHECK (tweet_id ~ '^[0-9]{15,20}$'),
    author text NOT NULL CHECK (author ~ '^[A-Za-z0-9_]{1,20}$'),
    conversation_id text NOT NULL CHECK (conversation_id ~ '^[0-9]{15,20}$'),
    addressed_us boolean NOT NULL DEFAULT false,
    text text NOT NULL,
    topic text NOT NULL DEFAULT '',
    posted_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    query text NOT NULL,
    views bigint CHECK (views >= 0),
    likes bigint CHECK (likes >= 0),
    replies bigint CHECK (replies >= 0),
    tier text NOT NULL CHECK (tier IN
        ('MEGA+', 'MEGA', 'VIRAL+', 'VIRAL', 'TRENDING+', 'TRENDING', 'FRESH+', 'FRESH')),
    relevance double precision NOT NULL CHECK (relevance BETWEEN 0 AND 10),
    judged_by text NOT NULL CHECK (judged_by IN ('model', 'words')),
    score double precision NOT NULL CHECK (score >= 0),
    -- `held_out` by chance, so that what answering does can be told from what happens anyway.
    status text NOT NULL DEFAULT 'pending' CHECK (status IN
        ('pending', 'held_out', 'queued', 'replied', 'expired', 'rejected')),
    reason text NOT NULL DEFAULT '',
    decision_id uuid REFERENCES decisions,
    assigned_at timestamptz,
    expires_at timestamptz NOT NULL,
    CONSTRAINT answered_by_a_decision CHECK ((status IN ('queued', 'replied')) <= (decision_id IS NOT NULL)),
    CONSTRAINT assigned_when CHECK ((status IN ('held_out', 'queued', 'replied')) <= (assigned_at IS NOT NULL)),
    CONSTRAINT rejected_says_why CHECK (status <> 'rejected' OR (reason <> '' AND text = ''))
);
CREATE INDEX opportunities_pool ON opportunities (status, expires_at);
CREATE INDEX opportunities_author ON opportunities (lower(author), assigned_at);
CREATE FUNCTION refuse_loss() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'target % was drawn and is never deleted: what came of it is still to be asked', OLD.tweet_id
        USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER drawn_targets_stay BEFORE DELETE ON opportunities FOR EACH ROW WHEN (OLD.assigned_at IS NOT NULL)
    EXECUTE FUNCTION refuse_loss();

-- What was learned of whom to answer and how, one version after the other; reply decisions name the version they were
-- drawn from.
CREATE TABLE reply_weights (
    version integer PRIMARY KEY CHECK (version >= 0),
    created_at timestamptz NOT NULL,
    source text NOT NULL CHECK (source IN ('prior', 'learned')),
    outcomes integer NOT NULL CHECK (outcomes >= 0),
    body jsonb NOT NULL
);

-- The one series of our follower count. `follows` is how many new ones the list of followers showed since the reading
-- before; null: the list did not reach back to it.
CREATE TABLE follower_readings (
    taken_at timestamptz PRIMARY KEY,
    followers bigint NOT NULL CHECK (followers >= 0),
    is_rounded boolean NOT NULL,
    follows integer CHECK (follows >= 0),
    source text NOT NULL CHECK (source IN ('measured', 'simulated'))
);
-- Who was on that list, as a digest of the handle: enough to know somebody again, not enough to name him.
CREATE TABLE new_followers (
    digest text PRIMARY KEY CHECK (digest ~ '^[0-9a-f]{32}$'),
    seen_at timestamptz NOT NULL,
    -- Those of the first reading followed before anybody looked.
    is_counted boolean NOT NULL
);
CREATE INDEX followers_seen ON new_followers (seen_at);

-- What happened between two readings. `gross` is who came, counted where the list was read, else the net gain plus what
-- usually leaves; never below zero.
CREATE TABLE follower_gains (
    until timestamptz PRIMARY KEY,
    since timestamptz NOT NULL CHECK (since < until),
    net bigint NOT NULL,
    gross double precision NOT NULL CHECK (gross >= 0),
    is_counted boolean NOT NULL
);
-- The trend of the last seven days (Theil-Sen), and whether the level has jumped.
CREATE TABLE follower_trends (
    computed_at timestamptz PRIMARY KEY,
    followers bigint NOT NULL,
    per_day double precision NOT NULL,
    low double precision NOT NULL,
    high double precision NOT NULL,
    has_jumped boolean NOT NULL
);

-- Gross follows of each interval, shared out among our posts and the background; together they are the gross again.
CREATE TABLE follower_credits (
    until timestamptz NOT NULL REFERENCES follower_gains,
    decision_id uuid NOT NULL REFERENCES decisions,
    credit double precision NOT NULL CHECK (credit >= 0),
    PRIMARY KEY (until, decision_id)
);
CREATE INDEX credits_of_decision ON follower_credits (decision_id);
CREATE TABLE follower_backgrounds (
    until timestamptz PRIMARY KEY REFERENCES follower_gains,
    credit double precision NOT NULL CHECK (credit >= 0),
    method text NOT NULL CHECK (method IN ('deconvolution', 'engagement')),
    computed_at timestamptz NOT NULL
);

-- What was predicted before posting against what came: how many of the 80 % intervals held, and how sharp they were.
CREATE TABLE calibrations (
    computed_at timestamptz PRIMARY KEY,
    outcomes integer NOT NULL CHECK (outcomes > 0),
    coverage double precision NOT NULL CHECK (coverage BETWEEN 0 AND 1),
    crps double precision NOT NULL CHECK (crps >= 0),
    slope double precision,
    pit jsonb NOT NULL,
    is_alarming boolean NOT NULL
);
-- What the shadow mode draws for decisions that it does not publish. No learner reads this.
CREATE TABLE simulated_outcomes (
    decision_id uuid PRIMARY KEY REFERENCES decisions,
    drawn_at timestamptz NOT NULL,
    weight_version integer NOT NULL,
    engagement double precision NOT NULL CHECK (engagement >= 0),
    source text NOT NULL DEFAULT 'simulated' CHECK (source = 'simulated')
);

-- The daily cube: each value of each factor, by the day of posting, measured at one age.
CREATE TABLE factor_days (
    day date NOT NULL,
    factor text NOT NULL,
    value text NOT NULL,
    posts integer NOT NULL CHECK (posts > 0),
    views bigint NOT NULL CHECK (views >= 0),
    engagements bigint NOT NULL CHECK (engagements >= 0),
    -- Sums over posts, of which the error is made: a post is one piece of luck, however many saw it.
    views_squared double precision NOT NULL CHECK (views_squared >= 0),
    engagements_squared double precision NOT NULL CHECK (engagements_squared >= 0),
    product double precision NOT NULL CHECK (product >= 0),
    PRIMARY KEY (day, factor, value)
);
-- How fast a post of this account comes to its final engagement: share(age) = 1 - exp(-(age / hours)^shape).
CREATE TABLE maturity_curves (
    computed_at timestamptz PRIMARY KEY,
    posts integer NOT NULL CHECK (posts > 0),
    hours double precision NOT NULL CHECK (hours > 0),
    shape double precision NOT NULL CHECK (shape > 0)
);

-- How each thread of viral_thread was made.
CREATE TABLE thread_attempts (
    decision_id uuid PRIMARY KEY REFERENCES decisions,
    style text NOT NULL,
    emotion text NOT NULL,
    score double precision NOT NULL CHECK (score BETWEEN 0 AND 100)
);

-- What became of each target that was up for an answer, answered or held out by chance: whether its author followed us
-- within two days, and what the reply came to.
CREATE TABLE reply_conversions (
    tweet_id text PRIMARY KEY REFERENCES opportunities,
    decision_id uuid REFERENCES decisions,
    assignment text NOT NULL CHECK (assignment IN ('reply', 'skip')),
    strategy text NOT NULL,
    tier text NOT NULL,
    author_followed boolean NOT NULL,
    follows double precision NOT NULL CHECK (follows >= 0),
    views bigint CHECK (views >= 0),
    settled_at timestamptz NOT NULL
);
-- Beta beliefs of a follow per view, by strategy and tier.
CREATE TABLE conversion_rates (
    strategy text NOT NULL,
    tier text NOT NULL,
    alpha double precision NOT NULL CHECK (alpha > 0),
    beta double precision NOT NULL CHECK (beta > 0),
    replies integer NOT NULL CHECK (replies > 0),
    computed_at timestamptz NOT NULL,
    PRIMARY KEY (strategy, tier)
);
-- What answering does at all: follows by author of targets that were to be answered against those held out.
CREATE TABLE reply_effects (
    computed_at timestamptz PRIMARY KEY,
    assigned integer NOT NULL CHECK (assigned >= 0),
    held_out integer NOT NULL CHECK (held_out >= 0),
    effect double precision NOT NULL,
    low double precision NOT NULL,
    high double precision NOT NULL
);

-- What each of our posts came to: its latest sound reading, with the follows credited to it by then. The numbers of a
-- thread are those of its first part. A reply's audience is somebody else's, and is not in it.
CREATE VIEW post_outcomes AS
SELECT l.*, coalesce((SELECT sum(c.credit) FROM follower_credits c
                      WHERE c.decision_id = l.post AND c.until <= l.taken_at), 0) AS follows
FROM (SELECT DISTINCT ON (m.decision_id)
             m.decision_id AS post, m.decision_id::text AS decision_id, m.taken_at, m.age_s, m.views, m.likes,
             m.reposts, m.replies, m.bookmarks, m.source, d.kind, d.generator, d.topic, d.hook, d.format, d.length,
             d.posted_at, d.choice
      FROM metric_snapshots m JOIN decisions d USING (decision_id)
      WHERE m.quality = 'ok' AND m.source = 'measured' AND d.status = 'posted' AND d.lane = 'content'
      ORDER BY m.decision_id, m.taken_at DESC) l;
