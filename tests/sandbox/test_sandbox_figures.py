"""How the site writes numbers and ages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from actors.sandbox.figures import abbreviated, age, api_date, counted, exact, full_date

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("number", "in_full", "in_short"),
    [
        (0, "0", "0"),
        (7, "7", "7"),
        (999, "999", "999"),
        (1_000, "1,000", "1K"),
        (1_234, "1,234", "1.2K"),
        (1_250, "1,250", "1.2K"),
        (1_999, "1,999", "1.9K"),
        (9_999, "9,999", "9.9K"),
        (10_000, "10,000", "10K"),
        (12_345, "12,345", "12.3K"),
        (999_999, "999,999", "999.9K"),
        (1_000_000, "1,000,000", "1M"),
        (12_345_678, "12,345,678", "12.3M"),
        (999_999_999, "999,999,999", "999.9M"),
        (1_000_000_000, "1,000,000,000", "1B"),
        (2_500_000_000, "2,500,000,000", "2.5B"),
    ],
)
def test_counts_are_exact_in_labels_and_short_to_the_eye(number: int, in_full: str, in_short: str) -> None:
    assert (exact(number), abbreviated(number)) == (in_full, in_short)


@pytest.mark.parametrize(("number", "shown"), [(942, "942"), (5_210, "5,210"), (9_999, "9,999"), (18_430, "18.4K")])
def test_followers_are_exact_up_to_ten_thousand(number: int, shown: str) -> None:
    assert abbreviated(number, exact_below=10_000) == shown


@pytest.mark.parametrize(("number", "words"), [(0, "0 Replies"), (1, "1 Reply"), (1_234, "1,234 Replies")])
def test_a_count_agrees_with_its_noun(number: int, words: str) -> None:
    assert counted(number, "Reply", "Replies") == words


@pytest.mark.parametrize(
    ("past", "words"),
    [
        (timedelta(seconds=-5), "0s"),
        (timedelta(seconds=59), "59s"),
        (timedelta(minutes=1), "1m"),
        (timedelta(minutes=59), "59m"),
        (timedelta(hours=1), "1h"),
        (timedelta(hours=23), "23h"),
        (timedelta(days=1), "Feb 28"),
        (timedelta(days=60), "Dec 31, 2025"),
    ],
)
def test_a_timeline_tells_how_old_a_post_is(past: timedelta, words: str) -> None:
    assert age(NOW - past, NOW) == words


def test_dates_in_full() -> None:
    assert full_date(NOW) == "12:00 PM · Mar 1, 2026"
    assert full_date(NOW + timedelta(hours=12, minutes=5)) == "12:05 AM · Mar 2, 2026"
    assert api_date(NOW) == "Sun Mar 01 12:00:00 +0000 2026"
