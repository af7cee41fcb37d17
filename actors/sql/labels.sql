-- Labels: what the model made of posts of others, each consumer's in rows of its own.

-- name: keep_labels
INSERT INTO post_labels (consumer, tweet_id, author, version, label, second, labelled_at)
SELECT %(consumer)s, r.tweet_id, r.author, %(version)s, r.label, r.second, %(now)s
FROM jsonb_to_recordset(%(rows)s) AS r (tweet_id text, author text, label jsonb, second jsonb)
ON CONFLICT (consumer, tweet_id) DO UPDATE
SET author = excluded.author, version = excluded.version, label = excluded.label, second = excluded.second,
    labelled_at = excluded.labelled_at,
    tries = CASE WHEN post_labels.version = excluded.version THEN post_labels.tries + 1 ELSE 1 END;

-- name: labels_put_off
-- Those among them of which nothing is known, though they were asked about.
SELECT tweet_id, tries FROM post_labels
WHERE consumer = %(consumer)s AND version = %(version)s AND label = '{}'
    AND tweet_id IN (SELECT jsonb_array_elements_text(%(tweet_ids)s));

-- name: labels_of_both
SELECT label, second FROM post_labels
WHERE consumer = %(consumer)s AND version = %(version)s AND second IS NOT NULL
ORDER BY labelled_at DESC, tweet_id
LIMIT %(limit)s;

-- name: posts_without_label
-- A post may have been found in several lanes: the one that knows its author's size counts, then what was read last.
-- Nothing is shown of whoever opted out since.
SELECT * FROM (
    SELECT DISTINCT ON (tweet_id) tweet_id, author, text, posted_at, followers, views, likes, reposts, replies
    FROM external_posts e
    WHERE text IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM opt_outs o WHERE o.handle = e.author)
      AND NOT EXISTS (SELECT 1 FROM post_labels l
          WHERE l.consumer = %(consumer)s AND l.tweet_id = e.tweet_id AND l.version = %(version)s
              AND (l.label <> '{}' OR l.tries >= %(tries)s))
    ORDER BY tweet_id, followers IS NULL, seen_at DESC, lane
) AS found
ORDER BY posted_at DESC, tweet_id
LIMIT %(limit)s;

-- name: labelled_examples
-- As above; figures that were read before a post was ripe are left out.
SELECT * FROM (
    SELECT DISTINCT ON (e.tweet_id) e.tweet_id, e.author, e.features, l.label, e.posted_at, e.followers, e.views, e.likes,
        e.reposts, e.replies
    FROM post_labels l JOIN external_posts e USING (tweet_id)
    WHERE l.consumer = %(consumer)s AND l.version = %(version)s AND e.posted_at >= %(since)s
      AND e.seen_at - e.posted_at >= make_interval(secs => %(ripe_s)s)
      AND NOT EXISTS (SELECT 1 FROM opt_outs o WHERE o.handle = e.author)
    ORDER BY e.tweet_id, e.followers IS NULL, e.seen_at DESC, e.lane
) AS found
ORDER BY posted_at DESC, tweet_id
LIMIT %(limit)s;
