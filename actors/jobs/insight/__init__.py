"""Insight: what posts of others teach about ours."""
