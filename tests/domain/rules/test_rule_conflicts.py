"""What is configured against the rules of a platform is named, each conflict for itself and with its source."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.domain.rules import PLATFORMS, Driver, Practice, conflicts
from actors.domain.rules.declaration import Counted

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)
GOOD = Practice(
    driver=Driver.API,
    content_per_hour=2,
    content_per_day=8,
    spacing=timedelta(minutes=20),
    approval=True,
    replies_per_hour=4,
    replies_per_day=10,
    reply_spacing=timedelta(minutes=10),
    replies_per_author_day=1,
    replies_per_author_week=3,
    replies_to_strangers=False,
    has_leave_for_replies=True,
)
LIVE = ("x", "bluesky", "mastodon")


def found(name: str, **changes: Any) -> list[tuple[tuple[str, ...], str]]:
    """Return what each conflict is about and the beginning of its source."""
    return [(each.about, each.source.title) for each in conflicts(PLATFORMS[name], replace(GOOD, **changes))]


@pytest.mark.parametrize("name", LIVE)
def test_who_keeps_the_rules_of_a_live_platform_is_in_no_conflict(name: str) -> None:
    assert found(name) == []


def test_the_sandbox_may_be_driven_by_a_browser_without_approval_and_with_replies_to_strangers() -> None:
    loud = {"content_per_hour": 60, "content_per_day": 500, "replies_per_day": 500, "replies_per_author_day": 50}
    assert found("sandbox", driver=Driver.BROWSER, approval=False, replies_to_strangers=True, **loud) == []


def test_x_by_a_browser_is_a_conflict_that_names_the_guidelines_and_their_date() -> None:
    (conflict,) = conflicts(PLATFORMS["x"], replace(GOOD, driver=Driver.BROWSER))
    assert conflict.about == ("driver",)
    assert conflict.text == "x may not be driven by a browser, only by its API"
    assert str(conflict.source) == "X Developer Guidelines, https://docs.x.com/developer-guidelines, as of 2026-08-22"


def test_the_sandbox_has_no_api_to_drive_it_by() -> None:
    assert [about for about, _ in found("sandbox", driver=Driver.API)] == [("driver",)]


@pytest.mark.parametrize("name", LIVE)
def test_publishing_without_approval_is_a_conflict_on_a_live_platform(name: str) -> None:
    assert [about for about, _ in found(name, approval=False)] == [("approval",)]


@pytest.mark.parametrize("name", LIVE)
def test_replies_to_those_who_did_not_address_the_account_are_a_conflict(name: str) -> None:
    assert [about for about, _ in found(name, replies_to_strangers=True)] == [("replies_to_strangers",)]


def test_only_x_must_have_agreed_to_replies_that_a_model_writes() -> None:
    assert found("x", has_leave_for_replies=False) == [(("has_leave_for_replies",), "X Developer Guidelines")]
    assert found("bluesky", has_leave_for_replies=False) == []


@pytest.mark.parametrize("off", [{"replies_per_hour": 0}, {"replies_per_day": 0}])
def test_who_does_not_reply_is_in_no_conflict_about_replies(off: dict[str, int]) -> None:
    assert found("x", replies_to_strangers=True, has_leave_for_replies=False, **off) == []


CONTENT = ("content_per_hour", "content_per_day", "spacing")
REPLIES = ("replies_per_hour", "replies_per_day", "reply_spacing")
AUTHOR = ("replies_per_author_day", "replies_per_author_week")
OURS = "this program's own limits for live platforms"
NO_SPACING = {"spacing": timedelta(), "reply_spacing": timedelta()}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"content_per_hour": 3}, [(CONTENT, OURS)]),
        ({"content_per_day": 9}, [(CONTENT, OURS)]),
        ({"replies_per_day": 11}, [(REPLIES, OURS)]),
        ({"replies_per_author_day": 2}, [((*AUTHOR, *REPLIES), OURS)]),
        ({"replies_per_author_week": 4}, [((*AUTHOR, *REPLIES), OURS)]),
        ({"content_per_hour": 3, "spacing": timedelta(minutes=30)}, []),
        ({"replies_per_author_day": 2, "replies_per_author_week": 1}, []),
    ],
)
def test_a_cap_above_the_platforms_is_a_conflict_unless_another_cap_or_the_spacing_holds(
    changes: dict[str, Any], expected: list[tuple[tuple[str, ...], str]]
) -> None:
    assert found("bluesky", **changes) == expected


def test_posts_and_replies_are_counted_together_against_what_the_platform_counts_together() -> None:
    loud = {"content_per_hour": 60, "content_per_day": 500, "replies_per_hour": 41, "replies_per_day": 1000}
    together = [each for each in found("x", **loud, **NO_SPACING) if each[1] == "X API rate limits"]
    assert together == [((*CONTENT, *REPLIES), "X API rate limits")]
    (text,) = (each.text for each in conflicts(PLATFORMS["x"], replace(GOOD, **loud, **NO_SPACING))
               if each.source.title == "X API rate limits")
    assert text == "on x at most 100 posts and replies in 15m are allowed, 101 are configured"
    just = loud | NO_SPACING | {"replies_per_hour": 40}
    assert "X API rate limits" not in [source for _, source in found("x", **just)]


@given(
    st.integers(0, 6), st.integers(0, 20), st.integers(0, 90), st.integers(1, 8 * 24 * 60),
    st.lists(st.integers(0, 40), min_size=1, max_size=80),
)
def test_what_caps_let_happen_is_never_more_than_what_is_said_to_be_the_most(
    per_hour: int, per_day: int, spacing: int, span: int, gaps: list[int]
) -> None:
    practice = replace(GOOD, content_per_hour=per_hour, content_per_day=per_day, spacing=timedelta(minutes=spacing))
    posted: list[int] = []
    now = 0
    for gap in gaps:
        now += gap
        in_hour, in_day = (sum(at > now - length for at in posted) for length in (60, 24 * 60))
        if in_hour < per_hour and in_day < per_day and (not posted or now - posted[-1] >= spacing):
            posted.append(now)
    busiest = max((sum(end - span < at <= end for at in posted) for end in posted), default=0)
    assert busiest <= practice.most(Counted.CONTENT, timedelta(minutes=span))
