-- What operators said, and what they paused.

-- name: write_audit
-- An entry that is written twice, because the answer to the first time was lost, stands there once.
INSERT INTO control_audit (entry_id, body) VALUES (%(entry_id)s, %(body)s)
ON CONFLICT (entry_id) DO NOTHING
RETURNING seq, hash;

-- name: audit_after
SELECT seq, body, hash FROM control_audit WHERE seq > %(seq)s ORDER BY seq LIMIT %(limit)s;

-- name: lately_said
-- By the clock of whoever wrote it down here, which is later than that by which it was signed.
SELECT body FROM control_audit
WHERE said_at >= now() - make_interval(secs => %(within_s)s)
    AND (position('"verdict":"accepted"' IN body) > 0 OR position('"verdict":"lost"' IN body) > 0)
ORDER BY seq;

-- name: all_pauses
SELECT name, until_real, paused_by, because FROM control_pauses ORDER BY name, paused_by;

-- name: store_pause
-- Anybody may say one, so it shortens none, and none of another author: that takes a `lift_pause`.
INSERT INTO control_pauses (name, until_real, paused_by, because)
VALUES (%(name)s, %(until)s, %(by)s, %(because)s)
ON CONFLICT (name, paused_by) DO UPDATE
SET until_real = EXCLUDED.until_real, because = EXCLUDED.because
WHERE coalesce(EXCLUDED.until_real, 'infinity') >= coalesce(control_pauses.until_real, 'infinity');

-- name: lift_pause
DELETE FROM control_pauses
WHERE name = %(name)s AND paused_by = %(by)s AND (%(ended)s::timestamptz IS NULL OR until_real <= %(ended)s);
