-- How long each run took in real seconds, from start to end and at work on the browser, so that the arbiter and the
-- simulator know what to expect of the next one. Null: the run never began, or is from before this was measured.

ALTER TABLE job_runs
    ADD COLUMN took_s double precision CHECK (took_s >= 0),
    ADD COLUMN browser_s double precision CHECK (browser_s >= 0);
