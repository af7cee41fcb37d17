"""Shrunken rates, and the effects of our own posts that are told to the writer."""

from __future__ import annotations

import pytest

from actors.domain.effects import Group, extremes, told
from actors.domain.rates import prior_of, shrunken


def group(value: str, views: int, engagements: int, posts: int = 5, factor: str = "hook") -> Group:
    return Group(factor, value, posts, views, engagements)


def test_one_lucky_post_is_drawn_back_to_what_is_common_and_many_speak_for_themselves() -> None:
    prior = prior_of([(30, 1000), (32, 1000), (28, 1000)])

    lucky, proven = shrunken(3, 10, prior), shrunken(30_000, 100_000, prior)

    assert lucky.mean < 0.05
    assert proven.mean > 0.2


def test_groups_that_differ_more_than_chance_are_drawn_together_less() -> None:
    alike, different = prior_of([(30, 1000), (31, 1000)]), prior_of([(5, 1000), (90, 1000)])

    assert different.trials < alike.trials


def test_nothing_seen_is_a_rate_with_the_widest_interval_and_no_error() -> None:
    rate = shrunken(0, 0, prior_of([]))

    assert (rate.mean, rate.low) == (0.0, 0.0)


def test_the_best_and_the_worst_are_those_that_surely_differ() -> None:
    groups = [group("question", 20_000, 1000), group("story", 20_000, 550), group("myth", 20_000, 100)]

    better, worse = extremes(groups)

    assert [effect.group.value for effect in better] == ["question"]
    assert [effect.group.value for effect in worse] == ["myth"]
    assert told(better[0]).startswith("hook question (4.")


@pytest.mark.parametrize("doubt", [group("question", 50, 5), group("question", 20_000, 1000, posts=2)])
def test_h11_what_was_seen_too_little_is_not_spoken_of(doubt: Group) -> None:
    better, _ = extremes([doubt, group("story", 20_000, 400), group("myth", 20_000, 400)])

    assert better == []
