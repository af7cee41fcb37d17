"""Replies, the question at the commit point, and the deadlines of those who ask."""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace
from typing import Any

import pytest

from actors.domain.priority import Band, Priority
from actors.errors import AppError, CommitRefusedError, DeadlineError, ExpiredError, NotFoundError, PermanentError
from actors.messages import Request
from actors.runtime import client as client_module
from actors.runtime import reply as reply_module
from actors.runtime.address import Address
from actors.runtime.client import Caller, Scope, request_id
from actors.runtime.reply import Answer, ToldReply, WaitingReply
from tests.runtime.stage import WAIT, take


class Permit:
    """What a slot would wait on."""

    def __init__(self) -> None:
        self.not_after: float | None = None
        self.error: BaseException | None = None
        self.granted = threading.Event()

    def grant(self, not_after: float) -> None:
        self.not_after = not_after
        self.granted.set()

    def refuse(self, error: BaseException) -> None:
        self.error = error


def test_the_first_result_counts_and_later_ones_change_nothing() -> None:
    reply = WaitingReply()
    reply.settle(1)
    reply.fail(NotFoundError("late"))
    reply.settle(2)
    assert reply.wait(WAIT) == 1


def test_a_result_from_another_thread_ends_the_wait() -> None:
    reply = WaitingReply()
    threading.Thread(target=reply.settle, args=("there",)).start()
    assert reply.wait(WAIT) == "there"


def test_no_answer_ends_at_the_deadline_and_the_late_one_is_dropped() -> None:
    reply = WaitingReply()
    with pytest.raises(ExpiredError):
        reply.wait(0.01)
    reply.settle("late")
    with pytest.raises(DeadlineError, match="abandoned"):
        reply.wait(WAIT)


def test_a_commit_is_granted_by_the_run_in_its_own_thread() -> None:
    reply, permit, asked = WaitingReply(), Permit(), []
    reply.ask_permit("prepared", permit)

    def on_commit(prepared: Any) -> float:
        asked.append((prepared, threading.current_thread()))
        return 123.0

    def click() -> None:
        assert permit.granted.wait(WAIT)
        reply.settle("posted")

    threading.Thread(target=click).start()
    assert reply.wait(WAIT, on_commit) == "posted"
    assert (permit.not_after, asked) == (123.0, [("prepared", threading.current_thread())])


def test_b5_a_question_of_an_errand_that_is_over_for_its_asker_is_refused() -> None:
    late, behind = Permit(), Permit()
    reply = WaitingReply()
    reply.ask_permit("asked before the deadline, read after it", behind)
    reply.fail(DeadlineError("revoked"))
    reply.ask_permit("a zombie's", late)
    with pytest.raises(DeadlineError, match="revoked"):
        reply.wait(WAIT, lambda _: 1.0)
    for permit in (late, behind):
        assert permit.not_after is None
        assert isinstance(permit.error, DeadlineError)


def test_a_run_that_grants_no_commits_refuses_them() -> None:
    reply, permit = WaitingReply(), Permit()
    reply.ask_permit("prepared", permit)
    with pytest.raises(ExpiredError):
        reply.wait(0.01)
    assert isinstance(permit.error, AppError)


def test_what_the_run_raises_at_the_commit_point_refuses_it() -> None:
    reply, permit = WaitingReply(), Permit()
    reply.ask_permit("prepared", permit)

    def refuse(_: Any) -> float:
        raise CommitRefusedError("the cap is reached")

    with pytest.raises(ExpiredError):
        reply.wait(0.01, refuse)
    assert isinstance(permit.error, CommitRefusedError)


def test_a_bug_at_the_commit_point_refuses_it_and_fails_the_run() -> None:
    reply, permit = WaitingReply(), Permit()
    reply.ask_permit("prepared", permit)

    def broken(_: Any) -> float:
        raise ZeroDivisionError("bug")

    with pytest.raises(ZeroDivisionError):
        reply.wait(WAIT, broken)
    assert "bug" in str(permit.error)


def test_an_actor_is_told_the_first_result_only_even_if_its_mailbox_is_full() -> None:
    address = Address("actor", capacity=1)
    address.tell("backlog")
    reply = ToldReply(address, "tag")
    error = DeadlineError("revoked")
    reply.fail(error)
    reply.settle("late")
    assert take(address, Answer) == [Answer("tag", None, error)]


# The asking side


class Front(Address):
    """Keeps what it is told, and answers at once."""

    def __init__(self) -> None:
        super().__init__("front")
        self.requests: list[tuple[Request, Band]] = []

    def tell(self, message: Request, band: Band = Band.P2) -> None:
        self.requests.append((message, band))
        message.reply.settle("done")


