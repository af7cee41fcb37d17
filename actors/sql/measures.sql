-- name: due_checkpoints
-- What stands on the page of a thread's first id is its first part. An id that is another post's is not measured.
SELECT c.decision_id, c.kind, c.due_at, d.tweet_id, d.parts[1] AS text, d.posted_at
FROM checkpoints c JOIN decisions d USING (decision_id)
WHERE c.done_at IS NULL AND c.due_at <= %(now)s AND d.status = 'posted' AND d.lane = %(lane)s
  AND NOT EXISTS (SELECT 1 FROM id_verifications v WHERE v.decision_id = d.decision_id AND v.part = 0
                    AND v.tweet_id = d.tweet_id AND v.verdict IN ('wrong', 'deleted'))
ORDER BY c.due_at
LIMIT %(limit)s;

-- name: previous_snapshot
SELECT views, likes, reposts, replies, bookmarks FROM metric_snapshots
WHERE decision_id = %(decision_id)s AND quality <> 'rejected'
ORDER BY taken_at DESC LIMIT 1;

-- name: insert_snapshot
INSERT INTO metric_snapshots (decision_id, tweet_id, checkpoint, taken_at, age_s, views, likes, reposts, replies,
    bookmarks, source, quality, reason)
VALUES (%(decision_id)s, %(tweet_id)s, %(checkpoint)s, %(taken_at)s, %(age_s)s, %(views)s, %(likes)s, %(reposts)s,
    %(replies)s, %(bookmarks)s, 'measured', %(quality)s, %(reason)s);

-- name: finish_checkpoint
UPDATE checkpoints SET done_at = %(now)s, late = %(late)s, result = %(result)s
WHERE decision_id = %(decision_id)s AND kind = %(kind)s AND done_at IS NULL;

-- name: measuring_coverage
SELECT count(*) AS posted,
       count(*) FILTER (WHERE EXISTS (
           SELECT 1 FROM metric_snapshots m WHERE m.decision_id = d.decision_id AND m.quality = 'ok')) AS measured
FROM decisions d
WHERE d.status = 'posted' AND d.posted_at > %(now)s::timestamptz - interval '48 hours'
  AND d.posted_at <= %(now)s::timestamptz - interval '1 hour';

-- name: heed_wish
INSERT INTO opt_outs (handle, reason, added_at, added_by) VALUES (%(handle)s, %(reason)s, %(now)s, %(by)s)
ON CONFLICT (handle) DO NOTHING
RETURNING handle;

-- name: measured_outcomes
SELECT * FROM post_outcomes WHERE kind = 'single' ORDER BY decision_id;

-- name: latest_weights
SELECT version, body FROM weight_snapshots ORDER BY version DESC LIMIT 1;

-- name: insert_weights
INSERT INTO weight_snapshots (version, created_at, source, outcomes, body)
VALUES (%(version)s, %(created_at)s, %(source)s, %(outcomes)s, %(body)s)
ON CONFLICT (version) DO NOTHING;
