"""Learning from replies over the ledger: what it reads, when it publishes weights, and that the next choice differs."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from actors.domain.outcome import Done, Nothing
from actors.domain.replies.features import STRATEGIES
from actors.domain.replies.snapshot import ReplyWeights, prior_weights
from actors.jobs.learning.reply_learning import reply_learning
from tests.jobs.doors import START
from tests.jobs.replies.room import answered, insert

if TYPE_CHECKING:
    import uuid

    from tests.jobs.doors import Bench


@pytest.fixture
def bench(bench: Bench) -> Bench:
    prior = prior_weights()
    bench.database.run(
        "insert_reply_weights", version=0, created_at=START, source="prior", outcomes=0, body=prior.to_dict()
    )
    return bench


def latest(bench: Bench) -> ReplyWeights:
    row = bench.database.one("latest_reply_weights")
    assert row is not None
    return ReplyWeights.from_dict(row["body"])


def convert(bench: Bench, number: int, decision_id: uuid.UUID, follows: float) -> None:
    (row,) = bench.rows(f"SELECT * FROM decisions WHERE decision_id = '{decision_id}'")
    found = {"author": row["target_author"], "conversation_id": row["target_id"], "text": "a post", "query": "sleep"}
    times = dict.fromkeys(("posted_at", "seen_at", "assigned_at", "expires_at"), START)
    state = {"status": "replied", "decision_id": decision_id, "tier": "VIRAL", "relevance": 5, "score": 1}
    insert(bench, "opportunities", {"tweet_id": row["target_id"], **found, **times, **state, "judged_by": "model"})
    settled = {"assignment": "reply", "strategy": row["choice"]["strategy"], "tier": "VIRAL", "settled_at": START}
    conversion = {"tweet_id": row["target_id"], "decision_id": decision_id, "follows": follows, **settled}
    insert(bench, "reply_conversions", {**conversion, "author_followed": follows > 0, "views": 500})


def test_ten_measured_replies_make_a_version_and_nine_do_not(bench: Bench) -> None:
    for number in range(9):
        answered(bench, number, likes=number)
    assert isinstance(bench.run(reply_learning), Nothing)
    answered(bench, 9, likes=3)

    assert bench.run(reply_learning) == Done({"versions": 1, "outcomes": 10})
    assert isinstance(bench.run(reply_learning), Nothing), "the same outcomes make no second version"
    assert (latest(bench).version, latest(bench).source) == (1, "learned")


def test_h8_measured_replies_change_the_shares_of_the_next_ones(bench: Bench) -> None:
    for number in range(30):
        answered(bench, number, likes=40 if number % 5 == 1 else 0)
    bench.run(reply_learning)

    shares = latest(bench).strategy_weights
    assert shares[list(STRATEGIES)[1]] > 0.6
    assert min(shares.values()) >= 0.05 / 5


def test_h8_reply_learning_answers_differently_when_reply_conversions_changes(bench: Bench) -> None:
    made = [answered(bench, number, likes=1) for number in range(30)]
    bench.run(reply_learning)
    before = latest(bench).strategy_weights["story"]
    for number, decision_id in enumerate(made):
        convert(bench, number, decision_id, 2.0 if number % 5 == 2 else 0.0)

    assert bench.run(reply_learning) == Done({"versions": 1, "outcomes": 30})
    assert latest(bench).version == 2
    assert latest(bench).strategy_weights["story"] > before + 0.3


def test_who_was_told_to_stop_is_worth_less_and_only_by_his_last_reply(bench: Bench) -> None:
    for number in range(30):
        answered(bench, number, likes=5)
    bench.run(reply_learning)
    before = latest(bench).strategy_weights
    for number in range(3, 30, 5):
        insert(
            bench,
            "opt_outs",
            {
                "handle": f"author_{number}",
                "added_at": START + timedelta(days=1),
                "added_by": "reply_metrics" if number > 3 else "an operator",
            },
        )
    bench.run(reply_learning)

    contrast = list(STRATEGIES)[3]
    assert latest(bench).strategy_weights[contrast] < before[contrast] / 2
    measured = bench.database.all("measured_replies", since=START - timedelta(days=1))
    told = [row for row in measured if row["was_told_to_stop"]]
    assert len(told) == 5


@pytest.mark.parametrize(
    "doubt", [{"source": "estimated"}, {"quality": "suspect"}, {"likes": None}, {"tweet_id": str(10**17)}]
)
def test_h1_h4_what_was_not_surely_measured_on_the_reply_itself_teaches_nothing(
    bench: Bench, doubt: dict[str, Any]
) -> None:
    for number in range(20):
        answered(bench, number, **{"likes": 9, **doubt})
    assert isinstance(bench.run(reply_learning), Nothing)


def test_posts_of_the_content_lane_are_none_of_its_business(bench: Bench) -> None:
    for number in range(12):
        answered(bench, number)
    with bench.database.unguarded():
        bench.database.sql(
            "UPDATE decisions SET lane = 'content', kind = 'single', target_id = NULL, target_author = '', "
            "conversation_id = NULL, generator = 'coach', topic = 'sleep', hook = 'question', format = 'plain', "
            "length = 'short', angle = 'a', tone = 'a', slot = 'story', weight_version = 0, propensity = 1"
        )
    assert bench.database.all("measured_replies", since=START - timedelta(days=1)) == []


def test_without_reply_weights_there_is_nothing_to_learn_from(bench: Bench) -> None:
    bench.database.sql("DELETE FROM reply_weights")
    assert isinstance(bench.run(reply_learning), Nothing)
