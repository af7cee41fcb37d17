-- Retention: one batch of what is over, by the rules of actors/domain/retention.py, where each has its age and its
-- reason. Whoever the batch is too small for comes next. Each returns a row for each one that it has cleared.

-- name: forget_news_of_opted_out
DELETE FROM news_items WHERE tweet_id IN (
    SELECT n.tweet_id FROM news_items n
    WHERE EXISTS (SELECT 1 FROM external_posts p JOIN opt_outs o ON o.handle = p.author WHERE p.tweet_id = n.tweet_id)
    LIMIT %(limit)s)
RETURNING 1 AS gone;

-- name: forget_labels_of_opted_out
DELETE FROM post_labels WHERE (consumer, tweet_id) IN (
    SELECT l.consumer, l.tweet_id FROM post_labels l JOIN opt_outs o ON o.handle = l.author LIMIT %(limit)s)
RETURNING 1 AS gone;

-- name: forget_posts_of_opted_out
DELETE FROM external_posts WHERE (lane, tweet_id) IN (
    SELECT p.lane, p.tweet_id FROM external_posts p JOIN opt_outs o ON o.handle = p.author LIMIT %(limit)s)
RETURNING 1 AS gone;

-- name: forget_studied_opted_out
DELETE FROM studied_accounts WHERE handle IN (
    SELECT s.handle FROM studied_accounts s JOIN opt_outs o ON o.handle = s.handle LIMIT %(limit)s)
RETURNING 1 AS gone;

-- name: forget_accounts_opted_out
DELETE FROM accounts WHERE handle IN (
    SELECT a.handle FROM accounts a JOIN opt_outs o ON o.handle = a.handle LIMIT %(limit)s)
RETURNING 1 AS gone;

-- name: reject_opted_out
UPDATE opportunities SET status = 'rejected', reason = 'opted_out: its author wants no answers', text = ''
WHERE tweet_id IN (
    SELECT p.tweet_id FROM opportunities p JOIN opt_outs o ON o.handle = lower(p.author)
    WHERE p.status = 'pending' LIMIT %(limit)s)
RETURNING 1 AS gone;

-- name: empty_opportunities
-- Since it was drawn, or since it was too late for an answer. One that waits for its answer keeps its words.
UPDATE opportunities SET text = '' WHERE tweet_id IN (
    SELECT tweet_id FROM opportunities
    WHERE status IN ('held_out', 'replied', 'expired') AND text <> '' AND coalesce(assigned_at, expires_at) <= %(before)s
    LIMIT %(limit)s)
RETURNING 1 AS gone;

-- name: empty_posts
-- By the age of the post: one that is seen again and again is not kept for ever by that.
UPDATE external_posts SET text = NULL WHERE (lane, tweet_id) IN (
    SELECT lane, tweet_id FROM external_posts
    WHERE text IS NOT NULL AND least(posted_at, seen_at) < %(before)s LIMIT %(limit)s)
RETURNING 1 AS gone;

-- name: prune_posts
DELETE FROM external_posts WHERE (lane, tweet_id) IN (
    SELECT lane, tweet_id FROM external_posts WHERE least(posted_at, seen_at) < %(before)s LIMIT %(limit)s)
RETURNING 1 AS gone;

-- name: prune_labels
-- As long as its post is there, the label says that it has been read.
DELETE FROM post_labels WHERE (consumer, tweet_id) IN (
    SELECT l.consumer, l.tweet_id FROM post_labels l
    WHERE l.labelled_at < %(before)s AND NOT EXISTS (SELECT 1 FROM external_posts p WHERE p.tweet_id = l.tweet_id)
    LIMIT %(limit)s)
RETURNING 1 AS gone;

-- name: prune_news
DELETE FROM news_items WHERE tweet_id IN (
    SELECT tweet_id FROM news_items WHERE least(posted_at, curated_at) < %(before)s LIMIT %(limit)s)
RETURNING 1 AS gone;

-- name: prune_studied
DELETE FROM studied_accounts WHERE handle IN (
    SELECT handle FROM studied_accounts WHERE coalesce(read_at, chosen_at) < %(before)s LIMIT %(limit)s)
RETURNING 1 AS gone;

-- name: prune_findings
DELETE FROM format_intelligence WHERE (source, key) IN (
    SELECT source, key FROM format_intelligence WHERE expires_at <= %(before)s LIMIT %(limit)s)
RETURNING 1 AS gone;

-- name: prune_scans
DELETE FROM evidence_scans WHERE scan_id IN (
    SELECT s.scan_id FROM evidence_scans s JOIN publish_attempts a USING (attempt_id)
    WHERE a.result IN ('posted', 'absent', 'unresolved') AND a.resolved_at < %(before)s AND s.scanned_at < %(before)s
    LIMIT %(limit)s)
RETURNING 1 AS gone;

-- name: prune_checkpoints
DELETE FROM checkpoints WHERE (decision_id, kind) IN (
    SELECT decision_id, kind FROM checkpoints WHERE done_at < %(before)s LIMIT %(limit)s)
RETURNING 1 AS gone;

