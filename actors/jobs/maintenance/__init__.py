"""Maintenance: bring in what was lost, verify what is known, and clear away what is over."""
