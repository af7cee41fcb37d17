-- Recovery: what damage did to the ledger is made good here, by evidence, and the past is kept beside it. Times are schedule
-- time.

-- What a restored copy forgot, or a look wrongly proved absent, comes back by its receipts: from every state of rest a
-- decision becomes posted with the receipts that `check_ledger` asks for, and with nothing else.
CREATE OR REPLACE FUNCTION check_decision_transition() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- `publishing>claimed` is a part with its receipt and a next one to come; a way from rest to `posted` is late evidence.
    IF NEW.status <> OLD.status AND NOT (OLD.status || '>' || NEW.status) = ANY (ARRAY[
        'queued>claimed', 'queued>cancelled', 'queued>skipped', 'queued>failed',
        'claimed>queued', 'claimed>publishing', 'claimed>failed', 'claimed>skipped', 'claimed>cancelled',
        'publishing>posted', 'publishing>uncertain', 'publishing>claimed',
        'uncertain>posted', 'uncertain>queued', 'uncertain>failed',
        'queued>posted', 'failed>posted', 'cancelled>posted', 'skipped>posted'])
    THEN
        RAISE EXCEPTION 'decision % may not go from % to %', OLD.decision_id, OLD.status, NEW.status
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

-- `ledger`: another row of it tells.
ALTER TABLE receipts
    DROP CONSTRAINT receipts_evidence_check,
    ADD CONSTRAINT receipts_evidence_check CHECK (evidence IN ('response', 'toast', 'timeline', 'ledger')),
    -- At the end of each statement, so that two receipts which bear each other's id can be put right by one.
    DROP CONSTRAINT receipts_tweet_id_key,
    ADD CONSTRAINT receipts_tweet_id_key UNIQUE (tweet_id) DEFERRABLE INITIALLY IMMEDIATE;
DROP INDEX decisions_tweet;
ALTER TABLE decisions ADD CONSTRAINT decisions_tweet UNIQUE (tweet_id) DEFERRABLE INITIALLY IMMEDIATE;

-- A receipt that bore the id of another post, and how the right one is known; `number` is which correction of it this is.
-- Kept for good.
CREATE TABLE receipt_corrections (
    decision_id uuid NOT NULL,
    part integer NOT NULL,
    number integer NOT NULL CHECK (number > 0),
    wrong_id text NOT NULL CHECK (wrong_id ~ '^[0-9]{15,20}$'),
    right_id text NOT NULL CHECK (right_id ~ '^[0-9]{15,20}$' AND right_id <> wrong_id),
    evidence text NOT NULL CHECK (evidence = 'timeline'),
    corrected_at timestamptz NOT NULL,
    PRIMARY KEY (decision_id, part, number),
    FOREIGN KEY (decision_id, part) REFERENCES receipts (decision_id, part)
);
CREATE INDEX corrections_by_time ON receipt_corrections (corrected_at);

CREATE FUNCTION refuse_other_correction() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a correction is never changed nor deleted' USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER corrections_stay BEFORE UPDATE OR DELETE ON receipt_corrections
    FOR EACH ROW EXECUTE FUNCTION refuse_other_correction();
CREATE TRIGGER corrections_are_kept BEFORE TRUNCATE ON receipt_corrections
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_other_correction();

-- No correction without its receipt.
CREATE FUNCTION check_correction() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM receipts
                   WHERE decision_id = NEW.decision_id AND part = NEW.part AND tweet_id = NEW.right_id)
    THEN
        RAISE EXCEPTION 'part % of decision % was corrected to % and does not bear it', NEW.part, NEW.decision_id,
            NEW.right_id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER correction_has_its_receipt AFTER INSERT ON receipt_corrections
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_correction();

