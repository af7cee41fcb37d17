"""Measuring: checkpoints may be late but never skipped, and unknown is not zero."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from actors.domain.outcome import Blocked, Done, Failed, Nothing
from actors.domain.snowflake import id_at
from actors.errors import LoggedOutError, NotFoundError, PlatformClosedError, ResourceDiedError
from actors.jobs.metrics.metrics_scraper import metrics_scraper
from actors.jobs.publishing.posting import posting
from actors.pages.status import Answer, PostReading
from tests.fakes import thread
from tests.jobs.doors import START, Bench, commits, published

if TYPE_CHECKING:
    from collections.abc import Callable

CLOSED = PlatformClosedError("the platform is cooling until then", "cooling", 0.0)


def reading(text: str, **counts: int | None) -> PostReading:
    known: dict[str, int | None] = {"views": 100, "likes": 3, "reposts": 1, "replies": 0, "bookmarks": 0}
    return PostReading(id_at(START), "commons_daily", text, **{**known, **counts}, created_at=START, site_time=START)


@pytest.fixture
def text(bench: Bench) -> str:
    """Publish one post and return its text."""
    decision = bench.queue()
    bench.browser.script = [commits(published(id_at(START)))]
    bench.run(posting)
    row: str = bench.decision(decision)["text"]
    return row


def test_nothing_is_due_before_the_first_checkpoint(bench: Bench, text: str) -> None:
    assert isinstance(bench.run(metrics_scraper), Nothing)


def test_a_due_checkpoint_is_read_once_and_appended(bench: Bench, text: str) -> None:
    bench.now = START + timedelta(minutes=16)
    bench.browser.script = [reading(text)]
    assert bench.run(metrics_scraper) == Done({"snapshots": 1, "late": 0, "gone": 0, "unread": 0})
    row = bench.rows("SELECT checkpoint, age_s, views, likes, source, quality FROM metric_snapshots")[0]
    assert row == {
        "checkpoint": "15m", "age_s": 960, "views": 100, "likes": 3, "source": "measured", "quality": "ok",
    }  # fmt: skip
    assert isinstance(bench.run(metrics_scraper), Nothing)


def test_h3_after_five_dead_hours_all_checkpoints_are_done_late_and_flagged(bench: Bench, text: str) -> None:
    bench.now = START + timedelta(hours=6, minutes=5)
    bench.browser.script = [reading(text)]
    outcome = bench.run(metrics_scraper)
    assert outcome == Done({"snapshots": 3, "late": 2, "gone": 0, "unread": 0})
    rows = bench.rows("SELECT kind, late FROM checkpoints WHERE done_at IS NOT NULL ORDER BY due_at")
    assert [(row["kind"], row["late"]) for row in rows] == [("15m", True), ("1h", True), ("6h", False)]


def test_h2_an_unknown_count_is_stored_as_unknown(bench: Bench, text: str) -> None:
    bench.now = START + timedelta(minutes=16)
    bench.browser.script = [reading(text, likes=None)]
    bench.run(metrics_scraper)
    assert bench.rows("SELECT likes, views FROM metric_snapshots") == [{"likes": None, "views": 100}]


def test_h1_a_page_with_another_text_teaches_nothing(bench: Bench, text: str) -> None:
    bench.now = START + timedelta(minutes=16)
    bench.browser.script = [reading("Quite another post.")]
    bench.run(metrics_scraper)
    assert bench.rows("SELECT quality FROM metric_snapshots") == [{"quality": "rejected"}]
    assert bench.database.all("measured_outcomes") == []


def test_h7_a_hit_far_beyond_the_accounts_size_is_stored_and_believed_when_seen_again(bench: Bench, text: str) -> None:
    bench.now = START + timedelta(minutes=16)
    bench.browser.script = [reading(text, views=200_000, likes=9_000)]
    bench.run(metrics_scraper)
    assert bench.rows("SELECT quality FROM metric_snapshots") == [{"quality": "ok"}]


def test_a_post_that_is_gone_settles_its_checkpoints_without_numbers(bench: Bench, text: str) -> None:
    bench.now = START + timedelta(minutes=16)
    bench.browser.script = [NotFoundError("gone")]
    assert bench.run(metrics_scraper) == Done({"snapshots": 0, "late": 0, "gone": 1, "unread": 0})
    assert bench.rows("SELECT result FROM checkpoints WHERE done_at IS NOT NULL") == [{"result": "gone"}]
    assert bench.rows("SELECT 1 FROM metric_snapshots") == []


@pytest.mark.parametrize(
    ("error", "kind"), [(ResourceDiedError("chromium"), Failed), (LoggedOutError("wall"), Blocked), (CLOSED, Blocked)]
)
def test_what_cannot_be_read_now_stays_due(bench: Bench, text: str, error: Exception, kind: Callable[..., Any]) -> None:
    bench.now = START + timedelta(minutes=16)
    bench.browser.script = [error]
    assert isinstance(bench.run(metrics_scraper), kind)  # type: ignore[arg-type]
    bench.browser.script = [reading(text)]
    assert isinstance(bench.run(metrics_scraper), Done)


def test_h3_a_post_that_cannot_be_read_for_three_days_makes_room_and_says_so(bench: Bench, text: str) -> None:
    bench.now = START + timedelta(days=3, minutes=14)
    for _ in range(2):
        bench.browser.script = [ResourceDiedError("chromium")]
        assert isinstance(bench.run(metrics_scraper), Failed)
        bench.now += timedelta(minutes=2)
    rows = bench.rows("SELECT kind, late FROM checkpoints WHERE result = 'unreadable'")
    assert rows == [{"kind": "15m", "late": True}]


@pytest.fixture
def two_texts(bench: Bench) -> list[str]:
    """Publish two posts and return their texts, the older one first."""
    bench.configure(spacing=timedelta(0))
    decisions = [bench.queue(at=START - timedelta(minutes=minutes)) for minutes in (2, 1)]
    bench.browser.script = [commits(published(id_at(START, sequence))) for sequence in (1, 2)]
    bench.run(posting)
    bench.now = START + timedelta(minutes=16)
    rows = bench.rows("SELECT decision_id, text FROM decisions ORDER BY posted_at, decision_id")
    assert {row["decision_id"] for row in rows} == set(decisions)
    return [row["text"] for row in rows]


def test_c3_a_reading_that_cannot_be_stored_holds_up_no_other_post(bench: Bench, two_texts: list[str]) -> None:
    bench.browser.script = [reading(two_texts[0], views=10**30), reading(two_texts[1])]

    assert bench.run(metrics_scraper) == Done({"snapshots": 1, "late": 0, "gone": 0, "unread": 1})

    bench.browser.script = [reading(two_texts[0])]
    assert bench.run(metrics_scraper) == Done({"snapshots": 1, "late": 0, "gone": 0, "unread": 0})


@pytest.mark.parametrize("wall", [LoggedOutError("wall"), CLOSED])
def test_e4_a_wall_before_every_post_ends_the_run_at_the_first(
    bench: Bench, two_texts: list[str], wall: Exception
) -> None:
    bench.browser.script = [wall]

    assert isinstance(bench.run(metrics_scraper), Blocked)

    assert len(bench.rows("SELECT 1 FROM checkpoints WHERE done_at IS NOT NULL")) == 0


def test_h1_a_threads_numbers_are_its_first_parts_and_no_measure_of_singles(bench: Bench) -> None:
    row = thread("What sleep does.", "And what it does not.", due=START)
    bench.database.run("insert_decision", **row)
    with bench.database.unguarded():
        bench.database.sql(
            "UPDATE decisions SET status = 'posted', tweet_id = %s, posted_at = %s WHERE decision_id = %s",
            *(id_at(START), START, row["decision_id"]),
        )
    bench.database.run("insert_checkpoint", decision_id=row["decision_id"], kind="15m", age_s=900)
    bench.now = START + timedelta(minutes=16)
    bench.browser.script = [reading("What sleep does.")]

    assert isinstance(bench.run(metrics_scraper), Done)

    assert bench.rows("SELECT quality, views FROM metric_snapshots") == [{"quality": "ok", "views": 100}]
    assert bench.database.all("measured_outcomes") == []


def test_b16_who_asks_under_a_post_of_ours_to_be_left_alone_has_opted_out(bench: Bench, text: str) -> None:
    bench.now = START + timedelta(minutes=16)
    answer = Answer(id_at(START, 1), "Grumpy_Cat", "stop spamming me, no more bot replies")
    bench.browser.script = [replace(reading(text), answers=(answer,))]

    bench.run(metrics_scraper)

    rows = bench.rows("SELECT handle, added_by FROM opt_outs")
    assert rows == [{"handle": "grumpy_cat", "added_by": "metrics_scraper"}]
