"""Health: what is wrong, how bad that is, and what may be done about it."""
