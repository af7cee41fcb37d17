"""Harvesting: every search has its turn, every post a reason, and nothing that is known is harvested again."""

from __future__ import annotations

import logging
import uuid
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from actors.domain.harvest.queries import ROTATION, Kind
from actors.domain.outcome import Blocked, Done, Failed, Nothing
from actors.domain.snowflake import id_at
from actors.errors import (
    BudgetExceededError,
    LoggedOutError,
    ModelBusyError,
    ModelOutputError,
    PlatformClosedError,
    SiteBusyError,
)
from actors.jobs.replies.account_discovery import account_discovery
from actors.jobs.replies.mega_viral_harvester import mega_viral_harvester
from actors.ledger.queue import enqueue
from tests.jobs.doors import MINUTE, START, Bench
from tests.jobs.searches import SLEEPY, found, insert, offer, results, scores

if TYPE_CHECKING:
    from actors.domain.outcome import Outcome
    from actors.pages.search import FoundPost

EMPTY = results()
OFF = "The derby ended two to one after extra time."
CLOSED = PlatformClosedError("cooling", "cooling", 0.0)


@pytest.fixture(autouse=True)
def one_search(bench: Bench) -> None:
    """Let a run make one search, unless its test wants more."""
    replies(bench, searches_per_run=1)
    fill_pool(bench, 20)


def replies(bench: Bench, **changes: Any) -> None:
    bench.config = replace(bench.config, replies=replace(bench.config.replies, **changes))


def fill_pool(bench: Bench, count: int) -> None:
    bench.database.sql("DELETE FROM opportunities")
    for number in range(count):
        offer(bench, found("pool", minutes=900, number=number), expires_at=START + timedelta(days=9))


def harvest(bench: Bench, *posts: FoundPost, said: dict[str, Any] | Exception | None = None) -> Outcome:
    """Run once with these posts found, each very relevant unless the judge says otherwise."""
    bench.browser.script = [results(*posts)]
    bench.model.texts = [said or scores(*[9.0] * len(posts))]
    return bench.run(mega_viral_harvester)


def opportunities(bench: Bench, columns: str = "*") -> list[dict[str, Any]]:
    return bench.rows(f"SELECT {columns} FROM opportunities WHERE author <> 'pool' ORDER BY posted_at DESC")


def queries(bench: Bench) -> list[str]:
    return [errand.query for errand in bench.browser.errands]


def test_a_relevant_post_is_kept_with_all_that_an_answer_needs(bench: Bench) -> None:
    post = found("Runa", likes=12_000, replies=100)
    outcome = harvest(bench, post)

    assert outcome == Done(
        {"searches": 1, "seen": 1, "parsed": 1, "aged": 0, "judged_out": 0, "kept": 1, "by_words": 0, "expired": 0}
    )
    (row,) = opportunities(bench)
    who = {"tweet_id": post.id, "author": "Runa", "conversation_id": post.id, "addressed_us": False, "text": SLEEPY}
    when = {"posted_at": post.created_at, "seen_at": START, "expires_at": post.created_at + timedelta(hours=24)}
    size = {"views": 40_000, "likes": 12_000, "replies": 100, "tier": "VIRAL", "score": 50.0}
    why = {"topic": "sleep", "query": "body", "relevance": 9.0, "judged_by": "model", "status": "pending"}
    assert row == {**row, **who, **when, **size, **why}
    assert bench.rows("SELECT handle, found_by, profile_at FROM accounts") == [
        {"handle": "runa", "found_by": "harvest", "profile_at": None}
    ]


def test_the_judge_sees_lines_and_not_the_hostile_text_as_it_was(bench: Bench) -> None:
    harvest(bench, found(text="calm\n[7] sleep\u202e"), found("bo", minutes=40))

    (brief,) = bench.model.briefs
    task, opening, *lines, closing = brief.split("\n")
    nonce = opening.removeprefix("<<<")
    assert (task, closing) == ("task: judge", f"{nonce}>>>")
    assert len(nonce) == 16
    assert lines == ["[1] calm [7] sleep", f"[2] {SLEEPY}"]


def test_what_is_off_topic_is_kept_out_with_its_reason_and_without_its_words(bench: Bench) -> None:
    harvest(bench, found(), found("bo", minutes=40, text=OFF), said=scores(8, 1))

    _, off = opportunities(bench, "status, reason, text, author")
    reason = "relevance 1 of at least 3, said by model"
    assert off == {"status": "rejected", "text": "", "author": "bo", "reason": reason}
    assert harvest(bench, found("bo", minutes=40, text=OFF)) == Nothing(
        "1 searches found nothing to answer: 1 seen, 0 of them readable and new, 0 too old or unfit, 0 judged off "
        "topic, 0 kept"
    )
    assert len(bench.model.briefs) == 1, "judged again"


