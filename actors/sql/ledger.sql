-- name: insert_decision
INSERT INTO decisions (decision_id, lane, kind, text, parts, content_hash, target_id, target_author, conversation_id,
    addressed_us, generator, topic, hook, format, length, angle, tone, slot, weight_version, propensity, choice, scores, created_at,
    scheduled_at)
VALUES (%(decision_id)s, %(lane)s, %(kind)s, array_to_string(ARRAY(SELECT jsonb_array_elements_text(%(parts)s)), E'\n\n'),
    ARRAY(SELECT jsonb_array_elements_text(%(parts)s)), %(content_hash)s,
    %(target_id)s, %(target_author)s, %(conversation_id)s, %(addressed_us)s, %(generator)s, %(topic)s, %(hook)s, %(format)s, %(length)s,
    %(angle)s, %(tone)s, %(slot)s, %(weight_version)s, %(propensity)s, %(choice)s, %(scores)s, %(now)s,
    %(scheduled_at)s);

-- name: queue_state
SELECT count(*) FILTER (WHERE status = 'queued') AS queued,
       max(scheduled_at) FILTER (WHERE status IN ('queued', 'claimed', 'publishing')) AS last_scheduled,
       (SELECT max(at) FROM publications WHERE lane = 'content') AS last_publication
FROM decisions WHERE lane = 'content';

-- name: recent_decisions
SELECT kind, text, parts, generator, topic, angle, tone, slot, scheduled_at
FROM decisions
WHERE created_at > %(since)s AND lane = 'content' AND status <> 'skipped'
  -- What a person rejected is not to be said again either.
  AND (status <> 'cancelled' OR reason LIKE 'rejected%%')
ORDER BY created_at DESC
LIMIT %(limit)s;

-- name: due_decisions
-- What was begun comes first. Content is evergreen and keeps its order; of replies the newest is worth most.
SELECT d.decision_id, d.kind, d.lane, d.text, d.parts, d.content_hash, d.target_id, d.target_author, d.conversation_id,
       d.addressed_us, d.scheduled_at, ARRAY(SELECT r.tweet_id FROM receipts r WHERE r.decision_id = d.decision_id ORDER BY r.part) AS tweet_ids
FROM decisions d
WHERE d.status = 'queued' AND d.lane = %(lane)s AND d.scheduled_at <= %(now)s
  AND (NOT %(approval)s OR d.approved_at IS NOT NULL)
ORDER BY EXISTS (SELECT 1 FROM receipts r WHERE r.decision_id = d.decision_id) DESC,
         CASE WHEN d.lane = 'reply' THEN d.scheduled_at END DESC, d.scheduled_at
LIMIT %(limit)s;

-- name: has_due
SELECT EXISTS (SELECT 1 FROM decisions WHERE status = 'queued' AND scheduled_at <= %(now)s) AS due;

-- name: earliest_decision
SELECT min(scheduled_at) FILTER (WHERE NOT %(approval)s OR approved_at IS NOT NULL) AS due,
       count(*) FILTER (WHERE approved_at IS NULL) AS unapproved
FROM decisions WHERE status = 'queued' AND lane = %(lane)s;

-- name: claim_decision
UPDATE decisions
SET status = 'claimed', claim_token = %(token)s, claim_owner = %(run_id)s,
    lease_until_real = clock_timestamp() + %(lease_s)s * interval '1 second', attempt = attempt + 1, reason = ''
WHERE decision_id = %(decision_id)s AND status = 'queued'
RETURNING attempt;

-- name: release_claim
UPDATE decisions
SET status = %(status)s, reason = %(reason)s, attempt = attempt - 1 + %(tries)s,
    scheduled_at = greatest(scheduled_at, %(not_before)s),
    claim_token = NULL, claim_owner = NULL, lease_until_real = NULL
WHERE decision_id = %(decision_id)s AND status = 'claimed' AND claim_token = %(token)s;

