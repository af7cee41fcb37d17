"""Threads: each part has an intent and a receipt of its own, and a later run goes on after the last confirmed one."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from actors.domain.outcome import Blocked, Done
from actors.domain.snowflake import created_at, id_at
from actors.errors import AfterCommitError, CommitRefusedError, LoggedOutError, TargetError
from actors.jobs.publishing.posting import posting
from actors.pages.compose import PublishPost
from actors.pages.timeline import OwnPost
from tests.fakes import thread
from tests.jobs.doors import MINUTE, START, Bench, commits, published, timeline

if TYPE_CHECKING:
    import uuid

PARTS = ("The first part.", "The second part.", "The third part.")


def queue(bench: Bench, *parts: str) -> uuid.UUID:
    row = thread(*(parts or PARTS), due=bench.now)
    bench.database.run("insert_decision", **row)
    decision_id: uuid.UUID = row["decision_id"]
    return decision_id


def part(number: int) -> Any:
    """Return the site's answer to the part with this number."""
    return commits(published(id_at(START, number)))


def own(number: int, at: Any = START) -> OwnPost:
    tweet_id = id_at(at, number)
    answered = "commons_daily" if number else None
    return OwnPost(tweet_id, PARTS[number], created_at(tweet_id), answered)


def receipts(bench: Bench) -> list[tuple[int, str]]:
    return [(row["part"], row["tweet_id"]) for row in bench.rows("SELECT part, tweet_id FROM receipts ORDER BY part")]


def test_b13_each_part_answers_the_one_before_it_and_the_whole_is_one_publication(bench: Bench) -> None:
    bench.configure(content_per_hour=1)
    decision = queue(bench)
    bench.browser.script = [part(0), part(1), part(2)]

    outcome = bench.run(posting)

    assert isinstance(outcome, Done)
    assert (outcome.counts["published"], outcome.counts["parts"]) == (1, 3)
    first, *others = bench.browser.errands
    assert first == PublishPost(PARTS[0], str(decision))
    assert [(each.text, each.target.id, each.target.author) for each in others] == [
        (PARTS[1], id_at(START, 0), "commons_daily"),
        (PARTS[2], id_at(START, 1), "commons_daily"),
    ]
    row = bench.decision(decision)
    assert (row["status"], row["tweet_id"]) == ("posted", id_at(START, 0))
    assert receipts(bench) == [(number, id_at(START, number)) for number in range(3)]
    assert len(bench.rows("SELECT 1 FROM checkpoints")) == 6


@pytest.mark.parametrize("failed", [0, 1, 2])
def test_b12_a_thread_that_stops_before_a_part_is_gone_on_with_from_there(bench: Bench, failed: int) -> None:
    decision = queue(bench)
    bench.browser.script = [*(part(number) for number in range(failed)), LoggedOutError("wall")]
    assert isinstance(bench.run(posting), Blocked)
    assert bench.decision(decision)["status"] == "queued"

    bench.now += 5 * MINUTE
    bench.browser.script = [part(number) for number in range(failed, 3)]
    bench.run(posting)

    assert bench.decision(decision)["status"] == "posted"
    assert receipts(bench) == [(number, id_at(START, number)) for number in range(3)]


@pytest.mark.parametrize("doubtful", [0, 1, 2])
def test_b12_a_part_in_doubt_is_found_before_the_next_one_goes_out(bench: Bench, doubtful: int) -> None:
    decision = queue(bench)
    bench.browser.script = [*(part(number) for number in range(doubtful)), commits(AfterCommitError("gone"))]
    bench.run(posting)
    assert bench.decision(decision)["status"] == "uncertain"

    bench.now += 5 * MINUTE
    seen = timeline(*(own(number) for number in reversed(range(doubtful + 1))), at=bench.now)
    bench.browser.script = [seen, *(part(number) for number in range(doubtful + 1, 3))]
    bench.run(posting)

    assert bench.decision(decision)["status"] == "posted"
    assert receipts(bench) == [(number, id_at(START, number)) for number in range(3)]


def test_b12_a_part_proven_absent_is_tried_again_alone(bench: Bench) -> None:
    decision = queue(bench)
    bench.browser.script = [part(0), commits(AfterCommitError("gone"))]
    bench.run(posting)
    for minutes in (5, 11):
        bench.now = START + minutes * MINUTE
        again = id_at(bench.now, 1)
        bench.browser.script = [
            timeline(own(0), at=bench.now),
            commits(published(again), site_time=bench.now),
            commits(published(id_at(bench.now, 2)), site_time=bench.now),
        ]
        bench.run(posting)

    assert bench.decision(decision)["status"] == "posted"
    assert receipts(bench) == [(0, id_at(START, 0)), (1, again), (2, id_at(bench.now, 2))]
    results = bench.rows("SELECT part, result FROM publish_attempts ORDER BY part, attempt")
    assert [(row["part"], row["result"]) for row in results] == [
        (0, "posted"),
        (1, "absent"),
        (1, "posted"),
        (2, "posted"),
    ]


def test_b12_a_thread_that_was_begun_is_finished_whatever_the_caps_and_its_age_say(bench: Bench) -> None:
    decision = queue(bench)
    bench.browser.script = [part(0), LoggedOutError("wall")]
    bench.run(posting)
    bench.configure(content_per_hour=1, content_stale=timedelta(hours=1))
    bench.now += timedelta(minutes=50)
    bench.browser.script = [part(1), LoggedOutError("wall")]
    bench.run(posting)
    bench.now += timedelta(hours=30)
    bench.browser.script = [part(2)]
    bench.run(posting)
    assert bench.decision(decision)["status"] == "posted"


def test_b12_the_kill_switch_stops_a_thread_between_its_parts(bench: Bench) -> None:
    decision = queue(bench)

    def switched(errand: Any, on_commit: Any) -> Any:
        bench.database.run("set_flag", name="kill_switch", is_on=True, now=bench.now, by="operator")
        return part(1)(errand, on_commit)

    bench.browser.script = [part(0), switched]
    bench.run(posting)
    assert bench.decision(decision)["status"] == "queued"
    assert receipts(bench) == [(0, id_at(START, 0))]


def test_b12_a_thread_whose_last_part_was_deleted_fails_after_its_tries_and_says_how_far_it_came(bench: Bench) -> None:
    decision = queue(bench)
    bench.browser.script = [part(0), TargetError("it is gone", "deleted")]
    bench.run(posting)
    for wait in (5, 10):
        bench.now += wait * MINUTE
        bench.browser.script = [TargetError("it is gone", "deleted")]
        bench.run(posting)
    row = bench.decision(decision)
    assert (row["status"], row["reason"]) == ("failed", "deleted: it is gone")
    assert receipts(bench) == [(0, id_at(START, 0))]


def test_b12_a_thread_is_gone_on_with_before_anything_new_begins(bench: Bench) -> None:
    queue(bench)
    bench.browser.script = [part(0), CommitRefusedError("late")]
    bench.run(posting)
    bench.queue(at=START - MINUTE)
    bench.now += 30 * MINUTE
    bench.browser.script = [part(1), part(2), commits(published(id_at(bench.now)), site_time=bench.now)]
    bench.run(posting)
    assert [errand.text for errand in bench.browser.errands[2:4]] == list(PARTS[1:])
