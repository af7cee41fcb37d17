"""Replies: whose posts are answered, with what, and what comes of it."""
