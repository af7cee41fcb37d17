-- A pause belongs to who said it: another author's, of the same name, stands beside it with its own end and reason.

ALTER TABLE control_pauses DROP CONSTRAINT control_pauses_pkey, ADD PRIMARY KEY (name, paused_by);
