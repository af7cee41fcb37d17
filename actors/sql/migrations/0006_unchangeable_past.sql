-- What happened cannot be written differently afterwards: an attempt stays, with its times and its place, a receipt is of
-- the attempt that it names, its time the one that its id carries, and a posted decision bears the id of its receipt.

CREATE FUNCTION refuse_other_past() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'UPDATE' THEN
        RAISE EXCEPTION 'an attempt is never deleted' USING ERRCODE = 'check_violation';
    END IF;
    IF (NEW.attempt_id, NEW.decision_id, NEW.part, NEW.attempt, NEW.boot_id, NEW.fence, NEW.lane, NEW.intent_at,
        NEW.site_time, NEW.click_until) IS DISTINCT FROM
       (OLD.attempt_id, OLD.decision_id, OLD.part, OLD.attempt, OLD.boot_id, OLD.fence, OLD.lane, OLD.intent_at,
        OLD.site_time, OLD.click_until) OR NEW.target_id IS DISTINCT FROM OLD.target_id
    THEN
        RAISE EXCEPTION 'attempt % was made as it was made', OLD.attempt_id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER attempts_stay BEFORE UPDATE OR DELETE ON publish_attempts
    FOR EACH ROW EXECUTE FUNCTION refuse_other_past();
CREATE TRIGGER attempts_are_kept BEFORE TRUNCATE ON publish_attempts
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_other_past();

CREATE FUNCTION check_receipt() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM publish_attempts
                   WHERE attempt_id = NEW.attempt_id AND decision_id = NEW.decision_id AND part = NEW.part)
    THEN
        RAISE EXCEPTION 'attempt % was not at part % of decision %', NEW.attempt_id, NEW.part, NEW.decision_id
            USING ERRCODE = 'check_violation';
    END IF;
    -- To the rounding of a fraction.
    IF abs(extract(epoch FROM NEW.minted_at) - (trunc(NEW.tweet_id::numeric / 4194304) + 1288834974657) / 1000) > 0.002
    THEN
        RAISE EXCEPTION 'post % was not made at %', NEW.tweet_id, NEW.minted_at USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
-- Afterwards, so that what is no id at all is refused as that.
CREATE TRIGGER receipt_is_of_its_attempt AFTER INSERT ON receipts FOR EACH ROW EXECUTE FUNCTION check_receipt();

CREATE FUNCTION check_posted_id() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.tweet_id IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM receipts WHERE decision_id = NEW.decision_id AND part = 0 AND tweet_id = NEW.tweet_id)
    THEN
        RAISE EXCEPTION 'decision % has no receipt for post %', NEW.decision_id, NEW.tweet_id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER posted_id_has_its_receipt AFTER INSERT OR UPDATE OF tweet_id ON decisions
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_posted_id();
