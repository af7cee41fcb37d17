"""`status`: what the ledger adds to what the board knows, and what is said when the ledger is away."""

from __future__ import annotations

import io
import json
import sys
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from actors.commands import status as status_module
from actors.domain.snowflake import id_at
from tests.fakes import NOW, LedgerDoor, decision

if TYPE_CHECKING:
    import pytest

    from tests.control.room import ControlRoom

HOUR = timedelta(hours=1)


def lines(room: ControlRoom) -> list[str]:
    answer = room.say("status")
    assert answer["ok"]
    found: list[str] = answer["lines"]
    return found


def insert(ledger: LedgerDoor, table: str, **row: Any) -> None:
    columns = ", ".join(row)
    ledger.sql(f"INSERT INTO {table} ({columns}) VALUES ({', '.join(['%s'] * len(row))})", *row.values())


def add_gain(ledger: LedgerDoor) -> None:
    insert(ledger, "follower_gains", until=NOW, since=NOW - HOUR, net=3, gross=4.0, is_counted=True)


def add_trend(ledger: LedgerDoor) -> None:
    row = {"followers": 5012, "per_day": 3.5, "low": -1.0, "high": 8.0, "has_jumped": True}
    insert(ledger, "follower_trends", computed_at=NOW, **row)


def test_an_empty_ledger_has_two_idle_lanes_an_empty_pool_and_nothing_measured(room: ControlRoom) -> None:
    said = lines(room)

    assert "content: 0 queued, last never, 0/4 this hour, 0/48 this day" in said
    assert "reply: 0 queued, last never, 0/4 this hour, 0/48 this day" in said
    assert "pool: 0 posts to answer, the newest never" in said
    assert "measured: 0 of 0 of the posts of the last two days" in said


def test_a_lane_tells_its_queue_its_doubts_and_how_old_its_last_post_is(
    room: ControlRoom, ledger: LedgerDoor
) -> None:
    ledger.run("insert_decision", **decision("A walk after lunch."))
    posted = decision("A glass of water before coffee.")
    ledger.run("insert_decision", **posted)
    with ledger.unguarded():
        ledger.sql(
            "UPDATE decisions SET status = 'posted', tweet_id = %s, posted_at = %s WHERE decision_id = %s",
            *(id_at(NOW), NOW - timedelta(minutes=90), posted["decision_id"]),
        )

    answer = room.say("status")

    assert "content: 1 queued, last 1h30m ago, 0/4 this hour, 0/48 this day" in answer["lines"]
    lane = answer["status"]["ledger"]["lanes"]["content"]
    assert (lane["queued"], lane["last_age_s"], lane["hour_cap"]) == (1, 5400.0, 4)


def test_the_pool_tells_what_is_still_to_be_answered_and_how_it_was_judged(
    room: ControlRoom, ledger: LedgerDoor
) -> None:
    for number, (judge, expires) in enumerate([("model", HOUR), ("words", HOUR), ("model", -HOUR)]):
        tweet = id_at(NOW - HOUR, number)
        times = {"posted_at": NOW - HOUR, "seen_at": NOW - HOUR / 2, "expires_at": NOW + expires}
        words = {"author": "slowkitchen", "text": "Beans.", "query": "beans", "tier": "FRESH", "judged_by": judge}
        row = {"tweet_id": tweet, "conversation_id": tweet, "relevance": 5.0, "score": 1.0, **times, **words}
        insert(ledger, "opportunities", **row)

    assert "pool: 2 posts to answer, 1 of them judged by words, the newest 30m ago" in lines(room)


def test_the_weights_in_force_are_the_newest_of_each_lane(room: ControlRoom, ledger: LedgerDoor) -> None:
    for table in ("weight_snapshots", "reply_weights"):
        for version, source in enumerate(("prior", "learned")):
            insert(ledger, table, version=version, created_at=NOW, source=source, outcomes=30 * version, body="{}")

    said = lines(room)

    assert "content weights: version 1 (learned from 30 outcomes)" in said
    assert "reply weights: version 1 (learned from 30 outcomes)" in said


def test_h8_status_answers_differently_when_follower_trends_change(room: ControlRoom, ledger: LedgerDoor) -> None:
    add_trend(ledger)

    assert "followers: 5012, +3.5 a day (-1.0 to +8.0), the level has jumped" in lines(room)


