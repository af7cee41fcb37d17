"""The keeper of a server process: it finds out by itself, and an outage costs no restart."""

from __future__ import annotations

from typing import Any

import pytest

from actors.errors import AppError, ResourceDiedError
from actors.messages import Describe, Reset
from actors.runtime.address import Address
from actors.runtime.server import ServerKeeper
from tests.runtime.stage import Stage, take


class Server:
    """A server that fails to start as often as it is told."""

    name = "postgres"

    def __init__(self, failures: int = 0) -> None:
        self.failures, self.starts, self.lives = failures, 0, True

    def ensure(self, timeout: float) -> None:
        self.starts += 1
        if self.starts <= self.failures:
            raise ResourceDiedError("port taken")
        self.lives = True

    def is_alive(self) -> bool:
        return self.lives

    def stop(self, timeout: float) -> None:
        raise AssertionError("whoever opened the world closes it")


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: Any) -> None:
    monkeypatch.setattr("actors.runtime.server._LOOK_EVERY_S", 0.001)
    monkeypatch.setattr("actors.runtime.server._BACKOFF", type("Fast", (), {"delay": lambda *_: 0.001}))


def keep(server: Server) -> tuple[Stage, Address]:
    front = Address("database")
    return Stage(lambda context: ServerKeeper(context, server, (front,))), front


def test_a_server_that_lives_is_left_alone() -> None:
    server = Server()
    stage, front = keep(server)
    looks = iter(range(3))
    stage.serve_until(lambda: next(looks, None) is None)
    assert (server.starts, take(front)) == (0, [])


def test_a_server_that_died_is_started_and_its_dependants_drop_their_handles() -> None:
    server = Server()
    stage, front = keep(server)
    server.lives = False
    stage.serve_until(lambda: server.starts)
    assert take(front) == [Reset()]
    assert stage.behaviour.receive(Describe()) == {"alive": True, "failures": 0}


def test_a_server_that_cannot_be_started_is_tried_again_and_its_keeper_does_not_crash() -> None:
    server = Server(failures=3)
    stage, front = keep(server)
    server.lives = False
    stage.serve_until(lambda: server.starts == 2)
    assert stage.behaviour.receive(Describe()) == {"alive": False, "failures": 2}
    stage.serve_until(lambda: server.lives)
    assert (server.starts, stage.behaviour.failures) == (4, 0)
    assert take(front) == [Reset()]


def test_stopping_the_keeper_leaves_the_server_running() -> None:
    stage, _ = keep(Server())
    stage.behaviour.stop()
    assert issubclass(ResourceDiedError, AppError)
