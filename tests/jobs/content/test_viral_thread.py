"""Threads against a real ledger and the sandbox's own writer."""

from __future__ import annotations

import ast
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from actors.domain.gates import judge
from actors.domain.gates.substance import MIN_LENGTH
from actors.domain.learning.choice import choose
from actors.domain.learning.features import Context
from actors.domain.learning.snapshot import WeightSnapshot
from actors.domain.outcome import Done, Failed, Nothing
from actors.domain.snowflake import id_at
from actors.domain.taxonomy import FACTORS
from actors.domain.threads.judgement import judge_thread
from actors.domain.threads.manner import HOOKS, MANNERS, Manner
from actors.errors import BudgetExceededError, ModelOutputError
from actors.jobs.content.plan import plan
from actors.jobs.content.viral_thread import viral_thread
from tests.fakes import thread
from tests.jobs.doors import MINUTE, START, Bench, draw_ids
from tests.jobs.writer import Writer

ROOT = Path(__file__).parents[3]
GOOD = Manner("contrarian", "hope")
NOTHING_PLAYED = {"topic_short": 0.0, "topic_long": 0.0, "generator_short": 0.0, "generator_long": 0.0}


@pytest.fixture(autouse=True)
def same_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw the same manners and arms in every run."""
    draw_ids(monkeypatch, 6)


@pytest.fixture
def bench(bench: Bench) -> Bench:
    bench.model = Writer()  # type: ignore[assignment]
    return bench


def threads(bench: Bench) -> list[dict[str, Any]]:
    return bench.rows(
        "SELECT * FROM decisions JOIN thread_attempts USING (decision_id) WHERE kind = 'thread' ORDER BY created_at"
    )


def again(bench: Bench) -> Any:
    """Run the job after the thread that waits was called off."""
    bench.rows(
        "UPDATE decisions SET status = 'cancelled', reason = 'rejected' WHERE kind = 'thread' AND status = 'queued'"
    )
    bench.now += timedelta(hours=6)
    return bench.run(viral_thread)


def manners(bench: Bench, runs: int) -> Counter[Manner]:
    """Return the manners of as many runs."""
    before = len(threads(bench))
    for _ in range(runs):
        again(bench)
    return Counter(Manner(row["style"], row["emotion"]) for row in threads(bench)[before:])


def measured(bench: Bench, manner: Manner, likes: int, *, quality: str = "ok", source: str = "measured") -> None:
    """Put a thread into the ledger that was published a day ago and has these likes."""
    at, number = bench.now - timedelta(days=1), len(threads(bench))
    row = thread(*(f"{number} {part} {likes}" for part in "abc"), due=at, choice={"exposure": NOTHING_PLAYED})
    bench.database.run("insert_decision", **row)
    bench.database.run(
        "insert_thread_attempt", decision_id=row["decision_id"], style=manner.style, emotion=manner.emotion, score=80
    )
    tweet_id = id_at(at, number)
    with bench.database.unguarded():
        bench.database.sql(
            "UPDATE decisions SET status = 'posted', tweet_id = %s, posted_at = %s WHERE decision_id = %s",
            *(tweet_id, at, row["decision_id"]),
        )
    bench.database.sql(
        "INSERT INTO metric_snapshots (decision_id, tweet_id, checkpoint, taken_at, age_s, views, likes, reposts, "
        "replies, bookmarks, source, quality) VALUES (%s, %s, '1d', %s, 86400, 9999, %s, 0, 0, 0, %s, %s)",
        *(row["decision_id"], tweet_id, bench.now, likes, source, quality),
    )


def test_a_thread_is_queued_five_minutes_ahead_with_its_attempt_beside_it(bench: Bench) -> None:
    outcome = bench.run(viral_thread)
    assert isinstance(outcome, Done)
    assert outcome.counts == {"threads": 1, "parts": 5, "rejected": len(bench.model.briefs) - 1}
    (row,) = threads(bench)
    assert (row["lane"], row["status"], row["scheduled_at"]) == ("content", "queued", START + 5 * MINUTE)
    assert len(row["parts"]) == 5
    assert Manner(row["style"], row["emotion"]) in MANNERS
    assert row["score"] == row["scores"]["thread"] >= 65
    assert judge_thread(row["parts"], [], []).passed


def test_one_thread_at_most_is_on_its_way(bench: Bench) -> None:
    bench.run(viral_thread)
    for status in ("queued", "claimed", "publishing", "uncertain"):
        with bench.database.unguarded():
            bench.rows(f"UPDATE decisions SET status = '{status}', claim_token = decision_id, lease_until_real = now()")
        assert isinstance(bench.run(viral_thread), Nothing)
    with bench.database.unguarded():
        bench.rows("UPDATE decisions SET status = 'failed'")
    assert isinstance(bench.run(viral_thread), Done)


def test_the_arm_of_a_thread_can_be_replayed_and_fits_its_manner(bench: Bench) -> None:
    for _ in range(2):
        again(bench)
    weights = WeightSnapshot.from_dict(bench.rows("SELECT body FROM weight_snapshots WHERE version = 0")[0]["body"])
    for row in threads(bench):
        record = row["choice"]
        replayed = choose(weights, Context.from_record(record["context"]), bytes.fromhex(record["key"]))
        assert [row[name] for name in FACTORS] == [getattr(replayed.arm, name) for name in FACTORS]
        assert (row["propensity"], row["weight_version"]) == (replayed.propensity, 0)
        assert row["hook"] == HOOKS[row["style"]]
        assert record["thread"]["style"] == row["style"]
        assert 0 < record["thread"]["propensity"] < 1


def test_topics_of_the_last_posts_and_threads_are_left_to_rest(bench: Bench) -> None:
    bench.run(plan)
    for _ in range(3):
        again(bench)
    waiting = {row["topic"] for row in bench.rows("SELECT topic FROM decisions WHERE kind = 'single'")}
    topics = [row["topic"] for row in threads(bench)]
    assert topics[0] not in waiting
    assert all(topic not in topics[max(0, place - 3) : place] for place, topic in enumerate(topics))


def test_h8_viral_thread_answers_differently_when_thread_attempts_changes(bench: Bench) -> None:
    before = manners(bench, 3)
    for number in range(10):
        measured(bench, GOOD, 400)
        measured(bench, MANNERS[number % 8], 1)
    after = manners(bench, 4)
    assert before[GOOD] <= 1
    assert after[GOOD] >= 2


def test_h4_what_was_not_measured_teaches_no_manner(bench: Bench) -> None:
    for number in range(12):
        doubt = ({"source": "estimated"}, {"source": "simulated"}, {"quality": "suspect"})[number % 3]
        measured(bench, GOOD, 4000, **doubt)
        measured(bench, MANNERS[number % 8], 1, **doubt)
    assert manners(bench, 3)[GOOD] <= 1


def test_j6_without_a_writer_there_is_no_thread_and_no_run_makes_one_up(bench: Bench) -> None:
    class Mute(Writer):
        def complete(self, messages: Any, schema: Any, **_: Any) -> Any:
            self.briefs.append(messages[-1]["content"])
            raise ModelOutputError("not JSON")

    bench.model = Mute()  # type: ignore[assignment]
    assert isinstance(bench.run(viral_thread), Failed)
    assert len(set(bench.model.briefs)) == 3
    assert bench.rows("SELECT 1 FROM decisions") == []


def test_j5_a_thread_that_no_gate_lets_pass_is_never_stored_and_the_writer_is_told_why(bench: Bench) -> None:
    class Liar(Writer):
        def complete(self, messages: Any, schema: Any, **more: Any) -> Any:
            thread = super().complete(messages, schema, **more)
            return schema(parts=[*thread.parts[:4], "This cures cancer in 3 days. Trust me, 97% of doctors hide it."])

    bench.model = Liar()  # type: ignore[assignment]
    assert isinstance(bench.run(viral_thread), Failed)
    assert bench.rows("SELECT 1 FROM decisions") == []
    first, second, third = bench.model.briefs
    assert "note:" not in first
    assert "note: attempt 1: part 5: health_cure" in second
    assert "note: attempt 2: part 5: health_cure" in third


def test_a_spent_budget_ends_the_run(bench: Bench) -> None:
    class Poor(Writer):
        def complete(self, messages: Any, schema: Any, **_: Any) -> Any:
            raise BudgetExceededError("content has nothing left")

    bench.model = Poor()  # type: ignore[assignment]
    with pytest.raises(BudgetExceededError):
        bench.run(viral_thread)
    assert bench.rows("SELECT 1 FROM decisions") == []


def test_a_waiting_thread_is_one_of_the_queue_and_plan_goes_on_behind_it(bench: Bench) -> None:
    bench.run(viral_thread)
    outcome = bench.run(plan)
    assert isinstance(outcome, Done)
    assert outcome.counts["planned"] == bench.config.publishing.queue_depth - 1
    due = [row["scheduled_at"] for row in bench.rows("SELECT scheduled_at FROM decisions ORDER BY scheduled_at")]
    assert due == [START + 5 * MINUTE + number * bench.config.publishing.spacing for number in range(6)]
    assert isinstance(bench.run(plan), Nothing)


def test_a_thread_ahead_of_a_full_queue_moves_nothing_that_waits(bench: Bench) -> None:
    bench.run(plan)
    before = bench.rows("SELECT decision_id, scheduled_at FROM decisions ORDER BY scheduled_at")
    bench.run(viral_thread)
    assert isinstance(bench.run(plan), Nothing)
    assert (
        bench.rows("SELECT decision_id, scheduled_at FROM decisions WHERE kind = 'single' ORDER BY scheduled_at")
        == before
    )


def test_j1_no_post_repeats_a_part_of_a_thread(bench: Bench) -> None:
    bench.run(viral_thread)
    part = threads(bench)[0]["parts"][3]

    class Copyist(Writer):
        def complete(self, messages: Any, schema: Any, **_: Any) -> Any:
            self.briefs.append(messages[-1]["content"])
            return schema(text=part)

    bench.model = Copyist()  # type: ignore[assignment]
    assert isinstance(bench.run(plan), Failed)


def test_j6_no_text_in_the_code_could_be_published() -> None:
    """A canned thread with invented statistics was what the engine this one replaces fell back to."""
    texts = {}
    for path in (path for path in (ROOT / "actors").rglob("*.py") if "sandbox" not in path.parts):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        explained = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        texts |= {
            node.value: path.name
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in explained
        }
    long = {text: name for text, name in texts.items() if len(text) >= MIN_LENGTH}
    assert {"brief.py", "manner.py"} & set(long.values())
    assert {name for text, name in long.items() if judge(text, []).passed} == set()
