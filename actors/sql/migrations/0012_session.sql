-- The login session of an account, sealed (AES-256-GCM, actors/resources/envelope.py). Without the key, which is in the
-- environment of those who import and run, nothing of it can be read here.

CREATE TABLE sessions (
    -- The site's host: a session of one is never given to another.
    site text NOT NULL CHECK (site <> ''),
    account text NOT NULL CHECK (account <> ''),
    -- Part of what is authenticated, and compared before each write: of two imports at once, one is refused.
    version integer NOT NULL CHECK (version > 0),
    -- Names the key and tells nothing of it.
    key_id text NOT NULL CHECK (key_id <> ''),
    sealed bytea NOT NULL CHECK (octet_length(sealed) > 28),
    -- Real time.
    imported_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (site, account)
);
