"""The outside world: what the start waits for, and how its servers end."""

from __future__ import annotations

import json
import logging
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from actors import world
from actors.domain.alerting import CALLING
from actors.errors import DeadlineError
from actors.resources.login import Login
from tests.stage import PATIENCE_S, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator


class Server:
    """A server whose stop waits for the others' stops."""

    def __init__(self, name: str, together: threading.Barrier) -> None:
        self.name, self.together = name, together
        self.given: float | None = None

    def ensure(self, timeout: float) -> None:
        raise AssertionError("nobody starts it")

    def is_alive(self) -> bool:
        return self.given is None

    def stop(self, timeout: float) -> None:
        try:
            self.together.wait(PATIENCE_S)
        except threading.BrokenBarrierError:
            raise DeadlineError(f"{self.name} waited for the others") from None
        self.given = timeout


class Site:
    """A site that answers the question for a session as the next answer says; the last one stays."""

    def __init__(self, *answers: int) -> None:
        self.answers = list(answers)
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                code = site.answers.pop(0) if len(site.answers) > 1 else site.answers[0]
                self.send_response(code)
                self.end_headers()
                self.wfile.write(json.dumps({"cookies": []}).encode())

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """Yield a site that is away for a while, for two reasons; the first look at it is waited for."""
    monkeypatch.setattr(world, "_FIRST_LOOK_S", PATIENCE_S)
    site = Site(503, 503, 404, 404, 503, 200)
    yield site
    site.server.shutdown()
    site.server.server_close()


def told(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """Return what the world said: threads of earlier tests may speak meanwhile."""
    return [record for record in list(caplog.records) if record.name == world.__name__]


def actions(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [vars(record)["action"] for record in told(caplog)]


def test_d6_a_site_that_is_away_keeps_nobody_waiting_and_is_told_once_for_each_reason(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "actors.world")
    ended, login = threading.Event(), Login(is_awaited=True)
    world._look_for(site.url, login, ended)
    assert (login.is_awaited, login.held()[1]) == (True, None)
    ended.set()
    monkeypatch.setattr(world, "_LOOK_AGAIN_S", 0.0)

    world._look_for(site.url, login, threading.Event())

    eventually(lambda: "platform_answers" in actions(caplog), "the answer")
    assert (login.is_awaited, login.held()) == (False, (0, {"cookies": []}))
    reasons = [vars(record)["data"] for record in told(caplog) if vars(record)["action"] == "platform_awaited"]
    # The first is of the look before.
    assert re.findall(r"Error (\d+)", " ".join(reasons)) == ["503", "503", "404"]


def test_d6_a_site_that_answers_is_there_when_the_first_look_is_over_and_nothing_is_told(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "actors.world")
    site.answers, login = [200], Login(is_awaited=True)
    world._look_for(site.url, login, threading.Event())
    assert (login.is_awaited, actions(caplog)) == (False, [])


def test_k5_a_site_that_stays_away_calls_a_person_once(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(world, "_LOOK_AGAIN_S", 0.0)
    monkeypatch.setattr(world, "_LONG_S", 0.0)
    site.answers = [503] * 9 + [200]
    login = Login(is_awaited=True)
    world._look_for(site.url, login, threading.Event())
    eventually(lambda: not login.is_awaited, "the answer")
    calling = [record for record in told(caplog) if vars(record)["action"] in CALLING]
    assert [record.levelno for record in calling] == [logging.ERROR]
    assert "PLATFORM_URL" in calling[0].getMessage()


def test_d11_the_servers_are_stopped_side_by_side_each_with_all_the_time_there_is(
    caplog: pytest.LogCaptureFixture,
) -> None:
    together = threading.Barrier(3)
    servers = [Server(name, together) for name in ("postgres", "valkey", "sandbox")]

    world._stop_all(list(servers), PATIENCE_S)

    assert [server.given for server in servers] == [PATIENCE_S] * 3
    assert told(caplog) == []
