"""What answering came to: over the ledger, from targets drawn to rates, effect and priorities."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from actors.domain.followers import digest_of
from actors.domain.outcome import Done, Nothing
from actors.domain.snowflake import id_at
from actors.jobs.learning.reply_conversion_tracking import reply_conversion_tracking
from tests.fakes import reply
from tests.jobs.doors import START, Bench

if TYPE_CHECKING:
    import uuid
    from collections.abc import Callable
    from datetime import datetime

HOUR = timedelta(hours=1)
DRAWN = START


def draw(bench: Bench, number: int, author: str = "", *, status: str = "replied", at: datetime = DRAWN) -> str:
    """Put a target into the pool that was drawn at `at`, with the reply that it got; return its id."""
    target = id_at(at - HOUR, number)
    name = author or f"author_{number}"
    decision: uuid.UUID | None = None
    if status in ("replied", "queued"):
        row = reply(f"Answer {number}", target, name, due=at, choice={"strategy": "question"})
        decision = row["decision_id"]
        bench.database.run("insert_decision", **row)
    if status == "replied":
        with bench.database.unguarded():
            bench.database.sql(
                "UPDATE decisions SET status = 'posted', tweet_id = %s, posted_at = %s WHERE decision_id = %s",
                *(id_at(at, number), at, decision),
            )
    bench.database.sql(
        "INSERT INTO opportunities (tweet_id, author, conversation_id, text, posted_at, seen_at, query, tier,"
        " relevance, judged_by, score, status, decision_id, assigned_at, expires_at)"
        " VALUES (%s, %s, %s, 'words', %s, %s, 'q', 'FRESH', 5, 'model', 1, %s, %s, %s, %s)",
        *(target, name, target, at - HOUR, at - HOUR, status, decision, at, at + 24 * HOUR),
    )
    return target


def reply_of(bench: Bench, target: str) -> uuid.UUID:
    (row,) = bench.rows(f"SELECT decision_id FROM opportunities WHERE tweet_id = '{target}'")
    decision: uuid.UUID = row["decision_id"]
    return decision


def follow(bench: Bench, author: str, at: datetime, *, counted: bool = True) -> None:
    bench.database.sql("INSERT INTO new_followers VALUES (%s, %s, %s)", digest_of(author), at, counted)


def gain(bench: Bench, until: datetime, **credits: float) -> None:
    """Share out one half hour's follows: `t<id of the target>` = credit of its reply."""
    total = sum(credits.values())
    bench.database.sql(
        "INSERT INTO follower_gains VALUES (%s, %s, %s, %s, true)", until, until - HOUR / 2, round(total), total
    )
    for target, credit in credits.items():
        decision = reply_of(bench, target[1:])
        bench.database.sql("INSERT INTO follower_credits VALUES (%s, %s, %s)", until, decision, credit)


def view(
    bench: Bench, target: str, views: int | None, at: datetime, checkpoint: str = "6h", quality: str = "ok"
) -> None:
    bench.database.sql(
        "INSERT INTO metric_snapshots (decision_id, tweet_id, checkpoint, taken_at, age_s, views, source, quality)"
        " VALUES (%s, %s, %s, %s, 0, %s, 'measured', %s)",
        *(reply_of(bench, target), target, checkpoint, at, views, quality),
    )


def track(bench: Bench, at: datetime) -> dict[str, int]:
    bench.now = at
    outcome = bench.run(reply_conversion_tracking)
    assert isinstance(outcome, Done), outcome
    return dict(outcome.counts)


def conversion(bench: Bench, target: str) -> dict[str, Any]:
    (row,) = bench.rows(
        "SELECT decision_id, assignment, strategy, tier, author_followed, follows, views FROM reply_conversions"
        f" WHERE tweet_id = '{target}'"
    )
    return row


def test_who_addressed_us_and_is_never_left_alone_has_no_part_in_the_comparison(bench: Bench) -> None:
    for number in range(4):
        draw(bench, number, status="held_out" if number == 0 else "replied")
    followed = draw(bench, 9, "asker")
    follow(bench, "asker", DRAWN + HOUR)
    bench.database.sql("UPDATE opportunities SET addressed_us = true WHERE tweet_id = %s", followed)

    track(bench, DRAWN + 50 * HOUR)

    assert bench.rows("SELECT assigned, held_out, effect FROM reply_effects") == [
        {"assigned": 3, "held_out": 1, "effect": 0.0}
    ]


