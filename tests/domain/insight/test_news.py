"""What is news: how fresh, how far it went, how far it is to be believed, and which topic is in the news."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from actors.domain.insight.finding import Advice, Finding
from actors.domain.insight.news import (
    Report,
    credibility,
    findings_of,
    freshness,
    has_study,
    is_outlet,
    taken_up,
    trends,
    viral_score,
)
from actors.domain.insight.news_searches import PER_RUN, ROTATION, query_of, turns
from actors.domain.taxonomy import Arm

NOW = datetime(2026, 3, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
ARM = Arm("newsReporter", "sleep", "question", "plain", "short")


QUIET = Report("stress", "opinion", "low", NOW - 30 * HOUR, is_used=False, author="anybody")
"""What tells that the day before was read."""


def reports(*hours: float, topic: str = "sleep", kind: str = "finding") -> list[Report]:
    """Return reports of so many hours ago, each of another author."""
    return [
        Report(topic, kind, "medium", NOW - each * HOUR, is_used=False, author=f"{number}_news")
        for number, each in enumerate(hours)
    ]


@pytest.mark.parametrize(
    ("hours", "points"),
    [(0, 100), (5.9, 100), (6, 90), (12, 80), (23.9, 80), (24, 60), (47.9, 60), (48, 40), (72, 20), (900, 20)],
)
def test_a_report_grows_stale_by_steps(hours: float, points: int) -> None:
    assert freshness(hours * HOUR) == points


def test_the_viral_score_weighs_reposts_and_replies_and_an_unknown_count_adds_nothing() -> None:
    assert viral_score(100, 10, 4) == 126
    assert viral_score(None, 10, None) == 20


@pytest.mark.parametrize(
    ("score", "outlet", "study", "said"),
    [
        (1_001, True, False, "high"),
        (1_000, True, False, "medium"),
        (501, True, False, "medium"),
        (500, True, False, "low"),
        (5_001, False, True, "high"),
        (5_000, False, True, "medium"),
        (1_000, False, True, "low"),
        (10_001, False, False, "high"),
        (10_000, False, False, "medium"),
        (3_000, False, False, "low"),
        (1_001, True, True, "high"),
    ],
)
def test_a_newsroom_and_a_link_to_a_study_need_less_to_be_believed(
    score: float, outlet: bool, study: bool, said: str
) -> None:
    assert credibility(score, is_outlet=outlet, has_study=study) == said


def test_a_newsroom_is_told_by_its_handle() -> None:
    assert all(map(is_outlet, ("Tidewell_News", "the_post", "Times24", "nytimes", "BBCNews")))


@pytest.mark.parametrize("handle", ["slowkettle", "impostor", "wired_monk", "compost_daily", "sometimes", "expressly"])
def test_who_has_a_newsrooms_word_within_a_word_is_none(handle: str) -> None:
    assert not is_outlet(handle)


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("Published. https://journal.example/a/0417", True),
        ("See HTTPS://PubMed.ncbi.nlm.nih.gov/12345/.", True),
        ("http://journal.example/a/0417", False),
        ("https://journal.example.evil.test/a", False),
        ("https://notjournal.example/a", False),
        ("https://journal.example@evil.test/a", False),
        ("https://evil.test/?u=https://journal.example/a", False),
        ("https://[journal.example/a", False),
        ("journal.example says so", False),
    ],
)
def test_a_study_is_a_page_of_a_known_host_and_nothing_that_looks_like_one(text: str, is_one: bool) -> None:
    assert has_study(text) is is_one


def test_three_reports_of_a_day_after_fewer_put_a_topic_into_the_news() -> None:
    (trend,) = trends(reports(1, 5, 23, 30, 40), NOW)
    assert (trend.topic, trend.reports, trend.score, trend.unused) == ("sleep", 3, 1.5, 3)
    assert trends([QUIET, *reports(1, 5)], NOW) == ()
    assert trends(reports(1, 5, 23, 30, 40, 47), NOW) == ()
    assert trends(reports(1, 5, 24), NOW) == ()


def test_the_days_before_are_counted_back_from_now_whatever_the_calendar_says() -> None:
    told = reports(0.5, 2, 20, 25)
    assert trends(told, NOW) == trends(told, NOW)
    assert trends(told, NOW)[0].score == 3.0
    assert trends([QUIET, *reports(1, 2, 3, 49, 60)], NOW)[0].score == 3.0


def test_an_account_that_reports_thrice_is_one_account() -> None:
    told = reports(1, 5, 23, 30)
    assert trends(told, NOW) != ()
    assert trends([replace(report, author="loud_news") for report in told], NOW) == ()
    loud = [replace(report, author="loud_news") for report in reports(26, 27, 28, 30)]
    assert trends([*reports(1, 5, 23), *loud], NOW)[0].score == 3.0


def test_nothing_is_in_the_news_while_nobody_knows_what_the_day_before_was_like() -> None:
    assert trends(reports(1, 2, 3, 49), NOW) == ()
    assert trends([QUIET, *reports(1, 2, 3, 49)], NOW) != ()


def test_an_opinion_and_what_nobody_can_believe_put_nothing_into_the_news() -> None:
    assert trends([QUIET, *reports(1, 2, 3, kind="opinion")], NOW) == ()
    assert trends([QUIET, *[replace(each, credibility="low") for each in reports(1, 2, 3)]], NOW) == ()


def test_a_topic_is_in_the_news_until_all_that_is_to_be_believed_was_taken_up() -> None:
    first, second, third = reports(1, 2, 3)
    used = [replace(each, is_used=True) for each in (first, second)]
    assert trends([QUIET, *used, third], NOW)[0].unused == 1
    assert trends([QUIET, *used, replace(third, is_used=True)], NOW) == ()
    assert trends([QUIET, *used, replace(third, credibility="low")], NOW) == ()


def test_the_fastest_topic_comes_first_and_is_a_topic_to_be_tried() -> None:
    found = findings_of(trends([*reports(1, 2, 3), *reports(1, 2, 3, 4, 30, 31, topic="walking")], NOW))
    assert [(each.source, each.key, each.advice, each.posts) for each in found] == [
        ("news", "topic=sleep", Advice(prefer=True), 3),
        ("news", "topic=walking", Advice(prefer=True), 4),
    ]


def test_news_are_taken_up_by_the_reporter_and_in_the_slot_for_news_alone() -> None:
    news = Finding("news", (("topic", "sleep"),), Advice(prefer=True), 3, "low")
    other = replace(news, source="expert")
    assert taken_up(ARM, "story", [other, news]) is news
    assert taken_up(replace(ARM, generator="coach"), "news", [news]) is news
    assert taken_up(replace(ARM, generator="coach"), "story", [news]) is None
    assert taken_up(replace(ARM, topic="walking"), "news", [news]) is None
    assert taken_up(ARM, "news", [other]) is None


def test_a_run_makes_all_searches_for_news_and_the_next_one_for_research_wherever_it_begins() -> None:
    for position in range(2 * len(ROTATION)):
        made = [search for _, search in turns(position)]
        assert len(made) == len(set(made)) == PER_RUN == 6
        assert sum(search.lane == "research" for search in made) == 1
        assert [search.is_latest for search in made] == [search.lane == "news" for search in made]
    assert {search.name for search in ROTATION if search.lane == "research"} == {"trials", "cohorts", "papers"}
    assert [place for place, _ in turns(17)] == [17, 18, 19, 20, 21, 22]


def test_a_search_asks_for_fresh_roots_about_our_topics_and_fits_into_the_sites_box() -> None:
    query = query_of(ROTATION[0], NOW.date())
    assert "since:2026-03-01 lang:en -filter:replies" in query
    assert "sleep" in query
    assert "neighbors" not in query
    assert max(len(query_of(search, NOW.date())) for search in ROTATION) <= 512