-- name: release_dead_claims
-- A claim is not past the commit point: when its run is over it is simply free again, and a run that still lives
-- finds its token gone at its own commit point.
UPDATE decisions
SET status = 'queued', claim_token = NULL, claim_owner = NULL, lease_until_real = NULL, reason = 'owner gone',
    attempt = attempt - 1
WHERE status = 'claimed' AND claim_owner IS DISTINCT FROM %(run_id)s;

-- name: recent_publications
SELECT at, intent_at, author, conversation FROM publications
WHERE lane = %(lane)s AND at > %(since)s AND intent_at > %(since)s::timestamptz - interval '1 day';

-- name: lock_lane
-- Serialises the count and the intent of one lane across processes, for this transaction only.
SELECT pg_advisory_xact_lock(hashtext('publish:' || %(lane)s));

-- name: begin_intent
-- The commit point: lease, counts, switch, approval, opt-outs and claim are looked at in the same transaction that makes
-- the intent durable. `windows` are the lane's caps (see actors/domain/caps.py); a part after the first has none.
WITH permitted AS (
    SELECT d.decision_id, d.attempt, d.lane, l.fence,
           extract(epoch FROM l.expires_real - clock_timestamp())::float8 AS lease_left_s
    FROM decisions d CROSS JOIN publisher_lease l
    WHERE d.decision_id = %(decision_id)s AND d.status = 'claimed' AND d.claim_token = %(token)s
      AND d.lease_until_real > clock_timestamp()
      AND l.boot_id = %(boot_id)s AND l.expires_real > clock_timestamp() AND l.read_at IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM flags WHERE name = 'kill_switch' AND is_on)
      AND (NOT %(approval)s OR d.approved_at IS NOT NULL)
      AND NOT EXISTS (SELECT 1 FROM opt_outs WHERE handle = lower(d.target_author))
      AND (SELECT count(*) FROM receipts r WHERE r.decision_id = d.decision_id) = %(part)s
      -- The part before may bear another id by now than when the run read it: it was corrected before the claim.
      AND (%(part)s = 0 OR EXISTS (SELECT 1 FROM receipts r WHERE r.decision_id = d.decision_id
                                   AND r.part = %(part)s - 1 AND r.tweet_id = %(target_id)s))
      AND NOT EXISTS (
          SELECT 1 FROM jsonb_to_recordset(%(windows)s) AS w (scope text, since timestamptz, most integer)
          WHERE w.most <= (
              SELECT count(*) FROM publications p
              -- `horizon` is the index's: a day before the longest window, for nothing counts from longer after its intent.
              WHERE p.lane = d.lane AND p.at > w.since AND p.intent_at > %(horizon)s
                AND (w.scope = 'lane' OR (w.scope = 'author' AND p.author = lower(d.target_author))
                     OR (w.scope = 'conversation' AND p.conversation = d.conversation_id))))
), moved AS (
    -- Looked at again under the row's lock: the snapshot above may be older than a claim that was taken over.
    UPDATE decisions d SET status = 'publishing' FROM permitted p
    WHERE d.decision_id = p.decision_id AND d.status = 'claimed' AND d.claim_token = %(token)s
    RETURNING d.decision_id, d.attempt, d.lane, p.fence, p.lease_left_s
), intent AS (
    INSERT INTO publish_attempts (attempt_id, decision_id, part, attempt, boot_id, fence, lane, target_id, intent_at,
        site_time, click_until)
    SELECT %(attempt_id)s, decision_id, %(part)s, attempt, %(boot_id)s, fence, lane, %(target_id)s, %(now)s,
        %(site_time)s, %(click_until)s
    FROM moved
)
SELECT attempt, fence, lease_left_s FROM moved;

-- name: close_attempt
UPDATE publish_attempts SET result = %(result)s, reason = %(reason)s, resolved_at = %(now)s
WHERE attempt_id = %(attempt_id)s AND result IN ('open', 'uncertain', 'unresolved');

-- name: lock_decision
SELECT status FROM decisions WHERE decision_id = %(decision_id)s FOR UPDATE;

