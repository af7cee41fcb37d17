"""Rules of platforms: data with source and date, and pure functions that hold a set-up or a text against them."""

from __future__ import annotations

from actors.domain.rules.conflicts import Conflict, Practice, conflicts
from actors.domain.rules.declaration import Driver, Rules
from actors.domain.rules.obedience import Answered, Breach, obeys
from actors.domain.rules.platforms import PLATFORMS

__all__ = ["PLATFORMS", "Answered", "Breach", "Conflict", "Driver", "Practice", "Rules", "conflicts", "obeys"]
