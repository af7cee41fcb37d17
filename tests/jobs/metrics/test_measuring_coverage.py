"""Two days of measuring with five dead hours in the middle: everything is read, and what was late says so."""

from __future__ import annotations

import logging
import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from actors.domain.duration import format_duration
from actors.domain.metrics import LATE_AFTER, checkpoints_for
from actors.domain.outcome import Blocked, Done
from actors.domain.snowflake import id_at
from actors.errors import ResourceDiedError
from actors.jobs.metrics.metrics_scraper import metrics_scraper
from actors.jobs.metrics.reply_metrics_scraper import reply_metrics_scraper
from actors.measurement.coverage import Coverage, coverage
from actors.pages.status import PostReading
from tests.fakes import decision, reply
from tests.jobs.doors import MINUTE, START, Bench

if TYPE_CHECKING:
    from collections.abc import Callable

    from actors.job import Job

END = START + timedelta(hours=48)
GAP = (START + timedelta(hours=20), START + timedelta(hours=25))
NEXT_RUN = timedelta(minutes=30)
"""The longer one of the scrapers' intervals."""


@dataclass
class Site:
    """Shows every post with more views at each visit; every twelfth page does not load."""

    bench: Bench
    texts: dict[str, str] = field(default_factory=dict)
    visits: int = 0

    def visit(self, errand: Any, _: Callable[[Any], float] | None = None) -> PostReading:
        self.visits += 1
        if self.visits % 12 == 0:
            raise ResourceDiedError("the page did not load")
        counts, now = (100 + self.visits, 3, 1, 0, 0), self.bench.now
        return PostReading(errand.tweet_id, errand.account, self.texts[errand.tweet_id], *counts, now, now)


def post(bench: Bench, number: int, at: datetime, lane: str) -> tuple[str, str]:
    """Put a decision that was posted at `at` into the ledger, with its checkpoints; return its id and its text."""
    text, tweet_id = f"Number {number} in the lane of {lane}.", id_at(at, number)
    row = reply(text, id_at(at - MINUTE, number), "somebody") if lane == "reply" else decision(text)
    bench.database.run("insert_decision", **row)
    bench.database.sql(
        "UPDATE decisions SET status = 'posted', tweet_id = %s, posted_at = %s WHERE decision_id = %s",
        *(tweet_id, at, row["decision_id"]),
    )
    for each in checkpoints_for(at):
        age = {"kind": format_duration(each.age), "age_s": each.age.total_seconds()}
        bench.database.run("insert_checkpoint", decision_id=row["decision_id"], **age)
    return tweet_id, text


def publish(bench: Bench, lane: str, every: timedelta, *, first: int = 0) -> dict[str, str]:
    """Post in a lane from the start to the end of the two days; nobody looks at a post before its time."""
    with bench.database.unguarded():
        return dict(post(bench, first + n, START + n * every, lane) for n in range(int((END - START) / every)))


def live(bench: Bench, *scrapers: tuple[Job, timedelta, timedelta]) -> None:
    """Run each job on its grid until the end, but not within the gap."""
    steps = int((END - START) / (10 * MINUTE))
    for moment in (START + step * 10 * MINUTE for step in range(steps + 1)):
        for job, every, offset in scrapers:
            if (moment - START - offset) % every == timedelta() and not GAP[0] < moment < GAP[1]:
                bench.now = moment
                bench.run(job)


def test_h3_after_five_dead_hours_in_two_days_all_is_read_and_what_was_late_is_flagged(bench: Bench) -> None:
    bench.browser = site = Site(bench)  # type: ignore[assignment]
    site.texts = publish(bench, "content", 60 * MINUTE) | publish(bench, "reply", 75 * MINUTE, first=100)
    posts = len(site.texts)

    live(bench, (metrics_scraper, 20 * MINUTE, 0 * MINUTE), (reply_metrics_scraper, 30 * MINUTE, 10 * MINUTE))

    rows = bench.rows("SELECT lane, due_at, done_at, late FROM checkpoints JOIN decisions USING (decision_id)")
    due = [row for row in rows if row["due_at"] <= END - 2 * NEXT_RUN]
    assert len(due) > 3 * posts
    assert [row for row in due if row["done_at"] is None] == []
    assert [row for row in due if row["late"] is not (row["done_at"] - row["due_at"] > LATE_AFTER)] == []
    in_the_gap = [row for row in due if GAP[0] < row["due_at"] <= GAP[1] - LATE_AFTER - 10 * MINUTE]
    assert {row["lane"] for row in in_the_gap} == {"content", "reply"}
    assert all(row["late"] for row in in_the_gap)
    assert sum(row["late"] for row in due) < len(due) / 4
    found = coverage(bench.database, END)
    assert found.posted > 80
    assert found.share is not None
    assert found.share >= 0.95
    assert not found.is_low