-- name: prune_runs
-- A later run is known of each job that one is deleted of, and of each success a later success.
DELETE FROM job_runs WHERE run_id IN (
    SELECT r.run_id FROM job_runs r
    WHERE r.ended_at < %(before)s
      AND EXISTS (SELECT 1 FROM job_runs n WHERE n.job = r.job AND n.slot > r.slot)
      AND (r.outcome NOT IN ('done', 'nothing') OR EXISTS (
          SELECT 1 FROM job_runs s WHERE s.job = r.job AND s.slot > r.slot AND s.ended_at > r.ended_at
            AND s.outcome IN ('done', 'nothing')))
    LIMIT %(limit)s)
RETURNING 1 AS gone;

-- name: prune_stages
DELETE FROM stage_runs WHERE (run_id, stage) IN (
    SELECT r.run_id, r.stage FROM stage_runs r
    WHERE r.ended_at < %(before)s
      AND EXISTS (SELECT 1 FROM stage_runs n WHERE n.job = r.job AND n.stage = r.stage AND n.slot > r.slot
                  AND (r.outcome NOT IN ('done', 'nothing') OR n.outcome IN ('done', 'nothing')))
    LIMIT %(limit)s)
RETURNING 1 AS gone;

-- name: prune_searches
DELETE FROM harvest_searches WHERE search_id IN (
    SELECT search_id FROM harvest_searches WHERE searched_at < %(before)s LIMIT %(limit)s)
RETURNING 1 AS gone;

-- name: prune_weights
-- A choice is replayed from the version that it names.
DELETE FROM weight_snapshots WHERE version IN (
    SELECT w.version FROM weight_snapshots w
    WHERE w.created_at < %(before)s AND w.version < (SELECT max(version) FROM weight_snapshots)
      AND NOT EXISTS (SELECT 1 FROM decisions d WHERE d.lane = 'content' AND d.weight_version = w.version)
    LIMIT %(limit)s)
RETURNING 1 AS gone;

-- name: prune_reply_weights
DELETE FROM reply_weights WHERE version IN (
    SELECT w.version FROM reply_weights w
    WHERE w.created_at < %(before)s AND w.version < (SELECT max(version) FROM reply_weights)
      AND NOT EXISTS (SELECT 1 FROM decisions d WHERE d.lane = 'reply' AND d.weight_version = w.version)
    LIMIT %(limit)s)
RETURNING 1 AS gone;

-- name: prune_trends
DELETE FROM follower_trends WHERE computed_at IN (
    SELECT computed_at FROM follower_trends
    WHERE computed_at < %(before)s AND computed_at < (SELECT max(computed_at) FROM follower_trends) LIMIT %(limit)s)
RETURNING 1 AS gone;

-- name: prune_calibrations
DELETE FROM calibrations WHERE computed_at IN (
    SELECT computed_at FROM calibrations
    WHERE computed_at < %(before)s AND computed_at < (SELECT max(computed_at) FROM calibrations) LIMIT %(limit)s)
RETURNING 1 AS gone;

-- name: prune_curves
DELETE FROM maturity_curves WHERE computed_at IN (
    SELECT computed_at FROM maturity_curves
    WHERE computed_at < %(before)s AND computed_at < (SELECT max(computed_at) FROM maturity_curves) LIMIT %(limit)s)
RETURNING 1 AS gone;

-- name: prune_verdicts
DELETE FROM health_verdicts WHERE judged_at IN (
    SELECT judged_at FROM health_verdicts
    WHERE judged_at < %(before)s AND judged_at < (SELECT max(judged_at) FROM health_verdicts) LIMIT %(limit)s)
RETURNING 1 AS gone;

-- name: prune_error_counts
DELETE FROM error_counts WHERE (fingerprint, boot_id, hour) IN (
    SELECT fingerprint, boot_id, hour FROM error_counts WHERE hour < %(before)s LIMIT %(limit)s)
RETURNING 1 AS gone;

-- name: prune_errors
DELETE FROM error_fingerprints WHERE fingerprint IN (
    SELECT fingerprint FROM error_fingerprints WHERE last_seen < %(before)s LIMIT %(limit)s)
RETURNING 1 AS gone;

-- name: prune_effects
DELETE FROM reply_effects WHERE computed_at IN (
    SELECT computed_at FROM reply_effects
    WHERE computed_at < %(before)s AND computed_at < (SELECT max(computed_at) FROM reply_effects) LIMIT %(limit)s)
RETURNING 1 AS gone;

-- name: prune_simulated
DELETE FROM simulated_outcomes WHERE decision_id IN (
    SELECT decision_id FROM simulated_outcomes WHERE drawn_at < %(before)s LIMIT %(limit)s)
RETURNING 1 AS gone;

-- name: prune_usage
DELETE FROM llm_usage WHERE call_id IN (
    SELECT call_id FROM llm_usage WHERE called_at < %(before)s LIMIT %(limit)s)
RETURNING 1 AS gone;

-- name: prune_days
DELETE FROM factor_days WHERE (day, factor, value) IN (
    SELECT day, factor, value FROM factor_days WHERE day < %(before)s::timestamptz::date LIMIT %(limit)s)
RETURNING 1 AS gone;

-- name: prune_changes
DELETE FROM knob_changes WHERE change_id IN (
    SELECT c.change_id FROM knob_changes c
    WHERE c.ended_at < %(before)s
      AND EXISTS (SELECT 1 FROM knob_changes n WHERE n.knob = c.knob AND n.change_id > c.change_id)
    LIMIT %(limit)s)
RETURNING 1 AS gone;
