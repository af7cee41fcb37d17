-- Insight: posts of others, what they are made like, and what that means for ours. Their words are data: they are kept for
-- a few days, read by nobody but the labeller, and no column that `plan` reads can hold them. Times are schedule time.

-- The result of each stage of a merged job.
CREATE TABLE stage_runs (
    run_id text NOT NULL,
    stage text NOT NULL,
    job text NOT NULL,
    slot timestamptz NOT NULL,
    started_at timestamptz NOT NULL,
    ended_at timestamptz NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('done', 'nothing', 'snooze', 'blocked', 'failed')),
    counts jsonb NOT NULL DEFAULT '{}',
    reason text NOT NULL DEFAULT '',
    PRIMARY KEY (run_id, stage)
);
CREATE INDEX stages_of_job ON stage_runs (job, stage, slot);

-- Accounts whose posts are studied. Of a profile only figures are kept.
CREATE TABLE studied_accounts (
    handle text PRIMARY KEY CHECK (handle ~ '^[a-z0-9_]{1,20}$'),
    role text NOT NULL CHECK (role IN ('peer', 'competitor')),
    tier text NOT NULL CHECK (tier IN ('micro', 'growth', 'established')),
    followers bigint CHECK (followers >= 0),
    chosen_at timestamptz NOT NULL,
    read_at timestamptz,
    failures integer NOT NULL DEFAULT 0 CHECK (failures >= 0)
);

-- Somebody else's post, in each lane that came upon it: `viral` by how much it is liked, `peer` and `competitor` by its
-- author, `news` and `research` by what it reports. `features` is structure alone: our own words and numbers.
CREATE TABLE external_posts (
    lane text NOT NULL CHECK (lane IN ('viral', 'peer', 'competitor', 'news', 'research')),
    tweet_id text NOT NULL CHECK (tweet_id ~ '^[0-9]{15,20}$'),
    author text NOT NULL CHECK (author ~ '^[a-z0-9_]{1,20}$'),
    followers bigint CHECK (followers >= 0),
    -- Null once its time is over.
    text text CHECK (char_length(text) <= 500),
    features jsonb NOT NULL,
    posted_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    views bigint CHECK (views >= 0),
    likes bigint CHECK (likes >= 0),
    reposts bigint CHECK (reposts >= 0),
    replies bigint CHECK (replies >= 0),
    PRIMARY KEY (lane, tweet_id)
);
CREATE INDEX external_seen ON external_posts (seen_at);
CREATE INDEX external_author ON external_posts (author);

-- What a reader made of a post, in closed vocabularies: each consumer has its own row, and so its own cursor. `second` is
-- the same question asked again, for one post in twenty, so that a label that is a matter of luck is found out.
CREATE TABLE post_labels (
    consumer text NOT NULL,
    tweet_id text NOT NULL CHECK (tweet_id ~ '^[0-9]{15,20}$'),
    author text NOT NULL CHECK (author ~ '^[a-z0-9_]{1,20}$'),
    version integer NOT NULL CHECK (version > 0),
    label jsonb NOT NULL,
    second jsonb,
    labelled_at timestamptz NOT NULL,
    -- How often it was asked about: an empty label may be asked for once more, not for ever.
    tries integer NOT NULL DEFAULT 1 CHECK (tries > 0),
    PRIMARY KEY (consumer, tweet_id)
);

-- What somebody reported, reduced to its topic and how far it is to be believed.
CREATE TABLE news_items (
    tweet_id text PRIMARY KEY CHECK (tweet_id ~ '^[0-9]{15,20}$'),
    topic text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('finding', 'warning', 'policy', 'product', 'event', 'opinion')),
    credibility text NOT NULL CHECK (credibility IN ('high', 'medium', 'low')),
    score double precision NOT NULL CHECK (score >= 0),
    freshness double precision NOT NULL CHECK (freshness BETWEEN 0 AND 100),
    posted_at timestamptz NOT NULL,
    curated_at timestamptz NOT NULL,
    -- A report is taken up once.
    used_by uuid REFERENCES decisions
);
CREATE INDEX news_of_topic ON news_items (topic, posted_at);

-- Format intelligence, the one table from which insight reaches `plan`. `key` names the posts it is about, a value of one
-- factor or of several (`hook=question|topic=sleep`, factors in alphabetical order); `advice` is of a closed vocabulary. An
-- effect is of the log of the reward, with its 80 % interval.
CREATE TABLE format_intelligence (
    source text NOT NULL CHECK (source IN ('observed', 'labelled', 'deep', 'news', 'expert', 'competitive')),
    key text NOT NULL CHECK (key ~ '^[a-z]+=[A-Za-z_]+(\|[a-z]+=[A-Za-z_]+)*$'),
    advice jsonb NOT NULL,
    posts integer NOT NULL CHECK (posts > 0),
    effect double precision,
    low double precision,
    high double precision,
    confidence text NOT NULL CHECK (confidence IN ('high', 'medium', 'low')),
    built_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > built_at),
    PRIMARY KEY (source, key),
    CONSTRAINT effects_have_an_interval CHECK (num_nulls(effect, low, high) IN (0, 3) AND low <= effect AND effect <= high)
);

-- What the expert thought worth a try: a value of a factor, never a weight. `held` once what our own posts came to has
-- decided; null while it is open. `posts` of ours there were of the value when it was raised: only later ones decide.
CREATE TABLE hypotheses (
    factor text NOT NULL,
    value text NOT NULL,
    raised_at timestamptz NOT NULL,
    times_raised integer NOT NULL DEFAULT 1 CHECK (times_raised > 0),
    cited jsonb NOT NULL,
    posts integer NOT NULL CHECK (posts >= 0),
    -- When plan was last told to try it; null if never.
    tried_at timestamptz,
    held boolean,
    settled_at timestamptz,
    PRIMARY KEY (factor, value),
    CONSTRAINT settled_when CHECK ((held IS NULL) = (settled_at IS NULL))
);