def test_h3_too_little_measured_is_told_in_so_many_words(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.browser = site = Site(bench)  # type: ignore[assignment]
    site.texts = publish(bench, "content", 12 * 60 * MINUTE)
    live(bench, (metrics_scraper, 20 * MINUTE, 0 * MINUTE))
    with caplog.at_level(logging.WARNING, "actors.jobs.metrics.metrics_scraper"):
        bench.run(metrics_scraper)
        assert told(caplog) == []
        publish(bench, "reply", 12 * 60 * MINUTE, first=100)
        bench.run(metrics_scraper)

    assert coverage(bench.database, END) == Coverage(posted=6, measured=3)
    assert told(caplog) == ["only 3 of 6 publications of the last 48 hours have been measured"]


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [each.message for each in caplog.records if each.name == metrics_scraper.body.__module__]


@pytest.mark.parametrize(
    ("age_h", "quality", "found"),
    [
        (0.5, "ok", Coverage(0, 0)),
        (2, "ok", Coverage(1, 1)),
        (2, "suspect", Coverage(1, 0)),
        (2, "rejected", Coverage(1, 0)),
        (49, "ok", Coverage(0, 0)),
    ],
)
def test_h3_coverage_is_of_what_is_older_than_an_hour_and_soundly_read(
    bench: Bench, age_h: float, quality: str, found: Coverage
) -> None:
    with bench.database.unguarded():
        post(bench, 1, START - timedelta(hours=age_h), "content")
    bench.database.sql(
        "INSERT INTO metric_snapshots (decision_id, tweet_id, checkpoint, taken_at, age_s, views, source, quality)"
        " SELECT decision_id, tweet_id, '15m', posted_at, 900, 10, 'measured', %s FROM decisions",
        quality,
    )

    assert coverage(bench.database, START) == found


def test_h10_a_long_backlog_in_one_lane_does_not_starve_the_other(bench: Bench) -> None:
    bench.browser = site = Site(bench)  # type: ignore[assignment]
    site.texts = publish(bench, "content", 30 * MINUTE) | publish(bench, "reply", 24 * 60 * MINUTE, first=100)
    bench.now = END

    assert isinstance(bench.run(reply_metrics_scraper), Done)

    late = bench.rows(
        "SELECT 1 FROM checkpoints c JOIN decisions d USING (decision_id) WHERE d.lane = 'reply' AND"
        f" c.due_at <= '{END}' AND c.done_at IS NULL"
    )
    assert late == []


@dataclass
class Stale:
    """A ledger whose list of what is due was read before somebody else came."""

    ledger: Any
    due: list[dict[str, Any]]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.ledger, name)

    def all(self, query: str, **params: Any) -> Any:
        return self.due if query == "due_checkpoints" else self.ledger.all(query, **params)


def test_h5_a_second_reader_of_a_checkpoint_overwrites_nothing(bench: Bench) -> None:
    bench.browser = site = Site(bench)  # type: ignore[assignment]
    site.texts = publish(bench, "content", 24 * 60 * MINUTE)
    bench.now = START + 20 * MINUTE
    due = bench.database.all("due_checkpoints", lane="content", now=bench.now, limit=60)
    assert isinstance(bench.run(metrics_scraper), Done)
    before = bench.rows("SELECT * FROM metric_snapshots")
    assert len(before) == 1
    bench.database = Stale(bench.database, due)  # type: ignore[assignment]

    assert isinstance(bench.run(metrics_scraper), Blocked)

    assert bench.rows("SELECT * FROM metric_snapshots") == before


def test_h5_what_the_learner_reads_does_not_depend_on_the_order_of_writing(bench: Bench) -> None:
    publish(bench, "content", 24 * 60 * MINUTE)
    readings = [
        (row["decision_id"], row["kind"], row["due_at"], 100 * number, "rejected" if number % 5 == 4 else "ok")
        for number, row in enumerate(bench.rows("SELECT * FROM checkpoints ORDER BY decision_id, due_at"))
    ]
    read = []
    for seed in range(4):
        random.Random(seed).shuffle(readings)
        for each in readings:
            bench.database.sql(
                "INSERT INTO metric_snapshots (decision_id, tweet_id, checkpoint, taken_at, age_s, views, source,"
                " quality) VALUES (%s, 'x', %s, %s, 0, %s, 'measured', %s)",
                *each,
            )
        read.append(bench.database.all("measured_outcomes"))
        bench.database.sql("TRUNCATE metric_snapshots")

    assert len(read[0]) == 2
    assert all(each == read[0] for each in read)
