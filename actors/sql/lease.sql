-- name: renew_lease
-- Renews what is ours, takes over what has expired, and leaves alone what another holds; always returns the row.
-- The row's lock serialises all candidates, so that one of them takes over. The time is read once, because the lease
-- could expire between two readings, and before the wait for the lock, which only errs to the late side. A renewal
-- never shortens what was granted: a click may rely on it.
WITH moment AS MATERIALIZED (SELECT clock_timestamp() AS now)
UPDATE publisher_lease l
SET boot_id = CASE WHEN l.expires_real <= m.now THEN %(boot_id)s ELSE l.boot_id END,
    fence = l.fence + CASE WHEN l.boot_id <> %(boot_id)s AND l.expires_real <= m.now THEN 1 ELSE 0 END,
    read_at = CASE WHEN l.boot_id <> %(boot_id)s AND l.expires_real <= m.now THEN NULL ELSE l.read_at END,
    expires_real = CASE WHEN l.boot_id = %(boot_id)s OR l.expires_real <= m.now
                        THEN greatest(l.expires_real, m.now + %(lease_s)s * interval '1 second')
                        ELSE l.expires_real END
FROM moment m
RETURNING l.boot_id AS holder, l.fence, l.boot_id = %(boot_id)s AS is_ours,
          extract(epoch FROM l.expires_real - clock_timestamp())::float8 AS left_s;

-- name: release_lease
-- Lets a successor begin at once. Not with an attempt of ours still open: its click may yet come, until the lease ends.
UPDATE publisher_lease l SET expires_real = clock_timestamp()
WHERE l.boot_id = %(boot_id)s AND l.expires_real > clock_timestamp()
  AND NOT EXISTS (SELECT 1 FROM publish_attempts a WHERE a.boot_id = l.boot_id AND a.result = 'open')
RETURNING l.fence;

-- name: lease_state
SELECT boot_id AS holder, fence, extract(epoch FROM expires_real - clock_timestamp())::float8 AS left_s, read_at
FROM publisher_lease;
