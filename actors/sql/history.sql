-- name: ping
SELECT 1 AS pong;

-- name: record_run
INSERT INTO job_runs (run_id, job, family, slot, attempt, trigger, started_at, ended_at, late_s, took_s, browser_s,
    outcome, counts, reason)
VALUES (%(run_id)s, %(job)s, %(family)s, %(slot)s, %(attempt)s, %(trigger)s, %(started_at)s, %(ended_at)s, %(late_s)s,
        %(took_s)s, %(browser_s)s, %(outcome)s, %(counts)s, %(reason)s)
ON CONFLICT (run_id) DO NOTHING;

-- name: job_history
SELECT job,
       max(slot) AS last_slot,
       max(ended_at) FILTER (WHERE outcome IN ('done', 'nothing')) AS last_success
FROM job_runs
GROUP BY job;

-- name: job_lengths
-- The latest 50 runs of each job that did its work, the oldest first.
SELECT job, array_agg(took_s ORDER BY ended_at) AS took_s, array_agg(browser_s ORDER BY ended_at) AS browser_s
FROM (SELECT job, ended_at, took_s, browser_s, row_number() OVER (PARTITION BY job ORDER BY ended_at DESC) AS age
      FROM job_runs
      WHERE outcome = 'done' AND took_s IS NOT NULL AND browser_s IS NOT NULL) measured
WHERE age <= 50
GROUP BY job;

-- name: get_flag
SELECT is_on, set_at, set_by FROM flags WHERE name = %(name)s;

-- name: set_flag
INSERT INTO flags (name, is_on, set_at, set_by) VALUES (%(name)s, %(is_on)s, %(now)s, %(by)s)
ON CONFLICT (name) DO UPDATE SET is_on = EXCLUDED.is_on, set_at = EXCLUDED.set_at, set_by = EXCLUDED.set_by;

-- name: reserve_usage
INSERT INTO llm_usage (call_id, day, lane, purpose, model, reserved_usd, called_at)
VALUES (%(call_id)s, %(day)s, %(lane)s, %(purpose)s, %(model)s, %(reserved_usd)s, %(now)s);

-- name: settle_usage
UPDATE llm_usage SET cost_usd = %(cost_usd)s WHERE call_id = %(call_id)s AND cost_usd IS NULL;

-- name: usage_today
SELECT lane, sum(coalesce(cost_usd, reserved_usd))::float8 AS spent FROM llm_usage WHERE day = %(day)s GROUP BY lane;

-- name: run_summary
SELECT (SELECT count(*) FROM decisions) AS planned,
       (SELECT count(*) FROM decisions WHERE status = 'posted') AS published,
       (SELECT count(*) FROM receipts) AS receipts,
       (SELECT count(*) FROM decisions WHERE status = 'uncertain') AS uncertain,
       (SELECT count(*) FROM metric_snapshots) AS snapshots,
       (SELECT coalesce(max(version), 0) FROM weight_snapshots) AS weight_version;
