"""The maturity curve fitted to our own readings."""

from __future__ import annotations

from datetime import timedelta

import pytest

from actors.domain.learning.maturity import FEWEST_POSTS, USUAL, Curve, Reading, fit_curve

AGES = tuple(timedelta(hours=hours) for hours in (0.25, 1, 6, 24))


def readings(curve: Curve, posts: int, ages: tuple[timedelta, ...] = AGES) -> list[Reading]:
    return [
        Reading(f"post {number}", age, round((500 + number) * curve.share(age)))
        for number in range(posts)
        for age in ages
    ]


@pytest.mark.parametrize("truth", [Curve(2.0, 0.6), Curve(12.0, 1.0), USUAL])
def test_many_posts_of_one_pace_show_that_pace(truth: Curve) -> None:
    fitted = fit_curve(readings(truth, 2000))

    assert fitted is not None
    curve, posts = fitted
    assert posts == 2000
    for hours in (1, 6, 12):
        age = timedelta(hours=hours)
        assert curve.share(age) == pytest.approx(truth.share(age), abs=0.03)


def test_h11_few_posts_move_the_curve_only_part_of_the_way() -> None:
    fitted = fit_curve(readings(Curve(20.0, 1.2), FEWEST_POSTS))

    assert fitted is not None
    assert USUAL.hours < fitted[0].hours < 20.0


def test_too_few_finished_posts_make_no_curve() -> None:
    young = readings(USUAL, 100, AGES[:-1])

    assert fit_curve(readings(USUAL, FEWEST_POSTS - 1) + young) is None


def test_posts_without_any_early_reading_say_nothing_of_their_pace() -> None:
    assert fit_curve(readings(USUAL, 100, AGES[-1:])) is None
