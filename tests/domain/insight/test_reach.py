"""How much a post of somebody else is worth to look at, and whether it did well."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from actors.domain.insight.reach import Candidate, Figures, best_first, without_loud_authors

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
QUIET = Figures(followers=10_000, views=100, likes=1, reposts=0, replies=0)


@dataclass(frozen=True)
class Said:
    author: str
    number: int = 0


def candidate(author: str, *, followers: int | None, views: int = 100, age_h: int = 0) -> Candidate:
    figures = replace(QUIET, followers=followers, views=views)
    return Candidate(f"{author}-{age_h}", author, "text", NOON - timedelta(hours=age_h), figures)


@pytest.mark.parametrize(
    ("figures", "is_success"),
    [
        (QUIET, False),
        (replace(QUIET, likes=2), True),  # 2 % of its views
        (replace(QUIET, views=150), True),  # 0.3 times the 500 that are expected
        (replace(QUIET, views=149), False),
        (replace(QUIET, followers=None), False),
        (replace(QUIET, followers=None, likes=2), True),
        (replace(QUIET, replies=None, views=150), True),
        (replace(QUIET, likes=101), False),  # more acted than saw it: the numbers are wrong
    ],
)
def test_a_post_did_well_by_the_share_that_acted_or_by_its_views_for_its_authors_size(
    figures: Figures, *, is_success: bool
) -> None:
    assert figures.is_success is is_success


@pytest.mark.parametrize(
    "changes", [{"views": None}, {"followers": None, "replies": None}, {"followers": 0, "views": 0}]
)
def test_of_a_post_without_figures_nobody_knows_whether_it_did_well(changes: dict[str, int | None]) -> None:
    assert replace(QUIET, **changes).is_success is None


@pytest.mark.parametrize(
    ("followers", "views", "weight"),
    [
        (20_000, 20_000, 3.0),
        (20_000, 19_999, 2.0),
        (100_000, 900_000, 1.0),
        (100_001, 900_000, 0.5),
        (None, 900_000, 1.0),
        (20_000, None, 2.0),
    ],
)
def test_the_smaller_the_author_the_more_a_post_teaches_and_most_if_it_went_beyond_its_followers(
    followers: int | None, views: int | None, weight: float
) -> None:
    assert replace(QUIET, followers=followers, views=views).weight == weight


def test_the_best_come_first_and_of_the_same_weight_the_newest() -> None:
    found = [
        candidate("famous", followers=10**6),
        candidate("old", followers=500, age_h=9),
        candidate("unknown", followers=500, views=600, age_h=30),
        candidate("new", followers=500),
    ]
    assert [each.author for each in best_first(found, 40)] == ["unknown", "new", "old", "famous"]


def test_no_author_has_more_than_a_tenth_of_what_is_labelled() -> None:
    found = [candidate("loud", followers=500, age_h=age) for age in range(30)]
    found += [candidate(f"other{number}", followers=10**6) for number in range(50)]
    chosen = best_first(found, 40)
    assert len(chosen) == 40
    assert [each.author for each in chosen].count("loud") == 4


@pytest.mark.parametrize(
    ("loud", "others", "kept"),
    [(50, 36, 4), (50, 35, 3), (2, 18, 2), (30, 3, 1), (5, 0, 1), (0, 4, 0)],
)
def test_no_author_has_more_than_a_tenth_of_the_examples_or_one_voice_among_few(
    loud: int, others: int, kept: int
) -> None:
    examples = [Said("loud", number) for number in range(loud)] + [Said(f"other{each}") for each in range(others)]
    heard = without_loud_authors(examples)
    assert [each.number for each in heard if each.author == "loud"] == list(range(kept))
    assert len(heard) == kept + others
