"""What the page of an id says of it, and when it is opened again, without a page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from actors.domain.recovery.verdict import Page, Verdict, is_deleted, judge, opened_again_at

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.mark.parametrize(
    ("former", "page", "verdict"),
    [
        (None, "unread", "unread"),
        ("missing", "unread", "missing"),
        ("wrong", "right", "right"),
        ("deleted", "right", "right"),
        (None, "foreign", "wrong"),
        ("right", "differs", "differs"),
        ("differs", "differs", "wrong"),
        ("missing", "differs", "differs"),
        ("wrong", "missing", "wrong"),
        ("wrong", "differs", "wrong"),
        ("right", "missing", "missing"),
        ("missing", "gone", "gone"),
        ("deleted", "missing", "deleted"),
        ("deleted", "gone", "deleted"),
        ("deleted", "differs", "differs"),
    ],
)
def test_b8_one_look_at_a_page_becomes_a_verdict_with_what_was_known_before(
    former: Verdict | None, page: Page, verdict: Verdict
) -> None:
    assert judge(former, page) == verdict


@pytest.mark.parametrize(
    ("former", "verdict", "is_proven", "deleted"),
    [
        ("missing", "missing", True, True),
        ("missing", "missing", False, False),
        ("gone", "gone", False, True),
        ("missing", "gone", False, False),
        ("gone", "missing", False, False),
        (None, "gone", True, False),
        ("unseen", "missing", True, False),
        ("right", "gone", True, False),
    ],
)
def test_b17_a_deletion_needs_two_looks_and_a_proof_or_the_pages_word_twice(
    former: Verdict | None, verdict: Verdict, *, is_proven: bool, deleted: bool
) -> None:
    assert is_deleted(former, verdict, is_proven_absent=is_proven) is deleted


def test_what_was_right_is_opened_ever_more_rarely_and_what_is_in_doubt_in_an_hour() -> None:
    opened, ages = NOW, []
    for _ in range(4):
        opened = opened_again_at("right", NOW, opened)
        ages.append((opened - NOW) / DAY)
    assert ages == [1, 3, 9, 27]
    assert opened_again_at("missing", NOW - HOUR, NOW) == NOW + HOUR
    assert opened_again_at("missing", NOW - 3 * DAY, NOW) == NOW + DAY
    assert opened_again_at("wrong", NOW - 3 * DAY, NOW) == NOW + 6 * DAY
    assert opened_again_at("deleted", NOW, NOW) == NOW + 7 * DAY
