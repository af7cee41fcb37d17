"""From readings to gains and a trend."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from actors.domain.outcome import Done, Nothing
from actors.jobs.metrics.sync_follower import sync_follower
from tests.jobs.doors import START

if TYPE_CHECKING:
    from tests.jobs.doors import Bench, Row

HALF = timedelta(minutes=30)


def read(bench: Bench, *counts: tuple[int, int | None], source: str = "measured") -> None:
    """Store readings, half an hour apart, and set the clock to the last one."""
    for followers, follows in counts:
        bench.now += HALF
        bench.database.sql(
            "INSERT INTO follower_readings VALUES (%s, %s, false, %s, %s)", bench.now, followers, follows, source
        )


def gains(bench: Bench) -> list[Row]:
    return bench.rows("SELECT since, until, net, gross, is_counted FROM follower_gains ORDER BY until")


def test_one_reading_alone_makes_no_gain(bench: Bench) -> None:
    read(bench, (100, None))

    assert isinstance(bench.run(sync_follower), Nothing)


def test_h8_sync_follower_answers_differently_when_follower_readings_changes(bench: Bench) -> None:
    read(bench, (100, None), (103, 4))
    assert bench.run(sync_follower) == Done({"gains": 1, "counted": 1, "trends": 0})
    assert isinstance(bench.run(sync_follower), Nothing)

    read(bench, (102, None))
    assert bench.run(sync_follower) == Done({"gains": 1, "counted": 0, "trends": 1})
    first, second = gains(bench)
    assert (first["since"], first["until"], first["net"], first["gross"]) == (START + HALF, START + 2 * HALF, 3, 4.0)
    assert second["since"] == first["until"]
    # One of four left in that half hour, so one is taken to have left in this one.
    assert (second["net"], second["gross"], second["is_counted"]) == (-1, 0.0, False)


def test_an_interval_that_was_not_counted_is_given_the_usual_loss(bench: Bench) -> None:
    read(bench, (100, None), (101, 3), (101, 2), (102, 3))
    bench.run(sync_follower)
    read(bench, (107, None))
    bench.run(sync_follower)

    assert gains(bench)[-1]["gross"] == 7.0


def test_a_trend_is_stored_with_each_gain_from_the_third_reading_on(bench: Bench) -> None:
    read(bench, (100, None), (101, 1), (102, 1), (103, 1))
    bench.run(sync_follower)

    trend = bench.rows("SELECT * FROM follower_trends")
    assert [(row["computed_at"], row["followers"], row["has_jumped"]) for row in trend] == [(bench.now, 103, False)]
    assert trend[0]["low"] <= trend[0]["per_day"] == 48.0 <= trend[0]["high"]


def test_readings_older_than_a_week_are_no_part_of_the_trend(bench: Bench) -> None:
    read(bench, (9000, None), (9000, 0))
    bench.now += timedelta(days=8)
    read(bench, (100, None), (101, 1), (102, 1))
    bench.run(sync_follower)

    assert bench.rows("SELECT per_day FROM follower_trends") == [{"per_day": 48.0}]


def test_h4_what_was_simulated_makes_no_gain(bench: Bench) -> None:
    read(bench, (100, None), (103, 4), source="simulated")

    assert isinstance(bench.run(sync_follower), Nothing)


def test_h5_runs_however_often_make_the_same_gains_as_one(bench: Bench) -> None:
    read(bench, (100, None), (103, 4))
    bench.run(sync_follower)
    read(bench, (104, 1), (104, 2))
    bench.run(sync_follower)
    often = gains(bench)

    bench.database.sql("DELETE FROM follower_gains")
    bench.now += HALF
    bench.run(sync_follower)

    assert gains(bench) == often
