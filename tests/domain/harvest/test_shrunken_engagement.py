"""Engagement: a ratio of sums over mature posts, shrunk to what all accounts have in common."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.domain.harvest.engagement import Prior, Sums, beta_quantiles, engagement_of, prior_of, sums_of
from tests.domain.harvest.posts import NOW, Post, post


def sums(*posts: Post, limit: int = 50) -> Sums:
    return sums_of(posts, "runa", NOW, limit)


def test_it_is_the_sum_of_events_over_the_sum_of_views_and_no_mean_of_ratios() -> None:
    big = post(30, views=10_000, likes=80, reposts=10, replies=10)
    small = post(40, views=10, likes=5, reposts=0, replies=0)

    assert sums(big, small) == Sums(2, 105, 10_010, pytest.approx(2 / 7))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "changes",
    [
        {"views": None},
        {"views": 0},
        {"likes": None},
        {"reposts": None},
        {"replies": None},
        {"likes": 2_000},
        {"hours": 23},
        {"hours": 24 * 7},
        {"author": "else"},
        {"replying_to": "else"},
    ],
)
def test_h2_a_post_that_is_unknown_young_old_or_foreign_adds_nothing(changes: dict[str, object]) -> None:
    assert sums(post(**{"hours": 30, **changes})).views == 0  # type: ignore[arg-type]


def test_a_full_page_tells_the_cadence_of_the_time_that_it_reaches_back() -> None:
    posts = [post(hours, number=number) for number, hours in enumerate((12, 24, 36, 48))]

    assert sums(*posts, limit=4).posts_per_day == pytest.approx(2.0)
    assert sums(*posts, limit=50).posts_per_day == pytest.approx(4 / 7)


@pytest.mark.parametrize(
    ("alpha", "beta", "share", "exact"),
    [
        (1.0, 1.0, 0.1, 0.1),
        (1.0, 1.0, 0.9, 0.9),
        (3.0, 1.0, 0.1, 0.1 ** (1 / 3)),
        (1.0, 50.0, 0.9, 1 - 0.1 ** (1 / 50)),
        (0.5, 1.0, 0.1, 0.01),
    ],
)
def test_quantiles_agree_with_those_that_have_a_formula(alpha: float, beta: float, share: float, exact: float) -> None:
    assert beta_quantiles(alpha, beta, [share]) == [pytest.approx(exact, rel=2e-3)]


@given(alpha=st.floats(0.3, 1e4), beta=st.floats(0.3, 1e7))
def test_quantiles_are_ordered_and_hold_the_share_that_they_promise(alpha: float, beta: float) -> None:
    low, high = beta_quantiles(alpha, beta, [0.1, 0.9])
    draws = np.random.default_rng(1).beta(alpha, beta, 4_000)

    assert 0 <= low < high <= 1
    assert ((draws >= low) & (draws <= high)).mean() == pytest.approx(0.8, abs=0.03)


def test_the_prior_is_found_again_that_accounts_were_drawn_from() -> None:
    rng = np.random.default_rng(3)
    rates, views = rng.beta(20, 980, 400), rng.integers(2_000, 200_000, 400)
    prior = prior_of([(int(rng.binomial(n, rate)), int(n)) for rate, n in zip(rates, views, strict=True)])

    assert prior.alpha / (prior.alpha + prior.beta) == pytest.approx(0.02, rel=0.1)
    assert prior.alpha + prior.beta == pytest.approx(1_000, rel=0.25)


def test_an_account_with_few_views_is_shrunk_to_what_all_have_and_its_interval_is_wide() -> None:
    prior = Prior(20.0, 980.0)
    lucky, proven = engagement_of(5, 10, prior), engagement_of(5_000, 100_000, prior)

    assert lucky.rate == pytest.approx(25 / 1_010)
    assert proven.rate == pytest.approx(0.05, rel=0.01)
    assert lucky.low < lucky.rate < lucky.high
    assert lucky.high - lucky.low > proven.high - proven.low
    assert [lucky.low, lucky.high] == beta_quantiles(25, 985, [0.1, 0.9])


@pytest.mark.parametrize(
    "few", [[], [(0, 100)], [(3, 100), (9, 900)], [(5, 100)] * 8, [(0, 1_000)] * 8, [(1_000, 1_000)] * 8]
)
def test_few_or_equal_or_extreme_accounts_still_give_a_belief(few: list[tuple[int, int]]) -> None:
    prior = prior_of(few)

    assert prior.alpha > 0
    assert prior.beta > 0
    assert 0 <= engagement_of(0, 10, prior).low < engagement_of(10, 10, prior).high <= 1
