"""What is over is cleared away in bounded batches, and what anything still needs stays."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from actors.domain.outcome import Done, Failed, Nothing
from actors.domain.retention import BATCH, BATCHES, expiries
from actors.domain.snowflake import id_at
from actors.jobs.maintenance.backup_cleanup import backup_cleanup
from tests.fakes import decision, reply
from tests.jobs.doors import START
from tests.jobs.searches import found, insert, offer

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from actors.domain.outcome import Outcome
    from tests.jobs.doors import Bench

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def ages(bench: Bench) -> dict[str, timedelta]:
    kept = bench.config.insight
    return {each.query: each.age for each in expiries(kept.text_kept, kept.post_kept)}


def gone(outcome: Outcome) -> dict[str, int]:
    assert isinstance(outcome, Done)
    return outcome.counts


def post(bench: Bench, author: str, at: datetime, *, lane: str = "peer", number: int = 0) -> str:
    """Keep somebody's post, seen again just now."""
    tweet_id = id_at(at, number)
    who = {"lane": lane, "tweet_id": tweet_id, "author": author, "text": "words", "features": "{}"}
    insert(bench, "external_posts", **who, posted_at=at, seen_at=bench.now)
    return tweet_id


def label(bench: Bench, tweet_id: str, author: str, at: datetime) -> None:
    insert(
        bench, "post_labels", consumer="news", tweet_id=tweet_id, author=author, version=1, label="{}", labelled_at=at
    )


def news(bench: Bench, tweet_id: str, at: datetime) -> None:
    figures = {"topic": "sleep", "kind": "finding", "credibility": "low", "score": 1, "freshness": 1}
    insert(bench, "news_items", tweet_id=tweet_id, **figures, posted_at=at, curated_at=at)


def run_of(bench: Bench, job: str, at: datetime, outcome: str) -> None:
    names = {"run_id": f"{job}-{at}-{outcome}", "job": job, "family": "some", "attempt": 1, "trigger": "slot"}
    insert(bench, "job_runs", **names, slot=at, ended_at=at, outcome=outcome)


def stage_of(bench: Bench, stage: str, at: datetime, outcome: str) -> None:
    names = {"run_id": f"{stage}-{at}", "stage": stage, "job": "merged"}
    insert(bench, "stage_runs", **names, slot=at, started_at=at, ended_at=at, outcome=outcome)


def search(bench: Bench, at: datetime) -> None:
    funnel = {"seen": 1, "parsed": 1, "aged": 0, "judged_out": 0, "kept": 0}
    insert(bench, "harvest_searches", searched_at=at, consumer="c", query="q", **funnel)


def trend(bench: Bench, at: datetime) -> None:
    insert(bench, "follower_trends", computed_at=at, followers=1, per_day=0, low=0, high=0, has_jumped=False)


def calibration(bench: Bench, at: datetime) -> None:
    figures = {"outcomes": 1, "coverage": 0.8, "crps": 0.1, "pit": "[]", "is_alarming": False}
    insert(bench, "calibrations", computed_at=at, **figures)


def curve(bench: Bench, at: datetime) -> None:
    insert(bench, "maturity_curves", computed_at=at, posts=9, hours=5, shape=0.75)


def effect(bench: Bench, at: datetime) -> None:
    insert(bench, "reply_effects", computed_at=at, assigned=1, held_out=1, effect=0, low=0, high=0)


def usage(bench: Bench, at: datetime) -> None:
    call = {"call_id": uuid.uuid4(), "day": at.date(), "lane": "content", "purpose": "plan", "model": "m"}
    insert(bench, "llm_usage", **call, reserved_usd=1, called_at=at)


def studied(bench: Bench, at: datetime) -> None:
    insert(bench, "studied_accounts", handle=f"h{at:%m%d%H}", role="peer", tier="micro", chosen_at=at)


def checkpoint(bench: Bench, at: datetime) -> None:
    decision_id = bench.queue()
    insert(bench, "checkpoints", decision_id=decision_id, kind="1h", due_at=at, done_at=at)
    insert(bench, "checkpoints", decision_id=decision_id, kind="2d", due_at=at)


def simulated(bench: Bench, at: datetime) -> None:
    insert(bench, "simulated_outcomes", decision_id=bench.queue(), drawn_at=at, weight_version=0, engagement=1)


def finding(bench: Bench, at: datetime) -> None:
    advice = {"source": "observed", "key": f"hook=h{'a' if at > bench.now else 'b'}", "advice": "{}", "posts": 1}
    insert(bench, "format_intelligence", **advice, confidence="low", built_at=at - DAY, expires_at=at)


