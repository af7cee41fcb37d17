"""The dead-man's ping: it comes while the work goes on, and stays away when it stands still."""

from __future__ import annotations

import socket
import threading
import time
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from actors.config import Secret
from actors.dashboard.ping import Ping
from actors.dashboard.post import send
from actors.domain.log_line import describe_error
from actors.domain.readiness import STEPS
from actors.errors import TransientError
from tests.dashboard.conftest import NOON, said
from tests.stage import eventually

if TYPE_CHECKING:
    from actors.dashboard.published import Published
    from tests.dashboard.conftest import Receiver


def clock(late: timedelta = timedelta()) -> Any:
    return SimpleNamespace(now=lambda: NOON + late, speed=1.0)


def test_k5_while_the_work_goes_on_the_other_side_hears_of_it_again_and_again(
    receiver: Receiver, published: Published
) -> None:
    published.clock = clock()
    ping = Ping(receiver.url, 0.02, published)
    ping.start()
    assert {hit[0] for hit in receiver.wait(3)} == {"GET"}
    ping.close()


@pytest.mark.parametrize("how", ["board", "clock", "start", "no clock"])
def test_k5_when_the_work_stands_still_it_hears_nothing_and_the_log_says_why(
    how: str, receiver: Receiver, published: Published, caplog: pytest.LogCaptureFixture
) -> None:
    published.clock = clock()
    assert published.view is not None
    match how:
        case "board":
            published.view = replace(published.view, at=published.view.at - 60)
        case "clock":
            published.clock = clock(timedelta(minutes=10))
        case "start":
            published.done = published.done[:-1]
        case "no clock":
            published.clock = None
    ping = Ping(receiver.url, 0.02, published)
    ping.start()
    eventually(lambda: published.counts().get(("ping", "left_out"), 0) > 2)
    assert receiver.hits == []
    assert [line["action"] for line in said(caplog)] == ["ping_left_out"]
    # It goes out again by itself.
    published.clock, published.done = clock(), STEPS
    published.view = replace(published.view, at=time.monotonic())
    receiver.wait(1)
    ping.close()


@pytest.mark.parametrize("url", ["http://127.0.0.1:999999/x", "http://127.0.0.1:1/hé", "http://a..b/x", "http://[/x"])
def test_k5_a_url_that_no_request_can_be_made_of_is_no_answer_and_is_not_shown(url: str) -> None:
    with pytest.raises(TransientError, match="no answer") as caught:
        send(Secret(url), {}, 1.0)
    assert "/x" not in describe_error(caught.value)


def test_k5_a_ping_goes_on_whatever_its_url_makes_of_a_request(published: Published) -> None:
    published.clock = clock()
    ping = Ping(Secret("http://a..b/x"), 0.02, published)
    ping.start()
    eventually(lambda: published.counts().get(("ping", "failed"), 0) > 2)
    ping.close()


def test_a_side_that_answers_a_byte_at_a_time_is_cut_off_at_the_end_of_the_time() -> None:
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as trickling:

        def trickle() -> None:
            line, _ = trickling.accept()
            with line:
                line.recv(4096)
                while not ended.wait(0.05):
                    try:
                        line.sendall(b"H")
                    except OSError:
                        return

        thread = threading.Thread(target=trickle)
        thread.start()
        with pytest.raises(TransientError):
            send(Secret(f"http://127.0.0.1:{trickling.getsockname()[1]}/"), None, 0.3)
        assert not ended.is_set()
        ended.set()
        thread.join(5)
