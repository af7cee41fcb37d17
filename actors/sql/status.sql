-- What `status` tells of the ledger: each query is one line or two of its answer.

-- name: lane_state
-- A lane's queue, what came of it last, and what counts in its windows of an hour and a day.
SELECT l.lane,
       count(*) FILTER (WHERE d.status = 'queued') AS queued,
       min(d.scheduled_at) FILTER (WHERE d.status = 'queued') AS next_due,
       count(*) FILTER (WHERE d.status = 'queued' AND d.approved_at IS NULL) AS unapproved,
       count(*) FILTER (WHERE d.status IN ('publishing', 'uncertain')) AS in_doubt,
       count(*) FILTER (WHERE d.status = 'posted') AS posted,
       max(d.posted_at) AS last_posted,
       (SELECT count(*) FROM publications p
        WHERE p.lane = l.lane AND p.at > %(now)s::timestamptz - interval '1 hour') AS of_hour,
       (SELECT count(*) FROM publications p
        WHERE p.lane = l.lane AND p.at > %(now)s::timestamptz - interval '1 day') AS of_day
FROM (VALUES ('content'), ('reply')) AS l (lane)
LEFT JOIN decisions d ON d.lane = l.lane
GROUP BY l.lane
ORDER BY l.lane;

-- name: pool_state
SELECT count(*) FILTER (WHERE status = 'pending' AND expires_at > %(now)s) AS pending,
       count(*) FILTER (WHERE status = 'pending' AND expires_at > %(now)s AND judged_by = 'words') AS judged_by_words,
       count(*) FILTER (WHERE status = 'held_out') AS held_out,
       count(*) FILTER (WHERE status = 'replied') AS replied,
       max(seen_at) AS newest
FROM opportunities;

-- name: weights_in_force
SELECT * FROM (SELECT 'content' AS lane, version, source, outcomes, created_at FROM weight_snapshots
               ORDER BY version DESC LIMIT 1) content
UNION ALL
SELECT * FROM (SELECT 'reply', version, source, outcomes, created_at FROM reply_weights
               ORDER BY version DESC LIMIT 1) replies;

-- name: followers_state
-- The last trend, and which part of yesterday's gross follows came without us.
SELECT t.followers, t.per_day, t.low, t.high, t.has_jumped, t.computed_at,
       (SELECT sum(b.credit) FROM follower_backgrounds b
        WHERE b.until > %(now)s::timestamptz - interval '1 day') AS background,
       (SELECT sum(c.credit) FROM follower_credits c
        WHERE c.until > %(now)s::timestamptz - interval '1 day') AS credited
FROM follower_trends t ORDER BY t.computed_at DESC LIMIT 1;

-- name: calibration_state
SELECT outcomes, coverage, crps, slope, is_alarming, computed_at FROM calibrations ORDER BY computed_at DESC LIMIT 1;

-- name: effect_state
SELECT assigned, held_out, effect, low, high, computed_at FROM reply_effects ORDER BY computed_at DESC LIMIT 1;

-- name: shadow_state
SELECT count(*) AS drawn, avg(engagement) AS engagement FROM simulated_outcomes;

-- name: health_state
-- The last verdict and the first of what speaks against the whole.
SELECT v.level, v.since, v.score, v.judged_at, s.reason, coalesce(s.others, 0) AS others
FROM (SELECT * FROM health_verdicts ORDER BY judged_at DESC LIMIT 1) v
LEFT JOIN LATERAL (SELECT first_value(e.value->>'text') OVER (ORDER BY e.place) AS reason, count(*) OVER () - 1 AS others
                   FROM jsonb_array_elements(v.symptoms) WITH ORDINALITY AS e (value, place)
                   WHERE e.value->>'level' <> 'healthy'
                   LIMIT 1) s ON true;

-- name: queue_outlook
-- What waits in each lane's queue; a lane without a row has nothing.
SELECT lane, count(*) AS queued, count(*) FILTER (WHERE scheduled_at <= %(now)s) AS due,
       min(scheduled_at) AS next_at, max(scheduled_at) AS last_at
FROM decisions WHERE status = 'queued' GROUP BY lane;
