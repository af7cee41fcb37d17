"""Alerts: they reach the webhook, once for each matter, and whoever logs never waits for it."""

from __future__ import annotations

import json
import logging
import threading
from typing import TYPE_CHECKING, Any

import pytest

from actors.config import Secret
from actors.dashboard import alerts as module
from actors.dashboard.alerts import Alerts
from actors.dashboard.published import Published
from actors.domain.backoff import Backoff
from actors.domain.redaction import Redaction
from tests.dashboard.conftest import WAIT_S
from tests.stage import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.dashboard.conftest import Receiver

logger = logging.getLogger("actors.test")


@pytest.fixture
def alerts_to(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Published]]:
    """Return a maker of alerts to the receiver; returns what they count in."""
    monkeypatch.setattr(module, "_AGAIN", Backoff(0.02, 0.05))
    monkeypatch.setattr(module, "_LAST_S", WAIT_S)
    made = []

    def make(url: Secret | None = None) -> Published:
        published = Published()
        alerts = Alerts(url or receiver.url, 3600.0, "boot-1", Redaction(["hunter2-secret"]), published)
        alerts.start()
        made.append(alerts)
        return published

    yield make
    for alerts in made:
        alerts.close()


def call(action: str = "lane_silent", message: str = "nothing is published", **extra: Any) -> None:
    logger.error("%s", message, extra={"action": action, **extra})


def bodies(receiver: Receiver, count: int) -> list[dict[str, Any]]:
    return [json.loads(body) for _, _, body in receiver.wait(count)]


def test_k5_a_line_that_calls_a_person_reaches_the_webhook(
    alerts_to: Callable[..., Published], receiver: Receiver
) -> None:
    published = alerts_to()
    call(lane="content", data="say `why`\nhunter2-secret \x1b[31m")
    (hit,) = receiver.wait(1)
    assert hit[:2] == ("POST", "/hook?key=abc")
    alert = json.loads(hit[2])
    assert alert["text"] == r"lane_silent: nothing is published: say `why`\n*** \x1b[31m"
    assert [alert[name] for name in ("action", "about", "boot", "held_back")] == ["lane_silent", "content", "boot-1", 0]
    eventually(lambda: published.counts().get(("alert", "sent")) == 1)


def test_k5_other_lines_call_nobody(alerts_to: Callable[..., Published], receiver: Receiver) -> None:
    alerts_to()
    call("heartbeat")
    logger.warning("no error", extra={"action": "lane_silent"})
    logger.error("no action")
    call("root_failed")
    assert [alert["action"] for alert in bodies(receiver, 1)] == ["root_failed"]


def test_k5_the_same_matter_is_told_once_and_another_one_at_once(
    alerts_to: Callable[..., Published], receiver: Receiver
) -> None:
    published = alerts_to()
    for lane in ("content", "content", "reply", "content"):
        call(lane=lane)
    assert [alert["about"] for alert in bodies(receiver, 2)] == ["content", "reply"]
    assert published.counts()[("alert", "held_back")] == 2


def test_k5_an_alert_that_is_not_acknowledged_is_kept_until_it_is(
    alerts_to: Callable[..., Published], receiver: Receiver
) -> None:
    receiver.codes = [500, 302, 200]
    published = alerts_to()
    call("root_failed")
    assert [alert["action"] for alert in bodies(receiver, 3)] == ["root_failed"] * 3
    eventually(lambda: published.counts().get(("alert", "sent")) == 1)
    assert published.counts()[("alert", "failed")] == 2


def test_k5_whoever_logs_does_not_wait_for_a_webhook_that_hangs_and_what_finds_no_place_is_counted(
    alerts_to: Callable[..., Published], receiver: Receiver
) -> None:
    receiver.holding = threading.Event()
    published = alerts_to()
    call("root_failed")
    receiver.wait(1)
    for number in range(100):
        call("uncertain_given_up", decision=str(number))
    assert published.counts() == {("alert", "dropped"): 100 - module._WAITING}
    receiver.holding.set()
    call("intent_lost")
    assert bodies(receiver, 1 + module._WAITING)


def test_k5_whoever_ends_the_process_without_a_word_can_wait_until_the_last_alert_is_carried(
    alerts_to: Callable[..., Published], receiver: Receiver
) -> None:
    published = alerts_to()
    logger.critical("the tree gave no answer", extra={"action": "process_wedged"})
    for handler in logging.getLogger().handlers:
        handler.flush()
    assert published.counts() == {("alert", "sent"): 1}
    assert bodies(receiver, 1)[0]["action"] == "process_wedged"


def test_a_webhook_that_nobody_serves_is_said_once_in_the_log_without_its_url(
    alerts_to: Callable[..., Published], caplog: pytest.LogCaptureFixture
) -> None:
    published = alerts_to(Secret("http://127.0.0.1:1/secret-path"))
    call("root_failed")
    eventually(lambda: published.counts().get(("alert", "failed"), 0) > 2)
    (line,) = [record for record in caplog.records if vars(record).get("action") == "alert_failed"]
    assert "secret-path" not in str(vars(line))
