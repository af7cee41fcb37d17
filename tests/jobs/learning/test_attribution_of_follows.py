"""Attribution over the ledger: what it shares out, when it does so again, and when it is final."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from actors.domain.followers import digest_of
from actors.domain.outcome import Done, Nothing
from actors.domain.snowflake import id_at
from actors.jobs.learning.attribution import attribution
from tests.fakes import reply
from tests.jobs.doors import START

if TYPE_CHECKING:
    import uuid
    from datetime import datetime

    from tests.jobs.doors import Bench, Row

HALF = timedelta(minutes=30)
HOUR = timedelta(hours=1)


def publish(bench: Bench, number: int, at: datetime, *, is_reply: bool = False) -> uuid.UUID:
    """Put a published decision straight into the ledger."""
    if is_reply:
        row = reply(f"an answer {number}", id_at(at - HOUR, number), "somebody", due=at)
        bench.database.run("insert_decision", **row)
        decision: uuid.UUID = row["decision_id"]
    else:
        decision = bench.queue(f"post {number} about walking")
    with bench.database.unguarded():
        bench.database.sql(
            "UPDATE decisions SET status = 'posted', tweet_id = %s, posted_at = %s WHERE decision_id = %s",
            id_at(at, number), at, decision,
        )  # fmt: skip
    return decision


def measure(bench: Bench, decision: uuid.UUID, age: timedelta, likes: int | None, *, quality: str = "ok") -> None:
    """Store what was read of a post at an age."""
    bench.database.sql(
        "INSERT INTO metric_snapshots (decision_id, tweet_id, checkpoint, taken_at, age_s, views, likes, reposts, "
        "replies, bookmarks, source, quality) SELECT decision_id, tweet_id, %s, posted_at + %s, %s, 900, %s, 0, 0, 0, "
        "'measured', %s FROM decisions WHERE decision_id = %s",
        f"{age}", age, age.total_seconds(), likes, quality, decision,
    )  # fmt: skip


def gain(bench: Bench, since: datetime, gross: float, until: datetime | None = None) -> None:
    """Store who came in an interval, half an hour long by default."""
    bench.database.sql(
        "INSERT INTO follower_gains VALUES (%s, %s, %s, %s, true)", until or since + HALF, since, round(gross), gross
    )


def credits_of(bench: Bench) -> dict[uuid.UUID, float]:
    rows = bench.rows("SELECT decision_id, sum(credit) AS credit FROM follower_credits GROUP BY decision_id")
    return {row["decision_id"]: row["credit"] for row in rows}


def books(bench: Bench) -> list[Row]:
    """Return the gross, the credits and the background of each interval."""
    return bench.rows(
        "SELECT g.gross, coalesce(sum(c.credit), 0) AS credited, b.credit AS background FROM follower_gains g "
        "LEFT JOIN follower_credits c USING (until) LEFT JOIN follower_backgrounds b USING (until) "
        "GROUP BY g.until, g.gross, b.credit ORDER BY g.until"
    )


def test_without_a_gain_there_is_nothing_to_share_out(bench: Bench) -> None:
    assert isinstance(bench.run(attribution), Nothing)


def test_h6_two_posts_and_ten_followers_are_ten_follows_in_the_ledger(bench: Bench) -> None:
    for number, at in enumerate((START, START + HALF / 2)):
        measure(bench, publish(bench, number, at), HOUR, 20)
    gain(bench, START, 10)
    bench.now = START + 2 * HOUR

    assert bench.run(attribution) == Done({"intervals": 1, "credits": 2})

    book = books(bench)[0]
    assert book["credited"] + book["background"] == pytest.approx(10, abs=1e-9)
    assert 5 < book["credited"] < 10
    assert bench.rows("SELECT method FROM follower_backgrounds") == [{"method": "deconvolution"}]


def test_h8_attribution_answers_differently_when_follower_gains_changes(bench: Bench) -> None:
    decision = publish(bench, 1, START)
    measure(bench, decision, HOUR, 20)
    bench.now = START + 2 * HOUR
    gain(bench, START, 3)
    bench.run(attribution)
    before = credits_of(bench)[decision]

    assert isinstance(bench.run(attribution), Nothing)
    gain(bench, START + HALF, 6)
    assert bench.run(attribution) == Done({"intervals": 1, "credits": 1})

    assert credits_of(bench)[decision] > 2 * before


def test_a_reply_is_credited_as_a_post_is(bench: Bench) -> None:
    answer = publish(bench, 1, START, is_reply=True)
    measure(bench, answer, HOUR, 20)
    gain(bench, START, 3)
    bench.now = START + 2 * HOUR
    bench.run(attribution)

    assert credits_of(bench)[answer] > 1


def test_h6_an_author_who_follows_after_our_answer_is_the_answers_follower_and_nobody_elses(bench: Bench) -> None:
    answer, post = publish(bench, 1, START, is_reply=True), publish(bench, 2, START)
    measure(bench, answer, HOUR, 1)
    measure(bench, post, HOUR, 500)
    gain(bench, START, 1)
    bench.database.run(
        "remember_followers", digests=[digest_of("Somebody")], seen_at=START + HALF, is_counted=True
    )
    bench.now = START + 2 * HOUR
    bench.run(attribution)

    assert credits_of(bench) == {answer: pytest.approx(1)}
    assert books(bench)[0]["background"] == pytest.approx(0)


def test_an_interval_is_shared_out_anew_when_its_posts_become_better_known(bench: Bench) -> None:
    small, large = (publish(bench, number, START) for number in range(2))
    measure(bench, small, HOUR, 20)
    gain(bench, START, 10)
    bench.now = START + 2 * HOUR
    bench.run(attribution)
    assert large not in credits_of(bench)

    measure(bench, large, 6 * HOUR, 400)
    bench.now = START + 7 * HOUR
    assert bench.run(attribution) == Done({"intervals": 1, "credits": 2})

    shared = credits_of(bench)
    assert shared[large] > shared[small]
    assert sum(shared.values()) + books(bench)[0]["background"] == pytest.approx(10, abs=1e-9)


def test_after_two_days_an_interval_is_final(bench: Bench) -> None:
    early, late = (publish(bench, number, START) for number in range(2))
    measure(bench, early, HOUR, 20)
    gain(bench, START, 10)
    bench.now = START + 2 * HOUR
    bench.run(attribution)
    before = credits_of(bench)

    measure(bench, late, 72 * HOUR, 400)
    bench.now = START + 73 * HOUR
    assert isinstance(bench.run(attribution), Nothing)
    assert credits_of(bench) == before


def test_an_interval_found_late_is_shared_out_however_old(bench: Bench) -> None:
    measure(bench, publish(bench, 1, START), 24 * HOUR, 20)
    gain(bench, START, 10)
    bench.now = START + timedelta(days=60)

    assert bench.run(attribution) == Done({"intervals": 1, "credits": 1})


def test_h2_counts_that_are_unknown_are_not_zero_and_rounded_ones_still_share(bench: Bench) -> None:
    unknown, rounded, rejected = (publish(bench, number, START) for number in range(3))
    measure(bench, unknown, HOUR, None)
    measure(bench, rounded, HOUR, 1200, quality="suspect")
    measure(bench, rejected, HOUR, 1200, quality="rejected")
    gain(bench, START, 10)
    bench.now = START + 2 * HOUR
    bench.run(attribution)

    assert set(credits_of(bench)) == {rounded}


def test_a_backlog_of_days_is_shared_out_in_one_run(bench: Bench) -> None:
    measure(bench, publish(bench, 1, START), 24 * HOUR, 20)
    for place in range(100):
        gain(bench, START + HALF * place, 1)
    bench.now = START + 50 * HOUR

    outcome = bench.run(attribution)

    assert isinstance(outcome, Done)
    assert outcome.counts["intervals"] == 100
    assert all(row["credited"] + row["background"] == pytest.approx(1, abs=1e-9) for row in books(bench))
