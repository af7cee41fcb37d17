"""Feasibility: what can be proven of a set of jobs and a set of slots before anything runs."""

from __future__ import annotations

from actors.domain.feasibility.outlook import Fate
from actors.domain.feasibility.utilisation import Capacity
from actors.domain.feasibility.verdict import Complaint, Kind, Proof, Verdict, prove

__all__ = ["Capacity", "Complaint", "Fate", "Kind", "Proof", "Verdict", "prove"]
