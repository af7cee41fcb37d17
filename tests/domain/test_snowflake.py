"""Tweet ids and the time they carry."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.domain.snowflake import TweetId, created_at, id_at, is_tweet_id, is_within, parse_tweet_id

MOMENTS = st.datetimes(datetime(2012, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@pytest.mark.parametrize(
    "fake",
    [
        "verified",
        "pending_1764000000000",
        "1764000000000",
        "",
        "12345678901234",
        "123456789012345678901",
        "99999999999999999999",
        "012345678901234567",
        "-1234567890123456789",
        " 1234567890123456789",
        "1234567890123456789\n",
        "١٢٣٤٥٦٧٨٩٠١٢٣٤٥٦٧٨",
        1234567890123456789,
        None,
    ],
)
def test_b9_what_is_no_id_is_refused(fake: object) -> None:
    assert not is_tweet_id(fake)
    with pytest.raises(ValueError, match="is not a tweet id"):
        parse_tweet_id(fake)


@pytest.mark.parametrize("clock", [1_764_000_000_000_000, 1_764_000_000_000_000_000])
def test_b9_a_clock_value_with_enough_digits_decodes_to_another_time(clock: int) -> None:
    fake = parse_tweet_id(str(clock))
    now = datetime.fromtimestamp(1_764_000_000, UTC)
    assert not is_within(fake, now, now, timedelta(days=30))


def test_a_known_id_decodes_to_its_time() -> None:
    assert created_at(TweetId("1541815603606036480")) == datetime(2022, 6, 28, 16, 7, 40, 105000, tzinfo=UTC)


@given(MOMENTS, st.integers(0, 2**22 - 1))
def test_an_id_carries_its_moment_to_the_millisecond(moment: datetime, sequence: int) -> None:
    tweet_id = parse_tweet_id(id_at(moment, sequence))
    assert timedelta(0) <= moment - created_at(tweet_id) < timedelta(milliseconds=1)


@given(MOMENTS, MOMENTS)
def test_ids_are_ordered_as_their_times(one: datetime, other: datetime) -> None:
    if one < other - timedelta(milliseconds=1):
        assert int(id_at(one, 2**22 - 1)) < int(id_at(other))


def test_a_window_is_widened_by_the_tolerance_and_may_be_open() -> None:
    start = datetime(2026, 3, 1, tzinfo=UTC)
    end, minute = start + timedelta(minutes=10), timedelta(minutes=1)
    assert is_within(id_at(start - minute), start, end, minute)
    assert is_within(id_at(end + minute), start, end, minute)
    assert not is_within(id_at(start - 2 * minute), start, end, minute)
    assert not is_within(id_at(end + 2 * minute), start, end, minute)
    assert is_within(id_at(end + timedelta(days=9)), start, None, minute)
