"""Discovering accounts: only figures are kept, and who wants no bots is left alone for good."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from actors.domain.harvest.accounts import FRESH_S, quality_of
from actors.domain.outcome import Blocked, Done, Failed, Nothing
from actors.errors import LoggedOutError, PlatformClosedError, SiteBusyError
from actors.jobs.replies.account_discovery import account_discovery
from actors.pages.profile import ReadProfile
from actors.pages.search import SearchPosts
from tests.jobs.doors import MINUTE, START, Bench
from tests.jobs.searches import found, insert, offer, profile, results

if TYPE_CHECKING:
    from actors.domain.outcome import Outcome

EMPTY = results()
CLOSED = PlatformClosedError("cooling", "cooling", 0.0)


def discover(bench: Bench, *script: Any) -> Outcome:
    bench.browser.script = list(script)
    return bench.run(account_discovery)


def know(bench: Bench, handle: str, **columns: Any) -> None:
    """Put an account into the table, read just now unless told otherwise."""
    row = {"found_by": "search", "found_at": START, "profile_at": START, **columns}
    insert(bench, "accounts", handle=handle, **row)


def accounts(bench: Bench) -> list[str]:
    return [row["handle"] for row in bench.rows("SELECT handle FROM accounts ORDER BY handle")]


def visited(bench: Bench) -> list[str]:
    return [errand.account for errand in bench.browser.errands if isinstance(errand, ReadProfile)]


def test_a_new_author_is_noted_and_his_figures_are_kept_without_a_word(bench: Bench) -> None:
    reading = profile(60_000, following=300, bio="Sleep and walking, every day")
    outcome = discover(bench, results(found("Runa"), seen=3), EMPTY, EMPTY, reading)

    assert outcome == Done({"searches": 3, "seen": 3, "found": 1, "read": 1, "opted_out": 0, "gone": 0, "dropped": 0})
    (row,) = bench.rows("SELECT * FROM accounts")
    quality = quality_of(60_000, None, None, "Sleep and walking")
    figures = {"followers": 60_000, "following": 300, "profile_at": START, "engagement": None}
    worth = {"quality": quality, "priority": quality, "priority_at": None}
    assert row == {**row, "handle": "runa", "found_by": "search", "found_at": START, **figures, **worth}
    assert not [value for value in row.values() if isinstance(value, str) and "leep" in value]


def test_each_search_takes_at_most_five_new_authors_and_leaves_its_funnel(bench: Bench) -> None:
    know(bench, "a0")
    bench.database.run("add_opt_out", handle="a1", now=START, by="test")
    posts = [found(f"a{number}", minutes=number + 1) for number in range(9)]
    discover(bench, results(*posts, found("commons_daily")), EMPTY, EMPTY, *[profile()] * 5)

    assert accounts(bench) == ["a0", "a2", "a3", "a4", "a5", "a6"]
    assert bench.rows("SELECT consumer, query, seen, parsed, aged, kept FROM harvest_searches LIMIT 1") == [
        {"consumer": "account_discovery", "query": "sleep", "seen": 10, "parsed": 9, "aged": 2, "kept": 5}
    ]


def test_h8_account_discovery_answers_differently_when_cursors_changes(bench: Bench) -> None:
    for position, words in ((0, "(sleep OR"), (9, "(friend OR")):
        bench.database.run("move_cursor", consumer="account_discovery", position=position, now=START)
        discover(bench, EMPTY, EMPTY, EMPTY)
        assert bench.browser.errands[-3].query.startswith(words)
        assert bench.browser.errands[-3].latest


def test_who_wants_no_bots_becomes_an_opt_out_and_nothing_else(bench: Bench) -> None:
    know(bench, "quiet", profile_at=None, found_by="harvest")
    offer(bench, found("Quiet"))
    outcome = discover(bench, EMPTY, EMPTY, EMPTY, profile(bio="Poet. No bots please."))

    assert isinstance(outcome, Done)
    assert outcome.counts["opted_out"] == 1
    assert bench.rows("SELECT handle, reason, added_by FROM opt_outs") == [
        {"handle": "quiet", "reason": "bio", "added_by": "account_discovery"}
    ]
    assert accounts(bench) == []
    assert bench.rows("SELECT status, text, reason FROM opportunities") == [
        {"status": "rejected", "text": "", "reason": "opted_out: the profile asks for no bots"}
    ]
    discover(bench, results(found("quiet")), EMPTY, EMPTY)
    assert accounts(bench) == []


def test_an_account_that_is_gone_is_forgotten(bench: Bench) -> None:
    know(bench, "gone", profile_at=None)
    outcome = discover(bench, EMPTY, EMPTY, EMPTY, profile(None, is_missing=True))

    assert isinstance(outcome, Done)
    assert outcome.counts["gone"] == 1
    assert accounts(bench) == []


def test_those_whose_post_is_up_for_an_answer_are_read_first(bench: Bench) -> None:
    bench.config = replace(bench.config, replies=replace(bench.config.replies, profiles_per_run=1))
    know(bench, "newer", profile_at=None)
    know(bench, "asked", profile_at=None, found_at=START - timedelta(days=1))
    offer(bench, found("Asked"))
    discover(bench, EMPTY, EMPTY, EMPTY, profile())

    assert visited(bench) == ["asked"]


def test_old_figures_are_read_again_and_so_is_who_was_measured_since(bench: Bench) -> None:
    stale = START - timedelta(seconds=FRESH_S + 1)
    know(bench, "fresh")
    know(bench, "old", profile_at=stale)
    know(bench, "measured", profile_at=START - MINUTE, engagement_at=START, engagement=0.04, posts_per_day=4.0)
    discover(bench, EMPTY, EMPTY, EMPTY, profile(100_000), profile(100_000))

    assert visited(bench) == ["old", "measured"]
    quality = {row["handle"]: row["quality"] for row in bench.rows("SELECT handle, quality FROM accounts")}
    assert quality["old"] == pytest.approx(quality_of(100_000, None, None, ""))
    assert quality["measured"] == pytest.approx(quality_of(100_000, 0.04, 4.0, ""))


def test_what_was_learned_of_an_author_outlives_a_new_look_at_his_profile(bench: Bench) -> None:
    stale = START - timedelta(seconds=FRESH_S + 1)
    know(bench, "loved", profile_at=stale, priority=88.0, priority_at=stale)
    discover(bench, EMPTY, EMPTY, EMPTY, profile(0))

    assert bench.rows("SELECT priority, quality FROM accounts") == [{"priority": 88.0, "quality": 0.0}]


def test_h9_beyond_the_most_accounts_the_best_stay_and_those_that_are_referred_to(bench: Bench) -> None:
    bench.config = replace(bench.config, replies=replace(bench.config.replies, accounts=1))
    for number, handle in enumerate(("best", "good", "asked", "answered", "past")):
        know(bench, handle, quality=90.0 - number)
    know(bench, "unread", profile_at=None)
    know(bench, "never_read", profile_at=None, found_at=START - timedelta(days=31))
    offer(bench, found("Asked"))
    offer(bench, found("answered", minutes=31), status="held_out", assigned_at=START)
    offer(bench, found("past", minutes=32), status="expired")
    outcome = discover(bench, EMPTY, EMPTY, EMPTY, SiteBusyError("busy"), SiteBusyError("busy"))

    assert accounts(bench) == ["answered", "asked", "best", "unread"]
    assert isinstance(outcome, Failed), "dropping is no discovery"


def test_on_a_live_platform_no_stranger_is_looked_for(bench: Bench) -> None:
    bench.config = replace(bench.config, platform=replace(bench.config.platform, name="x"))
    know(bench, "asked_us", profile_at=None, found_by="harvest")
    outcome = discover(bench, profile())

    assert isinstance(outcome, Done)
    assert visited(bench) == ["asked_us"]
    assert not [errand for errand in bench.browser.errands if isinstance(errand, SearchPosts)]


def test_nobody_new_and_nobody_due_is_nothing(bench: Bench) -> None:
    assert discover(bench, EMPTY, EMPTY, EMPTY) == Nothing("3 searches showed nobody new, and no profile is due")


def test_e4_a_wall_ends_the_discovery_with_what_it_has(bench: Bench) -> None:
    know(bench, "unread", profile_at=None)
    for wall in (LoggedOutError("wall"), CLOSED):
        assert isinstance(discover(bench, wall), Blocked)
    assert isinstance(discover(bench, results(found("runa")), CLOSED), Done)

    assert bench.rows("SELECT position FROM cursors") == [{"position": 1}]
    assert accounts(bench) == ["runa", "unread"]


def test_i1_a_search_that_fails_loses_its_turn(bench: Bench) -> None:
    assert isinstance(discover(bench, *[SiteBusyError("busy")] * 3), Failed)

    assert bench.rows("SELECT position FROM cursors") == [{"position": 3}]


def test_i4_no_errand_begins_after_half_of_the_interval(bench: Bench) -> None:
    def slow(errand: Any, _: Any) -> Any:
        bench.now += 46 * MINUTE
        return results(found("runa"))

    assert isinstance(discover(bench, slow, EMPTY), Done)
    assert len(bench.browser.errands) == 1
