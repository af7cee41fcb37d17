-- Health: what the stages of `health_monitor` read of everybody, and keep of their own.

-- name: put_symptoms
INSERT INTO health_symptoms AS s (stage, name, level, text, since, seen_at)
SELECT %(stage)s, r.name, r.level, r.text, %(now)s, %(now)s
FROM jsonb_to_recordset(%(rows)s) AS r (name text, level text, text text)
ON CONFLICT (stage, name) DO UPDATE SET level = excluded.level, text = excluded.text, seen_at = excluded.seen_at
RETURNING name, since = seen_at AS is_new;

-- name: drop_symptoms
-- What this stage found before and does not find any more.
DELETE FROM health_symptoms
WHERE stage = %(stage)s AND name NOT IN (SELECT jsonb_array_elements_text(%(names)s))
RETURNING name;

-- name: all_symptoms
SELECT stage, name, level, text, since FROM health_symptoms ORDER BY since, stage, name;

-- name: health_flow
-- What can go out and does not: without what waits for an approval.
SELECT (SELECT max(created_at) FROM decisions WHERE lane = 'content') AS newest,
       (SELECT count(*) FROM decisions
        WHERE status = 'queued' AND scheduled_at < %(now)s::timestamptz - interval '1 day'
          AND (NOT %(approval)s::boolean OR approved_at IS NOT NULL)) AS overdue,
       (SELECT count(*) FROM opportunities WHERE status = 'pending' AND expires_at > %(now)s) AS opportunities,
       (SELECT min(judged_at) FROM health_verdicts) AS since;

-- name: stuck_work
-- A claim's time counts from the claim: its lease is real time and is renewed with every part. When a decision was made
-- says nothing of that.
SELECT count(*) FILTER (WHERE d.status = 'claimed' AND d.lease_until_real < clock_timestamp()) AS claims,
       count(*) FILTER (WHERE d.status = 'publishing' AND d.lease_until_real < clock_timestamp()) AS attempts,
       count(*) FILTER (WHERE d.status = 'uncertain' AND a.latest < %(doubtful)s) AS doubts,
       count(*) FILTER (WHERE d.status = 'queued' AND r.latest < %(resting)s) AS threads,
       count(*) FILTER (WHERE r.receipts >= cardinality(d.parts) AND r.recorded < %(unsettled)s) AS receipts,
       count(*) AS live
FROM decisions d
LEFT JOIN LATERAL (SELECT max(intent_at) AS latest FROM publish_attempts p
                   WHERE p.decision_id = d.decision_id) a ON true
LEFT JOIN LATERAL (SELECT count(*) AS receipts, max(posted_at) AS latest, max(recorded_at) AS recorded FROM receipts x
                   WHERE x.decision_id = d.decision_id) r ON true
WHERE d.status IN ('queued', 'claimed', 'publishing', 'uncertain');

-- name: overdue_readings
SELECT d.lane, count(*) AS overdue FROM checkpoints c JOIN decisions d USING (decision_id)
WHERE c.done_at IS NULL AND c.due_at < %(before)s AND d.status = 'posted'
GROUP BY d.lane;

-- name: run_windows
-- Runs that came to an end; of one that was tried again only the last try.
WITH ended AS (
    SELECT DISTINCT ON (job, slot) job, outcome, ended_at FROM job_runs
    WHERE ended_at > %(now)s::timestamptz - interval '1 day' AND ended_at <= %(now)s
      AND outcome IN ('done', 'nothing', 'failed')
    ORDER BY job, slot, attempt DESC, ended_at DESC
)
SELECT job = 'posting' AS is_posting,
       count(*) FILTER (WHERE ended_at > %(now)s::timestamptz - interval '5 minutes') AS runs_5m,
       count(*) FILTER (WHERE ended_at > %(now)s::timestamptz - interval '5 minutes' AND outcome = 'failed') AS failed_5m,
       count(*) FILTER (WHERE ended_at > %(now)s::timestamptz - interval '1 hour') AS runs_1h,
       count(*) FILTER (WHERE ended_at > %(now)s::timestamptz - interval '1 hour' AND outcome = 'failed') AS failed_1h,
       count(*) AS runs_1d,
       count(*) FILTER (WHERE outcome = 'failed') AS failed_1d
FROM ended
GROUP BY job = 'posting';

-- name: run_recoveries
SELECT count(*) AS fell, count(*) FILTER (WHERE last <> 'failed') AS recovered
FROM (SELECT bool_or(outcome = 'failed') AS fell, (array_agg(outcome ORDER BY ended_at DESC))[1] AS last
      FROM job_runs
      WHERE ended_at > %(now)s::timestamptz - interval '1 day' AND outcome IN ('done', 'nothing', 'failed')
      GROUP BY job) jobs
