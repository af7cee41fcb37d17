-- One publisher at a time across processes and machines. Whoever this one row names may publish until it expires, by
-- the clock of this server, so that no two machines' clocks are compared; it is no lock of a session, because behind a
-- pooler there are none. `fence` counts the holders: what a former one still sends carries an old number.
-- `read_at` is when this holder has read our own timeline; a new one has not.

CREATE TABLE publisher_lease (
    is_the_row boolean PRIMARY KEY DEFAULT true CHECK (is_the_row),
    boot_id text NOT NULL,
    fence bigint NOT NULL,
    expires_real timestamptz NOT NULL,
    read_at timestamptz
);
INSERT INTO publisher_lease (boot_id, fence, expires_real) VALUES ('', 0, to_timestamp(0));

-- The rules of the fence, so that no program and no operator can hand the lease over in a forbidden way.
CREATE FUNCTION check_lease_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'UPDATE' THEN
        RAISE EXCEPTION 'the lease is one row for ever' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.boot_id = OLD.boot_id THEN
        IF NEW.fence <> OLD.fence THEN
            RAISE EXCEPTION 'the fence changes with the holder only' USING ERRCODE = 'check_violation';
        END IF;
    ELSIF OLD.expires_real > clock_timestamp() THEN
        RAISE EXCEPTION 'boot % holds the lease until %', OLD.boot_id, OLD.expires_real
            USING ERRCODE = 'check_violation';
    ELSIF NEW.fence <> OLD.fence + 1 OR NEW.read_at IS NOT NULL THEN
        RAISE EXCEPTION 'a new holder gets the next fence and has read nothing' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER lease_change BEFORE UPDATE OR DELETE ON publisher_lease
    FOR EACH ROW EXECUTE FUNCTION check_lease_change();
CREATE TRIGGER lease_emptied BEFORE TRUNCATE ON publisher_lease
    FOR EACH STATEMENT EXECUTE FUNCTION check_lease_change();