def test_a_reply_knows_how_long_its_errand_worked_since_it_last_began(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([10.0, 20.0, 25.0])
    monkeypatch.setattr(reply_module, "time", SimpleNamespace(monotonic=lambda: next(times)))
    reply, refused = WaitingReply(), WaitingReply()
    reply.begin()
    reply.begin()
    reply.settle("done")
    refused.fail(ExpiredError("never began"))
    assert (reply.took_s, refused.took_s) == (5.0, 0.0)


class WorkingFront(Front):
    """Works three seconds at each errand."""

    def tell(self, message: Request, band: Band = Band.P2) -> None:
        super().tell(message, band)
        message.reply.took_s = 3.0  # type: ignore[attr-defined]


def test_a_scope_sums_how_long_its_errands_worked_on_each_front() -> None:
    browser, database, scope = WorkingFront(), WorkingFront(), Scope("run-1", Priority.P1, time.monotonic() + WAIT)
    browser.name, database.name = "browser", "database"
    for front in (browser, database, browser):
        Caller(front, scope).call("work", 1.0)
    assert scope.worked == {"browser": 6.0, "database": 3.0}


@pytest.mark.parametrize(("left", "limit"), [(60.0, 10.0), (10.0, 10.0), (5.0, 45.0), (0.5, 45.0)])
def test_a11_an_errand_ends_before_the_run_that_asked_for_it(left: float, limit: float) -> None:
    asked_at = time.monotonic()
    front, scope = Front(), Scope("run-1", Priority.P1, asked_at + left)
    assert Caller(front, scope).call("work", limit) == "done"
    ((request, band),) = front.requests
    assert request.start_by + request.limit_s <= scope.deadline + 0.001
    assert request.start_by > asked_at
    assert 0 < request.limit_s <= limit
    assert (request.priority, request.owner, band) == (Priority.P1, "run-1", Band.P1)


class AskingFront(Front):
    """Stands before a commit point with every errand, and is done once it is answered."""

    def tell(self, message: Request, band: Band = Band.P2) -> None:
        self.requests.append((message, band))
        permit = Permit()
        permit.refuse = message.reply.fail  # type: ignore[method-assign]
        permit.grant = message.reply.settle  # type: ignore[method-assign]
        message.reply.ask_permit("prepared", permit)  # type: ignore[attr-defined]


def test_a13_an_errand_sent_from_inside_another_on_the_same_front_is_refused_at_once_and_says_what_to_do() -> None:
    front, scope = AskingFront(), Scope("run-1", Priority.P1, time.monotonic() + WAIT)
    browser = Caller(front, scope)

    def on_commit(_: Any) -> float:
        nested: float = browser.call("nested", 1.0)
        return nested

    with pytest.raises(PermanentError, match=r"run-1 has an errand under way on front .*not in its on_commit"):
        browser.call("outer", 1.0, on_commit)
    assert [request.work for request, _ in front.requests] == ["outer"]
    assert browser.call("after it", 1.0, lambda _: 7.0) == 7.0


def test_a13_inside_an_errand_other_fronts_may_be_asked_and_other_runs_ask_the_same_one() -> None:
    front, ledger = AskingFront(), Front()
    ledger.name = "database"
    scopes = [Scope(f"run-{number}", Priority.P1, time.monotonic() + WAIT) for number in (1, 2)]

    def on_commit(_: Any) -> float:
        assert Caller(ledger, scopes[0]).call("intent", 1.0) == "done"
        assert Caller(front, scopes[1]).call("their errand", 1.0, lambda _: 2.0) == 2.0
        return 1.0

    assert Caller(front, scopes[0]).call("our errand", 1.0, on_commit) == 1.0


def test_a_call_is_never_waited_for_past_its_scopes_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.monotonic()
    silent, scope = Address("silent"), Scope("run-1", Priority.P1, now + 0.02)
    with monkeypatch.context() as standing:
        # Or its time might be over before it asks.
        standing.setattr(client_module, "time", SimpleNamespace(monotonic=lambda: now))
        with pytest.raises(ExpiredError):
            Caller(silent, scope).call("work", 45.0)
    with pytest.raises(DeadlineError, match="run-1 is past its deadline"):
        scope.remaining()


def test_a_revoked_scope_sends_nothing_more() -> None:
    front, scope = Front(), Scope("run-1", Priority.P1, time.monotonic() + WAIT)
    scope.revoke()
    with pytest.raises(DeadlineError):
        Caller(front, scope).call("work", 1.0)
    assert front.requests == []


def test_request_ids_never_repeat_and_name_their_owner() -> None:
    ids = {request_id("run-1") for _ in range(100)}
    assert len(ids) == 100
    assert all(name.startswith("run-1/") for name in ids)