-- No other receipt without its correction, recorded in this very transaction: an old one is no leave to do it again. Who
-- wrote a row is asked of the row itself, as no restored copy brings that along.
CREATE FUNCTION refuse_unrecorded_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF (NEW.decision_id, NEW.part, NEW.attempt_id, NEW.evidence, NEW.posted_at, NEW.recorded_at)
            IS NOT DISTINCT FROM
            (OLD.decision_id, OLD.part, OLD.attempt_id, OLD.evidence, OLD.posted_at, OLD.recorded_at)
            AND EXISTS (SELECT 1 FROM receipt_corrections
                        WHERE decision_id = OLD.decision_id AND part = OLD.part
                          AND wrong_id = OLD.tweet_id AND right_id = NEW.tweet_id
                          AND receipt_corrections.xmin = pg_current_xact_id()::xid)
        THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'a receipt is never changed nor deleted, but for its id with a recorded correction'
        USING ERRCODE = 'check_violation';
END $$;
DROP TRIGGER receipts_stay ON receipts;
CREATE TRIGGER receipts_stay BEFORE UPDATE OR DELETE ON receipts
    FOR EACH ROW EXECUTE FUNCTION refuse_unrecorded_change();
CREATE TRIGGER corrected_receipt_is_of_its_time AFTER UPDATE ON receipts
    FOR EACH ROW EXECUTE FUNCTION check_receipt();

-- The decision follows its first part.
CREATE FUNCTION check_first_id() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM decisions d JOIN receipts r ON r.decision_id = d.decision_id AND r.part = 0
               WHERE d.decision_id = NEW.decision_id AND d.tweet_id <> r.tweet_id)
    THEN
        RAISE EXCEPTION 'decision % bears another id than its first part', NEW.decision_id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER decision_follows_its_receipt AFTER UPDATE ON receipts
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_first_id();

-- A post whose id was corrected is read again at its checkpoints; what was read of the wrong one stays, rejected.
ALTER TABLE metric_snapshots
    DROP CONSTRAINT metric_snapshots_decision_id_checkpoint_key,
    ADD UNIQUE (decision_id, checkpoint, tweet_id);

-- When each known id was last opened, what is known of it by that and since when (see domain.recovery.verdict), and when it
-- is opened again. `shown` is what a post of ours says on that page in place of the part.
CREATE TABLE id_verifications (
    decision_id uuid NOT NULL,
    part integer NOT NULL,
    tweet_id text NOT NULL CHECK (tweet_id ~ '^[0-9]{15,20}$'),
    verdict text NOT NULL
        CHECK (verdict IN ('unread', 'unseen', 'right', 'differs', 'wrong', 'missing', 'gone', 'deleted')),
    shown text NOT NULL DEFAULT '',
    verified_at timestamptz NOT NULL,
    known_since timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    PRIMARY KEY (decision_id, part),
    FOREIGN KEY (decision_id, part) REFERENCES receipts (decision_id, part)
);

-- A decision with all that the ledger knows of its parts. The WITH is there so that nobody can write through it.
CREATE VIEW decision_evidence AS
WITH read_only AS (SELECT 1)
SELECT d.decision_id, d.lane, d.status, d.parts, d.content_hash, d.target_id, d.target_author, d.tweet_id, d.attempt,
       d.created_at, d.scheduled_at, d.posted_at,
       coalesce((SELECT jsonb_agg(jsonb_build_object('part', r.part, 'tweet_id', r.tweet_id, 'attempt_id', r.attempt_id,
                                                     'posted_at', r.posted_at) ORDER BY r.part)
                 FROM receipts r WHERE r.decision_id = d.decision_id), '[]') AS receipts,
       coalesce((SELECT jsonb_agg(jsonb_build_object('attempt_id', a.attempt_id, 'part', a.part, 'attempt', a.attempt,
                                                     'result', a.result, 'intent_at', a.intent_at,
                                                     'site_time', a.site_time) ORDER BY a.part, a.attempt)
                 FROM publish_attempts a WHERE a.decision_id = d.decision_id), '[]') AS attempts
FROM decisions d;
