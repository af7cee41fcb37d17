"""The learning cycle over the ledger: what it reads, when it publishes weights, and that plan then uses them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from actors.domain.learning.choice import choose
from actors.domain.learning.features import Context
from actors.domain.learning.snapshot import WeightSnapshot
from actors.domain.outcome import Done, Nothing
from actors.domain.snowflake import id_at
from actors.domain.taxonomy import FACTORS
from actors.jobs.learning.learn import learn
from tests.jobs.doors import START

if TYPE_CHECKING:
    from tests.jobs.doors import Bench

HALF = timedelta(minutes=30)


def measure(bench: Bench, count: int, *, source: str = "measured", quality: str = "ok", first: int = 0) -> None:
    """Put posted and measured decisions straight into the ledger: the first generator is liked, the others are not."""
    generators = FACTORS["generator"]
    for number in range(first, first + count):
        decision = bench.queue(f"post {number} about walking {source} {quality}")
        at = START + timedelta(minutes=20 * number)
        generator = generators[number % 2]
        likes = 40 if number % 2 == 0 else 0
        tweet_id = id_at(at, number)
        bench.rows(
            f"WITH claim AS (UPDATE decisions SET generator = '{generator}', choice = "
            '\'{"exposure": {"topic_short": 0, "topic_long": 0, "generator_short": 0, "generator_long": 0}}\' '
            f"WHERE decision_id = '{decision}' RETURNING 1) SELECT * FROM claim"
        )
        with bench.database.unguarded():
            bench.rows(
                f"UPDATE decisions SET status = 'posted', tweet_id = '{tweet_id}', posted_at = '{at.isoformat()}' "
                f"WHERE decision_id = '{decision}'"
            )
        bench.rows(
            "WITH taken AS (INSERT INTO metric_snapshots (decision_id, tweet_id, checkpoint, taken_at, age_s, views, "
            "likes, reposts, replies, bookmarks, source, quality) VALUES "
            f"('{decision}', '{tweet_id}', '1d', '{(at + timedelta(hours=24)).isoformat()}', 86400, "
            f"1000, {likes}, 0, 0, 0, '{source}', '{quality}') RETURNING 1) SELECT * FROM taken"
        )


def test_below_twenty_measured_posts_the_prior_stays_in_force(bench: Bench) -> None:
    bench.weights()
    measure(bench, 19)
    assert isinstance(bench.run(learn), Nothing)
    assert bench.rows("SELECT max(version) AS v FROM weight_snapshots") == [{"v": 0}]


def test_h8_learn_answers_differently_when_metric_snapshots_change(bench: Bench) -> None:
    bench.weights()
    measure(bench, 30)
    assert bench.run(learn) == Done({"versions": 1})
    row = bench.database.one("latest_weights")
    assert row is not None
    learned = WeightSnapshot.from_dict(row["body"])
    assert (learned.version, learned.source, learned.outcomes) == (1, "learned", 30)
    liked, ignored = FACTORS["generator"][:2]
    chosen = [choose(learned, Context(START), b"%d" % n).arm.generator for n in range(200)]
    assert chosen.count(liked) > 3 * max(1, chosen.count(ignored))


def test_the_same_outcomes_make_no_second_version(bench: Bench) -> None:
    bench.weights()
    measure(bench, 20)
    bench.run(learn)
    assert isinstance(bench.run(learn), Nothing)


@pytest.mark.parametrize("doubt", [{"source": "estimated"}, {"source": "simulated"}, {"quality": "suspect"}])
def test_h4_what_was_not_surely_measured_teaches_nothing(bench: Bench, doubt: dict[str, str]) -> None:
    bench.weights()
    measure(bench, 30, **doubt)
    assert isinstance(bench.run(learn), Nothing)


def test_without_weights_there_is_nothing_to_learn_from(bench: Bench) -> None:
    assert isinstance(bench.run(learn), Nothing)


def test_weights_of_another_taxonomy_are_left_to_plan(bench: Bench) -> None:
    body = {"version": 3, "schema": "old"}
    bench.database.run("insert_weights", version=3, created_at=START, source="learned", outcomes=1, body=body)
    assert isinstance(bench.run(learn), Nothing)


def test_h8_learn_answers_differently_when_follower_credits_changes(bench: Bench) -> None:
    bench.weights()
    measure(bench, 20)
    ignored = "SELECT decision_id FROM metric_snapshots WHERE likes = 0"
    bench.database.sql("INSERT INTO follower_gains VALUES (%s, %s, 100, 100, true)", START + HALF, START)
    bench.database.sql(f"INSERT INTO follower_credits SELECT %s, decision_id, 10 FROM ({ignored}) d", START + HALF)
    bench.run(learn)

    # Without the credits the liked one is far ahead: see the test of twenty measured posts.
    row = bench.database.one("latest_weights")
    assert row is not None
    liked, followed = FACTORS["generator"][:2]
    assert row["body"]["generator_weights"][followed] > row["body"]["generator_weights"][liked]


def test_follows_count_up_to_the_age_at_which_the_reactions_were_read(bench: Bench) -> None:
    bench.weights()
    measure(bench, 1)
    decision = bench.rows("SELECT decision_id, taken_at FROM metric_snapshots")[0]
    for late in (-HALF, HALF):
        until = decision["taken_at"] + late
        bench.database.sql("INSERT INTO follower_gains VALUES (%s, %s, 4, 4, true)", until, until - HALF)
        bench.database.sql("INSERT INTO follower_credits VALUES (%s, %s, 4)", until, decision["decision_id"])

    assert [row["follows"] for row in bench.database.all("measured_outcomes")] == [4]
