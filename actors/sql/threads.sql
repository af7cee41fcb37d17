-- name: waiting_threads
SELECT count(*) AS waiting FROM decisions
WHERE kind = 'thread' AND status IN ('queued', 'claimed', 'publishing', 'uncertain');

-- name: thread_outcomes
-- The latest reading of each thread, which is that of its first part.
SELECT DISTINCT ON (t.decision_id)
       t.decision_id::text AS decision_id, t.style, t.emotion, m.age_s, m.views, m.likes, m.reposts, m.replies,
       m.bookmarks, m.source, d.generator, d.topic, d.hook, d.format, d.length, d.posted_at, d.choice
FROM thread_attempts t JOIN decisions d USING (decision_id) JOIN metric_snapshots m USING (decision_id)
WHERE m.quality = 'ok' AND m.source = 'measured' AND d.status = 'posted'
ORDER BY t.decision_id, m.taken_at DESC;

-- name: insert_thread_attempt
INSERT INTO thread_attempts (decision_id, style, emotion, score)
VALUES (%(decision_id)s, %(style)s, %(emotion)s, %(score)s);
