"""Which counts are believed, and when they are read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from actors.domain.metrics import LATE_AFTER, Metrics, Quality, checkpoints_for, due, is_late, judge_metrics

POSTED = datetime(2026, 3, 1, 12, tzinfo=UTC)
EARLIER = Metrics(views=1000, likes=20, reposts=2, replies=1, bookmarks=3)


@pytest.mark.parametrize(
    ("previous", "current", "quality", "reason"),
    [
        (None, Metrics(1000, 20, 2, 1, 3), "ok", ""),
        (None, Metrics(0, 0, 0, 0, 0), "ok", ""),
        (None, Metrics(likes=3), "ok", ""),
        (None, Metrics(), "rejected", "no count was read"),
        (None, Metrics(views=-1), "rejected", "views are negative"),
        (None, Metrics(views=10, likes=3, bookmarks=-2), "rejected", "bookmarks are negative"),
        (None, Metrics(views=10, likes=11), "rejected", "more likes than views"),
        (None, Metrics(views=None, likes=11), "ok", ""),
        (None, Metrics(views=5, likes=2), "ok", ""),
        (None, Metrics(views=1000, likes=201), "suspect", "more than one like in five views"),
        (None, Metrics(views=1000, likes=200), "ok", ""),
        (None, Metrics(views=50_000_001), "suspect", "more than 50 million views"),
        (None, Metrics(views=9_000_000, likes=1_000_001), "suspect", "more than a million reactions of one kind"),
        (None, Metrics(views=900, likes=1, reposts=21), "suspect", "more than twenty reposts for a like"),
        (EARLIER, Metrics(views=949, likes=20), "suspect", "views fell by more than 5 %"),
        (EARLIER, Metrics(views=950, likes=20), "ok", ""),
        (EARLIER, Metrics(views=None, likes=20), "ok", ""),
        (Metrics(views=1000, likes=300), Metrics(views=1100, likes=330), "ok", ""),
        (Metrics(views=949), Metrics(views=960), "ok", ""),
    ],
)
def test_a_read_is_judged_by_arithmetic_and_by_the_read_before(
    previous: Metrics | None, current: Metrics, quality: str, reason: str
) -> None:
    judged = judge_metrics(previous, current)

    assert (judged.quality, judged.reason) == (quality, reason)


def test_h7_a_hit_of_a_tiny_account_is_believed() -> None:
    assert judge_metrics(None, Metrics(views=200_000, likes=9_000, reposts=800)).quality is Quality.OK


def test_a_post_is_owed_six_readings() -> None:
    owed = checkpoints_for(POSTED)

    hours = [(checkpoint.at - POSTED) / timedelta(hours=1) for checkpoint in owed]
    assert hours == [0.25, 1, 6, 24, 72, 168]


def test_a_reading_is_due_from_its_time_on() -> None:
    owed = checkpoints_for(POSTED)

    assert due(owed, POSTED + timedelta(minutes=14)) == ()
    assert due(owed, POSTED + timedelta(minutes=15)) == owed[:1]
    assert due(owed, POSTED + timedelta(days=30)) == owed


def test_h3_after_five_hours_of_standstill_every_reading_missed_is_due_and_late() -> None:
    owed = due(checkpoints_for(POSTED), POSTED + timedelta(hours=5))

    assert [checkpoint.age for checkpoint in owed] == [timedelta(minutes=15), timedelta(hours=1)]
    assert all(is_late(checkpoint, POSTED + timedelta(hours=5)) for checkpoint in owed)


def test_a_reading_within_the_grace_is_in_time() -> None:
    first = checkpoints_for(POSTED)[0]

    assert not is_late(first, first.at + LATE_AFTER)
    assert is_late(first, first.at + LATE_AFTER + timedelta(seconds=1))
