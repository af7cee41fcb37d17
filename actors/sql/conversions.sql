-- What answering came to: every target that was drawn, answered or held out, and the follows that came of it.

-- name: targets_to_count
-- All that were drawn, whether or not the reply came to be: only the draw was by chance. A target is counted anew until a
-- count was made after its window. `reassigned_at` is when a later post of the same author was drawn.
SELECT o.tweet_id, o.author, o.tier, o.assigned_at, o.assigned_at + %(window_s)s * interval '1 second' AS until,
       CASE WHEN o.status = 'held_out' THEN 'skip' ELSE 'reply' END AS assignment,
       d.decision_id, coalesce(d.choice->>'strategy', d.generator, '') AS strategy,
       (SELECT min(n.assigned_at) FROM opportunities n
        WHERE lower(n.author) = lower(o.author) AND n.assigned_at > o.assigned_at) AS reassigned_at
FROM opportunities o
LEFT JOIN decisions d ON d.decision_id = o.decision_id AND d.status = 'posted'
LEFT JOIN reply_conversions c ON c.tweet_id = o.tweet_id
WHERE o.assigned_at <= %(until)s
  AND (c.tweet_id IS NULL OR c.settled_at < o.assigned_at + %(window_s)s * interval '1 second')
ORDER BY o.assigned_at, o.tweet_id
LIMIT %(limit)s;

-- name: first_seen
SELECT digest, seen_at FROM new_followers
WHERE is_counted AND digest IN (SELECT jsonb_array_elements_text(%(digests)s));

-- name: worth_of_replies
-- Within each one's window: what attribution credits it with, of that in the interval in which its author was first seen,
-- and the views of its latest sound reading.
SELECT t.decision_id, coalesce(sum(c.credit), 0) AS credit,
       coalesce(sum(c.credit) FILTER (WHERE g.since < t.followed_at AND t.followed_at <= g.until), 0) AS credit_then,
       (SELECT m.views FROM metric_snapshots m
        WHERE m.decision_id = t.decision_id AND m.quality = 'ok' AND m.source = 'measured' AND m.views IS NOT NULL
          AND m.taken_at <= t.until
        ORDER BY m.taken_at DESC LIMIT 1) AS views
FROM jsonb_to_recordset(%(replies)s) AS t (decision_id uuid, until timestamptz, followed_at timestamptz)
LEFT JOIN follower_credits c ON c.decision_id = t.decision_id AND c.until <= t.until
LEFT JOIN follower_gains g ON g.until = c.until
GROUP BY t.decision_id, t.until;

-- name: put_conversions
INSERT INTO reply_conversions AS c (tweet_id, decision_id, assignment, strategy, tier, author_followed, follows, views,
    settled_at)
SELECT t.tweet_id, t.decision_id, t.assignment, t.strategy, t.tier, t.author_followed, t.follows, t.views, %(now)s
FROM jsonb_to_recordset(%(rows)s) AS t (tweet_id text, decision_id uuid, assignment text, strategy text, tier text,
    author_followed boolean, follows double precision, views bigint)
ON CONFLICT (tweet_id) DO UPDATE SET
    decision_id = excluded.decision_id, assignment = excluded.assignment, strategy = excluded.strategy,
    tier = excluded.tier, author_followed = excluded.author_followed, follows = excluded.follows,
    views = excluded.views, settled_at = excluded.settled_at
WHERE c.settled_at < excluded.settled_at;

-- name: conversion_cells
-- What has unknown views is left out: it is not zero. A click counted before its view is no second one.
SELECT strategy, tier, sum(views)::float8 AS views, sum(least(follows, views)) AS follows, count(*) AS replies
FROM reply_conversions
WHERE decision_id IS NOT NULL AND views IS NOT NULL AND settled_at > %(since)s
GROUP BY strategy, tier
ORDER BY strategy, tier;

-- name: conversions_by_assignment
-- Who addressed us is never left alone, and so cannot be compared.
SELECT c.assignment, count(*) AS targets, count(*) FILTER (WHERE c.author_followed) AS followed
FROM reply_conversions c JOIN opportunities o USING (tweet_id)
WHERE c.settled_at > %(since)s AND NOT o.addressed_us
GROUP BY c.assignment;

-- name: conversions_by_author
SELECT lower(o.author) AS handle, count(*) AS replies, sum(c.follows) AS follows
FROM reply_conversions c JOIN opportunities o ON o.tweet_id = c.tweet_id
WHERE c.decision_id IS NOT NULL AND c.settled_at > %(since)s
GROUP BY lower(o.author)
ORDER BY lower(o.author);

-- name: put_rates
INSERT INTO conversion_rates AS r (strategy, tier, alpha, beta, replies, computed_at)
SELECT t.strategy, t.tier, t.alpha, t.beta, t.replies, %(now)s
FROM jsonb_to_recordset(%(rows)s) AS t (strategy text, tier text, alpha double precision, beta double precision,
    replies integer)
ON CONFLICT (strategy, tier) DO UPDATE SET
    alpha = excluded.alpha, beta = excluded.beta, replies = excluded.replies, computed_at = excluded.computed_at;

-- name: drop_old_rates
-- Of which no reply is left in the memory; they can be computed again at any time.
DELETE FROM conversion_rates WHERE computed_at < %(now)s;

-- name: put_effect
INSERT INTO reply_effects (computed_at, assigned, held_out, effect, low, high)
VALUES (%(now)s, %(assigned)s, %(held_out)s, %(effect)s, %(low)s, %(high)s)
ON CONFLICT (computed_at) DO NOTHING;

-- name: rank_accounts
-- See actors/domain/conversion.py for the points; `points` is for who has not been answered.
UPDATE accounts a SET priority = least(100, s.quality + coalesce(b.points, %(points)s)), priority_at = %(now)s
FROM accounts s LEFT JOIN jsonb_to_recordset(%(rows)s) AS b (handle text, points double precision) ON b.handle = s.handle
WHERE a.handle = s.handle
RETURNING a.handle;
