"""A room for recovery: a bench, and a site in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.jobs.maintenance.room import Room

if TYPE_CHECKING:
    from tests.jobs.doors import Bench


@pytest.fixture
def room(bench: Bench) -> Room:
    """Return a room where nothing was published yet."""
    return Room(bench)
