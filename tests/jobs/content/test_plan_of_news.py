"""What analysing content changes in what is planned."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from actors.domain.insight.finding import Advice, Finding
from actors.domain.insight.vocabulary import DEVICES
from actors.domain.taxonomy import ANGLES, FACTORS, TOPICS
from actors.insight.intelligence import statements
from actors.insight.reports import taking_up
from actors.jobs.content.plan import plan
from actors.ledger.queue import enqueue
from tests.jobs.doors import START, Bench
from tests.jobs.searches import found, insert
from tests.jobs.writer import Writer

if TYPE_CHECKING:
    from actors.domain.insight.finding import Source

SATURDAY = START + timedelta(days=5)


pytestmark = pytest.mark.usefixtures("same_ids")


@pytest.fixture
def bench(bench: Bench) -> Bench:
    bench.model = Writer()  # type: ignore[assignment]
    bench.now = SATURDAY
    bench.run(plan)
    bench.database.sql("DELETE FROM decisions")
    bench.model.briefs.clear()
    return bench


def know(bench: Bench, source: Source, *findings: Finding) -> None:
    assert bench.context is not None
    bench.database.transact(statements(source, findings, bench.context, lasts=timedelta(hours=18)))


def in_the_news(topic: str) -> Finding:
    return Finding("news", (("topic", topic),), Advice(prefer=True), 3, "low")


def report(bench: Bench, topic: str, number: int, *, credibility: str = "high", age: float = 1) -> None:
    at: datetime = bench.now - timedelta(hours=age)
    tweet_id = found(minutes=60 * age, number=number, at=bench.now).id
    item = {"tweet_id": tweet_id, "topic": topic, "kind": "finding", "credibility": credibility}
    insert(bench, "news_items", **item, score=900, freshness=100, posted_at=at, curated_at=bench.now)


def planned_about(bench: Bench, topic: str) -> int:
    return len(bench.rows(f"SELECT 1 FROM decisions WHERE topic = '{topic}'"))


def test_plan_tries_what_is_in_the_news_more_often_and_without_news_it_does_not(bench: Bench) -> None:
    bench.configure(queue_depth=20)
    bench.run(plan)
    before = planned_about(bench, "breathing")
    assert len(bench.rows("SELECT 1 FROM decisions")) >= 15
    bench.database.sql("DELETE FROM decisions")
    know(bench, "news", in_the_news("breathing"))
    bench.run(plan)
    assert planned_about(bench, "breathing") > before
    preferred = bench.rows("SELECT choice -> 'context' -> 'preferred' -> 'topic' AS topics FROM decisions LIMIT 1")
    assert preferred == [{"topics": ["breathing"]}]


def test_a_reported_topic_is_taken_up_once(bench: Bench) -> None:
    know(bench, "news", *map(in_the_news, TOPICS))
    for place, topic in enumerate(TOPICS):
        report(bench, topic, 10 * place)
        report(bench, topic, 10 * place + 1, age=20)
        report(bench, topic, 10 * place + 2, credibility="low")
        report(bench, topic, 10 * place + 3, age=50)
    bench.configure(queue_depth=20)
    bench.run(plan)
    rows = bench.rows(
        "SELECT d.topic, d.slot, d.generator, d.decision_id, d.choice, n.topic AS reported, count(n.tweet_id) reports"
        " FROM decisions d LEFT JOIN news_items n ON n.used_by = d.decision_id"
        " GROUP BY d.decision_id, n.topic ORDER BY d.scheduled_at"
    )
    is_news = [row for row in rows if row["slot"] == "news" or row["generator"] == "newsReporter"]
    first = {row["topic"]: row["decision_id"] for row in reversed(is_news)}
    assert len(is_news) > len(first) >= 3, "one topic has its turn twice"
    for row in rows:
        takes = first.get(row["topic"]) == row["decision_id"]
        assert (row["reported"], row["reports"]) == ((row["topic"], 2) if takes else (None, 0))
    told: set[str] = set()
    for row in rows:
        assert not told & set(row["choice"]["context"]["preferred"].get("topic", ())), "it is in the news no longer"
        told |= {row["topic"]} if row["reports"] else set()
    left = bench.rows("SELECT key FROM format_intelligence WHERE source = 'news'")
    assert {row["key"] for row in left} == {f"topic={topic}" for topic in TOPICS if topic not in first}


def test_a_decision_that_is_not_kept_takes_nothing_up(bench: Bench) -> None:
    know(bench, "news", in_the_news("sleep"))
    report(bench, "sleep", 1)
    bench.queue("A dark bedroom settles the evening.")
    ctx = bench.context
    assert ctx is not None
    news = taking_up(ctx, decision_id := uuid.uuid4(), in_the_news("sleep"))
    text = ["A dark bedroom settles the evening."]
    assert not enqueue(ctx, decision_id, "single", text, bench.now, {}, beside=news)
    assert bench.rows("SELECT used_by FROM news_items") == [{"used_by": None}]
    assert bench.rows("SELECT key FROM format_intelligence") == [{"key": "topic=sleep"}]


def test_h8_plan_answers_differently_when_format_intelligence_changes(bench: Bench) -> None:
    bench.run(plan)
    assert not any("liked elsewhere" in brief for brief in bench.model.briefs), "it works on defaults"
    bench.database.sql("DELETE FROM decisions")
    bench.model.briefs.clear()
    advice = Advice(device="relief", angle="benefit")
    know(bench, "deep", *[Finding("deep", (("format", each),), advice, 9, "low") for each in FACTORS["format"]])
    bench.run(plan)
    assert all(f"liked elsewhere: {DEVICES['relief']}" in brief for brief in bench.model.briefs)
    angles = [row["angle"] for row in bench.rows("SELECT angle FROM decisions ORDER BY scheduled_at")]
    assert set(angles[: len(ANGLES["benefit"])]) == set(ANGLES["benefit"])