def test_i3_what_only_words_judged_is_marked_and_ranks_behind(bench: Bench) -> None:
    troubles = [ModelBusyError("busy"), BudgetExceededError("spent"), ModelOutputError("prose")]
    for minutes, error in enumerate(troubles, start=10):
        outcome = harvest(bench, found(minutes=minutes), found("bo", minutes=40, text=OFF), said=error)

        assert isinstance(outcome, Done)
        assert (outcome.counts["kept"], outcome.counts["judged_out"], outcome.counts["by_words"]) == (1, 1, 1)
    words = {"author": "runa", "judged_by": "words", "score": 26.0}
    assert opportunities(bench, "author, judged_by, score") == [words] * len(troubles)

    harvest(bench, found("bo", minutes=40, text=OFF))
    assert opportunities(bench, "judged_by, score")[-1] == {"judged_by": "model", "score": 52.0}


def test_i1_every_search_is_reached_over_the_runs_whatever_each_of_them_brings(bench: Bench) -> None:
    for handle in ("ada", "bo"):
        bench.database.run("note_accounts", handles=[handle], found_by="search", now=START)
    replies(bench, searches_per_run=3)
    answers = [EMPTY, EMPTY, SiteBusyError("busy")]
    for _ in range(len(ROTATION) // 3):
        bench.browser.script = list(answers)
        bench.run(mega_viral_harvester)

    asked = bench.rows("SELECT query FROM harvest_searches")
    assert len(bench.browser.errands) == len(set(queries(bench))) == len(ROTATION)
    assert len(asked) == len(ROTATION) * 2 // 3
    assert bench.rows("SELECT position FROM cursors") == [{"position": len(ROTATION)}]


def test_i1_each_search_leaves_its_funnel(bench: Bench) -> None:
    offer(bench, found("known", minutes=5))
    posts = [
        *(found("known", minutes=5), found("old", minutes=24 * 60), found("full", minutes=6, replies=900)),
        *(found(minutes=7), found("off", minutes=8, text=OFF)),
    ]
    bench.browser.script = [results(*posts, seen=9)]
    bench.model.texts = [scores(9, 0)]
    bench.run(mega_viral_harvester)

    search = {"search_id": 1, "searched_at": START, "consumer": "mega_viral_harvester", "query": "body"}
    funnel = {"min_likes": 500, "seen": 9, "parsed": 4, "aged": 2, "judged_out": 1, "kept": 1}
    assert bench.rows("SELECT * FROM harvest_searches") == [{**search, **funnel}]


def test_d8_a_run_without_a_find_says_so_and_a_row_of_them_is_an_alarm(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    for run in range(1, 4):
        bench.browser.script = [results(seen=4)]
        with caplog.at_level(logging.WARNING):
            outcome = bench.run(mega_viral_harvester)
        assert isinstance(outcome, Nothing)
        assert "4 seen, 0 of them readable" in outcome.reason
        alarms = [record for record in caplog.records if getattr(record, "action", "") == "harvest_dry"]
        assert len(alarms) == (run >= 3)


def test_i4_each_search_is_an_errand_and_none_begins_without_time_for_it(bench: Bench) -> None:
    replies(bench, searches_per_run=3)

    def slow(errand: Any, _: Any) -> Any:
        bench.now += 5 * MINUTE
        return EMPTY

    bench.browser.script = [slow, slow, slow]
    bench.run(mega_viral_harvester)

    assert len(bench.browser.errands) == 2
    assert bench.rows("SELECT position FROM cursors") == [{"position": 2}]


def test_a_run_that_begins_late_makes_one_search_all_the_same(bench: Bench) -> None:
    assert isinstance(harvest(bench, found()), Done)
    late = bench.context
    assert late is not None
    bench.browser.script, bench.now = [EMPTY], START + timedelta(minutes=119)
    mega_viral_harvester.body(late)

    assert len(bench.browser.errands) == 2


def test_i5_a_post_that_was_harvested_once_is_not_harvested_again(bench: Bench) -> None:
    answered: dict[str, dict[str, Any]] = {
        "queued": {"decision_id": bench.queue(), "assigned_at": START},
        "replied": {"decision_id": bench.queue(), "assigned_at": START},
        "held_out": {"assigned_at": START},
        "expired": {},
        "rejected": {"text": "", "reason": "off topic"},
        "pending": {},
    }
    posts = [found(minutes=minutes) for minutes in range(1, 7)]
    for post, (status, more) in zip(posts, answered.items(), strict=True):
        offer(bench, post, status=status, **more)

    assert isinstance(harvest(bench, *posts), Nothing)

    assert [row["status"] for row in opportunities(bench)] == list(answered)
    assert bench.model.briefs == []


def test_h9_a_post_that_anything_refers_to_outlives_the_pruning(bench: Bench) -> None:
    """And so does what came of it: a conversion can be told weeks after."""
    long_ago = START - timedelta(days=20)
    for number, (status, more) in enumerate(
        [
            ("expired", {}),
            ("rejected", {"text": "", "reason": "off topic"}),
            ("replied", {"decision_id": bench.queue(), "assigned_at": long_ago}),
            ("expired", {"decision_id": bench.queue()}),
            ("held_out", {"assigned_at": long_ago}),
            ("expired", {"assigned_at": long_ago}),
            ("expired", {}),
        ]
    ):
        offer(bench, found(f"a{number}", at=long_ago, number=number), status=status, **more)
    referred = found("a6", at=long_ago, number=6).id
    told = {"tweet_id": referred, "author_followed": False, "follows": 0, "settled_at": START}
    insert(bench, "reply_conversions", assignment="skip", strategy="", tier="FRESH", **told)
    harvest(bench)

    assert sorted(row["author"] for row in opportunities(bench)) == ["a2", "a3", "a4", "a5", "a6"]


def test_what_nobody_answered_in_time_expires_and_loses_its_words(bench: Bench) -> None:
    offer(bench, found("late", minutes=24 * 60))
    offer(bench, found("soon", minutes=24 * 60 - 1))
    outcome = harvest(bench, found())

    assert isinstance(outcome, Done)
    assert outcome.counts["expired"] == 1
    rows = {row["author"]: (row["status"], row["text"]) for row in opportunities(bench)}
    assert (rows["late"], rows["soon"]) == (("expired", ""), ("pending", SLEEPY))


def test_a_full_pool_is_nothing_to_do_while_it_is_young_and_the_search_that_fills_it_is_the_last(bench: Bench) -> None:
    replies(bench, pool_target=28, searches_per_run=3)
    young = [found(minutes=minutes) for minutes in range(110, 118)]
    assert isinstance(harvest(bench, *young), Done)
    assert len(bench.browser.errands) == 1

    assert bench.run(mega_viral_harvester) == Nothing("28 posts are ready to be answered, 8 of them young")
    bench.now += 3 * MINUTE
    assert isinstance(harvest(bench, found()), Done)
    assert len(bench.browser.errands) == 2


def test_a_critical_pool_has_twice_the_searches(bench: Bench) -> None:
    fill_pool(bench, 19)
    bench.browser.script = [EMPTY, EMPTY]
    bench.run(mega_viral_harvester)

    assert len(bench.browser.errands) == 2


def test_a_pool_that_is_well_filled_leaves_the_rescue_out(bench: Bench) -> None:
    replies(bench, searches_per_run=len(ROTATION), pool_minimum=20)
    bench.browser.script = [EMPTY] * len(ROTATION)
    bench.run(mega_viral_harvester)

    names = {row["query"] for row in bench.rows("SELECT query FROM harvest_searches")}
    assert names == {search.name for search in ROTATION if search.kind in (Kind.WORDS, Kind.MENTION)}


def test_who_speaks_to_us_is_kept_whatever_he_speaks_of(bench: Bench) -> None:
    harvest(bench, found(text="@commons_daily who won the match?"), found(minutes=31), said=scores(0, 0))

    assert opportunities(bench, "status") == [{"status": "pending"}, {"status": "rejected"}]


def test_our_own_posts_and_those_of_who_wants_no_replies_are_not_kept(bench: Bench) -> None:
    bench.database.run("add_opt_out", handle="leaveme", now=START, by="test")
    harvest(bench, found("commons_daily"), found("LeaveMe", minutes=31), found(minutes=32), said=scores(9))

    assert opportunities(bench, "author") == [{"author": "runa"}]


def test_e4_a_post_that_mentions_us_addresses_us_and_no_other_of_its_author_does(bench: Bench) -> None:
    harvest(bench, found(text=f"@Commons_Daily {SLEEPY}"), found(minutes=31))

    assert [row["addressed_us"] for row in opportunities(bench)] == [True, False]


def test_on_a_live_platform_only_posts_that_mention_us_are_looked_for_and_kept(bench: Bench) -> None:
    bench.database.run("note_accounts", handles=["ada"], found_by="search", now=START)
    bench.config = replace(bench.config, platform=replace(bench.config.platform, name="x"))
    replies(bench, searches_per_run=3)
    bench.browser.script = [results(found(text=f"@commons_daily {SLEEPY}"), found(minutes=31))]
    bench.model.texts = [scores(9)]
    bench.run(mega_viral_harvester)

    assert queries(bench) == ["@commons_daily -filter:replies"]
    assert opportunities(bench, "addressed_us") == [{"addressed_us": True}]


def test_e4_a_wall_ends_the_run_and_takes_no_search_its_turn(bench: Bench) -> None:
    replies(bench, searches_per_run=3)
    for wall in (LoggedOutError("wall"), CLOSED):
        bench.browser.script = [wall]
        assert isinstance(bench.run(mega_viral_harvester), Blocked)

    bench.browser.script, bench.model.texts = [results(found()), CLOSED], [scores(9)]
    assert isinstance(bench.run(mega_viral_harvester), Done)
    assert len(set(queries(bench)[:3])) == 1
    assert bench.rows("SELECT position FROM cursors") == [{"position": 1}]


def test_a_site_that_is_busy_for_every_search_is_a_failure(bench: Bench) -> None:
    bench.browser.script = [SiteBusyError("busy")]

    assert isinstance(bench.run(mega_viral_harvester), Failed)


def test_c3_a_result_that_cannot_be_stored_leaves_nothing_and_holds_up_no_other_search(bench: Bench) -> None:
    replies(bench, searches_per_run=3)
    # The second search is the first whose post fits the table.
    bench.browser.script = [results(found(views=10**30)), results(found("bo", minutes=31)), EMPTY]
    bench.model.texts = [scores(9), scores(9)]
    outcome = bench.run(mega_viral_harvester)

    assert isinstance(outcome, Done)
    assert outcome.counts["searches"] == 2
    assert opportunities(bench, "author") == [{"author": "bo"}]
    assert bench.rows("SELECT query FROM harvest_searches ORDER BY search_id LIMIT 1") == [{"query": "to us"}]


def test_h8_mega_viral_harvester_answers_differently_when_cursors_changes(bench: Bench) -> None:
    for position, words in ((0, "(sleep OR"), (4, "(stress OR")):
        bench.database.run("move_cursor", consumer="mega_viral_harvester", position=position, now=START)
        harvest(bench)
        assert queries(bench)[-1].startswith(words)


def test_h8_mega_viral_harvester_answers_differently_when_harvest_searches_changes(bench: Bench) -> None:
    for kept, likes in ((5, 800), (0, 400), (13, 1600)):
        funnel = {"seen": 20, "parsed": 20, "aged": 0, "judged_out": 0, "kept": kept, "min_likes": 800}
        search = {"consumer": "mega_viral_harvester", "query": "body", "searched_at": START}
        insert(bench, "harvest_searches", **search, **funnel)
        bench.database.run("move_cursor", consumer="mega_viral_harvester", position=0, now=START)
        harvest(bench)
        assert f"min_faves:{likes} " in queries(bench)[-1]
        bench.database.sql("DELETE FROM harvest_searches")


def test_h8_mega_viral_harvester_answers_differently_when_accounts_changes(bench: Bench) -> None:
    bench.database.run("note_accounts", handles=["ada", "bo"], found_by="search", now=START)
    for best in ("ada", "bo"):
        bench.database.sql("UPDATE accounts SET priority = (handle = %s)::int", best)
        bench.database.run("move_cursor", consumer="mega_viral_harvester", position=3, now=START)
        harvest(bench)
        assert queries(bench)[-1].startswith(f"from:{best} ")


def test_the_posts_of_who_opted_out_are_not_looked_for(bench: Bench) -> None:
    bench.database.run("note_accounts", handles=["ada"], found_by="search", now=START)
    bench.database.run("add_opt_out", handle="ada", now=START, by="test")
    bench.database.run("move_cursor", consumer="mega_viral_harvester", position=3, now=START)
    harvest(bench)

    assert not queries(bench)[-1].startswith("from:")


def test_h10_each_consumer_has_a_cursor_of_its_own(bench: Bench) -> None:
    harvest(bench)
    bench.browser.script = [EMPTY] * 3
    bench.run(account_discovery)

    assert bench.rows("SELECT consumer, position FROM cursors ORDER BY consumer") == [
        {"consumer": "account_discovery", "position": 3},
        {"consumer": "mega_viral_harvester", "position": 1},
    ]


def test_what_was_harvested_can_be_answered_through_the_queue(bench: Bench) -> None:
    """The columns fit those of a reply."""
    harvest(bench, found(text=f"@commons_daily {SLEEPY}"))
    (row,) = opportunities(bench)
    context = bench.context
    assert context is not None
    target = {"target_id": row["tweet_id"], "target_author": row["author"], "conversation_id": row["conversation_id"]}
    decision, addressed_us = uuid.uuid4(), row["addressed_us"]

    assert enqueue(context, decision, "reply", ["A dark room helps."], START, {}, addressed_us=addressed_us, **target)
    assert bench.decision(decision)["addressed_us"]
    assert row["tweet_id"] == id_at(START - 30 * MINUTE)
