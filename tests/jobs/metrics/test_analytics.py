"""The daily cube and the maturity curve, and who reads them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from actors.domain.learning.maturity import Curve
from actors.domain.learning.snapshot import WeightSnapshot
from actors.domain.outcome import Done, Nothing
from actors.domain.snowflake import id_at
from actors.domain.taxonomy import FACTORS
from actors.jobs.content.plan import plan
from actors.jobs.learning.learn import learn
from actors.jobs.metrics.analytics import analytics
from tests.jobs.doors import START

if TYPE_CHECKING:
    from tests.jobs.doors import Bench

HOUR = timedelta(hours=1)


def measure(bench: Bench, number: int, hook: str, likes: int, checkpoints: dict[str, tuple[float, int]]) -> None:
    """Put a posted decision into the ledger, with a reading (age in hours, views) for each checkpoint."""
    decision = bench.queue(f"post {number} about walking")
    at = START + number * timedelta(minutes=20)
    tweet_id = id_at(at, number)
    exposure = '{"exposure": {"topic_short": 0, "topic_long": 0, "generator_short": 0, "generator_long": 0}}'
    with bench.database.unguarded():
        bench.database.sql(
            "UPDATE decisions SET status = 'posted', tweet_id = %s, posted_at = %s, hook = %s, choice = %s "
            "WHERE decision_id = %s",
            *(tweet_id, at, hook, exposure, decision),
        )
    for checkpoint, (hours, views) in checkpoints.items():
        bench.database.run(
            "insert_snapshot",
            decision_id=decision,
            tweet_id=tweet_id,
            checkpoint=checkpoint,
            taken_at=at + hours * HOUR,
            age_s=hours * 3600,
            views=views,
            likes=likes,
            reposts=0,
            replies=0,
            bookmarks=0,
            quality="ok",
            reason="",
        )


def test_the_cube_counts_each_factor_of_each_day_at_one_age(bench: Bench) -> None:
    measure(bench, 0, "question", 30, {"1h": (1, 500), "6h": (6.2, 1000)})
    measure(bench, 1, "myth", 2, {"6h": (8.9, 1000)})
    measure(bench, 2, "story", 50, {"6h": (14.0, 1000)})
    bench.now = START + 12 * HOUR

    assert bench.run(analytics) == Done({"posts": 2, "cells": 6, "curves": 0})

    rows = bench.rows("SELECT value, posts, views, engagements FROM factor_days WHERE factor = 'hook' ORDER BY value")
    assert [tuple(row.values()) for row in rows] == [("myth", 1, 1000, 2), ("question", 1, 1000, 30)]


def test_a_later_run_corrects_the_cube_and_adds_nothing_twice(bench: Bench) -> None:
    measure(bench, 0, "question", 30, {"6h": (6.2, 1000)})
    bench.now = START + 12 * HOUR
    bench.run(analytics)
    measure(bench, 1, "question", 10, {"6h": (6.2, 1000)})

    bench.run(analytics)

    rows = bench.rows("SELECT posts, views, engagements FROM factor_days WHERE factor = 'hook'")
    assert rows == [{"posts": 2, "views": 2000, "engagements": 40}]


def test_a_day_keeps_all_its_posts_as_it_leaves_the_window(bench: Bench) -> None:
    for number in range(3):
        measure(bench, 6 * number, "question", 10, {"6h": (6.2, 1000)})
    bench.now = START + 12 * HOUR
    bench.run(analytics)
    bench.now = START + timedelta(days=14, hours=3)
    bench.run(analytics)

    assert bench.rows("SELECT posts FROM factor_days WHERE factor = 'hook'") == [{"posts": 3}]


def test_without_a_reading_of_that_age_there_is_nothing_to_sum_up(bench: Bench) -> None:
    measure(bench, 0, "question", 30, {"1h": (1, 500)})

    assert isinstance(bench.run(analytics), Nothing)


def test_h8_plan_answers_differently_when_factor_days_change(bench: Bench) -> None:
    hooks = FACTORS["hook"][:3]
    for number in range(30):
        measure(bench, number, hooks[number % 3], (900, 300, 10)[number % 3], {"6h": (6.2, 9000)})
    bench.now = START + 12 * HOUR

    bench.model.texts = ["no post"] * 100
    bench.run(plan)
    assert not any("lately" in brief for brief in bench.model.briefs)
    bench.run(analytics)
    bench.model.briefs.clear()
    bench.run(plan)

    assert f"worked lately: hook {hooks[0]} (" in bench.model.briefs[0]
    assert f"fell flat lately: hook {hooks[2]} (" in bench.model.briefs[0]


def test_h8_learn_answers_differently_when_maturity_curves_change(bench: Bench) -> None:
    bench.weights()
    for number in range(20):
        measure(bench, number, "question", 30 + number, {"6h": (6.0, 1000)})
    bench.now = START + 24 * HOUR
    bench.run(learn)
    slow = Curve(20.0, 0.75)
    bench.database.run("store_maturity", now=bench.now, posts=40, hours=slow.hours, shape=slow.shape)

    assert bench.run(learn) == Done({"versions": 1})

    first, second = (
        WeightSnapshot.from_dict(row["body"])
        for row in bench.rows("SELECT body FROM weight_snapshots WHERE version > 0 ORDER BY version")
    )
    # What is only a third of the end promises more than what is two thirds.
    assert second.posterior.belief.mean[0] > first.posterior.belief.mean[0]
    assert replace(second, posterior=first.posterior).outcomes == first.outcomes


def test_finished_posts_make_a_curve(bench: Bench) -> None:
    for number in range(20):
        measure(bench, number, "question", 30, {"1h": (1, 260), "6h": (6.1, 680), "1d": (24.2, 960)})
    bench.now = START + 48 * HOUR

    outcome = bench.run(analytics)

    assert isinstance(outcome, Done)
    assert outcome.counts["curves"] == 1
    row = bench.database.one("latest_maturity")
    assert row is not None
    assert (row["posts"], 4.0 < row["hours"] < 6.0) == (20, True)
