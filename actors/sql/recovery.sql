-- name: broken_decisions
-- At rest, and at odds with its receipts and attempts, or with a post of ours that says its words and came after it was
-- made: no way of the program leads there, so rows were lost or taken back.
SELECT e.* FROM decision_evidence e
WHERE e.status IN ('queued', 'posted', 'failed', 'cancelled', 'skipped') AND e.scheduled_at > %(since)s
  AND ((e.status = 'posted') <> (jsonb_array_length(e.receipts) = cardinality(e.parts))
       OR e.tweet_id IS DISTINCT FROM (SELECT r.tweet_id FROM receipts r WHERE r.decision_id = e.decision_id AND r.part = 0)
       OR jsonb_array_length(e.receipts) <>
          (SELECT count(*) FROM publish_attempts a WHERE a.decision_id = e.decision_id AND a.result = 'posted')
       OR EXISTS (SELECT 1 FROM publish_attempts a
                  WHERE a.decision_id = e.decision_id AND a.result IN ('open', 'uncertain'))
       OR (e.status <> 'posted' AND EXISTS (
           SELECT 1 FROM own_posts o
           WHERE o.content_hash = e.content_hash AND o.minted_at > e.created_at - interval '2 minutes')))
ORDER BY e.scheduled_at
LIMIT %(limit)s;

-- name: resting_decisions
-- Not posted, and due not long ago: what stands on our timeline may be theirs.
SELECT e.* FROM decision_evidence e
WHERE e.status IN ('queued', 'failed', 'cancelled', 'skipped')
  AND (e.scheduled_at > %(since)s OR EXISTS (
      SELECT 1 FROM publish_attempts a WHERE a.decision_id = e.decision_id AND a.intent_at > %(since)s))
ORDER BY e.scheduled_at DESC
LIMIT %(limit)s;

-- name: decision_case
SELECT * FROM decision_evidence WHERE decision_id = %(decision_id)s;

-- name: own_posts_since
SELECT tweet_id AS id, text, replying_to FROM own_posts WHERE minted_at > %(since)s;

-- name: hold_at_rest
-- Nobody may claim it until this transaction ends, and who did before keeps it.
SELECT decision_id FROM decisions
WHERE decision_id = %(decision_id)s AND status = %(status)s
  AND status IN ('queued', 'posted', 'failed', 'cancelled', 'skipped')
FOR UPDATE;

-- name: revive_attempt
UPDATE publish_attempts SET result = 'posted', reason = '', resolved_at = %(now)s
WHERE attempt_id = %(attempt_id)s AND result <> 'posted';

-- name: insert_lost_attempt
INSERT INTO publish_attempts (attempt_id, decision_id, part, attempt, boot_id, lane, target_id, intent_at, site_time,
    click_until, result, resolved_at)
VALUES (%(attempt_id)s, %(decision_id)s, %(part)s, %(attempt)s, %(boot_id)s, %(lane)s, %(target_id)s, %(intent_at)s,
    %(site_time)s, %(site_time)s, 'posted', %(now)s);

-- name: become_posted
UPDATE decisions SET status = 'posted', reason = '', tweet_id = %(tweet_id)s, posted_at = %(posted_at)s
WHERE decision_id = %(decision_id)s AND status = %(status)s;

-- name: name_first_part
-- Of a thread that is posted in part.
UPDATE decisions SET tweet_id = %(tweet_id)s, posted_at = %(posted_at)s
WHERE decision_id = %(decision_id)s AND status = %(status)s;

-- name: insert_lost_checkpoint
INSERT INTO checkpoints (decision_id, kind, due_at)
SELECT decision_id, %(kind)s, posted_at + %(age_s)s * interval '1 second'
FROM decisions WHERE decision_id = %(decision_id)s AND status = 'posted'
ON CONFLICT (decision_id, kind) DO NOTHING;

-- name: unpost_attempts
-- What they became is not known any more; that they became something is reason enough never to try again.
UPDATE publish_attempts a SET result = 'unresolved', reason = %(reason)s
WHERE a.decision_id = %(decision_id)s AND a.result IN ('open', 'uncertain', 'posted')
  AND NOT EXISTS (SELECT 1 FROM receipts r WHERE r.decision_id = a.decision_id AND r.part = a.part);

-- name: reopen_attempt
UPDATE publish_attempts SET result = 'open' WHERE attempt_id = %(attempt_id)s AND result IN ('open', 'uncertain');

-- name: release_expired_claims
-- Past its lease a claim cannot pass the commit point any more, whether its run lives or not.
UPDATE decisions
SET status = 'queued', claim_token = NULL, claim_owner = NULL, lease_until_real = NULL, reason = 'claim ran out',
    attempt = attempt - 1
