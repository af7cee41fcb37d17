-- The login session: one row for each account, replaced by compare-and-set.

-- name: session_of
SELECT version, key_id, sealed, imported_at, extract(epoch FROM clock_timestamp() - imported_at)::float8 AS age_s
FROM sessions WHERE site = %(site)s AND account = %(account)s;

-- name: store_session
-- The version before is the one that was read, 0 for none; whoever was faster wins, and nothing is returned.
INSERT INTO sessions AS s (site, account, version, key_id, sealed)
SELECT %(site)s::text, %(account)s::text, %(before)s::integer + 1, %(key_id)s::text, %(sealed)s::bytea
WHERE %(before)s::integer = 0
   OR EXISTS (SELECT 1 FROM sessions WHERE site = %(site)s AND account = %(account)s AND version = %(before)s::integer)
ON CONFLICT (site, account) DO UPDATE
SET version = excluded.version, key_id = excluded.key_id, sealed = excluded.sealed, imported_at = clock_timestamp()
WHERE s.version = %(before)s::integer
RETURNING version;
