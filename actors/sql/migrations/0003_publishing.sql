-- Publishing: threads and replies, one receipt for each part, what stands on the account besides, and who must be left
-- alone. What the ledger may never say is made unwritable here, whoever writes.

-- The text of a decision is its parts, an empty line between them; a single and a reply have one.
ALTER TABLE decisions
    ADD COLUMN parts text[],
    ADD COLUMN target_id text CHECK (target_id ~ '^[0-9]{15,20}$'),
    ADD COLUMN target_author text NOT NULL DEFAULT '' CHECK (target_author ~ '^[A-Za-z0-9_]{0,20}$'),
    ADD COLUMN conversation_id text CHECK (conversation_id ~ '^[0-9]{15,20}$'),
    ADD COLUMN approved_at timestamptz,
    ADD COLUMN approved_by text NOT NULL DEFAULT '',
    ALTER COLUMN generator DROP NOT NULL,
    ALTER COLUMN topic DROP NOT NULL,
    ALTER COLUMN hook DROP NOT NULL,
    ALTER COLUMN format DROP NOT NULL,
    ALTER COLUMN length DROP NOT NULL,
    ALTER COLUMN angle DROP NOT NULL,
    ALTER COLUMN tone DROP NOT NULL,
    ALTER COLUMN slot DROP NOT NULL,
    ALTER COLUMN weight_version DROP NOT NULL,
    ALTER COLUMN propensity DROP NOT NULL,
    ALTER COLUMN choice DROP NOT NULL;
UPDATE decisions SET parts = ARRAY[text];
ALTER TABLE decisions
    ALTER COLUMN parts SET NOT NULL,
    ADD CONSTRAINT text_is_its_parts CHECK (text = array_to_string(parts, E'\n\n')),
    ADD CONSTRAINT parts_are_texts CHECK (array_position(parts, NULL) IS NULL AND '' <> ALL (parts)),
    ADD CONSTRAINT parts_of_its_kind CHECK (
        CASE kind WHEN 'thread' THEN cardinality(parts) BETWEEN 2 AND 8 ELSE cardinality(parts) = 1 END),
    ADD CONSTRAINT lane_of_its_kind CHECK ((kind = 'reply') = (lane = 'reply')),
    ADD CONSTRAINT replies_have_a_target CHECK (CASE kind
        WHEN 'reply' THEN target_id IS NOT NULL AND target_author <> '' AND conversation_id IS NOT NULL
        ELSE target_id IS NULL AND target_author = '' AND conversation_id IS NULL END),
    ADD CONSTRAINT a_reply_is_not_its_target CHECK (tweet_id <> target_id),
    ADD CONSTRAINT content_has_its_choice CHECK (lane = 'reply' OR
        num_nulls(generator, topic, hook, format, length, angle, tone, slot, weight_version, propensity, choice) = 0),
    ADD CONSTRAINT approval_has_its_author CHECK ((approved_at IS NULL) = (approved_by = ''));
-- One live reply to a post.
CREATE UNIQUE INDEX decisions_live_target ON decisions (target_id)
    WHERE status IN ('queued', 'claimed', 'publishing', 'uncertain', 'posted');

-- Each part has attempts and a receipt of its own. `fence` is the publisher's that made the intent, `target_id` the post
-- that it answers: a reply's target, or the part before.
ALTER TABLE publish_attempts
    ADD COLUMN part integer NOT NULL DEFAULT 0 CHECK (part >= 0),
    ADD COLUMN fence bigint NOT NULL DEFAULT 0,
    ADD COLUMN target_id text CHECK (target_id ~ '^[0-9]{15,20}$'),
    DROP CONSTRAINT publish_attempts_decision_id_attempt_key,
    ADD UNIQUE (decision_id, part, attempt);
DROP INDEX attempts_open;
-- At most one attempt of a decision may be in the open, and each part has one that was posted: a second click needs the
-- first one settled.
CREATE UNIQUE INDEX attempts_open ON publish_attempts (decision_id) WHERE result IN ('open', 'uncertain');
CREATE UNIQUE INDEX attempts_posted ON publish_attempts (decision_id, part) WHERE result = 'posted';

-- `minted_at` is the time that the id carries, on the platform's clock.
ALTER TABLE receipts
    ADD COLUMN part integer NOT NULL DEFAULT 0 CHECK (part >= 0),
    ADD COLUMN minted_at timestamptz;
UPDATE receipts SET minted_at = to_timestamp(((tweet_id::numeric / 4194304)::bigint + 1288834974657) / 1000.0);
ALTER TABLE receipts
    ALTER COLUMN minted_at SET NOT NULL,
    DROP CONSTRAINT receipts_pkey,
    ADD PRIMARY KEY (decision_id, part);

