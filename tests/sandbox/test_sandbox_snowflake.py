"""Ids that grow and tell the time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from actors.sandbox.snowflake import SnowflakeMint, encode, instant

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_an_id_has_nineteen_digits_and_tells_its_millisecond() -> None:
    post_id, created_at = SnowflakeMint().mint(NOW + timedelta(microseconds=123_456))
    assert len(post_id) == 19
    assert created_at == NOW + timedelta(milliseconds=123)
    assert int(post_id) >> 22 == round(created_at.timestamp() * 1000) - 1288834974657


@given(st.lists(st.integers(min_value=-100_000, max_value=100_000), max_size=50))
def test_ids_strictly_increase_whatever_the_clock_does(steps: list[int]) -> None:
    mint = SnowflakeMint()
    moment, last, last_created = NOW, 0, NOW - timedelta(days=1)
    for step in steps:
        moment += timedelta(milliseconds=step)
        post_id, created_at = mint.mint(moment)
        assert int(post_id) > last
        assert created_at == instant(post_id) >= last_created
        last, last_created = int(post_id), created_at


def test_ids_go_on_after_those_that_were_seen() -> None:
    mint = SnowflakeMint()
    seen = encode(NOW) + 5
    mint.seen(str(seen))
    assert mint.mint(NOW)[0] == str(seen + 1)