-- name: insert_receipt
INSERT INTO receipts (decision_id, part, attempt_id, tweet_id, evidence, posted_at, minted_at, recorded_at)
VALUES (%(decision_id)s, %(part)s, %(attempt_id)s, %(tweet_id)s, %(evidence)s, %(posted_at)s, %(minted_at)s, %(now)s);

-- name: confirm_part
-- After its receipt. A failed decision becomes posted by evidence alone, and is never gone on with.
UPDATE decisions d
SET status = CASE WHEN n.confirmed = cardinality(d.parts) THEN 'posted'
                  WHEN d.status = 'publishing' THEN 'claimed'
                  WHEN d.status = 'uncertain' THEN 'queued'
                  ELSE d.status END,
    reason = CASE WHEN n.confirmed < cardinality(d.parts) AND d.status = 'failed' THEN d.reason ELSE '' END,
    tweet_id = n.first_id, posted_at = n.first_at,
    claim_token = CASE WHEN n.confirmed < cardinality(d.parts) AND d.status = 'publishing' THEN d.claim_token END,
    claim_owner = CASE WHEN n.confirmed < cardinality(d.parts) AND d.status = 'publishing' THEN d.claim_owner END,
    lease_until_real = CASE WHEN n.confirmed < cardinality(d.parts) AND d.status = 'publishing'
                            THEN clock_timestamp() + %(lease_s)s * interval '1 second' END
FROM (SELECT count(*) AS confirmed, min(tweet_id) FILTER (WHERE part = 0) AS first_id,
             min(posted_at) FILTER (WHERE part = 0) AS first_at
      FROM receipts WHERE decision_id = %(decision_id)s) n
WHERE d.decision_id = %(decision_id)s AND d.status IN ('publishing', 'uncertain', 'failed')
RETURNING d.status;

-- name: insert_checkpoint
-- Of a decision that is posted whole, from its first part on.
INSERT INTO checkpoints (decision_id, kind, due_at)
SELECT decision_id, %(kind)s, posted_at + %(age_s)s * interval '1 second'
FROM decisions WHERE decision_id = %(decision_id)s AND status = 'posted';

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
WHERE d.status = 'publishing' AND d.claim_owner IS DISTINCT FROM %(run_id)s;

-- name: uncertain_attempts
-- `first_site_time` is the first attempt's at this part: what was proven absent wrongly must still be found later. Given-up
-- ones are looked for besides, as long as anybody looks.
SELECT d.decision_id, d.kind, d.parts[a.part + 1] AS text, d.target_author, a.attempt_id, a.part, a.target_id, a.result,
       a.reason, a.intent_at, a.click_until, e.attempts, e.first_site_time,
       ARRAY(SELECT s.site_time FROM evidence_scans s WHERE s.attempt_id = a.attempt_id AND s.doubts = ''
             ORDER BY s.site_time) AS conclusive_scans,
       (SELECT min(s.scanned_at) FROM evidence_scans s WHERE s.attempt_id = a.attempt_id) AS first_look
FROM decisions d
JOIN publish_attempts a ON a.decision_id = d.decision_id
JOIN (SELECT decision_id, part, count(*) AS attempts, min(site_time) AS first_site_time
      FROM publish_attempts GROUP BY decision_id, part) e ON e.decision_id = d.decision_id AND e.part = a.part
WHERE (a.result = 'uncertain' AND d.status = 'uncertain')
   OR (a.result = 'unresolved' AND d.status = 'failed' AND a.intent_at > %(since)s)
-- Of two that say the same the later one comes first: what was minted before it is left for the earlier one.
ORDER BY a.intent_at DESC;

-- name: insert_scan
INSERT INTO evidence_scans (attempt_id, scanned_at, site_time, doubts)
VALUES (%(attempt_id)s, %(scanned_at)s, %(site_time)s, %(doubts)s);

-- name: requeue_absent
UPDATE decisions SET status = 'queued', reason = %(reason)s
WHERE decision_id = %(decision_id)s AND status = 'uncertain';

-- name: give_up_uncertain
UPDATE decisions SET status = 'failed', reason = %(reason)s WHERE decision_id = %(decision_id)s AND status = 'uncertain';