WHERE status = 'claimed' AND lease_until_real < clock_timestamp()
RETURNING decision_id;

-- name: expired_attempts
-- The lease was renewed with the part; a click comes a few seconds after its intent.
SELECT d.decision_id, a.attempt_id
FROM decisions d JOIN publish_attempts a ON a.decision_id = d.decision_id AND a.result = 'open'
WHERE d.status = 'publishing' AND d.lease_until_real < clock_timestamp() - interval '30 seconds';

-- name: attempt_hands
-- In whose hands an attempt is, and what its part has by now.
SELECT a.decision_id, a.part, a.result, d.status, r.tweet_id,
       d.status IN ('claimed', 'publishing') AND d.lease_until_real > clock_timestamp() - interval '30 seconds' AS is_held
FROM publish_attempts a
JOIN decisions d USING (decision_id)
LEFT JOIN receipts r ON r.decision_id = a.decision_id AND r.part = a.part
WHERE a.attempt_id = %(attempt_id)s;

-- name: live_texts
-- What may be on its way to the account at this moment.
SELECT parts FROM decisions WHERE status IN ('claimed', 'publishing', 'uncertain');

-- name: disown_receipted
-- What was adopted while its receipt was being written would count twice.
DELETE FROM own_posts o USING receipts r WHERE r.tweet_id = o.tweet_id RETURNING o.tweet_id;

-- name: ids_to_verify
-- Those in doubt first, then those never opened, then what is due for the longest.
SELECT r.decision_id, r.part, r.tweet_id, r.minted_at, d.parts[r.part + 1] AS text, v.verdict AS former
FROM receipts r
JOIN decisions d USING (decision_id)
LEFT JOIN id_verifications v ON v.decision_id = r.decision_id AND v.part = r.part AND v.tweet_id = r.tweet_id
WHERE r.recorded_at < %(settled)s AND r.minted_at > %(since)s AND (v.due_at IS NULL OR v.due_at <= %(now)s)
ORDER BY coalesce(v.verdict = ANY (ARRAY(SELECT jsonb_array_elements_text(%(doubts)s))), false) DESC,
         v.due_at NULLS FIRST, r.minted_at DESC
LIMIT %(limit)s;

-- name: note_verification
-- Of the id that was opened: one that was corrected meanwhile has not been.
INSERT INTO id_verifications AS v (decision_id, part, tweet_id, verdict, shown, verified_at, known_since, due_at)
SELECT decision_id, part, tweet_id, %(verdict)s, %(shown)s, %(now)s, %(now)s, %(due_at)s FROM receipts
WHERE decision_id = %(decision_id)s AND part = %(part)s AND tweet_id = %(tweet_id)s
ON CONFLICT (decision_id, part) DO UPDATE
SET tweet_id = excluded.tweet_id, verdict = excluded.verdict, verified_at = excluded.verified_at,
    due_at = excluded.due_at,
    -- A look that shows nothing takes back nothing of what was seen of the same id.
    shown = CASE WHEN excluded.shown = '' AND v.tweet_id = excluded.tweet_id AND v.verdict = excluded.verdict
                 THEN v.shown ELSE excluded.shown END,
    known_since = CASE WHEN v.tweet_id = excluded.tweet_id AND v.verdict = excluded.verdict
                       THEN v.known_since ELSE excluded.known_since END;

-- name: note_deletion
UPDATE id_verifications SET verdict = 'deleted', verified_at = %(now)s, known_since = %(now)s, due_at = %(due_at)s
WHERE decision_id = %(decision_id)s AND part = %(part)s AND tweet_id = %(tweet_id)s AND verdict IN ('missing', 'gone');

-- name: doubt_receipts
-- What our timeline does not show is opened with the next verification.
INSERT INTO id_verifications (decision_id, part, tweet_id, verdict, verified_at, known_since, due_at)
SELECT r.decision_id, r.part, r.tweet_id, 'unseen', %(now)s, %(now)s, %(now)s FROM receipts r
WHERE r.tweet_id IN (SELECT jsonb_array_elements_text(%(tweet_ids)s))
ON CONFLICT (decision_id, part) DO UPDATE
SET verdict = excluded.verdict, known_since = excluded.known_since, due_at = excluded.due_at
WHERE id_verifications.verdict IN ('right', 'unread') AND id_verifications.tweet_id = excluded.tweet_id;

-- name: reject_readings
UPDATE metric_snapshots SET quality = 'rejected', reason = %(reason)s
WHERE decision_id = %(decision_id)s AND tweet_id = %(tweet_id)s AND quality <> 'rejected';

-- name: end_checkpoints
-- Of a post that is gone for good.
UPDATE checkpoints SET done_at = %(now)s, late = false, result = 'gone'
WHERE decision_id = %(decision_id)s AND done_at IS NULL;

