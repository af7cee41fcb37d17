-- What operators said, in a chain: each row's hash covers the one before, so that nothing can be changed unseen.
-- Who writes gives the text alone; its place and its hash are made here, one writer after the other.

CREATE TABLE control_audit (
    seq bigint PRIMARY KEY,
    entry_id uuid NOT NULL UNIQUE,
    body text NOT NULL,
    hash text NOT NULL,
    -- By which a new process finds what was said lately. No part of the chain, which covers what was said.
    said_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX control_audit_lately ON control_audit (said_at);

CREATE FUNCTION link_audit() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    head control_audit%ROWTYPE;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('control_audit'));
    SELECT * INTO head FROM control_audit ORDER BY seq DESC LIMIT 1;
    NEW.seq := coalesce(head.seq, 0) + 1;
    NEW.hash := encode(sha256(convert_to(coalesce(head.hash, '') || NEW.body, 'UTF8')), 'hex');
    RETURN NEW;
END $$;
CREATE TRIGGER audit_is_a_chain BEFORE INSERT ON control_audit FOR EACH ROW EXECUTE FUNCTION link_audit();

CREATE FUNCTION refuse_other_audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what was said stays as it was said' USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER audit_stays BEFORE UPDATE OR DELETE ON control_audit
    FOR EACH ROW EXECUTE FUNCTION refuse_other_audit();
CREATE TRIGGER audit_is_kept BEFORE TRUNCATE ON control_audit
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_other_audit();

-- What is paused: a job, a family, or `all`. A pause belongs to who said it: another author's, of the same name, stands
-- beside it with its own end and reason. Wall-clock time, for two hours are those of the person who says it.
CREATE TABLE control_pauses (
    name text NOT NULL,
    until_real timestamptz,
    paused_by text NOT NULL,
    because text NOT NULL DEFAULT '',
    PRIMARY KEY (name, paused_by)
);
