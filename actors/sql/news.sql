-- News and deep analysis: what is to be looked into, what was made of it, and which report was taken up.

-- name: news_to_label
SELECT DISTINCT ON (e.tweet_id) e.tweet_id, e.author, e.text, e.posted_at, e.likes, e.reposts, e.replies
FROM external_posts e
LEFT JOIN post_labels l ON l.consumer = %(consumer)s AND l.tweet_id = e.tweet_id
WHERE e.lane IN ('news', 'research') AND e.text IS NOT NULL AND e.posted_at > %(since)s
    AND (l.tweet_id IS NULL OR l.label = '{}' AND l.tries < %(tries)s)
    AND NOT EXISTS (SELECT FROM opt_outs o WHERE o.handle = e.author)
ORDER BY e.tweet_id, e.lane;

-- name: news_labelled
SELECT DISTINCT ON (e.tweet_id) e.tweet_id, e.author, e.text, e.posted_at, e.likes, e.reposts, e.replies,
    l.label ->> 'topic' AS topic, l.label ->> 'kind' AS kind
FROM post_labels l
JOIN external_posts e ON e.tweet_id = l.tweet_id AND e.lane IN ('news', 'research')
WHERE l.consumer = %(consumer)s AND l.version = %(version)s AND e.text IS NOT NULL AND e.posted_at > %(since)s
    AND l.label ->> 'topic' IS NOT NULL AND l.label ->> 'kind' IS NOT NULL
    AND NOT EXISTS (SELECT FROM opt_outs o WHERE o.handle = e.author)
ORDER BY e.tweet_id, e.lane;

-- name: keep_news
INSERT INTO news_items (tweet_id, topic, kind, credibility, score, freshness, posted_at, curated_at)
SELECT r.tweet_id, r.topic, r.kind, r.credibility, r.score, r.freshness, r.posted_at, %(now)s
FROM jsonb_to_recordset(%(rows)s) AS r (tweet_id text, topic text, kind text, credibility text, score double precision,
    freshness double precision, posted_at timestamptz)
ON CONFLICT (tweet_id) DO UPDATE
SET credibility = excluded.credibility, score = excluded.score, freshness = excluded.freshness
RETURNING xmax = 0 AS is_new;

-- name: news_since
-- Whose report it is stands with the post; that one is kept for longer than a report counts.
SELECT n.topic, n.kind, n.credibility, n.posted_at, n.used_by IS NOT NULL AS is_used, p.author
FROM news_items n
JOIN LATERAL (SELECT author FROM external_posts e WHERE e.tweet_id = n.tweet_id LIMIT 1) AS p ON TRUE
WHERE n.posted_at > %(since)s AND NOT EXISTS (SELECT FROM opt_outs o WHERE o.handle = p.author);

-- name: take_up_news
UPDATE news_items SET used_by = %(decision_id)s
WHERE topic = %(topic)s AND used_by IS NULL AND credibility <> 'low' AND posted_at > %(since)s;

-- name: drop_finding
DELETE FROM format_intelligence WHERE source = %(source)s AND key = %(key)s;

-- name: posts_to_analyse
-- All of the time, for what is strong shows beside the others; those that are done without their words.
SELECT tweet_id, author, CASE WHEN is_done THEN '' ELSE text END AS text, followers, views, likes, reposts, replies, is_done
FROM (
    SELECT DISTINCT ON (e.tweet_id) e.*,
        l.tweet_id IS NOT NULL AND (l.label <> '{}' OR l.tries >= %(tries)s) AS is_done
    FROM external_posts e
    LEFT JOIN post_labels l ON l.consumer = %(consumer)s AND l.tweet_id = e.tweet_id
    WHERE e.lane IN ('viral', 'peer', 'competitor') AND e.text IS NOT NULL AND e.seen_at > %(since)s
        AND NOT EXISTS (SELECT FROM opt_outs o WHERE o.handle = e.author)
    ORDER BY e.tweet_id, e.seen_at DESC
) AS candidates
ORDER BY seen_at DESC, tweet_id
LIMIT %(limit)s;

-- name: posts_analysed
SELECT author, hook, format, label FROM (
    SELECT DISTINCT ON (e.tweet_id) e.tweet_id, e.author, e.features ->> 'hook' AS hook, e.features ->> 'format' AS format,
        l.label, l.labelled_at
    FROM post_labels l
    JOIN external_posts e ON e.tweet_id = l.tweet_id
    WHERE l.consumer = %(consumer)s AND l.version = %(version)s AND l.label <> '{}' AND l.labelled_at > %(since)s
        AND NOT EXISTS (SELECT FROM opt_outs o WHERE o.handle = e.author)
    ORDER BY e.tweet_id, e.lane
) AS analysed
ORDER BY labelled_at DESC, tweet_id
LIMIT %(limit)s;
