"""Predictions held against measured posts, and the shadow that no learner sees."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from actors.domain.learning.snapshot import prior_snapshot
from actors.domain.outcome import Blocked, Done, Nothing
from actors.domain.snowflake import id_at
from actors.jobs.learning.learn import learn
from actors.jobs.learning.outcomes import outcomes
from actors.jobs.publishing.posting import posting
from tests.fakes import decision
from tests.jobs.doors import START

if TYPE_CHECKING:
    import uuid

    from tests.jobs.doors import Bench

HOUR = timedelta(hours=1)


def predicted(bench: Bench, number: int, mean: float = 1.0) -> uuid.UUID:
    """Queue a decision whose outcome was predicted."""
    choice = {"exposure": {}, "predicted": {"mean": mean, "spread": 0.3, "noise": 0.4}}
    row = decision(f"post {number} about walking", due=bench.now, choice=choice)
    bench.database.run("insert_decision", **row)
    decision_id: uuid.UUID = row["decision_id"]
    return decision_id


def measured(bench: Bench, number: int, likes: int, *, hours: float = 24.0, source: str = "measured") -> None:
    decision_id, at = predicted(bench, number), START + number * timedelta(minutes=20)
    tweet_id = id_at(at, number)
    with bench.database.unguarded():
        bench.database.sql(
            "UPDATE decisions SET status = 'posted', tweet_id = %s, posted_at = %s WHERE decision_id = %s",
            *(tweet_id, at, decision_id),
        )
    bench.database.sql(
        "INSERT INTO metric_snapshots (decision_id, tweet_id, checkpoint, taken_at, age_s, views, likes, reposts, "
        "replies, bookmarks, source, quality) VALUES (%s, %s, '1d', %s, %s, 1000, %s, 0, 0, 0, %s, 'ok')",
        *(decision_id, tweet_id, at + hours * HOUR, hours * 3600, likes, source),
    )


def test_predictions_are_held_against_what_was_measured(bench: Bench) -> None:
    for number in range(6):
        measured(bench, number, likes=2)
    bench.now = START + 30 * HOUR

    assert bench.run(outcomes) == Done({"outcomes_real.calibrated": 6})

    (row,) = bench.rows("SELECT outcomes, coverage, is_alarming FROM calibrations")
    assert row == {"outcomes": 6, "coverage": 1.0, "is_alarming": False}


def test_h4_what_was_estimated_or_read_too_early_is_held_against_nothing(bench: Bench) -> None:
    for number in range(6):
        measured(bench, number, likes=2, hours=1.0)
    for number in range(6, 12):
        measured(bench, number, likes=2, source="estimated")

    assert isinstance(bench.run(outcomes), Nothing)


def test_the_shadow_publishes_nothing_and_invents_one_outcome_for_each_decision_that_is_due(bench: Bench) -> None:
    bench.configure(shadow=True)
    due = predicted(bench, 1)

    blocked = bench.run(posting)
    assert isinstance(blocked, Blocked)
    assert "shadow" in blocked.reason
    assert bench.run(outcomes) == Done({"outcomes.simulated": 1})

    (row,) = bench.rows("SELECT decision_id, source FROM simulated_outcomes")
    assert row == {"decision_id": due, "source": "simulated"}
    assert (bench.decision(due)["status"], bench.decision(due)["reason"]) == (
        "skipped",
        "shadow: its outcome is simulated",
    )
    assert bench.rows("SELECT * FROM publish_attempts") == []


def test_h4_what_the_shadow_invents_teaches_nothing(bench: Bench) -> None:
    bench.weights()
    bench.configure(shadow=True)
    for number in range(25):
        predicted(bench, number)
    while isinstance(bench.run(outcomes, trigger="operator:outcomes"), Done):
        pass
    assert bench.rows("SELECT count(*) AS n FROM simulated_outcomes") == [{"n": 25}]

    assert isinstance(bench.run(learn), Nothing)
    assert bench.rows("SELECT max(version) AS v FROM weight_snapshots") == [{"v": prior_snapshot().version}]


def test_outside_of_the_shadow_nothing_is_invented(bench: Bench) -> None:
    predicted(bench, 1)

    assert isinstance(bench.run(outcomes), Nothing)
    assert bench.rows("SELECT * FROM simulated_outcomes") == []
