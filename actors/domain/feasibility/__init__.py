"""Feasibility: what can be proven of a set of jobs and a set of slots before anything runs."""
