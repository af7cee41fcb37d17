"""Metrics: what became of what was published."""
