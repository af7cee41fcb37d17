"""Pauses in a real Postgres: in force at once, found by the next process, over when their time has come."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from actors.control.pauses import Pauses
from actors.domain.author import ANYBODY, HOLDER
from actors.domain.pauses import Pause
from tests.fakes import LedgerDoor

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
FAMILIES = {"content": frozenset({"plan", "viral_thread"}), "publishing": frozenset({"posting"})}
POSTING = Pause("posting", NOW + 2 * HOUR, "me", "the site is down")


class Process:
    """What a process knows of pauses, and what it told its families."""

    def __init__(self, ledger: LedgerDoor) -> None:
        self.ledger = ledger
        self.told: list[tuple[str, Pause | None]] = []
        self.pauses = Pauses(FAMILIES, lambda job, pause: self.told.append((job, pause)))

    def write(self, now: datetime = NOW) -> Process:
        while (work := self.pauses.transaction(now)) is not None:
            self.pauses.answered(self.ledger.transact(work.statements), now)
        return self

    def paused(self, now: datetime = NOW) -> set[str]:
        return set(self.pauses.paused(now))


def test_a_pause_survives_a_restart_with_its_end_its_author_and_its_reason(ledger: LedgerDoor) -> None:
    before = Process(ledger).write()
    before.pauses.pause(POSTING, NOW)
    before.write()

    after = Process(ledger).write()
    assert after.pauses.in_force(NOW) == (POSTING,)
    assert after.told == [("posting", POSTING)]


def test_a_pause_is_over_in_its_time_also_in_a_process_that_began_after_it(ledger: LedgerDoor) -> None:
    before = Process(ledger).write()
    before.pauses.pause(POSTING, NOW)
    before.write()
    after = Process(ledger).write()
    assert after.pauses.next_end(NOW) == POSTING.until
    assert after.pauses.end_overdue(NOW + HOUR) == []

    assert after.pauses.end_overdue(NOW + 2 * HOUR) == [POSTING]
    after.write(NOW + 2 * HOUR)

    assert after.told[-1] == ("posting", None)
    assert ledger.all("all_pauses") == []


def test_one_that_ended_while_nobody_ran_pauses_nothing(ledger: LedgerDoor) -> None:
    before = Process(ledger).write()
    before.pauses.pause(POSTING, NOW)
    before.write()

    after = Process(ledger).write(NOW + 3 * HOUR)
    assert after.told == []


def test_resuming_a_job_leaves_the_rest_of_its_family_stored(ledger: LedgerDoor) -> None:
    process = Process(ledger).write()
    process.pauses.pause(Pause("content", None, "me"), NOW)
    process.write()
    assert process.pauses.resume("plan", NOW)
    process.write()

    assert Process(ledger).write().paused() == {"viral_thread"}


def test_what_is_said_while_postgres_is_away_is_in_force_at_once_and_stored_afterwards(ledger: LedgerDoor) -> None:
    before = Process(ledger).write()
    before.pauses.pause(Pause("all", None, "me"), NOW)
    before.write()
    process = Process(ledger)
    assert process.pauses.transaction(NOW) is not None
    process.pauses.answered(None, NOW)

    # The pause of all is not known yet: a job that is resumed goes on, and one that is paused does not.
    process.pauses.resume("posting", NOW)
    process.pauses.pause(POSTING, NOW)
    process.pauses.resume("posting", NOW)
    assert process.told == [("posting", None), ("posting", POSTING), ("posting", None)]
    process.write()

    assert process.paused() == Process(ledger).write().paused() == {"plan", "viral_thread"}


def test_a_write_that_failed_is_tried_again_with_all_that_was_said_meanwhile(ledger: LedgerDoor) -> None:
    process = Process(ledger).write()
    process.pauses.pause(POSTING, NOW)
    assert process.pauses.transaction(NOW) is not None
    process.pauses.pause(Pause("plan", None, "me"), NOW)
    assert process.pauses.transaction(NOW) is None
    process.pauses.answered(None, NOW)
    process.write()

    assert Process(ledger).write().paused() == {"posting", "plan"}


def test_what_is_said_while_a_write_is_under_way_is_written_next(ledger: LedgerDoor) -> None:
    process = Process(ledger).write()
    process.pauses.pause(POSTING, NOW)
    work = process.pauses.transaction(NOW)
    assert work is not None
    process.pauses.pause(Pause("plan", None, "me"), NOW)
    process.pauses.answered(ledger.transact(work.statements), NOW)
    process.write()

    assert Process(ledger).write().paused() == {"posting", "plan"}


def test_what_another_process_was_told_is_found_when_it_is_looked_for(ledger: LedgerDoor) -> None:
    ours, theirs = Process(ledger).write(), Process(ledger).write()
    theirs.pauses.pause(POSTING, NOW)
    theirs.write()
    assert ours.paused() == set()

    ours.pauses.read_again()
    ours.pauses.pause(Pause("plan", None, "me"), NOW)
    ours.write()

    assert ours.paused() == {"posting", "plan"}
    theirs.pauses.read_again()
    assert theirs.write().paused() == {"posting", "plan"}


def test_a_shorter_pause_said_before_the_stored_ones_were_read_does_not_replace_a_longer_one(
    ledger: LedgerDoor,
) -> None:
    hold = Pause("posting", None, "me", "legal hold")
    before = Process(ledger).write()
    before.pauses.pause(hold, NOW)
    before.write()

    after = Process(ledger)
    after.pauses.pause(Pause("posting", NOW + timedelta(seconds=1), "me"), NOW)
    after.write()

    assert after.pauses.in_force(NOW) == Process(ledger).write().pauses.in_force(NOW) == (hold,)


@pytest.mark.parametrize("is_over", [False, True])
def test_no_process_shortens_or_ends_a_pause_that_another_has_stored_for_longer(
    ledger: LedgerDoor, *, is_over: bool
) -> None:
    ours, theirs = Process(ledger).write(), Process(ledger).write()
    short, hold = Pause("posting", NOW + HOUR, "me"), Pause("posting", None, "me", "legal hold")
    if is_over:
        ours.pauses.pause(short, NOW)
        ours.write()
    theirs.pauses.pause(hold, NOW)
    theirs.write()
    if is_over:
        assert ours.pauses.end_overdue(NOW + HOUR) == [short]
    else:
        ours.pauses.pause(short, NOW)
    ours.write(NOW + HOUR)

    assert ours.pauses.in_force(NOW + HOUR) == (hold,)
    assert ours.told[-1] == ("posting", hold)


@pytest.mark.parametrize("until", [None, NOW + HOUR])
@pytest.mark.parametrize("is_known", [True, False])
def test_what_anybody_says_rewrites_neither_author_nor_reason_of_what_the_holder_of_the_key_stopped(
    ledger: LedgerDoor, until: datetime | None, *, is_known: bool
) -> None:
    hold, lunch = Pause("posting", NOW + HOUR, HOLDER, "legal hold"), Pause("posting", until, ANYBODY, "lunch")
    before = Process(ledger).write()
    before.pauses.pause(hold, NOW)
    before.write()

    # Said to a process that has read the stored ones, or to one that has not.
    after = Process(ledger).write() if is_known else Process(ledger)
    after.pauses.pause(lunch, NOW)
    after.write()

    assert after.pauses.in_force(NOW) == Process(ledger).write().pauses.in_force(NOW) == (lunch, hold)
    assert after.told[-1][1] == after.pauses.paused(NOW)["posting"]
    assert "legal hold" in after.pauses.paused(NOW)["posting"].because

    assert after.pauses.resume("posting", NOW)
    after.write()
    assert ledger.all("all_pauses") == []


def test_a_pause_of_one_author_that_ends_leaves_that_of_the_other(ledger: LedgerDoor) -> None:
    process = Process(ledger).write()
    process.pauses.pause(Pause("posting", NOW + HOUR, HOLDER, "legal hold"), NOW)
    process.pauses.pause(Pause("posting", None, ANYBODY, "lunch"), NOW)
    process.write()

    assert len(process.pauses.end_overdue(NOW + HOUR)) == 1
    process.write(NOW + HOUR)

    assert [row["because"] for row in ledger.all("all_pauses")] == ["lunch"]


def test_a_pause_that_was_lifted_may_be_said_again_for_a_shorter_time(ledger: LedgerDoor) -> None:
    process = Process(ledger).write()
    process.pauses.pause(Pause("posting", None, "me"), NOW)
    process.write()
    process.pauses.resume("posting", NOW)
    process.pauses.pause(POSTING, NOW)
    process.write()

    assert Process(ledger).write().pauses.in_force(NOW) == (POSTING,)
