"""Progress of the start in the log."""

from __future__ import annotations

import logging
import threading

import pytest

from actors.domain import startup
from actors.domain.alerting import CALLING
from actors.errors import CircuitOpenError, ResourceDiedError
from actors.runtime.startup import Progress, until_served
from tests.stage import PATIENCE_S, eventually


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, "actors.runtime.startup")
    return caplog


def actions(lines: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    return [(vars(line)["action"], vars(line).get("step", "")) for line in lines.records]


def test_k2_every_step_is_one_line_and_is_announced_when_it_is_done(lines: pytest.LogCaptureFixture) -> None:
    done: list[str] = []
    progress = Progress(threading.Event(), done.append)
    for name in ("configuration", "journal"):
        with progress.step(name):
            assert name not in done
    assert done == ["configuration", "journal"]
    assert actions(lines) == [("start_step", name) for name in done]


def test_k2_a_step_that_lasts_is_told_of_while_it_lasts(
    lines: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(startup, "_FIRST_REPORT_S", 0.01)
    with Progress(threading.Event()).step("configuration"):
        eventually(lambda: len(lines.records) > 1, "two lines about a step that lasts")
        assert set(actions(lines)) == {("start_waits", "configuration")}
    assert actions(lines)[-1] == ("start_step", "configuration")


def test_k2_nothing_is_told_of_a_step_after_the_line_that_it_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(startup, "_FIRST_REPORT_S", 0.01)
    telling, is_done, told = threading.Event(), threading.Event(), []

    def tell(line: startup.Line) -> None:
        if line.is_done:
            is_done.set()
        else:
            telling.set()
            # As slow as a busy machine: whoever ends the step comes first if he may.
            is_done.wait(0.3)
        told.append(line.is_done)

    monkeypatch.setattr("actors.runtime.startup._tell", tell)
    with Progress(threading.Event()).step("configuration"):
        assert telling.wait(PATIENCE_S)
    eventually(lambda: len(told) > 1, "both lines")
    assert told == sorted(told)


def test_k5_a_step_that_lasts_for_long_calls_a_person(
    lines: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(startup, "_FIRST_REPORT_S", 0.01)
    with Progress(threading.Event()).step("configuration"):
        eventually(lambda: lines.records, "a warning")
        monkeypatch.setattr(startup, "_LONG_S", 0.03)
        eventually(lambda: lines.records[-1].levelno == logging.ERROR, "an error")
        assert lines.records[0].levelno == logging.WARNING
        assert {action for action, _ in actions(lines)} == {"start_waits"} < CALLING


def test_a_step_that_fails_or_is_cut_short_by_the_end_is_not_done() -> None:
    ended = threading.Event()
    progress = Progress(ended)
    with pytest.raises(ResourceDiedError), progress.step("configuration"):
        raise ResourceDiedError("gone")
    with progress.step("configuration"):
        ended.set()
    assert progress.startup.done == ()


def test_d11_a_start_that_is_cut_short_by_the_end_goes_through_its_other_steps_and_tells_nothing(
    lines: pytest.LogCaptureFixture,
) -> None:
    ended, taken = threading.Event(), []
    progress = Progress(ended)
    with progress.step("configuration"):
        ended.set()
    for name in ("journal", "servers"):
        with progress.step(name):
            taken.append(name)
    assert (taken, progress.startup.done, actions(lines)) == (["journal", "servers"], (), [])


def test_what_is_not_served_is_asked_again_until_it_is_or_the_process_ends_and_each_reason_is_told_once(
    lines: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actors.runtime.startup._AGAIN_S", 0.0)
    ended, tries = threading.Event(), []

    def ask() -> None:
        tries.append(1)
        if len(tries) < 9:
            raise (
                CircuitOpenError(f"retry in {len(tries)} s", 1.0),
                ResourceDiedError("away"),
                ResourceDiedError("wrong password"),
            )[len(tries) % 3]

    until_served(ask, ended)
    assert (len(tries), actions(lines)) == (9, [("database_awaited", "")] * 2)
    assert [vars(record)["data"] for record in lines.records] == ["away", "wrong password"]
    ended.set()
    until_served(ask, ended)
    assert len(tries) == 9
