-- name: waiting_threads
SELECT count(*) AS waiting FROM decisions
WHERE kind = 'thread' AND status IN ('queued', 'claimed', 'publishing', 'uncertain');

-- name: thread_outcomes
SELECT t.style, t.emotion, o.* FROM thread_attempts t JOIN post_outcomes o ON o.post = t.decision_id
ORDER BY o.decision_id;

-- name: insert_thread_attempt
INSERT INTO thread_attempts (decision_id, style, emotion, score)
VALUES (%(decision_id)s, %(style)s, %(emotion)s, %(score)s);
