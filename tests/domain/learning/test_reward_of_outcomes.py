"""What a measured post is worth."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from actors.domain.learning.maturity import USUAL
from actors.domain.learning.reward import MeasuredOutcome, reward
from actors.domain.taxonomy import FACTORS, Arm

ARM = Arm(*(values[0] for values in FACTORS.values()))
FINAL = timedelta(days=7)
OUTCOME = MeasuredOutcome("d1", ARM, datetime(2026, 3, 1, tzinfo=UTC), FINAL, 100, 4, 3, 2, 1)


def test_reactions_count_by_their_weight_and_in_logarithms() -> None:
    value = reward(OUTCOME)

    assert value is not None
    assert value.z == pytest.approx(math.log1p(4 + 2 * 3 + 3 * 2 + 2 * 1), abs=1e-4)
    assert value.weight == pytest.approx(1.0, abs=1e-4)


def test_h8_a_credited_follow_counts_as_ten_likes() -> None:
    liked, followed = reward(replace(OUTCOME, likes=OUTCOME.likes + 25)), reward(replace(OUTCOME, follows=2.5))

    assert liked == followed != reward(OUTCOME)


@pytest.mark.parametrize(("hours", "share"), [(0, 0.0), (1, 0.26), (6, 0.68), (24, 0.96), (48, 0.996)])
def test_maturity_follows_the_published_curve(hours: float, share: float) -> None:
    assert USUAL.share(timedelta(hours=hours)) == pytest.approx(share, abs=0.006)


def test_an_early_reading_is_scaled_up_and_counts_less() -> None:
    early = reward(replace(OUTCOME, age=timedelta(hours=6)))
    share = USUAL.share(timedelta(hours=6))

    assert early is not None
    assert early.z == pytest.approx(math.log1p(18 / share))
    assert early.weight == share


@pytest.mark.parametrize(
    "outcome",
    [
        replace(OUTCOME, likes=None),
        replace(OUTCOME, reposts=None),
        replace(OUTCOME, replies=None),
        replace(OUTCOME, bookmarks=None),
    ],
)
def test_h4_an_unknown_count_is_not_zero(outcome: MeasuredOutcome) -> None:
    assert reward(outcome) is None


@pytest.mark.parametrize("source", ["estimated", "simulated", "", "Measured"])
def test_h4_only_what_was_measured_has_a_worth(source: str) -> None:
    assert reward(replace(OUTCOME, source=source)) is None


def test_unknown_views_do_not_matter() -> None:
    assert reward(replace(OUTCOME, views=None)) == reward(OUTCOME)


def test_the_reading_of_the_first_hour_counts_for_little_and_an_earlier_one_for_nothing() -> None:
    early = reward(replace(OUTCOME, age=timedelta(hours=1)))
    assert early is not None
    assert early.weight < 0.3
    assert reward(replace(OUTCOME, age=timedelta(minutes=15))) is None
    assert reward(replace(OUTCOME, age=timedelta(seconds=-5))) is None


def test_an_arm_the_taxonomy_no_longer_has_teaches_nothing() -> None:
    assert reward(replace(OUTCOME, arm=replace(ARM, topic="astrology"))) is None
