"""The tables of platforms say what the platforms' own pages say, and where."""

from __future__ import annotations

from dataclasses import fields
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from actors.domain.rules import PLATFORMS, Driver, Rules
from actors.domain.rules.declaration import Counted, Counting, Length, Source, Stated, Window
from actors.sandbox.world import LENGTH_LIMIT

if TYPE_CHECKING:
    from collections.abc import Iterator

MINUTE, HOUR, DAY, WEEK = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1), timedelta(days=7)
OURS = [
    (Counted.CONTENT, HOUR, 2),
    (Counted.CONTENT, DAY, 8),
    (Counted.REPLIES, DAY, 10),
    (Counted.AUTHOR, DAY, 1),
    (Counted.AUTHOR, WEEK, 3),
]


def sourced(rules: Rules) -> Iterator[tuple[str, Any]]:
    """Yield every rule of a table that has a source, by its name."""
    for field in fields(rules):
        value = getattr(rules, field.name)
        if isinstance(value, Stated | Length):
            yield field.name, value
        elif isinstance(value, tuple):
            yield from ((field.name, window) for window in value)


def limits(rules: Rules) -> dict[str, object]:
    return {name: rule.value for name, rule in sourced(rules) if isinstance(rule, Stated)}


def windows(rules: Rules) -> list[tuple[Counted, timedelta, int]]:
    return [(window.counted, window.span, window.most) for window in rules.windows]


def test_the_sandbox_is_driven_by_a_browser_and_forbids_nothing_but_what_its_composer_refuses() -> None:
    rules = PLATFORMS["sandbox"]
    assert not rules.is_live
    assert limits(rules) == {
        "drivers": {Driver.BROWSER},
        "replies_to_strangers": True,
        "written_replies_need_leave": False,
        "disclosure": "",
        "approval": False,
        "links": None,
        "link_every": None,
        "hashtags": None,
        "cashtags": None,
        "mentions": None,
        "repeats": True,
    }
    assert windows(rules) == []
    assert (rules.length.most, rules.length.counting) == (LENGTH_LIMIT, Counting.WEIGHTED)


def test_x_forbids_the_browser_and_replies_to_strangers_and_wants_its_leave_for_written_ones() -> None:
    rules = PLATFORMS["x"]
    assert rules.is_live
    assert limits(rules) == {
        "drivers": {Driver.API},
        "replies_to_strangers": False,
        "written_replies_need_leave": True,
        "disclosure": "the label of an automated account, and in the profile who operates it",
        "approval": True,
        "links": 1,
        "link_every": 4,
        "hashtags": 2,
        "cashtags": 1,
        "mentions": 0,
        "repeats": False,
    }
    assert windows(rules) == [(Counted.WRITES, 15 * MINUTE, 100), (Counted.WRITES, DAY, 10_000), *OURS]
    assert (rules.length.most, rules.length.counting) == (280, Counting.WEIGHTED)
    guide = {"drivers", "replies_to_strangers", "written_replies_need_leave", "disclosure", "repeats"}
    assert {name for name, rule in sourced(rules) if rule.source.url.endswith("x.com/developer-guidelines")} == guide


def test_bluesky_counts_three_points_for_a_post_and_wants_bots_to_speak_only_when_tagged() -> None:
    rules = PLATFORMS["bluesky"]
    assert rules.is_live
    assert limits(rules) | {"disclosure": ""} == limits(PLATFORMS["x"]) | {
        "written_replies_need_leave": False, "disclosure": ""
    }
    assert "`bot`" in rules.disclosure.value
    assert windows(rules) == [(Counted.WRITES, HOUR, 1_666), (Counted.WRITES, DAY, 11_666), *OURS]
    assert (rules.length.most, rules.length.counting) == (300, Counting.CODE_POINTS)


def test_mastodon_counts_calls_in_five_minutes_and_every_link_as_23_characters() -> None:
    rules = PLATFORMS["mastodon"]
    assert rules.is_live
    assert limits(rules) | {"disclosure": ""} == limits(PLATFORMS["bluesky"]) | {"disclosure": ""}
    assert "`bot`" in rules.disclosure.value
    assert windows(rules) == [(Counted.WRITES, 5 * MINUTE, 300), *OURS]
    assert (rules.length.most, rules.length.counting) == (500, Counting.LINKS_23)


@pytest.mark.parametrize("name", PLATFORMS)
def test_every_rule_names_a_page_and_the_day_on_which_it_was_read(name: str) -> None:
    rules = PLATFORMS[name]
    assert rules.name == name
    for _, rule in sourced(rules):
        source = rule.source
        assert isinstance(source, Source)
        assert source.url.startswith(("https://", "README.md#"))
        assert date(2026, 1, 1) <= source.as_of
        assert all(part in str(source) for part in (source.title, source.url, source.as_of.isoformat()))


@pytest.mark.parametrize("name", ["x", "bluesky", "mastodon"])
def test_a_live_platform_is_never_laxer_than_this_programs_own_limits(name: str) -> None:
    rules = PLATFORMS[name]
    assert Driver.BROWSER not in rules.drivers.value
    assert not rules.replies_to_strangers.value
    assert rules.approval.value
    assert rules.disclosure.value
    assert set(OURS) <= set(windows(rules))
    ours = [window for window in rules.windows if (window.counted, window.span, window.most) in OURS]
    assert all(isinstance(window, Window) and window.source.title.startswith("this program's own") for window in ours)
