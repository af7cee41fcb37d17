-- name: follow_decisions
-- An opportunity follows the decision that answers it, also when late evidence shows that it was published after all. Of
-- what was turned down the words are not kept.
UPDATE opportunities o
SET status = CASE WHEN d.status = 'posted' THEN 'replied'
                  -- It came too late, not to the wrong post.
                  WHEN d.status = 'cancelled' AND d.reason LIKE 'stale:%%' AND o.expires_at > %(now)s THEN 'pending'
                  WHEN d.status = 'cancelled' THEN 'expired' ELSE 'rejected' END,
    reason = CASE d.status WHEN 'posted' THEN '' ELSE coalesce(nullif(d.reason, ''), d.status) END,
    text = CASE WHEN d.status IN ('skipped', 'failed') THEN '' ELSE o.text END
FROM decisions d
WHERE d.decision_id = o.decision_id
  AND ((o.status = 'queued' AND d.status IN ('posted', 'cancelled', 'skipped', 'failed'))
       OR (o.status IN ('expired', 'rejected') AND d.status = 'posted'))
RETURNING o.tweet_id, o.status;

-- name: cancel_unapproved_replies
UPDATE decisions SET status = 'cancelled', reason = 'stale: nobody approved it in time'
WHERE lane = 'reply' AND status = 'queued' AND approved_at IS NULL AND scheduled_at < %(before)s;

-- name: waiting_replies
-- Not yet among the publications: what is past its commit point is counted there.
SELECT target_author AS author, conversation_id AS conversation, scheduled_at FROM decisions
WHERE lane = 'reply' AND status IN ('queued', 'claimed');

-- name: answerable_opportunities
-- With what is known of their authors; the best come first.
SELECT o.tweet_id, o.author, o.conversation_id, o.addressed_us, o.text, o.topic, o.posted_at, o.tier, o.relevance,
       a.followers, a.priority, a.engagement, a.profile_at IS NOT NULL AS is_read,
       EXISTS (SELECT 1 FROM opt_outs p WHERE p.handle = lower(o.author)) AS has_opted_out
FROM opportunities o LEFT JOIN accounts a ON a.handle = lower(o.author)
WHERE o.status = 'pending' AND o.expires_at > %(now)s
  AND NOT EXISTS (SELECT 1 FROM decisions d WHERE d.target_id = o.tweet_id
                  AND d.status IN ('queued', 'claimed', 'publishing', 'uncertain', 'posted'))
ORDER BY o.addressed_us DESC, o.posted_at > %(fresh)s DESC, o.score DESC, o.tweet_id
LIMIT %(limit)s;

-- name: held_out_talks
-- Whom chance left alone counts like somebody answered: he is not drawn again as long as that one is not either, or what
-- becomes of the two could not be compared.
SELECT author, conversation_id AS conversation, assigned_at FROM opportunities
WHERE status = 'held_out' AND assigned_at > %(since)s;

-- name: draw_opportunity
-- Before anything is written: what was to be answered is known as that, whatever becomes of the answer.
UPDATE opportunities SET assigned_at = %(now)s WHERE tweet_id = %(tweet_id)s AND status = 'pending' AND assigned_at IS NULL;

-- name: take_opportunity
-- Beside its decision, in the same transaction: nobody else may have taken it.
UPDATE opportunities SET status = 'queued', reason = '', decision_id = %(decision_id)s,
    assigned_at = coalesce(assigned_at, %(now)s)
WHERE tweet_id = %(tweet_id)s AND status = 'pending';

-- name: hold_out_opportunity
UPDATE opportunities SET status = 'held_out', assigned_at = %(now)s
WHERE tweet_id = %(tweet_id)s AND status = 'pending';

-- name: reject_opportunity
-- What was to be answered belongs to those that were, whatever came in between.
UPDATE opportunities SET status = 'rejected', reason = %(reason)s, text = ''
WHERE tweet_id = %(tweet_id)s AND status = 'pending';

-- name: recent_reply_texts
-- What a reply may not repeat, the newest first: what we answered or are about to, and what stands there besides.
SELECT text FROM (
    SELECT text, created_at AS at FROM decisions
    WHERE lane = 'reply' AND (status NOT IN ('skipped', 'cancelled') OR reason LIKE 'rejected%%')
    UNION ALL
    SELECT text, minted_at FROM own_posts WHERE lane = 'reply') said
WHERE at > %(since)s
ORDER BY at DESC
LIMIT %(limit)s;

-- name: latest_reply_weights
SELECT version, body FROM reply_weights ORDER BY version DESC LIMIT 1;

-- name: insert_reply_weights
INSERT INTO reply_weights (version, created_at, source, outcomes, body)
VALUES (%(version)s, %(created_at)s, %(source)s, %(outcomes)s, %(body)s)
ON CONFLICT (version) DO NOTHING;

-- name: rates_of_replies
SELECT strategy, tier, alpha, beta, replies FROM conversion_rates;

-- name: measured_replies
-- The latest reading of each reply, by its own id. Who asked us to stop did so for the last reply he had got by then.
SELECT DISTINCT ON (m.decision_id)
       m.decision_id::text AS decision_id, m.age_s, m.likes, m.reposts, m.replies, m.bookmarks, m.source,
       d.posted_at, d.choice ->> 'strategy' AS strategy, d.choice -> 'schema' AS schema, d.choice -> 'features' AS features,
       coalesce(c.follows, 0) AS follows,
       coalesce(p.added_at > d.posted_at AND NOT EXISTS (
           SELECT 1 FROM decisions later
           WHERE later.status = 'posted' AND lower(later.target_author) = lower(d.target_author)
             AND later.posted_at > d.posted_at AND later.posted_at < p.added_at), false) AS was_told_to_stop
FROM metric_snapshots m
JOIN decisions d ON d.decision_id = m.decision_id AND d.tweet_id = m.tweet_id
LEFT JOIN reply_conversions c ON c.decision_id = d.decision_id
LEFT JOIN opt_outs p ON p.handle = lower(d.target_author) AND p.added_by = 'reply_metrics'
WHERE m.quality = 'ok' AND m.source = 'measured' AND d.lane = 'reply' AND d.status = 'posted' AND d.choice IS NOT NULL
  AND d.posted_at >= %(since)s
ORDER BY m.decision_id, m.taken_at DESC;

-- name: reply_pool
SELECT count(*) FILTER (WHERE status = 'pending' AND expires_at > %(now)s) AS pool, max(seen_at) AS newest
FROM opportunities;
