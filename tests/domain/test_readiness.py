"""Readiness: each thing that is down is named, and nothing else is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from actors.domain.platform_state import PlatformState
from actors.domain.readiness import DEPENDENCIES, DRAINING, OVERDUE_S, SILENT_S, STEPS, Known, readiness, standstill

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def snapshot(**more: Any) -> dict[str, Any]:
    fronts = {name: {"breaker": "closed", "condition": ""} for name in (*DEPENDENCIES, "runs")}
    actors = {name: {"state": "running"} for name in (*DEPENDENCIES, "board", "posting")}
    calm = {"lease": None, "memory": None, "pauses": [], "kill_switch": False, "draining": False}
    return {"actors": actors, "fronts": fronts, "next_due": {"posting": NOON}, **calm, **more}


def known(**more: Any) -> Known:
    return Known(**{"done": STEPS, "snapshot": snapshot(), "age_s": 0.5, **more})


def test_k3_with_everything_up_there_is_no_reason() -> None:
    found = readiness(known())
    assert found.is_ready
    assert found.as_dict() == {"ready": True, "reasons": [], "start": dict.fromkeys(STEPS, "done")}


@pytest.mark.parametrize("down", DEPENDENCIES)
@pytest.mark.parametrize("how", ["breaker", "half", "actor", "no answer"])
def test_k3_each_dependency_that_is_down_in_flight_is_the_one_reason(down: str, how: str) -> None:
    state, unanswered = snapshot(), frozenset[str]()
    match how:
        case "breaker":
            state["fronts"][down]["breaker"] = "open"
        case "half":
            state["fronts"][down]["breaker"] = "half_open"
        case "actor":
            state["actors"][down]["state"] = "exited"
        case "no answer":
            unanswered = frozenset({down})
    reasons = readiness(known(snapshot=state, unanswered=unanswered)).reasons
    assert [reason.partition(":")[0] for reason in reasons] == [down]
    # It is no reason to call somebody for a dead process: the work path itself goes on.
    assert standstill(known(snapshot=state, unanswered=unanswered), NOON, 1.0) == ""


@pytest.mark.parametrize("count", range(len(STEPS)))
def test_k2_a_start_says_which_step_it_waits_for_and_which_are_behind_it(count: int) -> None:
    found = readiness(Known(STEPS[:count]))
    assert found.reasons == (f"start: {STEPS[count]} is awaited",)
    assert list(found.as_dict()["start"].values()).count("done") == count


def test_k3_every_reason_is_given_at_once() -> None:
    state = snapshot()
    state["fronts"]["redis"]["breaker"] = "open"
    found = readiness(known(done=STEPS[:-1], is_ending=True, snapshot=state, unanswered=frozenset({"database"})))
    assert len(found.reasons) == 4


@pytest.mark.parametrize(
    ("age_s", "snapshot_", "word"),
    [(SILENT_S + 1, snapshot(), "silent"), (0.0, None, "no answer")],
)
def test_k3_a_board_that_says_nothing_is_a_reason_and_what_it_said_long_ago_is_none(
    age_s: float, snapshot_: dict[str, Any] | None, word: str
) -> None:
    if snapshot_ is not None:
        snapshot_["fronts"]["redis"]["breaker"] = "open"
    reasons = readiness(known(age_s=age_s, snapshot=snapshot_)).reasons
    assert [(reason.partition(":")[0], word in reason) for reason in reasons] == [("board", True)]


def test_business_conditions_are_no_matter_of_readiness() -> None:
    state = snapshot(
        lease={"holder": "another", "is_ours": False},
        memory={"level": "critical", "used_mb": 500, "limit_mb": 512},
        waiting={"posting": "plan is stale"},
        pauses=[{"name": "all", "until": None, "by": "operator", "because": ""}],
        kill_switch=True,
    )
    state["fronts"]["browser"]["condition"] = "challenge"
    state["fronts"]["runs"]["breaker"] = "open"
    state["actors"]["posting"]["state"] = "exited"
    assert readiness(known(snapshot=state)).is_ready


def test_d6_a_site_that_has_not_answered_since_the_start_is_a_reason_and_the_work_path_goes_on() -> None:
    state = snapshot()
    state["fronts"]["browser"]["condition"] = PlatformState.AWAITED
    assert [reason.partition(":")[0] for reason in readiness(known(snapshot=state)).reasons] == ["site"]
    assert readiness(known(snapshot=state)).has_started
    assert standstill(known(snapshot=state), NOON, 1.0) == ""


def test_a_process_that_is_about_to_end_is_not_ready() -> None:
    assert readiness(known(is_ending=True)).reasons == ("the process is about to end",)


def test_k3_a_process_that_drains_is_not_ready_and_its_work_does_not_go_on() -> None:
    state = known(snapshot=snapshot(draining=True))
    assert readiness(state).reasons == (DRAINING,)
    assert standstill(state, NOON + timedelta(hours=1), 1.0) == DRAINING
    ending = known(snapshot=snapshot(draining=True), is_ending=True)
    assert readiness(ending).reasons == ("the process is about to end",), "one end, said once"


@pytest.mark.parametrize(
    ("more", "overdue_s", "word"),
    [
        ({}, 0.0, ""),
        ({}, OVERDUE_S - 1, ""),
        ({}, OVERDUE_S + 1, "clock stands"),
        ({"age_s": SILENT_S + 1}, 0.0, "board"),
        ({"snapshot": None}, 0.0, "board"),
        ({"snapshot": snapshot(next_due={})}, 0.0, "plan"),
        ({"done": STEPS[:3]}, 0.0, "start"),
    ],
)
@pytest.mark.parametrize("speed", [1.0, 60.0])
def test_k5_the_work_stands_still_without_a_board_a_clock_or_a_finished_start(
    more: dict[str, Any], overdue_s: float, word: str, speed: float
) -> None:
    found = standstill(known(**more), NOON + timedelta(seconds=overdue_s * speed), speed)
    assert word in found if word else found == ""


def test_the_earliest_due_job_tells_whether_the_clock_stands() -> None:
    state = snapshot(next_due={"posting": NOON, "backup_cleanup": NOON + timedelta(days=1)})
    assert standstill(known(snapshot=state), NOON + timedelta(minutes=10), 1.0)