WHERE fell;

-- name: ended_decisions
SELECT count(*) FILTER (WHERE status = 'posted' AND posted_at > %(now)s::timestamptz - interval '1 day') AS posted,
       count(*) FILTER (WHERE status = 'failed' AND scheduled_at > %(now)s::timestamptz - interval '1 day') AS failed
FROM decisions WHERE status IN ('posted', 'failed');

-- name: last_verdict
SELECT level, since, judged_at, seen, looks, ill_since FROM health_verdicts ORDER BY judged_at DESC LIMIT 1;

-- name: first_verdict
SELECT min(judged_at) AS judged_at FROM health_verdicts;

-- name: insert_verdict
INSERT INTO health_verdicts (judged_at, level, since, seen, looks, ill_since, repaired_s, score, figures, symptoms)
VALUES (%(judged_at)s, %(level)s, %(since)s, %(seen)s, %(looks)s, %(ill_since)s, %(repaired_s)s, %(score)s, %(figures)s,
    %(symptoms)s)
ON CONFLICT (judged_at) DO NOTHING;

-- name: mean_repair
SELECT avg(repaired_s) AS seconds FROM health_verdicts WHERE judged_at > %(since)s AND repaired_s IS NOT NULL;

-- name: put_fingerprints
INSERT INTO error_fingerprints AS e (fingerprint, kind, place, frames, message, first_seen, last_seen)
SELECT r.fingerprint, r.kind, r.place, r.frames, r.message, r.first, r.last
FROM jsonb_to_recordset(%(rows)s) AS r (fingerprint text, kind text, place text, frames jsonb, message text,
    first timestamptz, last timestamptz)
ON CONFLICT (fingerprint) DO UPDATE SET last_seen = greatest(e.last_seen, excluded.last_seen);

-- name: put_error_counts
INSERT INTO error_counts AS c (fingerprint, boot_id, hour, errors)
SELECT r.fingerprint, %(boot_id)s, r.hour, r.errors
FROM jsonb_to_recordset(%(rows)s) AS r (fingerprint text, hour timestamptz, errors integer)
ON CONFLICT (fingerprint, boot_id, hour) DO UPDATE SET errors = greatest(c.errors, excluded.errors);

-- name: untold_fingerprints
SELECT fingerprint, kind, place, frames, message, first_seen FROM error_fingerprints WHERE told_at IS NULL
ORDER BY first_seen, fingerprint
LIMIT %(limit)s;

-- name: fingerprints_are_told
UPDATE error_fingerprints SET told_at = %(now)s
WHERE fingerprint IN (SELECT jsonb_array_elements_text(%(fingerprints)s));

-- name: errors_of_hours
SELECT hour, sum(errors)::integer AS errors FROM error_counts WHERE hour >= %(since)s GROUP BY hour;

-- name: error_hours
-- Of the kinds that were seen since `recent`: every hour of theirs.
SELECT e.fingerprint, e.kind, e.place, e.message, e.first_seen, c.hour, sum(c.errors)::integer AS errors
FROM error_fingerprints e JOIN error_counts c USING (fingerprint)
WHERE e.last_seen >= %(recent)s AND c.hour >= %(since)s
GROUP BY e.fingerprint, c.hour
ORDER BY e.fingerprint, c.hour;

-- name: own_groups
-- Our own posts by what a writer can choose, and by the four hours of the day in which they went out.
SELECT v.factor, v.value, count(*)::integer AS posts, sum(p.views)::bigint AS views, sum(p.engagements)::bigint AS engagements,
       sum(p.views::float8 ^ 2) AS views_squared, sum(p.engagements::float8 ^ 2) AS engagements_squared,
       sum(p.views::float8 * p.engagements) AS product
FROM (SELECT d.generator, d.format, m.views, m.likes + m.reposts + m.replies AS engagements,
             to_char(div(extract(hour FROM d.posted_at AT TIME ZONE 'UTC'), 4) * 4, 'FM00') AS hour
      FROM metric_snapshots m JOIN decisions d USING (decision_id)
      WHERE d.lane = 'content' AND d.kind = 'single' AND m.checkpoint = %(checkpoint)s
        AND m.source = 'measured' AND m.quality = 'ok' AND m.age_s <= %(oldest_s)s
        AND num_nulls(m.views, m.likes, m.reposts, m.replies) = 0 AND d.posted_at >= %(since)s) p
CROSS JOIN LATERAL (VALUES ('generator', p.generator), ('format', p.format), ('hour', p.hour)) AS v (factor, value)
GROUP BY v.factor, v.value
ORDER BY v.factor, v.value;
