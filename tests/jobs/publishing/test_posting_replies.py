"""Replies: a lane of its own, to a target that is looked at in the same errand, within caps for author and talk."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from actors.domain.outcome import Blocked, Done, Snooze
from actors.domain.snowflake import created_at, id_at
from actors.errors import AfterCommitError, LoggedOutError, TargetError
from actors.jobs.publishing.posting import posting
from actors.pages.reply import Target
from actors.pages.timeline import OwnPost
from tests.fakes import reply
from tests.jobs.doors import MINUTE, START, Bench, commits, published, timeline

if TYPE_CHECKING:
    import uuid


def target(number: int) -> str:
    return id_at(START - timedelta(hours=1), number)


def queue(bench: Bench, number: int = 0, author: str = "somebody", **changes: Any) -> uuid.UUID:
    text = f"Number {number}: {['walking', 'sleeping', 'reading', 'cooking', 'singing'][number]} does help."
    row = reply(text, target(number), author, due=bench.now, **changes)
    bench.database.run("insert_decision", **row)
    decision_id: uuid.UUID = row["decision_id"]
    return decision_id


def sent(bench: Bench, number: int = 0) -> Any:
    return commits(published(id_at(bench.now, number)), site_time=bench.now)


def test_b16_a_reply_is_sent_under_its_target_with_all_that_is_to_be_looked_at(bench: Bench) -> None:
    decision = queue(bench)
    bench.browser.script = [sent(bench)]
    assert isinstance(bench.run(posting), Done)
    (errand,) = bench.browser.errands
    assert errand.target == Target(target(0), "somebody", must_be_root=True, max_age=timedelta(days=1))
    assert bench.decision(decision)["status"] == "posted"


@pytest.mark.parametrize("code", ["deleted", "wrong_author", "not_root", "ours", "too_old"])
def test_b16_a_target_that_is_not_what_it_was_ends_the_reply_with_the_reason(bench: Bench, code: str) -> None:
    decision = queue(bench)
    bench.browser.script = [TargetError("look", code)]
    bench.run(posting)
    row = bench.decision(decision)
    assert (row["status"], row["reason"]) == ("skipped", f"{code}: look")


def test_b16_a_target_that_is_not_shown_is_tried_a_few_times_only(bench: Bench) -> None:
    decision = queue(bench)
    for wait in (0, 5, 10):
        bench.now += wait * MINUTE
        assert bench.decision(decision)["status"] == "queued"
        bench.browser.script = [TargetError("look", "not_shown")]
        bench.run(posting)
    assert bench.decision(decision)["status"] == "failed"


@pytest.mark.parametrize("saturated", ["content", "reply"])
def test_c2_a_lane_at_its_cap_does_not_hold_up_the_other(bench: Bench, saturated: str) -> None:
    bench.configure(**{"content_per_hour": 0} if saturated == "content" else {"replies_per_hour": 0})
    content, answer = bench.queue(), queue(bench)
    bench.browser.script = [sent(bench)]
    bench.run(posting)
    states = {"content": bench.decision(content)["status"], "reply": bench.decision(answer)["status"]}
    assert states == {"content": "posted", "reply": "posted"} | {saturated: "queued"}


def test_c2_a_run_comes_back_when_the_first_of_its_lanes_is_free_again(bench: Bench) -> None:
    bench.configure(spacing=timedelta(minutes=40))
    bench.queue()
    queue(bench)
    bench.browser.script = [sent(bench, 0), sent(bench, 1)]
    bench.run(posting)
    bench.now += MINUTE
    bench.queue()
    queue(bench, 1, "another")
    outcome = bench.run(posting)
    assert isinstance(outcome, Snooze)
    assert outcome.until == START + bench.config.publishing.reply_spacing


def test_c1_one_reply_a_day_and_three_a_week_to_an_author_and_one_in_a_conversation(bench: Bench) -> None:
    bench.configure(reply_spacing=timedelta(0))
    days = []
    for day in (0, 0, 1, 2, 3):
        bench.now = START + day * timedelta(hours=25)
        decision = queue(bench, len(days), "Somebody" if len(days) % 2 else "somebody")
        bench.browser.script = [sent(bench)]
        bench.run(posting)
        days.append(bench.decision(decision)["reason"] or bench.decision(decision)["status"])
    enough = "author_cap: enough replies to @{} there"
    assert days == ["posted", enough.format("Somebody"), "posted", "posted", enough.format("somebody")]
    bench.now += timedelta(days=10)
    same = queue(bench, 1, "third", conversation_id=target(0))
    bench.run(posting)
    assert bench.decision(same)["reason"] == "conversation_cap: enough replies to @third there"


def test_an_author_who_opted_out_gets_no_reply_and_the_decision_ends(bench: Bench) -> None:
    decision = queue(bench, 0, "SomeBody")
    bench.rows("INSERT INTO opt_outs VALUES ('somebody', 'stop', now(), 'himself')")
    bench.run(posting)
    assert bench.browser.errands == []
    assert bench.decision(decision)["reason"] == "opted_out: @SomeBody wants no replies"


def test_c5_a_late_reply_is_cancelled_and_the_newest_goes_out_first(bench: Bench) -> None:
    late, older = queue(bench, 0), None
    bench.now += timedelta(minutes=61)
    older = queue(bench, 1, "another")
    bench.now += MINUTE
    newer = queue(bench, 2, "third")
    bench.now += MINUTE
    bench.browser.script = [sent(bench)]
    bench.run(posting)
    assert [bench.decision(each)["status"] for each in (late, older, newer)] == ["queued", "queued", "posted"]
    bench.now += bench.config.publishing.reply_spacing
    bench.browser.script = [sent(bench)]
    bench.run(posting)
    bench.run(posting)
    assert [bench.decision(each)["status"] for each in (late, older)] == ["cancelled", "posted"]
    assert bench.decision(late)["reason"] == "stale: more than 1h late"


def test_b8_a_reply_in_doubt_is_found_among_our_replies_to_its_author_only(bench: Bench) -> None:
    decision = queue(bench)
    bench.browser.script = [commits(AfterCommitError("gone"))]
    bench.run(posting)
    text = bench.decision(decision)["text"]
    elsewhere, right = id_at(START + MINUTE, 1), id_at(START + 2 * MINUTE, 2)
    bench.now += 5 * MINUTE
    seen = [
        OwnPost(right, text, created_at(right), "Somebody"),
        OwnPost(elsewhere, text, created_at(elsewhere), "another"),
    ]
    bench.browser.script = [timeline(*seen, at=bench.now)]
    bench.run(posting)
    assert bench.decision(decision)["tweet_id"] == right
    assert bench.browser.errands[-1].replies


def test_c9_a_wall_met_by_a_reply_blocks_the_run_though_the_content_lane_had_nothing_due(bench: Bench) -> None:
    queue(bench)
    bench.browser.script = [LoggedOutError("wall")]
    assert isinstance(bench.run(posting), Blocked)


@pytest.mark.parametrize("shown", [1, 2])
def test_b16_a_person_is_called_when_most_targets_are_not_shown(
    bench: Bench, caplog: pytest.LogCaptureFixture, shown: int
) -> None:
    bench.configure(reply_spacing=timedelta(0))
    for number in range(4):
        queue(bench, number, f"author{number}")
    hidden = TargetError("look", "not_shown")
    bench.browser.script = [hidden] * (4 - shown) + [sent(bench, number) for number in range(shown)]
    for wait in (0, 5, 10):
        bench.now += wait * MINUTE
        bench.run(posting)
        bench.browser.script = [hidden] * 4
    called = [record.getMessage() for record in caplog.records if getattr(record, "action", "") == "targets_unknown"]
    assert called == (
        ["3 of 4 replies ended because their target was not shown: look at a post's page"] if shown == 1 else []
    )
