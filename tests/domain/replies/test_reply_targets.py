"""Who may be answered at all, and who is answered first."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from actors.domain.caps import Publication
from actors.domain.replies.target import UNREAD, Talks, first_choice, forbidden, is_held_out, unfit
from tests.domain.replies.targets import NOW, bounds, target

HOUR = timedelta(hours=1)


def test_nothing_speaks_against_a_fresh_post_on_the_subject() -> None:
    assert forbidden(target(), bounds()) == ""
    assert unfit(target(), bounds(), NOW) == ""


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"has_opted_out": True}, "opted_out"),
        ({"author": "Commons_Daily"}, "own"),
        ({"text": "🌿 …"}, "empty"),
        ({"text": "some nights the thought of suicide keeps me awake"}, "delicate"),
        ({"text": "in the third trimester of my pregnancy, sleep is a joke"}, "delicate"),
        ({"text": "@commons_daily stop replying to my sleep posts", "addressed_us": True}, "opted_out"),
    ],
)
def test_b16_what_must_never_be_answered_is_told_before_anything_is_scored(changes: dict[str, Any], code: str) -> None:
    assert forbidden(target(**changes), bounds()).startswith(f"{code}: ")


@pytest.mark.parametrize("platform", ["x", "bluesky", "mastodon"])
def test_on_a_live_platform_only_who_addressed_us_is_answered(platform: str) -> None:
    assert forbidden(target(), bounds(platform)).startswith("stranger: ")
    assert forbidden(target(addressed_us=True), bounds(platform)) == ""
    assert forbidden(target(addressed_us=True, has_opted_out=True), bounds(platform)).startswith("opted_out")


def test_a_target_is_too_old_by_the_time_at_which_its_reply_is_due() -> None:
    aged = target(posted_at=NOW - 23 * HOUR)

    assert unfit(aged, bounds(), NOW + HOUR) == ""
    assert unfit(aged, bounds(), NOW + HOUR + timedelta(seconds=1)) == "too_old"


def test_a_stranger_is_answered_only_once_his_profile_was_read_and_who_addressed_us_at_once() -> None:
    assert unfit(target(is_read=False), bounds(), NOW) == UNREAD
    assert unfit(target(is_read=False, addressed_us=True), bounds(), NOW) == ""


def test_a_strangers_post_off_our_subject_is_left_alone_and_one_to_us_is_answered() -> None:
    assert unfit(target(relevance=2.9), bounds(), NOW) == "off_topic"
    assert unfit(target(relevance=3.0), bounds(), NOW) == ""
    assert unfit(target(relevance=0.0, addressed_us=True), bounds(), NOW) == ""


def test_caps_of_author_and_conversation_count_what_waits_as_well_as_what_was_published() -> None:
    one = target()
    waiting = Publication(NOW + HOUR, one.author.upper(), "1" * 18)
    thrice = [Publication(NOW - days * 24 * HOUR - HOUR, one.author, "1" * 18) for days in (1, 3, 5)]
    same = [Publication(NOW - 8 * 24 * HOUR, one.author, "1" * 18)] * 2
    talked = Publication(NOW - 20 * 24 * HOUR, "somebody", one.conversation)

    assert unfit(one, bounds(talks=Talks([waiting])), NOW) == "author_cap"
    assert unfit(one, bounds(talks=Talks(thrice)), NOW) == "author_cap"
    assert unfit(one, bounds(talks=Talks([*thrice[:2], *same])), NOW) == ""
    assert unfit(one, bounds(talks=Talks([talked])), NOW) == "conversation_cap"


def test_who_addressed_us_comes_first_then_what_is_fresh_then_the_rest() -> None:
    old, fresh, asked = (
        target(1, posted_at=NOW - 3 * HOUR),
        target(2, posted_at=NOW - 2 * HOUR),
        target(3, posted_at=NOW - 9 * HOUR, addressed_us=True),
    )

    assert first_choice([old, fresh, asked], NOW, 2 * HOUR) == [asked]
    assert first_choice([old, fresh], NOW, 2 * HOUR) == [fresh]
    assert first_choice([old], NOW, 2 * HOUR) == [old]


def test_a_fifth_is_held_out_by_chance_and_always_the_same_ones() -> None:
    held = [number for number in range(2000) if is_held_out(target(number), 0.2)]

    assert 330 < len(held) < 470
    assert held == [number for number in range(2000) if is_held_out(target(number, author="else", topic=""), 0.2)]
    assert not any(is_held_out(target(number, addressed_us=True), 0.2) for number in range(200))
    assert not any(is_held_out(target(number), 0.0) for number in range(200))
