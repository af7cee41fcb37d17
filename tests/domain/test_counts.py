"""Counts as the site writes them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.domain.counts import Count, parse_count, parse_label, parse_summary

EXACT = {
    "0": 0,
    "1": 1,
    "7": 7,
    "10": 10,
    "999": 999,
    "1000": 1000,
    "1,000": 1000,
    "1,234": 1234,
    "12,345": 12_345,
    "123,456": 123_456,
    "1,234,567": 1_234_567,
    "12,345,678": 12_345_678,
    " 42 ": 42,
    "\u00a042": 42,
    "1 234": 1234,
    "1\u00a0234": 1234,
    "1\u202f234\u202f567": 1_234_567,
    "12\u2009345": 12_345,
    "987654321": 987_654_321,
}

ABBREVIATED = {
    "1K": 1000,
    "1k": 1000,
    "1.2K": 1200,
    "1.2k": 1200,
    "1.2 K": 1200,
    "1.2\u00a0K": 1200,
    "9.9K": 9900,
    "10K": 10_000,
    "12.3K": 12_300,
    "999.9K": 999_900,
    "1M": 1_000_000,
    "1.2M": 1_200_000,
    "12.3M": 12_300_000,
    "2.15m": 2_150_000,
    "1B": 1_000_000_000,
    "1.1B": 1_100_000_000,
    "1,234K": 1_234_000,
}

UNKNOWN = (
    "",
    " ",
    "-",
    "—",
    "K",
    "Like",
    "many",
    "-5",
    "+5",
    "1.234",
    "1.5",
    "1.234.567",
    "1,2",
    "12,34",
    "1,2K",
    "1,23",
    ",123",
    "1,,234",
    "1.2.3K",
    "1.K",
    ".5K",
    "1e3",
    "1.2T",
    "1.2KK",
    "10+",
    "5/10",
    "50%",
    "3h",
    "Mar 3",
    "1,234 Likes",
    "1’234",
    "١٢٣",
    "1 23",
    "1773501000000123456",
)


@pytest.mark.parametrize(("text", "value"), EXACT.items())
def test_h2_a_number_in_full_is_read_exactly(text: str, value: int) -> None:
    assert parse_count(text) == Count(value, exact=True)


@pytest.mark.parametrize(("text", "value"), ABBREVIATED.items())
def test_h2_an_abbreviated_number_is_read_and_known_to_be_rounded(text: str, value: int) -> None:
    assert parse_count(text) == Count(value, exact=False)


@pytest.mark.parametrize("text", UNKNOWN)
def test_h2_what_is_no_number_is_unknown_and_never_zero(text: str) -> None:
    assert parse_count(text) is None


def test_h2_a_missing_text_is_unknown() -> None:
    assert parse_count(None) is None
    assert parse_label(None, "likes") is None
    assert parse_label("", "likes") is None


@pytest.mark.parametrize(
    ("label", "noun", "count"),
    [
        ("1,234 Likes. Like", "likes", Count(1234)),
        ("1 Like. Liked", "likes", Count(1)),
        ("1 Reply. Reply", "replies", Count(1)),
        ("12 Replies. Reply", "replies", Count(12)),
        ("3 reposts. Repost", "reposts", Count(3)),
        ("3 Retweets. Retweet", "reposts", Count(3)),
        ("2 Bookmarks. Bookmark", "bookmarks", Count(2)),
        ("98,765 views. View post analytics", "views", Count(98_765)),
        ("0 views. View post analytics", "views", Count(0)),
        ("1.2K Views", "views", Count(1200, exact=False)),
        ("5 bookmarks", "bookmarks", Count(5)),
        ("12.3K Followers", "followers", Count(12_300, exact=False)),
        ("1\u00a0234 Likes", "likes", Count(1234)),
        ("1,234", "likes", Count(1234)),
        ("Like", "likes", Count(0)),
        ("Reply", "replies", Count(0)),
        ("Bookmark", "bookmarks", Count(0)),
        ("View post analytics", "views", None),
        ("Followers", "followers", None),
        ("1,234 Likes. Like", "replies", None),
        ("Liked by 3 friends", "likes", None),
        ("1.234 Likes", "likes", None),
        ("12,34 Likes", "likes", None),
    ],
)
def test_h2_a_label_gives_the_number_of_its_own_noun(label: str, noun: str, count: Count | None) -> None:
    assert parse_label(label, noun) == count


def test_h2_the_bar_lists_its_counts_and_leaves_out_what_it_does_not_name() -> None:
    assert parse_summary("3 replies, 2 reposts, 1,110 likes, 90,210 views") == {
        "replies": Count(3),
        "reposts": Count(2),
        "likes": Count(1110),
        "views": Count(90_210),
    }
    assert parse_summary(None) == {}


@given(st.integers(0, 10**12 - 1))
def test_h2_every_number_survives_the_way_it_is_written(value: int) -> None:
    assert parse_count(f"{value:,}") == Count(value)
    assert parse_label(f"{value:,} Likes. Like", "likes") == Count(value)
