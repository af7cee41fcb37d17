"""Which posts of others are looked for, and whose."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from actors.domain.harvest.queries import Yield
from actors.domain.insight.library import PAGE, ROTATION, SEARCHES, TARGET, places, search_of, searches
from actors.domain.insight.peers import MOST, PER_TIER, Candidate, chosen, named, tier_of
from actors.domain.taxonomy import TOPICS

TODAY = datetime(2026, 3, 10, tzinfo=UTC).date()


def known(handle: str, followers: int | None, quality: float = 50.0) -> Candidate:
    return Candidate(handle, followers, quality)


def test_the_library_grows_by_thirty_a_run_until_it_is_full_and_by_fifteen_after() -> None:
    assert [places(0), places(TARGET - 1), places(TARGET)] == [30, 30, 15]
    assert places(0) <= SEARCHES * PAGE


def test_i1_every_search_has_its_turn_whatever_happens_to_those_before_it() -> None:
    runs = [turn.search.name for position in range(0, len(ROTATION), SEARCHES) for turn in searches(position)]

    assert set(runs[: len(ROTATION)]) == {search.name for search in ROTATION} >= set(TOPICS)


def test_only_days_that_have_been_over_for_a_day_are_searched_and_each_lap_takes_another() -> None:
    sleep = [search_of(searches(lap * len(ROTATION))[0], {}, "us", TODAY)[0] for lap in range(6)]

    days = [(TODAY - timedelta(days=back), TODAY - timedelta(days=back - 1)) for back in (2, 3, 4, 5, 6, 2)]
    for query, (since, until) in zip(sleep, days, strict=True):
        assert f"since:{since} " in query
        assert query.endswith(f" until:{until}")
        assert "min_faves:500 " in query
        assert "(sleep OR " in query


def test_i1_a_search_that_brings_little_asks_for_less_liked_posts_next_time() -> None:
    turn = searches(0)[0]

    assert search_of(turn, {"sleep": Yield(500, 5, 1)}, "us", TODAY)[1] == 250
    assert search_of(turn, {"sleep": Yield(250, 20, 20)}, "us", TODAY)[1] == 500
    assert search_of(turn, {"walking": Yield(250, 0, 0)}, "us", TODAY)[1] == 500


@pytest.mark.parametrize(
    ("followers", "tier"),
    [(0, "micro"), (20_000, "micro"), (20_001, "growth"), (100_000, "growth"), (100_001, "established"),
     (None, "growth")],
)  # fmt: skip
def test_a_tier_is_told_by_followers_alone(followers: int | None, tier: str) -> None:
    assert tier_of(followers) == tier


def test_peers_are_of_mixed_sizes_and_the_best_of_each() -> None:
    sizes = (("m", 900), ("g", 50_000), ("e", 10**6))
    crowd = [known(f"{tier}{n}", size, quality=n) for tier, size in sizes for n in range(20)]

    assert [each.handle for each in chosen(crowd, [], PER_TIER)] == [
        *("m19", "g19", "e19", "m18", "g18", "e18", "m17", "g17"),
    ]
    assert PER_TIER * 3 > MOST


def test_places_of_a_tier_of_which_nobody_is_known_yet_are_kept_for_it() -> None:
    large = [known(f"e{n}", 10**6) for n in range(20)]

    assert len(chosen(large, [], PER_TIER)) == PER_TIER
    assert len(chosen(large, [], MOST)) == MOST, "whom the operator names may be of one tier"


def test_only_places_that_are_free_are_filled_from_the_tier_with_the_fewest() -> None:
    pool = [known("small", 900, quality=1), known("large", 10**6, quality=99)]

    assert chosen(pool, ["growth"] * MOST, PER_TIER) == ()
    assert [each.handle for each in chosen(pool, ["micro"] * 2 + ["growth"] * 5, PER_TIER)] == ["large"]


def test_whom_the_operator_names_is_taken_in_any_spelling_and_we_are_no_peer_of_ours() -> None:
    assert named(["@Runa", "runa ", "Commons_Daily", ""], "commons_daily") == ("runa",)
