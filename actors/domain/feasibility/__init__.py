"""Feasibility: what can be proven of a set of jobs and a set of slots before anything runs."""

from __future__ import annotations

from actors.domain.feasibility.utilisation import Capacity
from actors.domain.feasibility.verdict import P0_LIMIT_S, Complaint, Kind, Proof, prove

__all__ = ["P0_LIMIT_S", "Capacity", "Complaint", "Kind", "Proof", "prove"]