def test_h8_status_answers_differently_when_follower_backgrounds_change(
    room: ControlRoom, ledger: LedgerDoor
) -> None:
    add_trend(ledger)
    add_gain(ledger)
    row = decision("A walk after lunch.")
    ledger.run("insert_decision", **row)
    insert(ledger, "follower_credits", until=NOW, decision_id=row["decision_id"], credit=1.5)
    insert(ledger, "follower_backgrounds", until=NOW, credit=2.5, method="engagement", computed_at=NOW)

    assert "new followers of a day: 4.0, 2.5 of them without us" in lines(room)


def test_h8_status_answers_differently_when_calibrations_change(room: ControlRoom, ledger: LedgerDoor) -> None:
    row = {"outcomes": 40, "coverage": 0.6, "crps": 0.4, "slope": 0.8, "pit": "[]", "is_alarming": True}
    insert(ledger, "calibrations", computed_at=NOW, **row)

    assert "predictions: 60% of 40 lay in their 80 % interval: predictions are off" in lines(room)


def test_h8_status_answers_differently_when_reply_effects_change(room: ControlRoom, ledger: LedgerDoor) -> None:
    row = {"assigned": 40, "held_out": 10, "effect": 0.05, "low": -0.01, "high": 0.11}
    insert(ledger, "reply_effects", computed_at=NOW, **row)

    assert "answering: +0.050 follows of an author (-0.010 to +0.110; 40 answered, 10 not)" in lines(room)


def test_h8_status_answers_differently_when_simulated_outcomes_change(room: ControlRoom, ledger: LedgerDoor) -> None:
    row = decision("A walk after lunch.", decision_id=uuid.uuid4())
    ledger.run("insert_decision", **row)
    insert(ledger, "simulated_outcomes", decision_id=row["decision_id"], drawn_at=NOW, weight_version=0, engagement=2.0)

    assert "shadow: 1 simulated outcomes, 2.0 reactions each" in lines(room)


def test_without_its_ledger_status_still_tells_what_the_board_knows_and_what_is_wrong(
    room: ControlRoom, ledger: LedgerDoor
) -> None:
    ledger.sql("DROP TABLE opportunities CASCADE")

    answer = room.say("status")

    assert answer["ok"]
    assert answer["lines"][0] == "up 12 s"
    assert answer["lines"][-1].startswith("ledger unknown: ")
    assert (answer["status"]["ledger"], "opportunities" in answer["status"]["ledger_error"]) == (None, True)


def test_the_command_prints_one_document_for_programs_and_a_table_for_people(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = {"id": "x", "ok": True, "text": "a; b", "lines": ["up 3 s", "pool: 2 \x1b[31mposts"], "status": {"a": 1}}
    monkeypatch.setattr(status_module, "ask", lambda *_, **__: answer)
    shown = io.StringIO()
    monkeypatch.setattr(sys, "stdout", shown)
    assert status_module.status(data=None, as_json=True) == 0
    assert json.loads(shown.getvalue()) == {"a": 1}

    monkeypatch.setattr(shown, "isatty", lambda: True, raising=False)
    shown.seek(0)
    shown.truncate()
    assert status_module.status(data=None, as_json=False) == 0

    assert "\x1b[31m" not in shown.getvalue()
    assert "\\x1b[31mposts" in shown.getvalue()


def test_h8_status_answers_differently_when_health_verdicts_change(room: ControlRoom, ledger: LedgerDoor) -> None:
    assert not [line for line in lines(room) if line.startswith("health")]
    verdict = {"level": "degraded", "since": NOW, "seen": "degraded", "looks": 0, "ill_since": NOW, "figures": "{}"}
    found = [
        {"name": "kill_switch", "level": "healthy", "text": "the kill switch is on"},
        {"name": "memory", "level": "degraded", "text": "memory is tight"},
        {"name": "queue_low", "level": "degraded", "text": "0 posts are queued"},
    ]
    insert(ledger, "health_verdicts", judged_at=NOW - HOUR, **{**verdict, "score": 50.0, "symptoms": "[]"})
    insert(ledger, "health_verdicts", judged_at=NOW - HOUR / 4, **verdict, score=92.0, symptoms=json.dumps(found))

    assert "health: degraded (score 92, judged 15m ago): memory is tight, and 1 more" in lines(room)
