-- name: cursor_of
SELECT position FROM cursors WHERE consumer = %(consumer)s;

-- name: move_cursor
INSERT INTO cursors (consumer, position, moved_at) VALUES (%(consumer)s, %(position)s, %(now)s)
ON CONFLICT (consumer) DO UPDATE SET position = excluded.position, moved_at = excluded.moved_at;

-- name: expire_opportunities
-- Nobody answers them any more, so nobody needs their words.
UPDATE opportunities SET status = 'expired', text = '' WHERE status = 'pending' AND expires_at <= %(now)s
RETURNING tweet_id;

-- name: prune_opportunities
-- What nothing refers to, long after it could be harvested again.
DELETE FROM opportunities o
WHERE o.status IN ('expired', 'rejected') AND o.expires_at < %(now)s::timestamptz - interval '14 days'
  AND o.decision_id IS NULL AND o.assigned_at IS NULL
  AND NOT EXISTS (SELECT 1 FROM reply_conversions c WHERE c.tweet_id = o.tweet_id);

-- name: pool_size
SELECT count(*) AS pending, count(*) FILTER (WHERE posted_at > %(young)s) AS young
FROM opportunities WHERE status = 'pending' AND expires_at > %(now)s;

-- name: last_searches
SELECT DISTINCT ON (query) query, min_likes, seen, kept FROM harvest_searches
WHERE consumer = %(consumer)s AND searched_at > %(since)s
ORDER BY query, searched_at DESC, search_id DESC;

-- name: dry_searches
-- How many in a row have kept nothing.
SELECT count(*) AS searches FROM harvest_searches
WHERE consumer = %(consumer)s AND search_id > coalesce(
    (SELECT max(search_id) FROM harvest_searches WHERE consumer = %(consumer)s AND kept > 0), 0);

-- name: insert_search
INSERT INTO harvest_searches (searched_at, consumer, query, min_likes, seen, parsed, aged, judged_out, kept)
VALUES (%(now)s, %(consumer)s, %(query)s, %(min_likes)s, %(seen)s, %(parsed)s, %(aged)s, %(judged_out)s, %(kept)s);

-- name: known_opportunities
SELECT tweet_id FROM opportunities WHERE tweet_id IN (SELECT jsonb_array_elements_text(%(tweet_ids)s));

-- name: opted_out_among
SELECT handle FROM opt_outs WHERE handle IN (SELECT jsonb_array_elements_text(%(handles)s));

-- name: insert_opportunities
INSERT INTO opportunities (tweet_id, author, conversation_id, addressed_us, text, topic, posted_at, seen_at, query, views,
    likes, replies, tier, relevance, judged_by, score, status, reason, expires_at)
SELECT r.tweet_id, r.author, r.tweet_id, r.addressed_us, r.text, r.topic, r.posted_at, %(now)s, %(query)s, r.views,
    r.likes, r.replies, r.tier, r.relevance, r.judged_by, r.score, r.status, r.reason, r.expires_at
FROM jsonb_to_recordset(%(rows)s) AS r (tweet_id text, author text, addressed_us boolean, text text, topic text,
    posted_at timestamptz, views bigint, likes bigint, replies bigint, tier text, relevance float8, judged_by text,
    score float8, status text, reason text, expires_at timestamptz)
ON CONFLICT (tweet_id) DO NOTHING;

-- name: best_accounts
SELECT handle FROM accounts a
WHERE NOT EXISTS (SELECT 1 FROM opt_outs o WHERE o.handle = a.handle)
ORDER BY priority DESC, quality DESC, handle
LIMIT %(limit)s;

-- name: known_accounts
SELECT handle FROM accounts WHERE handle IN (SELECT jsonb_array_elements_text(%(handles)s));

-- name: note_accounts
INSERT INTO accounts (handle, found_by, found_at)
SELECT handle, %(found_by)s, %(now)s FROM jsonb_array_elements_text(%(handles)s) AS handle
ON CONFLICT (handle) DO NOTHING
RETURNING handle;

-- name: unread_accounts
-- Those with a post that is up for an answer first: they may want none.
SELECT a.handle FROM accounts a
WHERE a.profile_at IS NULL
ORDER BY EXISTS (SELECT 1 FROM opportunities o WHERE lower(o.author) = a.handle AND o.status = 'pending') DESC,
         a.found_at DESC, a.handle
LIMIT %(limit)s;

-- name: stale_accounts
-- Old figures, or an engagement that was measured since.
SELECT handle, engagement, posts_per_day FROM accounts
WHERE profile_at < %(now)s::timestamptz - %(fresh_s)s * interval '1 second' OR engagement_at > profile_at
ORDER BY profile_at, handle
LIMIT %(limit)s;

-- name: account_measures
SELECT engagement, posts_per_day FROM accounts WHERE handle = %(handle)s;

-- name: record_profile
-- Until something was learned of answering this author, quality is all there is to go by.
UPDATE accounts SET followers = %(followers)s, following = %(following)s, profile_at = %(now)s, quality = %(quality)s,
    priority = CASE WHEN priority_at IS NULL THEN %(quality)s ELSE priority END
WHERE handle = %(handle)s;

-- name: opt_out_by_profile
INSERT INTO opt_outs (handle, reason, added_at, added_by) VALUES (%(handle)s, 'bio', %(now)s, %(by)s)
ON CONFLICT (handle) DO NOTHING;

-- name: reject_author
UPDATE opportunities SET status = 'rejected', reason = %(reason)s, text = ''
WHERE lower(author) = %(handle)s AND status = 'pending';

-- name: forget_account
DELETE FROM accounts WHERE handle = %(handle)s;

-- name: drop_accounts
-- What is neither among the best nor referred to by any post that was up for an answer; what nobody has read yet has no
-- quality to be measured by, so it has a month.
DELETE FROM accounts a
WHERE a.handle IN (SELECT handle FROM accounts ORDER BY quality DESC, found_at DESC, handle OFFSET %(most)s)
  AND (a.profile_at IS NOT NULL OR a.found_at < %(now)s::timestamptz - interval '30 days')
  AND NOT EXISTS (SELECT 1 FROM opportunities o WHERE lower(o.author) = a.handle
                  AND (o.status = 'pending' OR o.assigned_at IS NOT NULL))
RETURNING a.handle;

-- name: unmeasured_accounts
SELECT handle FROM accounts a
WHERE (engagement_at IS NULL OR engagement_at < %(now)s::timestamptz - %(fresh_s)s * interval '1 second')
  AND NOT EXISTS (SELECT 1 FROM opt_outs o WHERE o.handle = a.handle)
ORDER BY engagement_at NULLS FIRST, priority DESC, quality DESC, handle
LIMIT %(limit)s;

-- name: record_measures
-- Without a single mature post nothing is known of its engagement, whatever was known before.
UPDATE accounts SET posts_per_day = %(posts_per_day)s, engagement_at = %(now)s, engagement_posts = %(posts)s,
    engagement_events = %(events)s, engagement_views = %(views)s, engagement = NULL, engagement_low = NULL,
    engagement_high = NULL
WHERE handle = %(handle)s;

-- name: measured_accounts
SELECT handle, engagement_events AS events, engagement_views AS views FROM accounts
WHERE engagement_views IS NOT NULL ORDER BY handle;

-- name: record_engagements
UPDATE accounts a SET engagement = r.rate, engagement_low = r.low, engagement_high = r.high
FROM jsonb_to_recordset(%(rows)s) AS r (handle text, rate float8, low float8, high float8)
WHERE a.handle = r.handle;
