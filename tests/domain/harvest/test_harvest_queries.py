"""The rotation reaches every search, and thresholds follow what they yield."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.domain.harvest.queries import (
    LIMIT,
    ROTATION,
    Kind,
    Search,
    Turn,
    Yield,
    answers_only_who_addressed_us,
    min_likes,
    places,
    query_of,
    turns,
)
from actors.domain.rules import PLATFORMS

AUTHORS = ("ada", "bo", "cy", "di", "eli")
WIDE = Turn(0, Search("wide", Kind.WORDS, "", 1_000, 100, 10_000))


@given(start=st.integers(0, 1_000), places=st.integers(1, 6))
def test_i1_the_rotation_reaches_every_search_the_tail_too(start: int, places: int) -> None:
    position, reached = start, set()
    for _ in range(len(ROTATION)):
        due = turns(position, places, is_low=True, authors=AUTHORS, only_addressed=False)
        assert len(due) == places
        reached |= {turn.search.name for turn in due}
        position = due[-1].place + 1

    assert reached == {search.name for search in ROTATION}


def test_i1_no_run_of_three_searches_has_one_sort_only() -> None:
    for start in range(len(ROTATION)):
        due = turns(start, 3, is_low=True, authors=AUTHORS, only_addressed=False)
        assert len({(turn.search.kind, turn.search.words) for turn in due}) > 1


def test_rescue_searches_have_their_turn_only_while_the_pool_is_low() -> None:
    for is_low in (True, False):
        due = turns(0, len(ROTATION), is_low=is_low, authors=AUTHORS, only_addressed=False)
        assert any(turn.search.kind is Kind.RESCUE for turn in due) == is_low


def test_each_lap_takes_the_next_of_the_best_accounts_and_none_twice_in_a_run() -> None:
    laps = [turns(lap * len(ROTATION), 20, is_low=True, authors=AUTHORS, only_addressed=False) for lap in range(3)]
    authors = [[turn.author for turn in lap if turn.author] for lap in laps]
    assert authors == [["ada", "bo"], ["cy", "di"], ["eli", "ada"]]

    alone = turns(0, 20, is_low=True, authors=("ada",), only_addressed=False)
    assert [turn.name for turn in alone if turn.author] == ["from:ada"]
    nobody = turns(0, 20, is_low=True, authors=(), only_addressed=False)
    assert Kind.AUTHOR not in {turn.search.kind for turn in nobody}


@pytest.mark.parametrize("position", range(len(ROTATION)))
def test_where_only_who_addressed_us_is_answered_only_mentions_are_looked_for(position: int) -> None:
    due = turns(position, 3, is_low=True, authors=AUTHORS, only_addressed=True)

    assert [turn.search.kind for turn in due] == [Kind.MENTION]


def test_strangers_are_looked_for_in_the_sandbox_alone() -> None:
    assert {name: answers_only_who_addressed_us(rules) for name, rules in PLATFORMS.items()} == {
        "sandbox": False, "x": True, "bluesky": True, "mastodon": True,
    }  # fmt: skip
    open_hearted = replace(PLATFORMS["x"], replies_to_strangers=PLATFORMS["sandbox"].replies_to_strangers)
    assert answers_only_who_addressed_us(open_hearted)


def test_a_critical_pool_doubles_the_searches_and_a_full_one_is_only_kept_young() -> None:
    assert [places(pool, 0, 3, 250) for pool in (0, 19, 20, 249, 250)] == [6, 6, 3, 3, 1]
    assert [places(250, young, 3, 250) for young in (7, 8)] == [1, 0]


@pytest.mark.parametrize(
    ("last", "likes"),
    [
        (None, 1_000),
        (Yield(1_000, seen=30, kept=5), 1_000),
        (Yield(1_000, seen=30, kept=1), 500),
        (Yield(1_000, seen=0, kept=0), 250),
        (Yield(1_000, seen=30, kept=13), 2_000),
        (Yield(1_000, seen=LIMIT, kept=0), 1_000),
        (Yield(150, seen=0, kept=0), 100),
        (Yield(9_000, seen=50, kept=40), 10_000),
        (Yield(77, seen=10, kept=5), 100),
    ],
)
def test_i1_a_threshold_falls_after_a_poor_yield_and_rises_after_a_rich_one(last: Yield | None, likes: int) -> None:
    assert min_likes(WIDE, {} if last is None else {"wide": last}) == likes


def test_i1_thresholds_find_the_size_of_the_world_they_are_in() -> None:
    """Yield control on a simulated feed: nothing in it has 5,000 likes, and some searches begin with 50,000."""
    rng = np.random.default_rng(7)
    likes = np.minimum(np.exp(rng.normal(5.0, 1.6, 4_000)), 4_999)
    yields: dict[str, Yield] = {}
    position, kept_of_laps = 0, []
    for _ in range(8):
        kept_of_lap = 0
        for turn in turns(position, len(ROTATION), is_low=False, authors=(), only_addressed=False):
            if turn.search.kind is Kind.MENTION:
                continue
            least = min_likes(turn, yields)
            seen = int(min(LIMIT, (rng.choice(likes, 200) >= least).sum()))
            kept = int(rng.binomial(seen, 0.3))
            yields[turn.name] = Yield(least, seen, kept)
            kept_of_lap += kept
            position = turn.place + 1
        kept_of_laps.append(kept_of_lap)

    found_nothing = {name for name, last in yields.items() if not last.seen}
    assert found_nothing <= {"anything 50k"}, "only the search whose least threshold is above the world"
    assert kept_of_laps[-1] > kept_of_laps[0]
    assert all(last.min_likes < 5_000 for name, last in yields.items() if name != "anything 50k")


def test_every_search_is_written_so_that_it_finds_root_posts_in_english() -> None:
    since = date(2026, 3, 1)
    for search in ROTATION:
        author = "ada" if search.kind is Kind.AUTHOR else ""
        query = query_of(Turn(0, search, author), 700, account="commons_daily", since=since)
        assert "-filter:replies" in query
        if search.kind in (Kind.WORDS, Kind.RESCUE):
            assert "min_faves:700 since:2026-03-01 lang:en" in query
            assert "-airdrop" in query
            assert query.startswith(search.words or "min_faves:")
    mention = query_of(Turn(1, ROTATION[1]), 0, account="commons_daily", since=since)
    assert mention == "@commons_daily -filter:replies"
    author = query_of(Turn(3, ROTATION[3], "ada"), 0, account="commons_daily", since=since)
    assert author == "from:ada since:2026-03-01 -filter:replies"


def test_thresholds_begin_within_their_bounds() -> None:
    for search in ROTATION:
        assert search.low <= search.likes <= search.high
    general = [search.likes for search in ROTATION if search.kind is Kind.WORDS and not search.words]
    assert all(low < high for low, high in pairwise(general))
