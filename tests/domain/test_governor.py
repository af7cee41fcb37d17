"""The governor: below what the platform takes, nothing that must go out stays back, and every count is exact."""

from __future__ import annotations

import random
from collections import Counter, deque

import pytest

from actors.domain.governor import DEPTH, PER_SECOND, Governor, Kept

MOST = PER_SECOND + DEPTH


def busiest_second(times: list[float]) -> int:
    """Return the most lines that went out in any second, wherever it begins."""
    window: deque[float] = deque()
    most = 0
    for at in times:
        window.append(at)
        while window[0] <= at - 1.0:
            window.popleft()
        most = max(most, len(window))
    return most


def test_k6_a_storm_of_50_000_events_a_second_leaves_at_most_400_lines_in_any_second_and_an_exact_count() -> None:
    governor, chance = Governor(), random.Random(6)
    out, told, asked, kept, out_of = [], Counter[str](), Counter[str](), 0, Counter[str]()
    for number in range(3 * 50_000):
        now = number / 50_000
        if lines := governor.tell(now):
            out.append(now)
            told.update(lines)
        action = chance.choice(("http_request", "note", "search_failed"))
        is_kept = chance.random() < 0.001
        kept += is_kept
        asked[action] += 1
        if governor.admits(action, now, is_kept=is_kept):
            out.append(now)
            out_of[action] += 1
        else:
            assert not is_kept
    assert kept > 100
    assert PER_SECOND / 2 < busiest_second(out) <= MOST == 400
    assert asked == out_of + governor.dropped
    assert governor.over == 0
    told.update(governor.tell(1e9))
    assert told == governor.dropped


def test_k6_a_quiet_log_loses_nothing_and_tells_of_nothing() -> None:
    governor = Governor()
    assert all(governor.admits("run_done", number / 100, is_kept=False) for number in range(2000))
    assert governor.tell(1e9) == {}


def test_k6_what_must_go_out_does_so_beyond_the_limit_and_the_rest_waits_no_longer_than_a_second() -> None:
    governor = Governor()
    assert all(governor.admits("run_failed", 0.0, is_kept=True) for _ in range(1000))
    assert governor.over == 1000 - DEPTH
    assert not governor.admits("note", 0.5, is_kept=False)
    assert governor.admits("note", 1.5, is_kept=False)


def test_k6_a_storm_of_one_action_does_not_drown_one_that_is_hardly_heard_of() -> None:
    governor = Governor()
    for number in range(49_999):
        governor.admits("http_request", number / 50_000, is_kept=False)
    assert governor.admits("control_word", 0.99999, is_kept=False)


def test_k6_what_stayed_back_is_told_once_a_second_and_only_once() -> None:
    governor = Governor()
    while governor.admits("note", 0.0, is_kept=False):
        pass
    governor.admits("note", 0.1, is_kept=True)
    assert governor.tell(0.9) == {}
    assert governor.tell(1.0) == {"note": 1}
    assert governor.tell(9.0) == {}
    assert governor.dropped == {"note": 1}


def test_actions_without_end_are_counted_as_others_and_their_sum_is_exact() -> None:
    governor = Governor(left=-200.0)
    refused = sum(not governor.admits(f"action_{number}", 0.0, is_kept=False) for number in range(1000))
    assert refused == 1000 == sum(governor.dropped.values())
    assert len(governor.dropped) == 301
    assert governor.dropped["others"] == 700


@pytest.mark.parametrize(("job", "logger", "is_kept"), [
    ("posting", "actors.runtime.family", True),
    ("plan", "elsewhere", False),
    (None, "actors.ledger", True),
    (None, "actors.ledger.receipt", True),
    (None, "actors.ledgers", False),
    (["posting"], "elsewhere", False),
])  # fmt: skip
def test_lines_of_p0_are_those_about_its_jobs_and_those_of_what_it_does(
    job: object, logger: str, *, is_kept: bool
) -> None:
    assert Kept(frozenset({"posting"}), frozenset({"actors.ledger"})).holds(job, logger) is is_kept
