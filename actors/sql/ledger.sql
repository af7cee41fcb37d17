-- name: insert_decision
INSERT INTO decisions (decision_id, text, content_hash, generator, topic, hook, format, length, angle, tone, slot,
    weight_version, propensity, choice, scores, created_at, scheduled_at)
VALUES (%(decision_id)s, %(text)s, %(content_hash)s, %(generator)s, %(topic)s, %(hook)s, %(format)s, %(length)s,
    %(angle)s, %(tone)s, %(slot)s, %(weight_version)s, %(propensity)s, %(choice)s, %(scores)s, %(now)s, %(scheduled_at)s);

-- name: queue_state
SELECT count(*) FILTER (WHERE status = 'queued') AS queued,
       max(scheduled_at) FILTER (WHERE status IN ('queued', 'claimed', 'publishing')) AS last_scheduled,
       (SELECT max(intent_at) FROM publish_attempts WHERE lane = 'content' AND result <> 'absent') AS last_intent
FROM decisions WHERE lane = 'content';

-- name: recent_decisions
SELECT text, generator, topic, angle, tone, slot, scheduled_at
FROM decisions
WHERE created_at > %(since)s AND status NOT IN ('cancelled', 'skipped')
ORDER BY created_at DESC
LIMIT %(limit)s;

-- name: due_decisions
SELECT decision_id, text
FROM decisions
WHERE status = 'queued' AND lane = %(lane)s AND scheduled_at <= %(now)s
ORDER BY scheduled_at
LIMIT %(limit)s;

-- name: earliest_decision
SELECT min(scheduled_at) AS due FROM decisions WHERE status = 'queued' AND lane = %(lane)s;

-- name: claim_decision
UPDATE decisions
SET status = 'claimed', claim_token = %(token)s, claim_owner = %(run_id)s,
    lease_until_real = clock_timestamp() + %(lease_s)s * interval '1 second', attempt = attempt + 1, reason = ''
WHERE decision_id = %(decision_id)s AND status = 'queued'
RETURNING attempt;

-- name: release_claim
UPDATE decisions
SET status = %(status)s, reason = %(reason)s, attempt = attempt - 1 + %(tries)s,
    claim_token = NULL, claim_owner = NULL, lease_until_real = NULL
WHERE decision_id = %(decision_id)s AND status = 'claimed' AND claim_token = %(token)s;

-- name: release_dead_claims
-- A claim is not past the commit point: when its run is over it is simply free again, and a run that still lives
-- finds its token gone at its own commit point.
UPDATE decisions
SET status = 'queued', claim_token = NULL, claim_owner = NULL, lease_until_real = NULL, reason = 'owner gone',
    attempt = attempt - 1
WHERE status = 'claimed' AND claim_owner <> %(run_id)s;

-- name: recent_intents
SELECT intent_at FROM publish_attempts WHERE lane = %(lane)s AND intent_at > %(since)s AND result <> 'absent';

-- name: lock_lane
-- Serialises the count and the intent of one lane across processes, for this transaction only.
SELECT pg_advisory_xact_lock(hashtext('publish:' || %(lane)s));

-- name: begin_intent
-- The commit point: counts, switch and claim are looked at in the same transaction that makes the intent durable.
WITH permitted AS (
    SELECT d.decision_id, d.attempt, d.lane
    FROM decisions d
    WHERE d.decision_id = %(decision_id)s AND d.status = 'claimed' AND d.claim_token = %(token)s
      AND d.lease_until_real > clock_timestamp()
      AND NOT EXISTS (SELECT 1 FROM flags WHERE name = 'kill_switch' AND is_on)
      AND (SELECT count(*) FROM publish_attempts WHERE lane = d.lane AND result <> 'absent'
           AND intent_at > %(hour_ago)s) < %(per_hour)s
      AND (SELECT count(*) FROM publish_attempts WHERE lane = d.lane AND result <> 'absent'
           AND intent_at > %(day_ago)s) < %(per_day)s
), moved AS (
    -- Looked at again under the row's lock: the snapshot above may be older than a claim that was taken over.
    UPDATE decisions d SET status = 'publishing' FROM permitted p
    WHERE d.decision_id = p.decision_id AND d.status = 'claimed' AND d.claim_token = %(token)s
    RETURNING d.decision_id, d.attempt, d.lane
), intent AS (
    INSERT INTO publish_attempts (attempt_id, decision_id, attempt, boot_id, lane, intent_at, site_time,
        click_until)
    SELECT %(attempt_id)s, decision_id, attempt, %(boot_id)s, lane, %(now)s, %(site_time)s, %(click_until)s FROM moved
    RETURNING attempt_id
)
SELECT attempt_id FROM intent;

