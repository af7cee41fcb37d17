"""Half a minute of random deaths: the short form of the soak, in every run of the tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.soak.chaos import PROGRAM, environment, outlive
from tests.soak.invariants import show, trouble

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.acceptance.engine import Engine

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(300)]

SECONDS = 15


def test_d10_whichever_actors_die_at_random_every_invariant_holds_and_no_death_is_silent(
    engine_on: Callable[..., Engine],
) -> None:
    engine = engine_on(program=PROGRAM, environment=environment(SECONDS, seed=1, pause=0.4))
    findings = [*outlive(engine, SECONDS), trouble(engine.lines)]
    show(f"{SECONDS} s of chaos", findings)
    assert [each for each in findings if not each.holds] == []
    assert engine.stop() == 0
    assert engine.processes() == []
