"""The kill switch: in force the moment it is said, kept once Postgres takes it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from actors.control.kill_switch import READ_EVERY_S, KillSwitch
from actors.domain.why.situation import written
from tests.control.room import SNAPSHOT, ControlRoom
from tests.fakes import NOW, LedgerDoor, decision
from tests.stage import Stage, eventually


def write(switch: KillSwitch, *, now: float = 0.0) -> Any:
    """Take the next question, which has to be a write, and return whether it turns it on."""
    work = switch.transaction(now)
    assert work is not None
    (statement,) = work.statements
    assert statement.query == "set_flag"
    return statement.params["is_on"]


def is_on(switch: KillSwitch) -> bool:
    """Return whether it stops all publishing, as far as is known."""
    return switch.stop is not None


def row(on: bool) -> dict[str, Any]:
    """Return the row of a switch that another process stored."""
    return {"is_on": on, "set_at": NOW, "set_by": "another"}


def stored(ledger: LedgerDoor) -> tuple[bool, str] | None:
    """Return how the switch is stored, and by whom."""
    found = ledger.one("get_flag", name="kill_switch")
    return found and (found["is_on"], found["set_by"])


def test_k4_on_holds_at_once_and_only_until_it_is_stored() -> None:
    switch = KillSwitch()
    switch.say(NOW, is_on=True, by="operator")
    assert (switch.holds(), is_on(switch), switch.is_stored) == (True, True, False)
    assert write(switch) is True
    switch.answered([[]])
    assert (switch.holds(), is_on(switch), switch.is_stored) == (False, True, True)


def test_k4_what_could_not_be_stored_is_tried_again_and_holds_meanwhile() -> None:
    switch = KillSwitch()
    switch.say(NOW, is_on=True, by="operator")
    for _ in range(3):
        assert write(switch) is True
        assert switch.transaction(0.0) is None, "one at a time"
        switch.answered(None)
        assert switch.holds()


def test_k4_off_releases_only_once_it_is_stored() -> None:
    switch = KillSwitch()
    switch.say(NOW, is_on=True, by="operator")
    assert write(switch)
    switch.say(NOW, is_on=False, by="operator")
    switch.answered([[]])
    assert (switch.holds(), switch.is_stored) == (True, False)
    assert write(switch) is False
    switch.answered([[]])
    assert (switch.holds(), is_on(switch), switch.is_stored) == (False, False, True)


@pytest.mark.parametrize("on", [True, False])
def test_k4_what_another_process_stored_is_read_and_is_postgres_to_tell_its_publishers(*, on: bool) -> None:
    switch = KillSwitch()
    work = switch.transaction(0.0)
    assert work is not None
    assert [statement.query for statement in work.statements] == ["get_flag"]
    switch.answered([[row(on)]])
    assert (is_on(switch), switch.holds()) == (on, False)
    assert switch.transaction(READ_EVERY_S - 0.1) is None
    assert switch.transaction(READ_EVERY_S) is not None


def test_k4_what_is_said_while_the_stored_one_is_read_is_not_undone_by_the_answer() -> None:
    switch = KillSwitch()
    assert switch.transaction(0.0) is not None
    switch.say(NOW, is_on=True, by="operator")
    switch.answered([[row(False)]])
    assert (switch.holds(), is_on(switch)) == (True, True)
    assert write(switch) is True


def test_k4_the_answer_says_what_comes_of_it_and_the_switch_is_stored(room: ControlRoom, ledger: LedgerDoor) -> None:
    ledger.run("insert_decision", **decision("due", due=NOW - timedelta(hours=1)))

    on, off = room.say("kill-switch on"), room.say("kill-switch off")

    assert on["text"].startswith("kill-switch on is in force; ")
    assert "posting has 1 due decision" in on["consequences"]
    assert off["text"] == "kill-switch off is in force; posting is due first, at 2026-03-02 12:00:00"
    assert stored(ledger) == (False, "operator")


@pytest.mark.usefixtures("silence_is_an_answer")
def test_k4_with_the_database_away_it_is_in_force_here_said_to_be_and_stored_once_the_database_is_back(
    room: ControlRoom, ledger: LedgerDoor
) -> None:
    ledger.sql("ALTER TABLE flags RENAME TO away")

    answer = room.say("kill-switch on")

    assert answer["ok"]
    assert answer["text"].startswith("kill-switch on is in force in this process, and not stored yet; ")
    assert room.records.kept.switch.holds()
    assert room.say("status")["status"]["kill_switch"] is True
    assert "the kill switch is on: nothing is published" in room.say("status")["lines"]
    ledger.sql("ALTER TABLE away RENAME TO flags")
    eventually(lambda: stored(ledger) == (True, "operator"), "the switch stored")
    eventually(lambda: not room.records.kept.switch.holds(), "the ledger's to say")
    assert is_on(room.records.kept.switch)


@pytest.mark.usefixtures("silence_is_an_answer")
def test_k4_with_the_database_away_off_lets_nothing_go_before_it_is_stored(
    room: ControlRoom, ledger: LedgerDoor
) -> None:
    assert room.say("kill-switch on")["ok"]
    ledger.sql("ALTER TABLE flags RENAME TO away")

    assert room.say("kill-switch off")["text"].startswith(
        "kill-switch off is in force once the database has stored it, not before"
    )
    assert is_on(room.records.kept.switch)
    ledger.sql("ALTER TABLE away RENAME TO flags")
    eventually(lambda: not is_on(room.records.kept.switch), "the switch off")
    assert stored(ledger) == (False, "operator")


@pytest.mark.usefixtures("silence_is_an_answer")
def test_k4_why_names_a_switch_that_the_database_has_not_heard_of(room: ControlRoom, ledger: LedgerDoor) -> None:
    ledger.sql("ALTER TABLE flags RENAME TO away")
    assert room.say("kill-switch on")["ok"]

    kinds = [reason["kind"] for reason in room.say("why")["why"]["reasons"]]

    assert kinds[-2:] == ["ledger_unknown", "kill_switch"]


@pytest.mark.parametrize(("is_embedded", "by"), [(True, "operator"), (False, "anybody")])
def test_k4_why_names_who_turned_the_switch_on_and_since_when(
    stage: Stage, valkey_url: str, database_url: str, *, is_embedded: bool, by: str
) -> None:
    room = ControlRoom(stage, valkey_url, database_url, embedded=is_embedded)
    assert room.say("kill-switch on")["ok"]

    texts = [reason["text"] for reason in room.say("why")["why"]["reasons"]]

    assert f"the kill switch is on since {written(NOW)} by {by}, until somebody says `kill-switch off`" in texts


def test_a_pause_and_a_drain_stand_in_status_as_the_board_was_told(
    room: ControlRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert room.say("pause posting because the site moves")["ok"]
    monkeypatch.setitem(SNAPSHOT, "draining", True)

    answer = room.say("status")

    assert [pause["name"] for pause in answer["status"]["pauses"]] == ["posting"]
    assert "draining: nothing new begins until there is a new process" in answer["lines"]
    assert "pause of posting: until somebody resumes it, by operator, because the site moves" in answer["lines"]
