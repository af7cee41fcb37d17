-- Hypotheses: what the expert thought worth a try, and what became of it.

-- name: raise_hypotheses
-- One that has ended, either way, is let rest for as long as it was open; then it may be tried anew.
INSERT INTO hypotheses AS h (factor, value, raised_at, cited, posts)
SELECT r.factor, r.value, %(now)s, r.cited, r.posts
FROM jsonb_to_recordset(%(rows)s) AS r (factor text, value text, cited jsonb, posts integer)
ON CONFLICT (factor, value) DO UPDATE
SET times_raised = h.times_raised + 1, cited = excluded.cited,
    (raised_at, posts, held, settled_at) = (
        SELECT CASE WHEN again THEN excluded.raised_at ELSE h.raised_at END,
               CASE WHEN again THEN excluded.posts ELSE h.posts END,
               CASE WHEN again THEN NULL ELSE h.held END,
               CASE WHEN again THEN NULL ELSE h.settled_at END
        FROM (SELECT coalesce(h.settled_at, h.raised_at + %(lasts_s)s * interval '1 second')
                  + %(lasts_s)s * interval '1 second' <= excluded.raised_at AS again) AS is_over)
RETURNING xmax = 0 AS is_new;

-- name: every_hypothesis
SELECT factor, value, raised_at, times_raised, cited, posts, tried_at, held, settled_at FROM hypotheses ORDER BY factor, value;

-- name: settle_hypotheses
UPDATE hypotheses h SET held = r.held, settled_at = %(now)s
FROM jsonb_to_recordset(%(rows)s) AS r (factor text, value text, held boolean)
WHERE h.factor = r.factor AND h.value = r.value AND h.held IS NULL;

-- name: hypotheses_were_told
UPDATE hypotheses h SET tried_at = %(now)s
FROM jsonb_to_recordset(%(rows)s) AS r (factor text, value text)
WHERE h.factor = r.factor AND h.value = r.value;
