"""Fixtures of the control channel's tests."""

from __future__ import annotations

import pytest

from actors.control import channel as channel_module
from tests.control.room import ControlRoom
from tests.stage import Stage


@pytest.fixture(autouse=True)
def ears_that_end_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel_module, "_POLL_S", 0.05)


@pytest.fixture
def room(stage: Stage, valkey_url: str, database_url: str) -> ControlRoom:
    return ControlRoom(stage, valkey_url, database_url, embedded=True)
