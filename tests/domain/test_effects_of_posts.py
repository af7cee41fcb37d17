"""The effects of our own posts that are told to the writer: those that are there, and none of chance."""

from __future__ import annotations

import numpy as np
import pytest

from actors.domain.effects import Group, extremes, told
from actors.domain.randomness import keyed


def group(value: str, posts: list[tuple[int, int]], factor: str = "hook") -> Group:
    """Return the group of these posts, each with its views and reactions."""
    views, engagements = (sum(column) for column in zip(*posts, strict=True))
    squares = (sum(n * n for n, _ in posts), sum(e * e for _, e in posts), sum(n * e for n, e in posts))
    return Group(factor, value, len(posts), views, engagements, *squares)


def test_the_best_and_the_worst_are_those_that_clearly_differ() -> None:
    groups = [group("question", [(500, 25)] * 40), group("story", [(500, 14)] * 40), group("myth", [(500, 2)] * 40)]

    better, worse = extremes(groups)

    assert [effect.group.value for effect in better] == ["question"]
    assert [effect.group.value for effect in worse] == ["myth"]
    assert told(better[0]).startswith("hook question (4.")


def test_h11_one_post_that_went_far_makes_no_effect() -> None:
    usual = [(500, 10)] * 20

    better, _ = extremes([group("question", [*usual, (20_000, 2_000)]), group("story", usual), group("myth", usual)])

    assert better == []


@pytest.mark.parametrize("few", [[(500, 100)] * 2, [(3, 3)] * 6])
def test_h11_what_was_seen_too_little_is_not_spoken_of(few: list[tuple[int, int]]) -> None:
    better, _ = extremes([group("question", few), group("story", [(500, 10)] * 40), group("myth", [(500, 10)] * 40)])

    assert better == []


def test_where_nothing_differs_hardly_anything_is_told() -> None:
    """As many posts, values and as much luck as two weeks of a small account have."""
    heard = 0
    for trial in range(40):
        rng = keyed("effects of nothing", trial)
        views = rng.lognormal(4.5, 0.9, 600).astype(int) + 5
        engagements = rng.binomial(views, np.minimum(0.25, 0.014 * np.exp(rng.normal(0, 0.6, 600))))
        groups = []
        for factor, values in (("generator", 22), ("topic", 10), ("hook", 6), ("format", 4), ("length", 3)):
            which = rng.integers(values, size=600)
            for value in range(values):
                posts = list(zip(views[which == value].tolist(), engagements[which == value].tolist(), strict=True))
                groups.append(group(f"{factor} {value}", posts, factor))
        better, worse = extremes(groups)
        heard += len(better) + len(worse)

    assert heard / 40 < 0.5


def test_without_any_reaction_nothing_is_told_and_nothing_breaks() -> None:
    assert extremes([group("question", [(500, 0)] * 10), group("story", [(500, 0)] * 10)]) == ([], [])
    assert extremes([]) == ([], [])
