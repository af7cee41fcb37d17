"""Threads: in which manner one is written, how its writer is told, and what it must pass."""