@pytest.mark.parametrize(
    ("query", "table", "write"),
    [
        ("prune_searches", "harvest_searches", search),
        ("prune_trends", "follower_trends", trend),
        ("prune_calibrations", "calibrations", calibration),
        ("prune_curves", "maturity_curves", curve),
        ("prune_effects", "reply_effects", effect),
        ("prune_usage", "llm_usage", usage),
        ("prune_studied", "studied_accounts", studied),
        ("prune_checkpoints", "checkpoints", checkpoint),
        ("prune_simulated", "simulated_outcomes", simulated),
        ("prune_findings", "format_intelligence", finding),
    ],
)
def test_what_is_older_than_its_age_is_gone_and_the_rest_stays(
    bench: Bench, query: str, table: str, write: Callable[[Bench, datetime], None]
) -> None:
    edge = bench.now - ages(bench)[query]
    write(bench, edge - HOUR)
    write(bench, edge + HOUR)
    (before,) = bench.rows(f"SELECT count(*) AS n FROM {table}")

    assert gone(bench.run(backup_cleanup)) == {table: 1}

    assert bench.rows(f"SELECT count(*) AS n FROM {table}") == [{"n": before["n"] - 1}]
    assert isinstance(bench.run(backup_cleanup), Nothing)


@pytest.mark.parametrize("write", [trend, calibration, curve, effect])
def test_the_last_of_a_series_stays_however_old_it_is(bench: Bench, write: Callable[[Bench, datetime], None]) -> None:
    write(bench, START - 900 * DAY)

    assert isinstance(bench.run(backup_cleanup), Nothing)


def test_the_last_run_and_the_last_success_of_a_job_stay_or_the_timetable_would_begin_anew(bench: Bench) -> None:
    long_ago = START - 200 * DAY
    for day, outcome in enumerate(("done", "done", "failed", "failed")):
        run_of(bench, "learn", long_ago + day * DAY, outcome)
        stage_of(bench, "read", long_ago + day * DAY, outcome)
    before = bench.database.all("job_history"), bench.database.all("stage_history", job="merged")

    assert gone(bench.run(backup_cleanup)) == {"job_runs": 2, "stage_runs": 2}

    assert (bench.database.all("job_history"), bench.database.all("stage_history", job="merged")) == before
    run_of(bench, "learn", START - DAY, "done")
    assert gone(bench.run(backup_cleanup)) == {"job_runs": 2}


def test_weights_that_a_decision_was_drawn_from_stay_and_so_do_those_in_force(bench: Bench) -> None:
    for table in ("weight_snapshots", "reply_weights"):
        for version in range(4):
            figures = {"version": version, "source": "learned", "outcomes": 9, "body": "{}"}
            insert(bench, table, **figures, created_at=START - 60 * DAY)
    bench.database.run("insert_decision", **decision("about walking", weight_version=1))
    target = id_at(START - DAY, 1)
    bench.database.run("insert_decision", **reply("about sleep", target, "runa", weight_version=2))

    assert gone(bench.run(backup_cleanup)) == {"weight_snapshots": 2, "reply_weights": 2}

    assert bench.rows("SELECT version FROM weight_snapshots ORDER BY 1") == [{"version": 1}, {"version": 3}]
    assert bench.rows("SELECT version FROM reply_weights ORDER BY 1") == [{"version": 2}, {"version": 3}]


def test_scans_go_once_their_attempt_is_settled_and_not_before(bench: Bench) -> None:
    with bench.database.unguarded():
        for result in ("posted", "absent", "unresolved", "uncertain"):
            long_ago, attempt_id = START - 60 * DAY, uuid.uuid4()
            times = dict.fromkeys(("intent_at", "site_time", "click_until"), long_ago)
            what = {
                "attempt_id": attempt_id,
                "decision_id": bench.queue(),
                "attempt": 1,
                "boot_id": "b",
                "lane": "content",
            }
            is_settled = result != "uncertain"
            insert(
                bench, "publish_attempts", **what, **times, result=result, resolved_at=long_ago if is_settled else None
            )
            insert(bench, "evidence_scans", attempt_id=attempt_id, scanned_at=long_ago, site_time=long_ago, doubts="")

    assert gone(bench.run(backup_cleanup)) == {"evidence_scans": 3}

    rows = bench.rows("SELECT result FROM evidence_scans JOIN publish_attempts USING (attempt_id)")
    assert rows == [{"result": "uncertain"}]
    assert bench.rows("SELECT count(*) AS n FROM publish_attempts") == [{"n": 4}]


def test_words_of_what_was_studied_go_after_a_week_and_its_figures_after_two_months(bench: Bench) -> None:
    posts = [post(bench, "runa", START - days * DAY) for days in (1, 8, 61)]
    for tweet_id in posts:
        label(bench, tweet_id, "runa", START - 61 * DAY)
        news(bench, tweet_id, START - 61 * DAY if tweet_id == posts[2] else START)

    assert gone(bench.run(backup_cleanup)) == {"external_posts": 3, "post_labels": 1, "news_items": 1}

    rows = bench.rows("SELECT tweet_id, text FROM external_posts ORDER BY posted_at DESC")
    assert [(row["tweet_id"], row["text"]) for row in rows] == [(posts[0], "words"), (posts[1], None)]
    labels = bench.rows("SELECT tweet_id FROM post_labels")
    assert {row["tweet_id"] for row in labels} == set(posts[:2])