def test_before_a_target_is_six_hours_old_there_is_nothing_to_count(bench: Bench) -> None:
    draw(bench, 1)
    bench.now = DRAWN + 5 * HOUR

    assert isinstance(bench.run(reply_conversion_tracking), Nothing)


def test_a_reply_is_counted_for_the_time_being_and_settled_after_two_days(bench: Bench) -> None:
    target = draw(bench, 1, "Somebody")
    view(bench, target, 400, DRAWN + 6 * HOUR)
    assert track(bench, DRAWN + 7 * HOUR) == {"counted": 1, "settled": 0, "rates": 1, "accounts": 0}
    follow(bench, "somebody", DRAWN + 20 * HOUR)
    view(bench, target, 500, DRAWN + 24 * HOUR, "1d")
    view(bench, target, 900, DRAWN + 72 * HOUR, "3d")

    assert track(bench, DRAWN + 80 * HOUR) == {"counted": 1, "settled": 1, "rates": 1, "accounts": 0}

    assert conversion(bench, target) == {
        "decision_id": reply_of(bench, target), "assignment": "reply", "strategy": "question", "tier": "FRESH",
        "author_followed": True, "follows": 1, "views": 500,
    }  # fmt: skip
    bench.now = DRAWN + 90 * HOUR
    assert isinstance(bench.run(reply_conversion_tracking), Nothing)


@pytest.mark.parametrize(("hours", "counted"), [(-1, True), (49, True), (5, False)])
def test_an_authors_follow_before_the_draw_or_after_the_window_or_unseen_when_it_came_is_none(
    bench: Bench, hours: int, counted: bool
) -> None:
    target = draw(bench, 1, "somebody")
    follow(bench, "somebody", DRAWN + hours * HOUR, counted=counted)

    track(bench, DRAWN + 50 * HOUR)

    assert conversion(bench, target)["author_followed"] is False


def test_h8_conversion_tracking_answers_differently_when_new_followers_change(bench: Bench) -> None:
    targets = [draw(bench, number) for number in range(6)] + [draw(bench, 9, status="held_out")]
    track(bench, DRAWN + 7 * HOUR)
    follow(bench, "author_0", DRAWN + 3 * HOUR)
    track(bench, DRAWN + 9 * HOUR)

    effects = bench.rows("SELECT assigned, held_out, effect FROM reply_effects ORDER BY computed_at")
    assert [row["effect"] for row in effects] == [0, pytest.approx(1 / 6)]
    assert {(row["assigned"], row["held_out"]) for row in effects} == {(6, 1)}
    assert conversion(bench, targets[0])["follows"] == 1


def test_h8_conversion_tracking_answers_differently_when_follower_credits_change(bench: Bench) -> None:
    target, other = draw(bench, 1), draw(bench, 2)
    for each in (target, other):
        view(bench, each, 1000, DRAWN + 6 * HOUR)
    track(bench, DRAWN + 7 * HOUR)
    before = bench.rows("SELECT alpha, beta, replies FROM conversion_rates")
    gain(bench, DRAWN + 2 * HOUR, **{f"t{target}": 2.5, f"t{other}": 0.5})
    gain(bench, DRAWN + 60 * HOUR, **{f"t{target}": 7.0})

    track(bench, DRAWN + 9 * HOUR)

    after = bench.rows("SELECT strategy, tier, alpha, beta, replies FROM conversion_rates")
    assert (conversion(bench, target)["follows"], conversion(bench, other)["follows"]) == (2.5, 0.5)
    assert after[0]["alpha"] > before[0]["alpha"] + 2.9
    assert (after[0]["strategy"], after[0]["tier"], after[0]["replies"]) == ("question", "FRESH", 2)


def test_h6_an_authors_follow_that_attribution_credits_is_counted_once(bench: Bench) -> None:
    target = draw(bench, 1, "somebody")
    follow(bench, "somebody", DRAWN + 2 * HOUR)
    gain(bench, DRAWN + 2 * HOUR, **{f"t{target}": 0.7})
    gain(bench, DRAWN + 3 * HOUR, **{f"t{target}": 0.4})

    track(bench, DRAWN + 7 * HOUR)

    assert conversion(bench, target)["follows"] == pytest.approx(1.4)


def test_h6_an_author_answered_twice_follows_for_the_last_answer_before_it_alone(bench: Bench) -> None:
    first = draw(bench, 1, "Somebody")
    second = draw(bench, 2, "somebody", at=DRAWN + 25 * HOUR)
    follow(bench, "somebody", DRAWN + 30 * HOUR)

    track(bench, DRAWN + 40 * HOUR)

    assert [conversion(bench, each)["author_followed"] for each in (first, second)] == [False, True]


