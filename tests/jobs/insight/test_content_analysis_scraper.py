"""What is in the news and by what strong posts work, against a real database, with a labeller that errs never."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from actors.domain.insight.news_searches import PER_RUN, ROTATION
from actors.domain.outcome import Blocked, Done, Failed, Nothing
from actors.errors import ModelOutputError, PageChangedError, PlatformClosedError
from actors.insight.posts import keep
from actors.jobs.insight.content_analysis_scraper import content_analysis_scraper
from actors.sandbox.model_label import fields_of, label
from tests.jobs.doors import START, Bench
from tests.jobs.searches import found, insert, results

if TYPE_CHECKING:
    from datetime import datetime

    from actors.pages.search import FoundPost

HOUR = timedelta(hours=1)
NEWS, DEEP = "operator:news_scraping", "operator:vi_deep_analysis"
STUDY = "New study on sleep. A dark bedroom does more for sleep than a pillow, researchers say."
SURPRISING = "Oddly, the walk that counts is the strange one. Who knew? No joke. {}"


class Reader:
    """Labels posts as their words say; of a post that speaks of a `riddle` it says nothing."""

    def __init__(self) -> None:
        self.shown: list[list[str]] = []
        self.error: Exception | None = None

    def complete(self, messages: Any, schema: Any, **_: Any) -> Any:
        if self.error is not None:
            raise self.error
        order = messages[-1]["content"]
        items = re.findall(r"^\[(\d+)\] (.*)$", order, re.MULTILINE)
        self.shown.append([text for _, text in items])
        fields = fields_of(order.partition("<<<")[0])
        said = [
            {"number": int(number), **{name: "none" if "riddle" in text else label(name, text) for name in fields}}
            for number, text in items
        ]
        return schema.model_validate({"labels": said})


@pytest.fixture
def bench(bench: Bench) -> Bench:
    bench.model = Reader()  # type: ignore[assignment]
    return bench


def reports(
    count: int, text: str = STUDY, *, first: float = 1, at: datetime = START, **changes: Any
) -> list[FoundPost]:
    """Return reports, each of another newsroom, an hour apart, the newest of them `first` hours old."""
    return [
        found(
            f"desk{number}_news",
            minutes=60 * (first + number),
            number=number,
            at=at,
            text=f"{text} Part {number}.",
            **changes,
        )
        for number in range(count)
    ]


def shows(bench: Bench, *posts: FoundPost) -> None:
    """Let the first search of the next run find these, and the others nothing."""
    bench.browser.script = [results(*posts), *[results()] * (PER_RUN - 1)]


def knows_the_day_before(bench: Bench) -> None:
    """Have an opinion of the day before in the books, and so nothing that is usual."""
    post = found("anybody", minutes=30 * 60, number=9)
    row = {"tweet_id": post.id, "posted_at": post.created_at}
    insert(bench, "external_posts", lane="news", author="anybody", features="{}", seen_at=bench.now, **row)
    item = {"topic": "stress", "kind": "opinion", "credibility": "low", "score": 1, "freshness": 60}
    insert(bench, "news_items", **row, **item, curated_at=bench.now)


def studied(bench: Bench, count: int, text: str = SURPRISING, **changes: Any) -> None:
    """Put strong posts into what was studied, each of another author."""
    for number in range(count):
        post = found(f"author{number}", number=number, text=text.format(number))
        row = {"lane": "viral", "tweet_id": post.id, "author": post.author, "text": post.text, "seen_at": bench.now}
        figures = {"views": 1_000, "likes": 90, "reposts": 5, "replies": 5, "posted_at": post.created_at}
        features = '{"hook": "question", "format": "plain"}'
        insert(bench, "external_posts", **{**row, **figures, "features": features, **changes})


def findings(bench: Bench, source: str) -> list[tuple[str, dict[str, Any]]]:
    rows = bench.rows(f"SELECT key, advice FROM format_intelligence WHERE source = '{source}' ORDER BY key")
    return [(row["key"], row["advice"]) for row in rows]


def test_a_run_makes_the_next_searches_of_the_rotation_the_newest_of_news_and_the_best_of_research(
    bench: Bench,
) -> None:
    for lap in (ROTATION[:PER_RUN], ROTATION[PER_RUN : 2 * PER_RUN]):
        bench.browser.errands.clear()
        bench.browser.script = [results()] * PER_RUN
        bench.run(content_analysis_scraper, NEWS)
        assert [errand.latest for errand in bench.browser.errands] == [search.lane == "news" for search in lap]
        assert all(
            errand.query.startswith(search.words) for errand, search in zip(bench.browser.errands, lap, strict=True)
        )


def test_a_report_is_kept_as_its_topic_its_kind_and_numbers_and_never_as_words(bench: Bench) -> None:
    shows(bench, *reports(1))
    outcome = bench.run(content_analysis_scraper, NEWS)
    assert isinstance(outcome, Done)
    assert outcome.counts == {
        "news_scraping.searches": PER_RUN,
        "news_scraping.found": 1,
        "news_scraping.labelled": 1,
        "news_scraping.refused": 0,
        "news_scraping.curated": 1,
        "news_scraping.trending": 0,
    }
    (row,) = bench.rows("SELECT * FROM news_items")
    said = {name: row[name] for name in ("topic", "kind", "credibility", "score", "freshness", "used_by")}
    assert said == {
        "topic": "sleep", "kind": "finding", "credibility": "high", "score": 1_410, "freshness": 100, "used_by": None
    }  # fmt: skip
    assert not any("bedroom" in str(value) for value in row.values())


def test_on_a_live_platform_no_stranger_is_looked_for_and_of_none_that_is_found_anything_is_kept(bench: Bench) -> None:
    bench.config = replace(
        bench.config,
        platform=replace(bench.config.platform, name="x"),
        insight=replace(bench.config.insight, competitors=("@Known_Desk",)),
    )
    shows(bench, *reports(3))
    assert bench.run(content_analysis_scraper, NEWS) == Nothing(
        "news_scraping: on a live platform no stranger is looked for"
    )
    assert bench.browser.errands == []
    assert bench.context is not None
    assert keep(bench.context, "viral", [*reports(2), found("known_desk", number=5, text=STUDY)]) == 1
    assert bench.rows("SELECT author FROM external_posts") == [{"author": "known_desk"}]


def test_what_is_old_an_answer_hardly_liked_or_of_somebody_who_opted_out_is_no_news(bench: Bench) -> None:
    insert(bench, "opt_outs", handle="shy_news", added_at=START, added_by="stranger")
    shows(
        bench,
        *reports(1, first=49),
        *reports(1, first=2, replying_to="somebody"),
        found("dull_news", number=7, text=STUDY, likes=5, reposts=1, replies=0),
        found("shy_news", number=8, text=STUDY),
    )
    bench.run(content_analysis_scraper, NEWS)
    assert bench.rows("SELECT author FROM external_posts") == [{"author": "dull_news"}]
    assert bench.rows("SELECT 1 FROM news_items") == []
    assert bench.model.shown == []


def test_a_topic_with_three_reports_is_in_the_news_and_for_a_day_only(bench: Bench) -> None:
    knows_the_day_before(bench)
    shows(bench, *reports(3), *reports(2, "Researchers say that a walk is a study in calm.", first=6))
    bench.run(content_analysis_scraper, NEWS)
    assert findings(bench, "news") == [("topic=sleep", {"prefer": True})]
    (row,) = bench.rows("SELECT expires_at FROM format_intelligence")
    assert timedelta(hours=12) < row["expires_at"] - START <= timedelta(hours=24)
    bench.now += 12 * HOUR
    shows(bench, *reports(4, first=1, at=bench.now))
    bench.run(content_analysis_scraper, NEWS)
    assert findings(bench, "news") == [("topic=sleep", {"prefer": True})], "four newsrooms after none"
    bench.now += 24 * HOUR
    shows(bench, *reports(3, first=1, at=bench.now))
    bench.run(content_analysis_scraper, NEWS)
    assert findings(bench, "news") == [], "three after four are no news"


def test_who_opted_out_since_is_reported_of_no_more(bench: Bench) -> None:
    knows_the_day_before(bench)
    shows(bench, *reports(3))
    bench.run(content_analysis_scraper, NEWS)
    assert findings(bench, "news") == [("topic=sleep", {"prefer": True})]
    assert {row["author"] for row in labelled(bench)} == {f"desk{number}_news" for number in range(3)}
    insert(bench, "opt_outs", handle="desk1_news", added_at=START, added_by="stranger")
    assert {row["author"] for row in labelled(bench)} == {"desk0_news", "desk2_news"}
    shows(bench)
    bench.run(content_analysis_scraper, NEWS)
    assert findings(bench, "news") == [], "two are left"


def labelled(bench: Bench) -> list[dict[str, Any]]:
    return bench.database.all("news_labelled", consumer="news_scraping", version=1, since=START - 48 * HOUR)


def test_a_report_that_spreads_is_believed_more_with_the_next_run(bench: Bench) -> None:
    (post,) = reports(1)
    shows(bench, replace(post, likes=300, reposts=0, replies=0))
    bench.run(content_analysis_scraper, NEWS)
    assert bench.rows("SELECT credibility FROM news_items") == [{"credibility": "low"}]
    bench.now += 12 * HOUR
    shows(bench, replace(post, likes=900))
    bench.run(content_analysis_scraper, NEWS)
    assert bench.rows("SELECT credibility FROM news_items") == [{"credibility": "high"}]
    assert len(bench.model.shown) == 1, "nothing that has a label is asked about again"


def test_a_report_of_which_the_model_says_nothing_is_shown_thrice_and_then_told_as_refused(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    shows(bench, *reports(1, "A riddle of sleep, researchers say."), *reports(1, first=3))
    outcomes = [bench.run(content_analysis_scraper, NEWS)]
    for _ in range(3):
        bench.now += HOUR
        shows(bench)
        outcomes.append(bench.run(content_analysis_scraper, NEWS))
    asked = [text for call in bench.model.shown for text in call if "riddle" in text]
    assert len(asked) == 3
    assert [outcome.counts.get("news_scraping.refused") for outcome in outcomes if isinstance(outcome, Done)] == [
        0,
        0,
        1,
        0,
    ]
    assert [record.message for record in caplog.records if getattr(record, "action", "") == "labels_refused"] == [
        "1 posts got no label in 3 tries and are left alone"
    ]


def test_what_one_report_spoiled_is_asked_about_without_the_new_ones(bench: Bench) -> None:
    shows(bench, *reports(1, "A riddle of sleep, researchers say."))
    bench.run(content_analysis_scraper, NEWS)
    bench.now += HOUR
    shows(bench, *reports(2, first=3))
    bench.run(content_analysis_scraper, NEWS)
    riddles = [call for call in bench.model.shown[1:] if any("riddle" in text for text in call)]
    assert [len(call) for call in riddles] == [1]
    assert bench.rows("SELECT count(*) AS reports FROM news_items") == [{"reports": 2}]


def test_a_search_that_fails_loses_its_turn_and_takes_no_other_with_it(bench: Bench) -> None:
    bench.browser.script = [results(*reports(1)), *[results()] * (PER_RUN - 2), PageChangedError("card", "/search")]
    outcome = bench.run(content_analysis_scraper, NEWS)
    assert isinstance(outcome, Done)
    assert outcome.counts["news_scraping.searches"] == PER_RUN - 1
    assert bench.rows("SELECT position FROM cursors WHERE consumer = 'news_scraping'") == [{"position": PER_RUN}]


def test_behind_a_wall_nothing_is_searched_but_what_was_found_is_curated(bench: Bench) -> None:
    knows_the_day_before(bench)
    bench.model.error = ModelOutputError("not JSON")
    shows(bench, *reports(3))
    assert isinstance(bench.run(content_analysis_scraper, NEWS), Failed)
    assert bench.rows("SELECT 1 FROM news_items WHERE topic = 'sleep'") == []
    bench.model.error = None
    bench.browser.script = [PlatformClosedError("a challenge", "challenged", 0.0)]
    assert isinstance(bench.run(content_analysis_scraper, NEWS), Blocked)
    assert findings(bench, "news") == [("topic=sleep", {"prefer": True})]
    assert bench.rows("SELECT 1 FROM cursors WHERE consumer = 'news_scraping'")


def test_h8_content_analysis_scraper_answers_differently_when_news_items_change(bench: Bench) -> None:
    knows_the_day_before(bench)
    shows(bench, *reports(3))
    bench.run(content_analysis_scraper, NEWS)
    assert findings(bench, "news")
    taker = bench.queue()
    bench.database.sql("UPDATE news_items SET used_by = %s", taker)
    shows(bench)
    bench.run(content_analysis_scraper, NEWS)
    assert findings(bench, "news") == [], "all of it was taken up"


def test_strong_posts_are_looked_into_once_and_say_by_what_their_kind_works(bench: Bench) -> None:
    studied(bench, 6)
    outcome = bench.run(content_analysis_scraper, DEEP)
    assert isinstance(outcome, Done)
    counts = {"strong": 6, "labelled": 6, "refused": 0, "findings": 3}
    assert outcome.counts == {f"vi_deep_analysis.{name}": count for name, count in counts.items()}
    assert bench.browser.errands == []
    found = dict(findings(bench, "deep"))
    assert set(found) == {"hook=question", "format=plain", "format=plain|hook=question"}
    assert {advice["device"] for advice in found.values()} == {"surprise"}
    calls = len(bench.model.shown)
    bench.run(content_analysis_scraper, DEEP)
    assert len(bench.model.shown) == calls
    assert dict(findings(bench, "deep")) == found


def test_h8_content_analysis_scraper_answers_differently_when_external_posts_change(bench: Bench) -> None:
    studied(bench, 6)
    bench.run(content_analysis_scraper, DEEP)
    bench.database.sql("""UPDATE external_posts SET features = '{"hook": "myth", "format": "list"}'""")
    bench.run(content_analysis_scraper, DEEP)
    assert {key for key, _ in findings(bench, "deep")} == {"hook=myth", "format=list", "format=list|hook=myth"}


def test_weak_posts_and_news_are_not_looked_into(bench: Bench) -> None:
    studied(bench, 3, lane="news")
    insert(bench, "opt_outs", handle="author0", added_at=START, added_by="stranger")
    studied(bench, 1)
    assert isinstance(bench.run(content_analysis_scraper, DEEP), Nothing)
    assert bench.model.shown == []


def test_the_best_of_the_weak_is_not_looked_into_once_the_strong_are_done(bench: Bench) -> None:
    studied(bench, 12, followers=1_000)
    bench.database.sql("UPDATE external_posts SET likes = 1, reposts = 0, replies = 0 WHERE author <> 'author3'")
    bench.run(content_analysis_scraper, DEEP)
    bench.run(content_analysis_scraper, DEEP)
    assert bench.rows("SELECT author FROM post_labels") == [{"author": "author3"}]


def test_a_post_whose_analysis_came_back_empty_is_not_done(bench: Bench) -> None:
    studied(bench, 5, "A riddle. {}")
    assert isinstance(bench.run(content_analysis_scraper, DEEP), Done)
    assert findings(bench, "deep") == []
    bench.database.sql("UPDATE external_posts SET text = replace(text, 'A riddle.', 'Oddly, who knew?')")
    bench.run(content_analysis_scraper, DEEP)
    assert {advice["device"] for _, advice in findings(bench, "deep")} == {"surprise"}


def test_h8_content_analysis_scraper_answers_differently_when_post_labels_change(bench: Bench) -> None:
    studied(bench, 6)
    bench.run(content_analysis_scraper, DEEP)
    bench.database.sql("""UPDATE post_labels SET label = '{"device": "relief"}'""")
    bench.run(content_analysis_scraper, DEEP)
    assert {advice["device"] for _, advice in findings(bench, "deep")} == {"relief"}
    bench.database.sql("UPDATE post_labels SET consumer = 'data_collection'")
    bench.model.error = ModelOutputError("not JSON")
    bench.run(content_analysis_scraper, DEEP)
    assert findings(bench, "deep") == [], "the labels of another consumer are not ours"


def test_each_stage_has_its_own_labels_of_the_same_post(bench: Bench) -> None:
    (post,) = reports(1, SURPRISING.format("Researchers say so."))
    shows(bench, post)
    bench.run(content_analysis_scraper, NEWS)
    bench.database.sql("UPDATE external_posts SET lane = 'viral'")
    bench.run(content_analysis_scraper, DEEP)
    rows = bench.rows("SELECT consumer, label FROM post_labels ORDER BY consumer")
    assert [row["consumer"] for row in rows] == ["news_scraping", "vi_deep_analysis"]
    assert rows[1]["label"]["device"] == "surprise"