def test_nothing_is_kept_of_whoever_asked_to_be_left_alone(bench: Bench) -> None:
    for author in ("runa", "bjorn"):
        tweet_id = post(bench, author, START - HOUR, number=len(author))
        label(bench, tweet_id, author, START)
        news(bench, tweet_id, START)
        insert(bench, "studied_accounts", handle=author, role="peer", tier="micro", chosen_at=START)
        insert(bench, "accounts", handle=author, found_by="search", found_at=START)
        offer(bench, found(author.title(), number=len(author)))
    answered = {"text": "", "status": "replied", "decision_id": bench.queue(), "assigned_at": START}
    offer(bench, found("Runa", number=9), **answered)
    bench.database.run("add_opt_out", handle="runa", now=START, by="test")

    assert set(gone(bench.run(backup_cleanup)).values()) == {1}

    for table, column in (("external_posts", "author"), ("post_labels", "author"), ("accounts", "handle")):
        assert bench.rows(f"SELECT {column} AS who FROM {table}") == [{"who": "bjorn"}]
    assert bench.rows("SELECT handle FROM studied_accounts") == [{"handle": "bjorn"}]
    assert bench.rows("SELECT count(*) AS n FROM news_items") == [{"n": 1}]
    rows = bench.rows("SELECT author, status, text <> '' AS has_words FROM opportunities ORDER BY author, status")
    assert [tuple(row.values()) for row in rows] == [
        ("Bjorn", "pending", True),
        ("Runa", "rejected", False),
        ("Runa", "replied", False),
    ]
    assert bench.rows("SELECT handle FROM opt_outs") == [{"handle": "runa"}]


def test_the_words_of_a_post_that_nobody_will_answer_any_more_are_emptied_and_its_row_stays(bench: Bench) -> None:
    decision_id = bench.queue()
    states: dict[str, dict[str, Any]] = {
        "pending": {},
        "queued": {"decision_id": decision_id, "assigned_at": START},
        "replied": {"decision_id": decision_id, "assigned_at": START},
        "held_out": {"assigned_at": START},
        "expired": {"expires_at": START},
    }
    for number, (status, columns) in enumerate(states.items()):
        offer(bench, found("runa", number=number), status=status, **columns)

    assert gone(bench.run(backup_cleanup)) == {"opportunities": 3}

    rows = bench.rows("SELECT status FROM opportunities WHERE text <> '' ORDER BY status")
    assert [row["status"] for row in rows] == ["pending", "queued"]
    assert bench.rows("SELECT count(*) AS n FROM opportunities") == [{"n": 5}]


def test_a_large_table_is_cleared_in_batches_and_one_run_has_an_end(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.database.sql(
        "INSERT INTO harvest_searches (searched_at, consumer, query, seen, parsed, aged, judged_out, kept) "
        "SELECT %s, 'c', 'q', 1, 1, 0, 0, 0 FROM generate_series(1, %s)",
        *(START - 99 * DAY, (BATCHES + 1) * BATCH),
    )
    batches: list[int] = []
    transact = bench.database.transact
    monkeypatch.setattr(
        bench.database,
        "transact",
        lambda statements: [batches.append(len(rows)) or rows for rows in transact(statements)],  # type: ignore[func-returns-value]
    )

    assert gone(bench.run(backup_cleanup)) == {"harvest_searches": BATCHES * BATCH}
    assert max(batches) == BATCH
    assert gone(bench.run(backup_cleanup)) == {"harvest_searches": BATCH}


def test_a_table_that_cannot_be_cleared_takes_no_other_with_it(bench: Bench) -> None:
    bench.database.sql("DROP TABLE follower_trends")
    search(bench, START - 99 * DAY)

    outcome = bench.run(backup_cleanup)

    assert isinstance(outcome, Failed)
    assert "prune_trends: QueryError" in outcome.error
    assert bench.rows("SELECT * FROM harvest_searches") == []


def test_the_change_that_a_knob_stands_by_stays_however_old_it_is(bench: Bench) -> None:
    for new in (4, 5):
        change = {"knob": "replies.searches_per_run", "old": 3, "new": new, "usual": 3, "reason": "r", "before": "{}"}
        long_ago = START - 500 * DAY
        insert(bench, "knob_changes", **change, began_at=long_ago, ended_at=long_ago, state="kept", verdict="v")

    assert gone(bench.run(backup_cleanup)) == {"knob_changes": 1}
    assert bench.rows("SELECT new FROM knob_changes") == [{"new": 5}]