-- name: post_decision
UPDATE decisions
SET status = 'posted', tweet_id = %(tweet_id)s, posted_at = %(posted_at)s, reason = '',
    claim_token = NULL, claim_owner = NULL, lease_until_real = NULL
WHERE decision_id = %(decision_id)s AND status IN ('publishing', 'uncertain');

-- name: close_attempt
UPDATE publish_attempts SET result = %(result)s, reason = %(reason)s, resolved_at = %(now)s
WHERE attempt_id = %(attempt_id)s AND result IN ('open', 'uncertain');

-- name: insert_receipt
INSERT INTO receipts (decision_id, attempt_id, tweet_id, evidence, posted_at, recorded_at)
VALUES (%(decision_id)s, %(attempt_id)s, %(tweet_id)s, %(evidence)s, %(posted_at)s, %(now)s);

-- name: insert_checkpoint
INSERT INTO checkpoints (decision_id, kind, due_at) VALUES (%(decision_id)s, %(kind)s, %(due_at)s);

-- name: decision_becomes_uncertain
UPDATE decisions SET status = 'uncertain', reason = %(reason)s,
    claim_token = NULL, claim_owner = NULL, lease_until_real = NULL
WHERE decision_id = %(decision_id)s AND status = 'publishing'
  -- A run that slept through its attempt's end must not touch the next attempt.
  AND EXISTS (SELECT 1 FROM publish_attempts WHERE attempt_id = %(attempt_id)s AND result = 'open')
RETURNING decision_id;

-- name: attempt_becomes_uncertain
UPDATE publish_attempts SET result = 'uncertain', reason = %(reason)s
WHERE attempt_id = %(attempt_id)s AND result = 'open';

-- name: orphaned_attempts
-- Past the commit point in another run: that run is over, or its receipt will still be accepted.
SELECT d.decision_id, a.attempt_id
FROM decisions d JOIN publish_attempts a ON a.decision_id = d.decision_id AND a.result = 'open'
WHERE d.status = 'publishing' AND d.claim_owner <> %(run_id)s;

-- name: uncertain_attempts
-- `first_site_time` is the first attempt's: what was proven absent wrongly must still be found later.
SELECT d.decision_id, d.text, a.attempt_id, a.intent_at, a.click_until, e.attempts, e.first_site_time,
       ARRAY(SELECT s.site_time FROM evidence_scans s WHERE s.attempt_id = a.attempt_id AND s.doubts = ''
             ORDER BY s.site_time) AS conclusive_scans,
       (SELECT min(s.scanned_at) FROM evidence_scans s WHERE s.attempt_id = a.attempt_id) AS first_look
FROM decisions d
JOIN publish_attempts a ON a.decision_id = d.decision_id AND a.result = 'uncertain'
JOIN (SELECT decision_id, count(*) AS attempts, min(site_time) AS first_site_time
      FROM publish_attempts GROUP BY decision_id) e ON e.decision_id = d.decision_id
WHERE d.status = 'uncertain'
ORDER BY a.intent_at;

-- name: insert_scan
INSERT INTO evidence_scans (attempt_id, scanned_at, site_time, doubts)
VALUES (%(attempt_id)s, %(scanned_at)s, %(site_time)s, %(doubts)s);

-- name: requeue_absent
UPDATE decisions SET status = 'queued', scheduled_at = %(now)s, reason = 'proven absent'
WHERE decision_id = %(decision_id)s AND status = 'uncertain';

-- name: give_up_uncertain
UPDATE decisions SET status = 'failed', reason = %(reason)s WHERE decision_id = %(decision_id)s AND status = 'uncertain';

-- name: receipted_ids
SELECT tweet_id FROM receipts WHERE posted_at > %(since)s;
