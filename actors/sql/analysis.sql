-- Insight into our own posts: the daily cube, how fast posts mature, and how predictions did.

-- name: cube_rows
-- The reading of each single at one age, whenever its checkpoint was met within three hours.
SELECT d.posted_at::date AS day, d.generator, d.topic, d.hook, d.format, d.length, m.views,
       m.likes + m.reposts + m.replies AS engagements
FROM metric_snapshots m JOIN decisions d USING (decision_id)
WHERE d.lane = 'content' AND d.kind = 'single' AND m.checkpoint = %(checkpoint)s
  AND m.source = 'measured' AND m.quality = 'ok' AND m.age_s <= %(oldest_s)s
  AND num_nulls(m.views, m.likes, m.reposts, m.replies) = 0
  AND d.posted_at >= %(since)s;

-- name: store_factor_day
INSERT INTO factor_days (day, factor, value, posts, views, engagements, views_squared, engagements_squared, product)
VALUES (%(day)s, %(factor)s, %(value)s, %(posts)s, %(views)s, %(engagements)s, %(views_squared)s,
    %(engagements_squared)s, %(product)s)
ON CONFLICT (day, factor, value) DO UPDATE
SET posts = excluded.posts, views = excluded.views, engagements = excluded.engagements,
    views_squared = excluded.views_squared, engagements_squared = excluded.engagements_squared,
    product = excluded.product;

-- name: factor_totals
SELECT factor, value, sum(posts)::integer AS posts, sum(views)::bigint AS views,
       sum(engagements)::bigint AS engagements,
       sum(views_squared) AS views_squared, sum(engagements_squared) AS engagements_squared, sum(product) AS product
FROM factor_days WHERE day >= %(since)s::timestamptz::date
GROUP BY factor, value
ORDER BY factor, value;

-- name: maturity_readings
SELECT m.decision_id::text AS post, m.age_s, m.views FROM metric_snapshots m JOIN decisions d USING (decision_id)
WHERE d.lane = 'content' AND d.status = 'posted' AND m.source = 'measured' AND m.quality = 'ok' AND m.views IS NOT NULL
  AND d.posted_at >= %(since)s;

-- name: store_maturity
INSERT INTO maturity_curves (computed_at, posts, hours, shape) VALUES (%(now)s, %(posts)s, %(hours)s, %(shape)s)
ON CONFLICT (computed_at) DO NOTHING;

-- name: latest_maturity
SELECT posts, hours, shape FROM maturity_curves ORDER BY computed_at DESC LIMIT 1;

-- name: predicted_outcomes
SELECT * FROM post_outcomes
WHERE kind = 'single' AND choice ? 'predicted' AND posted_at >= %(since)s
ORDER BY decision_id;

-- name: store_calibration
INSERT INTO calibrations (computed_at, outcomes, coverage, crps, slope, pit, is_alarming)
VALUES (%(now)s, %(outcomes)s, %(coverage)s, %(crps)s, %(slope)s, %(pit)s, %(is_alarming)s)
ON CONFLICT (computed_at) DO NOTHING;

-- name: shadow_decisions
-- What would be published now, were this not the shadow.
SELECT decision_id, weight_version, choice -> 'predicted' AS predicted FROM decisions
WHERE status = 'queued' AND lane = 'content' AND scheduled_at <= %(now)s AND choice ? 'predicted'
ORDER BY scheduled_at
LIMIT %(limit)s;

-- name: insert_simulated
INSERT INTO simulated_outcomes (decision_id, drawn_at, weight_version, engagement)
VALUES (%(decision_id)s, %(now)s, %(weight_version)s, %(engagement)s);
