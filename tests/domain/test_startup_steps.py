"""The steps of the start: their order, what is told of them and when."""

from __future__ import annotations

from functools import reduce

import pytest

from actors.domain.startup import STEPS, Startup


def after(*steps: str) -> Startup:
    return reduce(lambda startup, step: startup.begin(step, 0.0).end(1.0)[0], steps, Startup())


def test_k2_a_step_that_is_not_its_turn_is_refused() -> None:
    with pytest.raises(ValueError, match="schema"):
        Startup().begin("schema", 0.0)
    with pytest.raises(ValueError, match="not its turn"):
        after(*STEPS).begin("configuration", 0.0)


def test_k2_each_step_is_done_awaited_or_ahead() -> None:
    now = after("configuration", "journal").begin("servers", 10.0).as_dict(12.5)
    assert list(now) == list(STEPS)
    assert [each["state"] for each in now.values()] == ["done", "done", "awaited", *["ahead"] * (len(STEPS) - 3)]
    assert now["servers"] == {"state": "awaited", "for": STEPS["servers"], "seconds": 2.5}


def test_a_step_that_ends_is_told_with_its_length_and_what_it_waited_for() -> None:
    startup, line = Startup().begin("configuration", 3.0).end(4.5)
    assert (line.step, line.awaits, line.seconds, line.is_done) == ("configuration", STEPS["configuration"], 1.5, True)
    assert (startup.done, startup.next_report()) == (("configuration",), None)


def test_a_step_that_lasts_is_told_of_after_5_s_and_then_more_rarely_but_every_five_minutes_for_ever() -> None:
    startup, told = Startup().begin("configuration", 100.0), []
    for second in range(100, 1100):
        startup, line = startup.report(float(second))
        if line is not None:
            assert not line.is_done
            told.append(line.seconds)
    assert told == [5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 320.0, 620.0, 920.0]


def test_a_step_that_broke_off_may_begin_again_and_is_not_done_before_it_ends() -> None:
    startup = Startup().begin("configuration", 0.0)
    assert startup.done == ()
    assert startup.begin("configuration", 5.0).end(6.0)[1].seconds == 1.0
