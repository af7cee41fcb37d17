-- Tuning: the figures that the optimizer may turn, as it has turned them, and each change with its trial. Times are
-- schedule time.

-- `usual` is what was configured when the value was set: if the operator has turned the key since, his value holds.
CREATE TABLE knobs (
    name text PRIMARY KEY,
    value integer NOT NULL CHECK (value > 0),
    usual integer NOT NULL CHECK (usual > 0),
    set_at timestamptz NOT NULL
);

CREATE TABLE knob_changes (
    change_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    knob text NOT NULL,
    old integer NOT NULL CHECK (old > 0),
    new integer NOT NULL CHECK (new > 0 AND new <> old),
    usual integer NOT NULL CHECK (usual > 0),
    reason text NOT NULL CHECK (reason <> ''),
    -- The hours before it, against which it is judged.
    before jsonb NOT NULL,
    began_at timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'trial' CHECK (state IN ('trial', 'kept', 'reverted')),
    verdict text NOT NULL DEFAULT '',
    ended_at timestamptz,
    CONSTRAINT settled_with_a_verdict CHECK ((state = 'trial') = (ended_at IS NULL) AND (state = 'trial') = (verdict = ''))
);
-- One trial at a time, of all knobs: of two nobody could tell which did it.
CREATE UNIQUE INDEX one_trial ON knob_changes (state) WHERE state = 'trial';
CREATE INDEX changes_of_knob ON knob_changes (knob, began_at);
