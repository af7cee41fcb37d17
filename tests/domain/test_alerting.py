"""Which lines call a person, and how often."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from actors.domain.alerting import CALLING, Alerting, Matter, Outages

SOURCES = Path(__file__).parents[2] / "actors"


def test_k5_the_same_matter_calls_once_in_an_interval_and_then_says_how_often_it_was_held_back() -> None:
    alerting, matter = Alerting(60.0), Matter("lane_silent", "content")
    assert [alerting.take(matter, at) for at in (0.0, 10.0, 59.9, 60.0, 61.0)] == [0, None, None, 2, None]


@pytest.mark.parametrize(
    "action", ["platform_challenge", "platform_invalid", "session_expired", "session_locked", "process_wedged"]
)
def test_k5_an_account_without_a_login_and_a_process_that_ends_itself_call_a_person(action: str) -> None:
    assert action in CALLING


def test_k5_another_matter_calls_at_once() -> None:
    alerting = Alerting(60.0)
    assert alerting.take(Matter("lane_silent", "content"), 0.0) == 0
    assert alerting.take(Matter("lane_silent", "reply"), 0.0) == 0
    assert alerting.take(Matter("root_failed"), 0.0) == 0


def test_the_memory_of_matters_is_bounded_and_forgets_the_oldest() -> None:
    alerting = Alerting(1e6)
    for number in range(1000):
        assert alerting.take(Matter("uncertain_given_up", str(number)), float(number)) == 0
    assert len(alerting.told) < 300
    assert alerting.take(Matter("uncertain_given_up", "999"), 1001.0) is None
    assert alerting.take(Matter("uncertain_given_up", "0"), 1001.0) == 0


def test_an_outage_is_named_once_when_it_is_long_and_again_only_after_it_was_over() -> None:
    outages = Outages(300.0)
    looks = [(0, {"redis"}), (299, {"redis"}), (301, {"redis"}), (900, {"redis"}), (901, set()), (902, {"redis"}),
             (1100, {"redis"}), (1203, {"redis"})]  # fmt: skip
    assert [list(outages.look(broken, float(at))) for at, broken in looks] == [
        *([], [], ["redis"], [], []),
        *([], [], ["redis"]),
    ]


def test_k5_every_action_that_calls_is_one_that_somebody_logs() -> None:
    logged = {
        node.value
        for path in SOURCES.rglob("*.py")
        if path.name != "alerting.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert CALLING - logged == set()