-- name: receipted_ids
SELECT tweet_id FROM receipts WHERE minted_at > %(since)s;

-- name: skip_decision
-- A terminal state without an attempt, with its reason.
UPDATE decisions SET status = %(status)s, reason = %(reason)s
WHERE decision_id = %(decision_id)s AND status = 'queued';

-- name: published_texts
-- What stands on the account, the newest first.
SELECT text, tweet_id FROM (
    SELECT text, coalesce(tweet_id, '') AS tweet_id, coalesce(posted_at, scheduled_at) AS at FROM decisions
    WHERE status IN ('publishing', 'uncertain', 'posted') AND lane = %(lane)s
    UNION ALL
    SELECT text, tweet_id, minted_at FROM own_posts WHERE lane = %(lane)s) published
WHERE at > %(since)s
ORDER BY at DESC
LIMIT %(limit)s;

-- name: twin_of
-- The post of ours outside of the ledger that says the same, whenever it was written.
SELECT tweet_id FROM own_posts WHERE content_hash = %(content_hash)s LIMIT 1;

-- name: opted_out
SELECT handle FROM opt_outs WHERE handle = lower(%(handle)s);

-- name: unknown_targets
-- How many replies ended because their page did not tell whom they would answer, of all that came to an end.
SELECT count(*) FILTER (WHERE status = 'failed' AND reason LIKE 'not_shown:%%') AS unknown, count(*) AS ended
FROM decisions
WHERE lane = 'reply' AND created_at > %(since)s AND status IN ('posted', 'failed', 'skipped');

-- name: adopt_post
INSERT INTO own_posts (tweet_id, text, content_hash, replying_to, lane, minted_at, seen_at)
SELECT %(tweet_id)s, %(text)s, %(content_hash)s, %(replying_to)s, %(lane)s, %(minted_at)s, %(now)s
WHERE NOT EXISTS (SELECT 1 FROM receipts WHERE tweet_id = %(tweet_id)s)
ON CONFLICT (tweet_id) DO NOTHING
RETURNING tweet_id;

-- name: disown_post
-- It has a receipt after all.
DELETE FROM own_posts WHERE tweet_id = %(tweet_id)s;

-- name: timeline_is_read
UPDATE publisher_lease SET read_at = clock_timestamp() WHERE boot_id = %(boot_id)s AND read_at IS NULL;

-- name: timeline_is_unread
UPDATE publisher_lease SET read_at = NULL WHERE boot_id = %(boot_id)s;

-- name: count_receipts
SELECT count(*) AS known FROM receipts
WHERE attempt_id IN (SELECT value::uuid FROM jsonb_array_elements_text(%(attempt_ids)s));

-- name: attempt_state
SELECT result, decision_id, part FROM publish_attempts WHERE attempt_id = %(attempt_id)s;

-- name: restore_claim
-- For an intent that the journal knows and the database lost; two steps, because the states go no other way.
UPDATE decisions SET status = 'claimed', claim_token = %(attempt_id)s, claim_owner = 'journal',
    lease_until_real = clock_timestamp(), attempt = greatest(attempt, %(attempt)s)
WHERE decision_id = %(decision_id)s AND status = 'queued';

-- name: restore_publishing
UPDATE decisions SET status = 'publishing', claim_token = %(attempt_id)s, claim_owner = 'journal'
WHERE decision_id = %(decision_id)s AND status = 'claimed';

-- name: restore_intent
INSERT INTO publish_attempts (attempt_id, decision_id, part, attempt, boot_id, fence, lane, target_id, intent_at,
    site_time, click_until)
SELECT %(attempt_id)s, %(decision_id)s, %(part)s, %(attempt)s, %(boot_id)s, %(fence)s, %(lane)s, %(target_id)s,
    %(intent_at)s, %(site_time)s, %(click_until)s
-- A part whose predecessors were lost as well has no place any more.
WHERE (SELECT count(*)::integer FROM receipts WHERE decision_id = %(decision_id)s) = %(part)s;
