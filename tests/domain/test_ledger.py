"""May a post go out now, and what follows from an attempt that was not found."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.domain.caps import Caps, allowed_at
from actors.domain.evidence import Scan
from actors.domain.ledger import MOST_ATTEMPTS, Doubt, GiveUp, Requeue, Wait, resolve

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(hours=24)
CAPS = Caps(per_hour=2, per_day=5, spacing=10 * MINUTE)


def test_without_intents_the_next_is_allowed_now() -> None:
    assert allowed_at([], CAPS, NOW) == NOW


@pytest.mark.parametrize("caps", [Caps(0, 5, MINUTE), Caps(5, 0, MINUTE)])
def test_a_cap_of_zero_means_never(caps: Caps) -> None:
    assert allowed_at([], caps, NOW) is None


@pytest.mark.parametrize(
    ("ages", "wait"),
    [
        ([4], 6),
        ([10], 0),
        ([11, 59], 1),
        ([11, 60], 0),
        ([100, 200, 300, 400, 1430], 10),
        ([100, 200, 300, 400, 1440], 0),
    ],
    ids=["spacing", "spaced", "hour full", "hour rolled on", "day full", "day rolled on"],
)
def test_the_next_intent_waits_for_spacing_and_for_both_windows(ages: list[int], wait: int) -> None:
    assert allowed_at([NOW - age * MINUTE for age in ages], CAPS, NOW) == NOW + wait * MINUTE


@given(st.lists(st.integers(0, 240), max_size=40), st.integers(1, 4), st.integers(1, 9), st.integers(0, 30))
def test_c1_no_sliding_window_ever_holds_more_than_its_cap(
    pauses: list[int], per_hour: int, per_day: int, spacing: int
) -> None:
    caps, now, intents = Caps(per_hour, per_day, spacing * MINUTE), NOW, []
    for pause in pauses:
        now += pause * MINUTE
        allowed = allowed_at([intent for intent in intents if now - intent < DAY], caps, now)
        assert allowed is not None
        now = max(now, allowed)
        intents.append(now)
        for window, most in ((HOUR, per_hour), (DAY, per_day)):
            assert sum(now - intent < window for intent in intents) <= most
    assert all(b - a >= caps.spacing for a, b in pairwise(intents))


def test_intents_in_any_order_give_the_same_answer() -> None:
    intents = [NOW - age * MINUTE for age in (11, 59, 400)]
    assert allowed_at(intents, CAPS, NOW) == allowed_at(intents[::-1], CAPS, NOW)


CLICK = NOW - 20 * MINUTE
SEEN = Scan(NOW, logged_in=True, reached_back=True)


def verdict(
    scan: Scan = SEEN, earlier: tuple[datetime, ...] = (), attempt: int = 1, age: timedelta = 20 * MINUTE
) -> Wait | Requeue | GiveUp:
    doubt = Doubt(attempt, CLICK, earlier, NOW - age)
    return resolve(doubt, scan, gap=5 * MINUTE, give_up=30 * MINUTE, index_lag=2 * MINUTE, now=NOW)


def test_b6_one_conclusive_scan_proves_nothing_yet() -> None:
    assert verdict() == Wait(())


def test_b6_two_conclusive_scans_far_enough_apart_put_it_back() -> None:
    assert verdict(earlier=(NOW - 5 * MINUTE,)) == Requeue()
    assert verdict(earlier=(NOW - 4 * MINUTE,)) == Wait(())


@pytest.mark.parametrize(
    ("scan", "why"),
    [
        (Scan(NOW, logged_in=False, reached_back=True), ("not_logged_in",)),
        (Scan(NOW, logged_in=True, reached_back=False), ("did_not_reach_back",)),
        (Scan(CLICK + MINUTE, logged_in=True, reached_back=True), ("index_lag",)),
    ],
)
def test_b6_a_scan_in_doubt_never_puts_it_back_and_says_why(scan: Scan, why: tuple[str, ...]) -> None:
    assert verdict(scan, earlier=(NOW - 5 * MINUTE,)) == Wait(why)


def test_b6_an_earlier_scan_within_the_index_lag_does_not_count() -> None:
    assert verdict(earlier=(CLICK + MINUTE,)) == Wait(())


def test_the_last_attempt_is_not_put_back_but_given_up() -> None:
    assert isinstance(verdict(earlier=(NOW - 5 * MINUTE,), attempt=MOST_ATTEMPTS), GiveUp)
    assert verdict(earlier=(NOW - 5 * MINUTE,), attempt=MOST_ATTEMPTS - 1) == Requeue()


def test_looked_for_over_the_limit_without_any_proof_it_is_given_up() -> None:
    blind = Scan(NOW, logged_in=True, reached_back=False)
    assert isinstance(verdict(blind, age=30 * MINUTE), GiveUp)
    assert isinstance(verdict(blind, age=29 * MINUTE), Wait)


def test_half_a_proof_is_never_given_up_and_a_whole_one_counts_however_late() -> None:
    assert verdict(age=31 * MINUTE) == Wait(())
    assert isinstance(verdict(Scan(NOW, logged_in=True, reached_back=False), (NOW,), age=31 * MINUTE), Wait)
    assert verdict(age=31 * MINUTE, earlier=(NOW - 5 * MINUTE,)) == Requeue()


def test_the_first_look_however_late_gives_nothing_up() -> None:
    doubt = Doubt(1, CLICK)
    blind = Scan(NOW, logged_in=True, reached_back=False)
    verdict = resolve(doubt, blind, gap=5 * MINUTE, give_up=30 * MINUTE, index_lag=2 * MINUTE, now=NOW)
    assert verdict == Wait(("did_not_reach_back",))
