"""Fixtures of the control channel's tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import redis

from actors.commands import send as send_module
from actors.control import channel as channel_module
from actors.control import inquiries, obedience, weighing
from actors.control.channel import STREAM
from tests.control.room import ControlRoom
from tests.fakes import LedgerDoor
from tests.stage import PATIENCE_S, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator


_OF_SILENCE = ((inquiries, "PATIENCE_S"), (inquiries, "_EXPLAIN_S"), (obedience, "_ACTOR_S"), (weighing, "_LOOK_S"))
_OF_SLOWNESS = (
    *((inquiries, "BOARD_S"), (inquiries, "LEDGER_S"), (weighing, "LEDGER_S"), (send_module, "_ANSWER_S")),
    *((obedience, name) for name in ("BOARD_S", "LEDGER_S", "PATIENCE_S", "_WITHIN_S")),
)
_AS_SHIPPED = [(module, name, getattr(module, name)) for module, name in _OF_SILENCE]


@pytest.fixture(autouse=True)
def ears_that_end_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have an ear end soon, and be waited for: one that is left over takes words from the stream of the next test."""
    monkeypatch.setattr(channel_module, "_POLL_S", 0.05)
    monkeypatch.setattr(channel_module, "_END_S", PATIENCE_S)


@pytest.fixture(autouse=True)
def whoever_is_asked_has_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for who answers: what an answer says must not depend on how soon a busy machine serves him."""
    for module, name in (*_OF_SILENCE, *_OF_SLOWNESS):
        monkeypatch.setattr(module, name, PATIENCE_S)


@pytest.fixture
def silence_is_an_answer(monkeypatch: pytest.MonkeyPatch, whoever_is_asked_has_time: None) -> None:
    """Wait no longer than the program does, where somebody never answers."""
    for module, name, seconds in _AS_SHIPPED:
        monkeypatch.setattr(module, name, seconds)


@pytest.fixture(autouse=True)
def client(valkey_url: str) -> Iterator[redis.Redis]:
    """Yield a client of the Redis that the worker's tests share, with nothing of another one's in it.

    Who comes would answer words that are left in the stream.
    """
    with redis.Redis.from_url(valkey_url) as client:
        client.delete(STREAM, *client.scan_iter("supervisor:nonce:*"))
        yield client


@pytest.fixture
def room(stage: Stage, valkey_url: str, database_url: str) -> ControlRoom:
    return ControlRoom(stage, valkey_url, database_url, embedded=True)


@pytest.fixture
def ledger(database_url: str) -> Iterator[LedgerDoor]:
    """Yield a door to the room's database."""
    door = LedgerDoor(database_url)
    yield door
    door.close()