def test_what_was_drawn_and_never_posted_counts_as_drawn_and_has_no_rate(bench: Bench) -> None:
    target = draw(bench, 1, "somebody", status="queued")
    follow(bench, "somebody", DRAWN + 2 * HOUR)

    assert track(bench, DRAWN + 7 * HOUR)["rates"] == 0

    row = conversion(bench, target)
    assert (row["assignment"], row["decision_id"], row["author_followed"]) == ("reply", None, True)


def test_h4_a_reply_with_unknown_or_doubtful_views_has_no_rate(bench: Bench) -> None:
    unknown, doubtful = draw(bench, 1), draw(bench, 2)
    view(bench, unknown, None, DRAWN + HOUR)
    view(bench, doubtful, 10**6, DRAWN + HOUR, quality="suspect")

    assert track(bench, DRAWN + 7 * HOUR)["rates"] == 0
    assert conversion(bench, unknown)["views"] is conversion(bench, doubtful)["views"] is None


def test_h8_what_answering_an_author_came_to_moves_him_up(bench: Bench) -> None:
    for handle, quality in (("author_1", 40), ("author_2", 42), ("never_answered", 41), ("high", 99)):
        bench.database.sql(
            "INSERT INTO accounts (handle, found_by, found_at, quality) VALUES (%s, 'search', %s, %s)",
            *(handle, START, quality),
        )
    draw(bench, 1, "Author_1")
    draw(bench, 2, "author_2")
    follow(bench, "author_1", DRAWN + HOUR)

    assert track(bench, DRAWN + 7 * HOUR)["accounts"] == 4

    rows = bench.rows("SELECT handle, priority FROM accounts ORDER BY priority DESC")
    assert [row["handle"] for row in rows] == ["high", "author_1", "never_answered", "author_2"]
    assert rows[0]["priority"] == 100
    assert rows[1]["priority"] == pytest.approx(40 + 10 * (1 + 3 * 0.5) / 4)


def test_h9_a_target_that_was_drawn_outlives_its_answer_and_every_cleaning(bench: Bench) -> None:
    target, held_out = draw(bench, 1), draw(bench, 2, status="held_out")
    for each in (target, held_out):
        with pytest.raises(psycopg.errors.CheckViolation, match="never deleted"):
            remove(bench, each)

    track(bench, DRAWN + 7 * HOUR)

    assert {row["tweet_id"] for row in bench.rows("SELECT tweet_id FROM reply_conversions")} == {target, held_out}


def remove(bench: Bench, target: str) -> None:
    bench.database.sql("DELETE FROM opportunities WHERE tweet_id = %s", target)


def test_h5_the_order_in_which_things_are_known_does_not_matter(bench: Bench) -> None:
    targets = [draw(bench, number, "somebody" if number < 2 else "", at=DRAWN + number * HOUR) for number in range(4)]
    events: list[Callable[[], None]] = [
        *(lambda each=each, at=at, views=views, kind=kind: view(bench, each, views, at, kind)
          for each in targets
          for at, views, kind in ((DRAWN + 5 * HOUR, 100, "1h"), (DRAWN + 10 * HOUR, 300, "6h"))),
        lambda: follow(bench, "somebody", DRAWN + 90 * HOUR / 60),
        lambda: gain(bench, DRAWN + 5 * HOUR, **{f"t{targets[2]}": 0.5, f"t{targets[3]}": 0.2}),
        lambda: gain(bench, DRAWN + 2 * HOUR, **{f"t{targets[2]}": 1.5, f"t{targets[0]}": 0.3}),
    ]  # fmt: skip
    stories = []
    for seed in range(3):
        random.Random(seed).shuffle(events)
        bench.now = DRAWN + 12 * HOUR
        for number, event in enumerate(events):
            event()
            if number % 3 == seed:
                bench.now += timedelta(minutes=1)
                bench.run(reply_conversion_tracking)
        track(bench, bench.now + HOUR)
        rates = bench.rows("SELECT strategy, tier, alpha, beta, replies FROM conversion_rates")
        stories.append(([conversion(bench, each) for each in targets], rates))
        bench.database.sql(
            "TRUNCATE metric_snapshots, new_followers, follower_gains, follower_credits, follower_backgrounds,"
            " reply_conversions, conversion_rates, reply_effects"
        )
    assert stories[0] == stories[1] == stories[2]
    assert [row["follows"] for row in stories[0][0]] == pytest.approx([0.3, 1.0, 2.0, 0.2])
