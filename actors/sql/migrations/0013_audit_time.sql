-- When each row was written, so that a new process finds what was said lately, however many rows came after it. No part
-- of the chain, which covers what was said. Rows of before have none.

ALTER TABLE control_audit ADD COLUMN said_at timestamptz;
ALTER TABLE control_audit ALTER COLUMN said_at SET DEFAULT now();
CREATE INDEX control_audit_lately ON control_audit (said_at);
