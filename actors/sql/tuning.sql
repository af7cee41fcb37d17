-- Tuning: how runs went, the knobs that are turned by it, and what the model costs.

-- name: knob_value
SELECT value, usual FROM knobs WHERE name = %(name)s;

-- name: knob_values
SELECT name, value, usual FROM knobs;

-- name: turn_knob
INSERT INTO knobs (name, value, usual, set_at) VALUES (%(name)s, %(value)s, %(usual)s, %(now)s)
ON CONFLICT (name) DO UPDATE SET value = excluded.value, usual = excluded.usual, set_at = excluded.set_at;

-- name: open_trial
SELECT change_id, knob, old, new, usual, before, began_at FROM knob_changes WHERE state = 'trial';

-- name: begin_trial
INSERT INTO knob_changes (knob, old, new, usual, reason, before, began_at)
VALUES (%(knob)s, %(old)s, %(new)s, %(usual)s, %(reason)s, %(before)s, %(now)s);

-- name: end_trial
UPDATE knob_changes SET state = %(state)s, verdict = %(verdict)s, ended_at = %(now)s
WHERE change_id = %(change_id)s AND state = 'trial';

-- name: reverted_changes
SELECT knob, new FROM knob_changes WHERE state = 'reverted' AND ended_at > %(since)s;

-- name: run_figures
-- What ended in a while, by job, in real seconds.
SELECT job, count(*) AS runs, count(*) FILTER (WHERE outcome = 'done') AS done,
       count(*) FILTER (WHERE outcome IN ('failed', 'missed')) AS failed,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY took_s) AS took_p50,
       percentile_cont(0.95) WITHIN GROUP (ORDER BY took_s) AS took_p95,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY browser_s) AS browser_p50,
       percentile_cont(0.95) WITHIN GROUP (ORDER BY browser_s) AS browser_p95,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY late_s) AS late_p50,
       percentile_cont(0.95) WITHIN GROUP (ORDER BY late_s) AS late_p95,
       coalesce(sum(browser_s), 0) AS browser_s
FROM job_runs WHERE ended_at > %(since)s
GROUP BY job
ORDER BY job;

-- name: waiting_of_runs
-- Lateness, and all the time of a run that it was not at work on the browser.
SELECT count(took_s) AS runs,
       percentile_cont(0.95) WITHIN GROUP (ORDER BY greatest(0, late_s) + greatest(0, took_s - browser_s)) AS waited_s
FROM job_runs
WHERE ended_at > %(since)s AND took_s IS NOT NULL AND job IN (SELECT jsonb_array_elements_text(%(jobs)s));

-- name: waiting_by_hour
-- The same, hour by hour from an origin on.
SELECT floor(extract(epoch FROM slot - %(origin)s::timestamptz) / 3600)::integer AS hour,
       percentile_cont(0.95) WITHIN GROUP (ORDER BY greatest(0, late_s) + greatest(0, took_s - browser_s))
           FILTER (WHERE took_s IS NOT NULL) AS waited_s,
       avg((outcome IN ('failed', 'missed'))::integer)::float8 AS failed
FROM job_runs
WHERE slot >= %(origin)s AND slot < %(until)s AND job IN (SELECT jsonb_array_elements_text(%(jobs)s))
GROUP BY 1
ORDER BY 1;

-- name: idle_streaks
-- Runs in a row that found nothing to do, since the last one that came to anything else.
SELECT r.job, count(*) AS streak FROM job_runs r
WHERE r.outcome = 'nothing' AND r.slot > coalesce(
    (SELECT max(o.slot) FROM job_runs o WHERE o.job = r.job AND o.outcome IN ('done', 'failed', 'blocked')),
    '-infinity'::timestamptz)
GROUP BY r.job
ORDER BY streak DESC, r.job;

-- name: usage_of_purposes
SELECT lane, purpose, count(*) AS calls, count(*) FILTER (WHERE cost_usd IS NULL) AS unsettled,
       sum(coalesce(cost_usd, reserved_usd))::float8 AS spent
FROM llm_usage WHERE day = %(day)s
GROUP BY lane, purpose
ORDER BY spent DESC, lane, purpose;

-- name: usage_later_in_days
-- What each day from one day to another spent after this time of day, by lane; days without any call are left out.
SELECT day, lane, coalesce(sum(coalesce(cost_usd, reserved_usd)) FILTER (
           WHERE (called_at AT TIME ZONE 'UTC')::time > (%(now)s::timestamptz AT TIME ZONE 'UTC')::time), 0)::float8 AS spent
FROM llm_usage WHERE day >= %(since)s AND day < %(day)s
GROUP BY day, lane
ORDER BY day, lane;
