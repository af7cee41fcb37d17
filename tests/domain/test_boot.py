"""A process that keeps dying young waits longer and longer; one that lived, or ended as asked, does not."""

from __future__ import annotations

import pytest

from actors.domain.boot import Boot, BootState


def after(*states: BootState) -> Boot:
    """Return the boot that follows boots which came as far as these states."""
    boot = Boot()
    for state in states:
        young = boot.next()
        boot = young if state is BootState.YOUNG else Boot(state)
    return boot.next()


YOUNG, STABLE, ENDED = BootState.YOUNG, BootState.STABLE, BootState.ENDED


def test_the_first_three_deaths_cost_nothing_and_then_the_wait_doubles_up_to_its_limit() -> None:
    waits = [after(*[YOUNG] * deaths).delay(300.0) for deaths in range(11)]
    assert waits == [0, 0, 0, 5, 10, 20, 40, 80, 160, 300, 300]


@pytest.mark.parametrize("state", [STABLE, ENDED])
def test_a_boot_that_lived_or_ended_as_asked_forgets_the_deaths_before_it(state: BootState) -> None:
    assert after(*[YOUNG] * 9, state).delay(300.0) == 0
    assert after(*[YOUNG] * 9, state, *[YOUNG] * 3).delay(300.0) == 5.0


def test_a_longest_wait_of_zero_turns_it_off() -> None:
    assert after(*[YOUNG] * 9).delay(0.0) == 0
