"""Harvesting: whose posts are looked for, which of them are worth an answer, and what their authors are worth."""
