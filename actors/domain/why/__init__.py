"""Why a job is not running now: every reason, asked of the machines that decide, each with what would end it."""
