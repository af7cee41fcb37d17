"""What stands between the jobs and their work is told in one place, and a person's will is no illness."""

from __future__ import annotations

import pytest

from actors.domain.health.circumstances import Circumstances, symptoms
from actors.domain.health.symptom import Level, worst

MONEY = {"content": 3.0, "replies": 1.0, "analysis": 0.5}
H, D, U = Level.HEALTHY, Level.DEGRADED, Level.UNHEALTHY


def found(**changes: object) -> dict[str, Level]:
    given = Circumstances(**{"platform": "valid", "memory": "ok", "per_day": 5.0, "left": MONEY, **changes})  # type: ignore[arg-type]
    return {each.name: each.level for each in symptoms(given)}


def test_nothing_stands_in_the_way_of_a_fresh_day() -> None:
    assert found() == {}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"broken": ("openai", "redis")}, {"openai_broken": D, "redis_broken": D}),
        ({"platform": "suspect"}, {"platform": D}),
        ({"platform": "challenge"}, {"platform": U}),
        ({"platform": "invalid"}, {"platform": U}),
        ({"memory": "tight"}, {"memory": D}),
        ({"memory": "critical"}, {"memory": U}),
        ({"publisher": "other"}, {"no_lease": D}),
        ({"publisher": ""}, {"no_lease": D}),
        ({"abandoned": 2}, {"threads_hang": D}),
        ({"answers": False}, {"board_silent": D}),
        ({"stuck": 1}, {"claims_stuck": D}),
        ({"publishing": 1}, {"attempts_stuck": D}),
        ({"per_day": 0.0}, {"model_forbidden": D}),
        ({"left": {**MONEY, "replies": 0.0}}, {"replies_money_spent": D}),
    ],
)
def test_each_circumstance_has_a_name_and_a_weight(changes: dict[str, object], expected: dict[str, Level]) -> None:
    assert found(**changes) == expected


def test_what_a_person_decided_is_told_and_does_not_count_against_the_whole() -> None:
    said = found(is_stopped=True, is_shadow=True, paused=("plan",))
    assert set(said) == {"kill_switch", "shadow", "paused"}
    assert set(said.values()) == {H}


def test_analysis_that_has_spent_its_share_is_as_it_is_meant_to_be() -> None:
    assert worst(symptoms(Circumstances(per_day=5.0, left={**MONEY, "analysis": 0.0}))) is H


@pytest.mark.parametrize(("left", "said"), [(1.6, False), (1.4, True), (0.4, True)])
def test_money_that_runs_short_is_told_before_it_is_spent(left: float, *, said: bool) -> None:
    assert ("money_short" in found(left={"content": left, "replies": left, "analysis": left})) is said
