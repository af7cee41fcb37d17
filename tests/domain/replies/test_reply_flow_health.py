"""What is wrong with the flow of replies, and what is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from actors.domain.replies.health import Flow, Limits, issues
from tests.domain.replies.targets import CAPS, NOW

HOUR = timedelta(hours=1)
LIMITS = Limits(40, 20, 2 * HOUR, 1.5, 2 * HOUR, HOUR / 12)
STEADY = [NOW - timedelta(minutes=24 * n) for n in range(40)]
WELL = Flow(pool=60, newest=NOW - HOUR, published=STEADY, caps=CAPS, since=NOW - 48 * HOUR)


def names(flow: Flow) -> list[str]:
    return [issue.name for issue in issues(flow, LIMITS, NOW)]


def test_a_full_fresh_pool_and_steady_replies_are_well() -> None:
    assert issues(WELL, LIMITS, NOW) == []


def test_a_low_pool_is_a_warning_and_a_critical_one_calls_for_a_harvest() -> None:
    (low,) = issues(replace(WELL, pool=39), LIMITS, NOW)
    (critical,) = issues(replace(WELL, pool=19), LIMITS, NOW)

    assert (low.name, low.is_grave, low.needs_harvest) == ("reply_opportunity_pool_low", False, False)
    assert (critical.name, critical.is_grave, critical.needs_harvest) == ("reply_opportunity_pool_low", True, True)
    assert names(replace(WELL, pool=40)) == []


def test_an_empty_pool_at_the_start_calls_for_a_harvest_and_no_human() -> None:
    (young,) = issues(replace(WELL, pool=0, published=[], since=NOW - 0.9 * HOUR), LIMITS, NOW)
    assert (young.is_grave, young.needs_harvest) == (False, True)


def test_a_pool_that_nothing_new_came_into_is_stale() -> None:
    assert names(replace(WELL, newest=NOW - 2.1 * HOUR)) == ["reply_opportunity_stale"]
    assert names(replace(WELL, newest=None)) == ["reply_opportunity_stale"]


def test_throughput_below_the_target_is_a_warning_and_below_the_least_a_violation() -> None:
    slow = [NOW - timedelta(minutes=35 * n) for n in range(12)]
    slower = [NOW - timedelta(minutes=50 * n) for n in range(12)]

    assert names(replace(WELL, published=slow)) == ["reply_slo_warning"]
    assert names(replace(WELL, published=slower)) == ["reply_slo_violation"]


def test_replies_that_go_out_at_the_first_slot_after_they_are_due_are_not_slow() -> None:
    assert names(replace(WELL, published=[NOW - timedelta(minutes=28 * n) for n in range(40)])) == []
    assert names(replace(WELL, published=[NOW - timedelta(minutes=31 * n) for n in range(40)])) == ["reply_slo_warning"]


def test_silence_is_a_gap_beside_what_it_does_to_throughput() -> None:
    silent = [at - 3 * HOUR for at in STEADY]

    assert names(replace(WELL, published=silent)) == ["reply_slo_violation", "reply_gap_detected"]


def test_a_lane_that_has_used_its_day_up_is_not_slow() -> None:
    burst = [NOW - 8 * HOUR - timedelta(minutes=10 * n) for n in range(58)]

    assert names(replace(WELL, published=burst)) == []


def test_what_was_before_this_process_is_no_fault_of_the_flow() -> None:
    young = replace(WELL, pool=60, newest=None, published=[], since=NOW - timedelta(minutes=50))

    assert names(young) == []
    assert names(replace(young, since=NOW - 3 * HOUR)) == [
        "reply_opportunity_stale",
        "reply_slo_violation",
        "reply_gap_detected",
    ]
