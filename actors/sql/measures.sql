-- name: due_checkpoints
SELECT c.decision_id, c.kind, c.due_at, d.tweet_id, d.text, d.posted_at
FROM checkpoints c JOIN decisions d USING (decision_id)
WHERE c.done_at IS NULL AND c.due_at <= %(now)s AND d.status = 'posted'
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

-- name: measured_outcomes
SELECT DISTINCT ON (m.decision_id)
       m.decision_id::text AS decision_id, m.age_s, m.views, m.likes, m.reposts, m.replies, m.bookmarks, m.source,
       d.generator, d.topic, d.hook, d.format, d.length, d.posted_at, d.choice
FROM metric_snapshots m JOIN decisions d USING (decision_id)
WHERE m.quality = 'ok' AND m.source = 'measured' AND d.status = 'posted'
ORDER BY m.decision_id, m.taken_at DESC;

-- name: latest_weights
SELECT version, body FROM weight_snapshots ORDER BY version DESC LIMIT 1;

-- name: insert_weights
INSERT INTO weight_snapshots (version, created_at, source, outcomes, body)
VALUES (%(version)s, %(created_at)s, %(source)s, %(outcomes)s, %(body)s)
ON CONFLICT (version) DO NOTHING;