-- name: reopen_checkpoints
UPDATE checkpoints SET done_at = NULL, late = NULL, result = ''
WHERE decision_id = %(decision_id)s AND done_at IS NOT NULL;

-- name: reopen_gone_checkpoints
-- Of a post that stands there after all.
UPDATE checkpoints SET done_at = NULL, late = NULL, result = ''
WHERE decision_id = %(decision_id)s AND done_at IS NOT NULL AND result = 'gone';

-- name: cases_of_ids
-- The decisions at rest that claim these ids, or whose ids are known to be wrong.
SELECT e.* FROM decision_evidence e
WHERE e.status IN ('queued', 'posted', 'failed', 'cancelled', 'skipped') AND e.decision_id IN (
    SELECT r.decision_id FROM receipts r
    WHERE r.tweet_id IN (SELECT jsonb_array_elements_text(%(tweet_ids)s))
    UNION
    SELECT v.decision_id FROM id_verifications v JOIN receipts r ON r.decision_id = v.decision_id AND r.part = v.part
    WHERE v.tweet_id = r.tweet_id AND v.verdict IN ('wrong', 'differs', 'missing', 'gone') AND r.posted_at > %(since)s);

-- name: wrong_receipts
-- Those whose page said so.
SELECT v.decision_id, v.part FROM id_verifications v
JOIN receipts r ON r.decision_id = v.decision_id AND r.part = v.part AND r.tweet_id = v.tweet_id
WHERE v.verdict = 'wrong';

-- name: shown_instead
-- What posts of ours say that bear the id of a receipt and are not its post.
SELECT tweet_id, shown FROM id_verifications WHERE shown <> '';

-- name: record_corrections
INSERT INTO receipt_corrections (decision_id, part, number, wrong_id, right_id, evidence, corrected_at)
SELECT c.decision_id, c.part,
       1 + (SELECT count(*) FROM receipt_corrections k WHERE k.decision_id = c.decision_id AND k.part = c.part),
       c.wrong_id, c.right_id, 'timeline', %(now)s
FROM jsonb_to_recordset(%(rows)s) AS c (decision_id uuid, part integer, wrong_id text, right_id text);

-- name: correct_receipts
UPDATE receipts r SET tweet_id = c.right_id, minted_at = c.minted_at
FROM jsonb_to_recordset(%(rows)s) AS c (decision_id uuid, part integer, wrong_id text, right_id text,
                                       minted_at timestamptz)
WHERE r.decision_id = c.decision_id AND r.part = c.part AND r.tweet_id = c.wrong_id;

-- name: correct_decisions
UPDATE decisions d SET tweet_id = c.right_id
FROM jsonb_to_recordset(%(rows)s) AS c (decision_id uuid, part integer, wrong_id text, right_id text)
WHERE d.decision_id = c.decision_id AND c.part = 0 AND d.tweet_id = c.wrong_id;

-- name: receipts_since
SELECT r.decision_id, r.part, r.tweet_id FROM receipts r
LEFT JOIN id_verifications v ON v.decision_id = r.decision_id AND v.part = r.part AND v.tweet_id = r.tweet_id
WHERE r.minted_at > %(since)s AND r.minted_at < %(until)s AND v.verdict IS DISTINCT FROM 'deleted';

-- name: id_health
-- `without_id` is zero by constraint, and counted all the same: it is what damage looks like.
SELECT (SELECT count(*) FROM decisions WHERE status = 'posted' AND posted_at > %(since)s) AS posted,
       (SELECT count(*) FROM decisions d WHERE d.status = 'posted' AND d.posted_at > %(since)s AND cardinality(d.parts) <>
           (SELECT count(*) FROM receipts r WHERE r.decision_id = d.decision_id)) AS without_id,
       (SELECT count(*) FROM receipts r JOIN decisions d USING (decision_id) WHERE r.posted_at > %(since)s
           AND d.status <> 'posted' AND r.part = 0 AND cardinality(d.parts) <=
           (SELECT count(*) FROM receipts o WHERE o.decision_id = d.decision_id)) AS unplaced,
       (SELECT count(*) FROM publish_attempts
           WHERE result = 'uncertain' AND intent_at < %(late)s::timestamptz) AS uncertain_late,
       (SELECT count(*) FROM id_verifications v JOIN receipts r ON r.decision_id = v.decision_id AND r.part = v.part
           WHERE v.tweet_id = r.tweet_id AND v.verdict = 'wrong' AND v.known_since > %(since)s) AS wrong,
       (SELECT count(*) FROM receipt_corrections WHERE corrected_at > %(since)s) AS corrected;
