"""The monitor reads pool and publications, says what is wrong, and calls the harvester when little is left."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from actors.domain.outcome import Done
from actors.job import JobsView
from actors.jobs.replies.reply_health_monitor import reply_health_monitor
from tests.jobs.doors import START
from tests.jobs.replies.room import insert, opportunity

if TYPE_CHECKING:
    import pytest

    from tests.jobs.doors import Bench


def publish(bench: Bench, count: int) -> None:
    """Let so many replies of ours stand on the site, the last one now."""
    for number in range(count):
        at = bench.now - timedelta(minutes=15 * number)
        post = {"tweet_id": str(10**17 + number), "text": f"reply {number}", "content_hash": str(number)}
        insert(bench, "own_posts", {**post, "replying_to": "somebody", "lane": "reply", "minted_at": at, "seen_at": at})


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what the job said: threads of other tests may say something as well."""
    return [vars(each)["action"] for each in caplog.records if each.name == reply_health_monitor.body.__module__]


def test_a_healthy_flow_is_counted(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    for number in range(3):
        opportunity(bench, number)
    opportunity(bench, 4, expires_at=START + timedelta(hours=6))
    bench.now = START + timedelta(hours=7)
    bench.database.sql("UPDATE opportunities SET seen_at = %s", bench.now)
    bench.config = replace(bench.config, replies=replace(bench.config.replies, pool_warning=3, pool_critical=3))
    publish(bench, 30)
    with caplog.at_level(logging.WARNING):
        assert bench.run(reply_health_monitor) == Done({"pool": 3, "replies": 24, "issues": 0})
    assert said(caplog) == []
    assert bench.jobs.triggered == []


def test_an_empty_pool_calls_the_harvester_and_silence_is_named(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.now = START + timedelta(hours=7)
    with caplog.at_level(logging.WARNING):
        assert bench.run(reply_health_monitor) == Done({"pool": 0, "replies": 0, "issues": 4})
    assert said(caplog) == [
        "reply_opportunity_pool_low",
        "reply_opportunity_stale",
        "reply_slo_violation",
        "reply_gap_detected",
    ]
    assert bench.jobs.triggered == ["mega_viral_harvester"]


def test_i1_a_harvest_that_has_just_looked_is_not_called_again(bench: Bench) -> None:
    bench.now = START + timedelta(hours=7)
    for since, is_called in ((timedelta(minutes=40), False), (timedelta(minutes=50), True)):
        bench.jobs.triggered.clear()
        bench.jobs.seen = JobsView(START, {"mega_viral_harvester": bench.now - since}, {})
        bench.run(reply_health_monitor)
        assert bool(bench.jobs.triggered) == is_called
