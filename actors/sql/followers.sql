-- name: latest_follower_reading
SELECT taken_at, followers FROM follower_readings ORDER BY taken_at DESC LIMIT 1;

-- name: known_followers
SELECT digest FROM new_followers WHERE digest IN (SELECT jsonb_array_elements_text(%(digests)s));

-- name: insert_follower_reading
INSERT INTO follower_readings (taken_at, followers, is_rounded, follows, source)
VALUES (%(taken_at)s, %(followers)s, %(is_rounded)s, %(follows)s, 'measured');

-- name: remember_followers
INSERT INTO new_followers (digest, seen_at, is_counted)
SELECT digest, %(seen_at)s, %(is_counted)s FROM jsonb_array_elements_text(%(digests)s) AS digest
ON CONFLICT (digest) DO NOTHING;

-- name: forget_followers
-- The newest ones stay whatever their age: it is by them that the next list is known to reach back.
DELETE FROM new_followers
WHERE seen_at < %(before)s
  AND digest NOT IN (SELECT digest FROM new_followers ORDER BY seen_at DESC, digest LIMIT %(keep)s);

-- name: readings_since_gain
-- From the reading on that the last gain ended with.
SELECT taken_at, followers, is_rounded, follows FROM follower_readings
WHERE source = 'measured'
  AND taken_at >= coalesce((SELECT max(until) FROM follower_gains), '-infinity'::timestamptz)
ORDER BY taken_at
LIMIT %(limit)s;

-- name: follower_readings_since
SELECT taken_at, followers, is_rounded, follows FROM follower_readings
WHERE source = 'measured' AND taken_at >= %(since)s
ORDER BY taken_at;

-- name: counted_gains
SELECT since, until, net, gross, is_counted FROM follower_gains WHERE is_counted AND until >= %(since)s ORDER BY until;

-- name: insert_gain
INSERT INTO follower_gains (until, since, net, gross, is_counted)
VALUES (%(until)s, %(since)s, %(net)s, %(gross)s, %(is_counted)s)
ON CONFLICT (until) DO NOTHING;

-- name: insert_follower_trend
INSERT INTO follower_trends (computed_at, followers, per_day, low, high, has_jumped)
VALUES (%(computed_at)s, %(followers)s, %(per_day)s, %(low)s, %(high)s, %(has_jumped)s);

-- name: gains_to_attribute
-- What was never shared out, and what may have become better known since it was: a reading was taken, and the interval
-- is not final yet. The oldest first.
SELECT g.until
FROM follower_gains g LEFT JOIN follower_backgrounds b USING (until)
WHERE b.until IS NULL
   OR (g.until > %(open_since)s
       AND b.computed_at < (SELECT max(taken_at) FROM metric_snapshots
                            WHERE quality <> 'rejected' AND source = 'measured'))
ORDER BY g.until
LIMIT %(limit)s;

-- name: follower_gains_between
SELECT since, until, gross FROM follower_gains WHERE since >= %(since)s AND until <= %(until)s ORDER BY until;

-- name: posts_to_attribute
-- Reactions of one kind that are unknown make the whole reading unknown, not smaller. Doubtful counts are taken, because
-- those of large posts are rounded, and a share of what came is all that they decide about.
SELECT d.decision_id::text AS decision_id, d.lane, d.generator, d.posted_at,
       array_agg(m.age_s ORDER BY m.age_s) FILTER (WHERE m.reactions IS NOT NULL) AS ages,
       array_agg(m.reactions ORDER BY m.age_s) FILTER (WHERE m.reactions IS NOT NULL) AS reactions
FROM decisions d
LEFT JOIN (SELECT decision_id, age_s, likes + reposts + replies + bookmarks AS reactions FROM metric_snapshots
           WHERE quality <> 'rejected' AND source = 'measured') m USING (decision_id)
WHERE d.status = 'posted' AND d.posted_at >= %(since)s AND d.posted_at < %(until)s
GROUP BY d.decision_id
ORDER BY d.posted_at, d.decision_id;

-- name: replies_by_author
-- In order of time, so that the last one before a moment is found by going on.
SELECT decision_id::text AS decision_id, target_author AS author, posted_at FROM decisions
WHERE lane = 'reply' AND status = 'posted' AND posted_at >= %(since)s AND posted_at < %(until)s
ORDER BY posted_at, decision_id;

-- name: forget_credits
DELETE FROM follower_credits WHERE until = %(until)s;

-- name: insert_credits
INSERT INTO follower_credits (until, decision_id, credit)
SELECT %(until)s, decision_id, credit
FROM jsonb_to_recordset(%(credits)s) AS shared (decision_id uuid, credit double precision);

-- name: put_background
INSERT INTO follower_backgrounds (until, credit, method, computed_at)
VALUES (%(until)s, %(credit)s, %(method)s, %(computed_at)s)
ON CONFLICT (until) DO UPDATE SET credit = EXCLUDED.credit, method = EXCLUDED.method,
    computed_at = EXCLUDED.computed_at;
