-- Whom and what a person lets through: decisions he approves or rejects, and people who want no replies.
-- A decision is named by the beginning of its number, as the range from `low` to `high`; who named two has named none.

-- name: approve_decision
UPDATE decisions SET approved_at = %(now)s, approved_by = %(by)s
WHERE decision_id BETWEEN %(low)s AND %(high)s AND status = 'queued' AND approved_at IS NULL
  AND (SELECT count(*) FROM decisions WHERE decision_id BETWEEN %(low)s AND %(high)s) = 1
RETURNING decision_id;

-- name: reject_decision
UPDATE decisions SET status = 'cancelled', reason = %(reason)s
WHERE decision_id BETWEEN %(low)s AND %(high)s AND status = 'queued'
  AND (SELECT count(*) FROM decisions WHERE decision_id BETWEEN %(low)s AND %(high)s) = 1
RETURNING decision_id;

-- name: named_decisions
SELECT decision_id, status, reason, scheduled_at, approved_at, approved_by FROM decisions
WHERE decision_id BETWEEN %(low)s AND %(high)s
ORDER BY decision_id
LIMIT %(limit)s;

-- name: unapproved_decisions
SELECT decision_id, scheduled_at, lane, text, count(*) OVER () AS total FROM decisions
WHERE status = 'queued' AND approved_at IS NULL
ORDER BY scheduled_at, decision_id
LIMIT %(limit)s;

-- name: add_opt_out
INSERT INTO opt_outs (handle, added_at, added_by) VALUES (%(handle)s, %(now)s, %(by)s)
ON CONFLICT (handle) DO NOTHING
RETURNING handle;

-- name: opt_out_of
SELECT added_at, added_by FROM opt_outs WHERE handle = %(handle)s;

-- name: all_opt_outs
SELECT handle, reason, added_at, added_by, count(*) OVER () AS total FROM opt_outs ORDER BY handle LIMIT %(limit)s;