CREATE OR REPLACE FUNCTION check_decision_transition() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- `publishing>claimed` is a part with its receipt and a next one to come, `failed>posted` a late piece of evidence:
    -- both only with the receipts that `check_ledger` asks for.
    IF NEW.status <> OLD.status AND NOT (OLD.status || '>' || NEW.status) = ANY (ARRAY[
        'queued>claimed', 'queued>cancelled', 'queued>skipped', 'queued>failed',
        'claimed>queued', 'claimed>publishing', 'claimed>failed', 'claimed>skipped', 'claimed>cancelled',
        'publishing>posted', 'publishing>uncertain', 'publishing>claimed',
        'uncertain>posted', 'uncertain>queued', 'uncertain>failed', 'failed>posted'])
    THEN
        RAISE EXCEPTION 'decision % may not go from % to %', OLD.decision_id, OLD.status, NEW.status
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

-- What a decision's state says is what its attempts and receipts say, at the end of every transaction.
CREATE FUNCTION check_ledger() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    d decisions%ROWTYPE;
    is_open boolean;
    is_doubtful boolean;
    clicked integer;
    confirmed integer;
    is_whole boolean;
    is_next boolean;
BEGIN
    SELECT * INTO d FROM decisions WHERE decision_id = NEW.decision_id;
    SELECT coalesce(bool_or(result = 'open'), false), coalesce(bool_or(result = 'uncertain'), false),
           count(*) FILTER (WHERE result = 'posted')
        INTO is_open, is_doubtful, clicked
        FROM publish_attempts WHERE decision_id = d.decision_id;
    SELECT count(*), coalesce(max(part) + 1, 0) = count(*) INTO confirmed, is_whole
        FROM receipts WHERE decision_id = d.decision_id;
    SELECT coalesce(bool_and(part = confirmed), true) INTO is_next
        FROM publish_attempts WHERE decision_id = d.decision_id AND result IN ('open', 'uncertain');
    IF (d.status = 'publishing') <> is_open OR (d.status = 'uncertain') <> is_doubtful
        OR (d.status = 'posted') <> (confirmed = cardinality(d.parts)) OR clicked <> confirmed OR NOT is_whole
        OR NOT is_next
    THEN
        RAISE EXCEPTION 'decision % is % with % of % receipts, % attempts posted, one open: %, one uncertain: %',
            d.decision_id, d.status, confirmed, cardinality(d.parts), clicked, is_open, is_doubtful
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER decision_agrees AFTER INSERT OR UPDATE OF status, parts ON decisions
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_ledger();
CREATE CONSTRAINT TRIGGER attempt_agrees AFTER INSERT OR UPDATE ON publish_attempts
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_ledger();
CREATE CONSTRAINT TRIGGER receipt_agrees AFTER INSERT ON receipts
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_ledger();

-- A receipt is what is known for good.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a receipt is never changed nor deleted' USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER receipts_stay BEFORE UPDATE OR DELETE ON receipts FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER receipts_are_kept BEFORE TRUNCATE ON receipts FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Posts of ours that no receipt explains: from before the first start, or written by hand.
CREATE TABLE own_posts (
    tweet_id text PRIMARY KEY CHECK (tweet_id ~ '^[0-9]{15,20}$'),
    text text NOT NULL,
    content_hash text NOT NULL,
    replying_to text NOT NULL DEFAULT '',
    lane text NOT NULL CHECK (lane IN ('content', 'reply', 'none')),
    minted_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL
);
CREATE INDEX own_posts_hash ON own_posts (content_hash);
CREATE INDEX own_posts_window ON own_posts (lane, minted_at);
CREATE INDEX receipts_window ON receipts (minted_at);

-- Accounts that want no replies of ours.
CREATE TABLE opt_outs (
    handle text PRIMARY KEY CHECK (handle = lower(handle) AND handle <> ''),
    reason text NOT NULL DEFAULT '',
    added_at timestamptz NOT NULL,
    added_by text NOT NULL
);

-- What the caps count, each from the latest moment at which its post can have appeared (see actors/domain/caps.py). A
-- thread is one publication, its first part's.
CREATE VIEW publications AS
SELECT coalesce(r.minted_at, a.click_until) AS at, a.intent_at, a.lane, lower(d.target_author) AS author,
       coalesce(d.conversation_id, '') AS conversation
FROM publish_attempts a
JOIN decisions d USING (decision_id)
LEFT JOIN receipts r USING (attempt_id)
WHERE a.part = 0 AND a.result <> 'absent'
UNION ALL
SELECT minted_at, minted_at, lane, lower(replying_to), '' FROM own_posts WHERE lane <> 'none';
