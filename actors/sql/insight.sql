-- Insight: how stages of a merged job did, and what reaches `plan` from all that was studied.

-- name: stage_history
SELECT stage, max(slot) AS last_slot FROM stage_runs
WHERE job = %(job)s AND outcome IN ('done', 'nothing')
GROUP BY stage;

-- name: record_stage
INSERT INTO stage_runs (run_id, stage, job, slot, started_at, ended_at, outcome, counts, reason)
VALUES (%(run_id)s, %(stage)s, %(job)s, %(slot)s, %(started_at)s, %(ended_at)s, %(outcome)s, %(counts)s, %(reason)s)
ON CONFLICT (run_id, stage) DO UPDATE
SET started_at = excluded.started_at, ended_at = excluded.ended_at, outcome = excluded.outcome,
    counts = excluded.counts, reason = excluded.reason;

-- name: clear_findings
DELETE FROM format_intelligence WHERE source = %(source)s;

-- name: insert_finding
INSERT INTO format_intelligence (source, key, advice, posts, effect, low, high, confidence, built_at, expires_at)
VALUES (%(source)s, %(key)s, %(advice)s, %(posts)s, %(effect)s, %(low)s, %(high)s, %(confidence)s, %(built_at)s,
    %(expires_at)s);

-- name: findings_in_force
SELECT source, key, advice, posts, effect, low, high, confidence FROM format_intelligence
WHERE built_at <= %(now)s AND expires_at > %(now)s
ORDER BY source, key;

-- name: keep_external
INSERT INTO external_posts (lane, tweet_id, author, followers, text, features, posted_at, seen_at, views, likes, reposts,
    replies)
SELECT %(lane)s, r.tweet_id, r.author, r.followers, r.text, r.features, r.posted_at, %(now)s, r.views, r.likes,
    r.reposts, r.replies
FROM jsonb_to_recordset(%(rows)s) AS r (tweet_id text, author text, followers bigint, text text, features jsonb,
    posted_at timestamptz, views bigint, likes bigint, reposts bigint, replies bigint)
ON CONFLICT (lane, tweet_id) DO UPDATE
SET seen_at = excluded.seen_at, followers = coalesce(excluded.followers, external_posts.followers),
    views = coalesce(excluded.views, external_posts.views), likes = coalesce(excluded.likes, external_posts.likes),
    reposts = coalesce(excluded.reposts, external_posts.reposts),
    replies = coalesce(excluded.replies, external_posts.replies)
RETURNING tweet_id, xmax = 0 AS is_new;
