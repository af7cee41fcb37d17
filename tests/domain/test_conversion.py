"""What answering comes to: counted once, shrunk, and held against what happens anyway."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.domain.conversion import (
    LARGEST_STRENGTH,
    Belief,
    Cell,
    belongs,
    bonus_of,
    effect_of,
    follows_of,
    prior_of,
)
from actors.domain.followers import digest_of

if TYPE_CHECKING:
    from collections.abc import Callable

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("seen", "reassigned", "counts"),
    [
        (None, None, False),
        (-1, None, False),
        (0, None, False),
        (1, None, True),
        (48, None, True),
        (49, None, False),
        (5, 6, True),
        (7, 6, False),
        (7, 60, True),
    ],
)
def test_a_follow_counts_for_the_last_target_drawn_before_it(
    seen: int | None, reassigned: int | None, counts: bool
) -> None:
    seen_at = None if seen is None else NOON + seen * HOUR
    reassigned_at = None if reassigned is None else NOON + reassigned * HOUR

    assert belongs(seen_at, NOON, NOON + 48 * HOUR, reassigned_at) is counts


@pytest.mark.parametrize(
    ("credit", "then", "followed", "follows"),
    [
        (0, 0, False, 0),
        (0, 0, True, 1),
        (0.4, 0.4, True, 1),
        (0.9, 0.4, True, 1.5),
        (2.5, 1.5, True, 2.5),
        (0.4, 0, False, 0.4),
    ],
)
def test_h6_the_authors_follow_is_not_counted_beside_the_credit_that_holds_it(
    credit: float, then: float, followed: bool, follows: float
) -> None:
    assert follows_of(credit, then, author_followed=followed) == pytest.approx(follows)


def test_without_any_reply_the_prior_is_weak_and_has_the_published_mean() -> None:
    assert prior_of([]) == Belief(pytest.approx(0.3), pytest.approx(999.7))


def test_h11_one_lucky_reply_does_not_make_a_strategy() -> None:
    lucky, steady = Cell(20, 2), Cell(50_000, 60)

    prior = prior_of([lucky, steady])

    assert prior.after(lucky).mean < 3 * prior.after(steady).mean


def draw(means: list[float], seed: int) -> list[Cell]:
    rng = np.random.default_rng(seed)
    return [Cell(20_000, float(rng.binomial(20_000, mean))) for mean in means]


def test_cells_that_differ_by_chance_alone_are_pooled_and_others_are_not() -> None:
    alike = [prior_of(draw([0.001] * 12, seed)).strength for seed in range(9)]
    different = [prior_of(draw([0.0002, 0.001, 0.004] * 4, seed)).strength for seed in range(9)]

    assert np.median(alike) > 20_000
    assert max(different) < 5_000


def test_cells_that_do_not_differ_at_all_are_pooled_as_far_as_may_be() -> None:
    assert prior_of([Cell(20_000, 20)] * 12).strength == pytest.approx(LARGEST_STRENGTH)


@given(st.lists(st.tuples(st.integers(0, 10**7), st.floats(0, 1)), max_size=12))
def test_any_cells_give_a_belief_that_can_be_stored(found: list[tuple[int, float]]) -> None:
    cells = [Cell(views, views * share) for views, share in found]

    prior = prior_of(cells)

    assert 0 < prior.mean < 1
    assert prior.strength <= LARGEST_STRENGTH + 1
    assert all(belief.alpha > 0 and belief.beta > 0 for belief in map(prior.after, cells))


def test_more_follows_than_views_are_no_cell() -> None:
    with pytest.raises(ValueError, match="3 follows of 2 views"):
        Cell(2, 3)


def test_the_effect_of_a_published_table_is_found_again(monkeypatch: pytest.MonkeyPatch) -> None:
    # Newcombe 1998, table II, (a) and (c), at 95 %.
    monkeypatch.setattr("actors.domain.conversion.Z90", 1.959963984540054)

    first, second = effect_of(70, 56, 80, 48), effect_of(10, 9, 10, 3)

    assert first is not None
    assert (first.value, first.low, first.high) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)
    assert second is not None
    assert (second.value, second.low, second.high) == pytest.approx((0.6, 0.1705, 0.8090), abs=5e-5)


def test_an_empty_group_has_no_effect_to_show() -> None:
    assert effect_of(10, 1, 0, 0) is None
    assert effect_of(0, 0, 10, 1) is None


def covers(effect: float, size: tuple[int, int]) -> Callable[[int], bool]:
    def one(seed: int) -> bool:
        rng = np.random.default_rng(seed)
        hits = int(rng.binomial(size[0], 0.05 + effect)), int(rng.binomial(size[1], 0.05))
        found = effect_of(size[0], hits[0], size[1], hits[1])
        assert found is not None
        return found.low <= effect <= found.high

    return one


@pytest.mark.parametrize("effect", [0.0, 0.1])
def test_the_interval_of_the_effect_holds_about_nine_times_in_ten(effect: float) -> None:
    held = sum(map(covers(effect, (200, 50)), range(1000)))

    assert 870 <= held <= 970


def test_an_authors_points_grow_with_what_answering_him_came_to_and_end_at_thirty() -> None:
    assert bonus_of(0, 0, 0.2) == pytest.approx(2)
    assert bonus_of(3, 0, 0.2) == pytest.approx(1)
    assert bonus_of(1, 1, 0.2) == pytest.approx(4)
    assert bonus_of(10, 5, 0.2) > bonus_of(10, 4, 0.2)
    assert bonus_of(10, 100, 1) == 30


def test_a_follower_is_known_again_in_any_case_and_not_named() -> None:
    assert digest_of("Some_Body") == digest_of("some_body") == "6b1e9b09d07802ff4d5e77383e2c8687"
    assert digest_of("some_bod") != digest_of("some_body")
