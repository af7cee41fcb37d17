-- What is studied to learn how posts are made: a library of liked ones, and those of peers.

-- name: library_size
SELECT count(*) AS posts FROM external_posts WHERE lane = 'viral';

-- name: drop_studied
-- Who opted out; whom the operator does not name, if he names any; and who failed so often that he was passed over for
-- a month: he may be chosen anew.
DELETE FROM studied_accounts s
WHERE s.role = %(role)s AND (
    EXISTS (SELECT 1 FROM opt_outs o WHERE o.handle = s.handle)
    OR (s.failures >= %(failures)s AND s.read_at < %(now)s::timestamptz - interval '30 days')
    OR (jsonb_array_length(%(named)s) > 0 AND s.handle NOT IN (SELECT jsonb_array_elements_text(%(named)s))));

-- name: studied_in_place
SELECT handle, tier FROM studied_accounts WHERE role = %(role)s AND failures < %(failures)s;

-- name: study_candidates
-- Accounts whose profile was read, and those that the operator names, read or not.
SELECT coalesce(a.handle, n.handle) AS handle, a.followers, coalesce(a.quality, 0) AS quality,
    n.handle IS NOT NULL AS is_named
FROM (SELECT handle, followers, quality FROM accounts WHERE followers IS NOT NULL) AS a
FULL JOIN (SELECT jsonb_array_elements_text(%(named)s) AS handle) AS n ON n.handle = a.handle
WHERE NOT EXISTS (SELECT 1 FROM opt_outs o WHERE o.handle = coalesce(a.handle, n.handle))
  AND NOT EXISTS (SELECT 1 FROM studied_accounts s WHERE s.handle = coalesce(a.handle, n.handle));

-- name: choose_studied
INSERT INTO studied_accounts (handle, role, tier, followers, chosen_at)
SELECT r.handle, %(role)s, r.tier, r.followers, %(now)s
FROM jsonb_to_recordset(%(rows)s) AS r (handle text, tier text, followers bigint)
ON CONFLICT (handle) DO NOTHING;

-- name: studies_due
SELECT handle, followers FROM studied_accounts
WHERE role = %(role)s AND failures < %(failures)s
ORDER BY read_at NULLS FIRST, handle
LIMIT %(limit)s;

-- name: size_studied
UPDATE studied_accounts SET followers = %(followers)s, tier = %(tier)s WHERE handle = %(handle)s;

-- name: studied_was_read
UPDATE studied_accounts SET read_at = %(now)s, failures = 0 WHERE handle = %(handle)s;

-- name: study_passed_over
UPDATE studied_accounts SET read_at = %(now)s WHERE handle = %(handle)s;

-- name: study_failed
-- It loses its turn.
UPDATE studied_accounts SET read_at = %(now)s, failures = failures + 1 WHERE handle = %(handle)s;

-- name: studied_examples
-- A post once, for the first of the lanes that has it; if its author's timeline showed it, it was not picked for being
-- liked. Unknown counts are not zero, and a post younger than a day is not compared with older ones.
SELECT DISTINCT ON (e.tweet_id) e.lane, e.author, coalesce(e.followers, a.followers) AS followers,
    e.lane = 'viral' AS is_picked, e.likes + e.reposts + e.replies AS engagement, e.features
FROM jsonb_array_elements_text(%(lanes)s) WITH ORDINALITY AS wanted (lane, place)
JOIN external_posts e ON e.lane = wanted.lane
LEFT JOIN accounts a ON a.handle = e.author
WHERE e.likes + e.reposts + e.replies IS NOT NULL
  AND e.posted_at > %(since)s AND e.seen_at >= e.posted_at + interval '1 day'
  AND NOT EXISTS (SELECT 1 FROM opt_outs o WHERE o.handle = e.author)
ORDER BY e.tweet_id DESC, wanted.place
LIMIT %(limit)s;
