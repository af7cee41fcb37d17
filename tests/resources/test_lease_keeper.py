"""The keeper of the publisher's lease: on a real Postgres, and before a database that the test plays."""

from __future__ import annotations

import threading
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest

from actors.domain.priority import Priority
from actors.errors import ResourceDiedError
from actors.messages import Describe, LeaseState, Release, Request, Wake
from actors.resources.database import Database
from actors.runtime import lease as lease_module
from actors.runtime.address import Address
from actors.runtime.lease import LeaseKeeper, release_lease
from actors.runtime.reply import Answer, WaitingReply
from tests.fakes import LedgerDoor, decision
from tests.resources.wire import Wire
from tests.runtime.stage import Stage as QuietStage
from tests.runtime.stage import take
from tests.stage import PATIENCE_S, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.stage import Stage

LEASE_S = 0.9
LONGER_S = 6.0
"""For a lease that must not run out meanwhile, whatever else the machine does, and yet be renewed soon."""


def always() -> threading.Event:
    opened = threading.Event()
    opened.set()
    return opened


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> Any:
    """Return what was said of the lease so far, one word a line."""
    caplog.set_level("INFO")

    def words() -> list[str]:
        actions = [getattr(line, "action", "") for line in caplog.records]
        return [action.removeprefix("lease_") for action in actions if action.startswith("lease_")]

    return words


def keep(stage: Stage, boot: str, lease_s: float = LEASE_S) -> Address:
    database, board = stage.addresses["database"], stage.board
    return stage.actor(boot, lambda context: LeaseKeeper(context, boot, lease_s, database, board, always()))


def state(keeper: Address) -> LeaseState:
    answer: LeaseState = keeper.ask(Describe(), PATIENCE_S)
    return answer


def open_database(stage: Stage, url: str) -> None:
    stage.front(Database(url, 4, dict.fromkeys(Priority, 10.0)), 4)


def row(url: str) -> tuple[Any, ...]:
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT boot_id, fence, expires_real FROM publisher_lease").fetchone()
    assert found is not None
    return found


@pytest.fixture
def wire(postgres_url: str) -> Iterator[Wire]:
    (folder,) = parse_qs(urlsplit(postgres_url).query)["host"]
    wire = Wire(Path(folder) / ".s.PGSQL.5432")
    yield wire
    wire.close()


def test_b7_it_takes_the_lease_by_itself_and_keeps_it_under_one_fence(
    stage: Stage, database_url: str, said: Any
) -> None:
    open_database(stage, database_url)
    keeper = keep(stage, "one", LONGER_S)
    eventually(lambda: state(keeper).is_ours, "the lease taken")
    _, _, until = row(database_url)
    eventually(lambda: row(database_url)[2] > until, "the lease renewed")
    assert row(database_url)[:2] == ("one", 1)
    assert said() == ["taken"]
    assert {(news.holder, news.fence) for news in take(stage.board, LeaseState) if news.is_ours} == {("one", 1)}


def test_b7_the_second_waits_and_follows_at_once_when_the_first_gives_it_back(
    stage: Stage, database_url: str, said: Any
) -> None:
    open_database(stage, database_url)
    first = keep(stage, "one", 600.0)
    eventually(lambda: state(first).is_ours, "the lease taken")
    second = keep(stage, "two", LONGER_S)
    eventually(lambda: state(second).holder == "one", "the holder known")
    release_lease(first, 3.0)
    assert not state(first).is_ours
    eventually(lambda: state(second).is_ours, "the lease taken over")
    assert row(database_url)[:2] == ("two", 2)
    assert said() == ["taken", "held_by_other", "released", "taken"]


def test_b7_who_gave_it_back_does_not_take_it_again(stage: Stage, database_url: str) -> None:
    open_database(stage, database_url)
    first = keep(stage, "one")
    eventually(lambda: state(first).is_ours, "the lease taken")
    release_lease(first, 3.0)
    asked_again = threading.Event()
    assert not asked_again.wait(LEASE_S)
    second = keep(stage, "two")
    eventually(lambda: state(second).is_ours, "the lease taken over")
    assert row(database_url)[:2] == ("two", 2)


def test_b7_a_keeper_that_is_restarted_goes_on_under_its_fence(stage: Stage, database_url: str) -> None:
    open_database(stage, database_url)
    first = keep(stage, "one")
    eventually(lambda: state(first).is_ours, "the lease taken")
    again = keep(stage, "one")
    eventually(lambda: state(again).is_ours, "the lease held again")
    assert row(database_url)[:2] == ("one", 1)


def test_d7_without_the_database_it_goes_on_asking_and_says_each_change_once(
    stage: Stage, database_url: str, wire: Wire, said: Any
) -> None:
    name = urlsplit(database_url).path
    open_database(stage, f"postgresql://supervisor@127.0.0.1:{wire.port}{name}?sslmode=disable&gssencmode=disable")
    keeper = keep(stage, "one")
    eventually(lambda: state(keeper).is_ours, "the lease taken")
    wire.fall_silent()
    eventually(lambda: said()[-1] == "unknown", "the silence said")
    assert not state(keeper).is_ours
    tried = wire.lines
    eventually(lambda: wire.lines > tried + 1, "further tries")
    wire.heal()
    eventually(lambda: state(keeper).is_ours, "the lease held again")
    # On a busy machine it may run out in between as well, and is said to each time.
    assert said() == ["taken", "unknown"] * (len(said()) // 2) + ["taken"]
    assert row(database_url)[:2] == ("one", 1)


def test_b7_with_an_attempt_open_it_keeps_the_lease_and_says_so(stage: Stage, database_url: str, said: Any) -> None:
    open_database(stage, database_url)
    keeper = keep(stage, "one", 600.0)
    eventually(lambda: state(keeper).is_ours, "the lease taken")
    begin_attempt(database_url, "one")
    release_lease(keeper, 3.0)
    assert said() == ["taken", "kept"]
    assert state(keeper).is_ours
    assert row(database_url)[2] > datetime.now(UTC)


def test_b7_who_gives_back_what_another_has_by_now_learns_that_it_was_lost(
    stage: Stage, database_url: str, said: Any
) -> None:
    open_database(stage, database_url)
    keeper = keep(stage, "one", 600.0)
    eventually(lambda: state(keeper).is_ours, "the lease taken")
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE publisher_lease SET expires_real = clock_timestamp()")
        connection.execute(
            "UPDATE publisher_lease SET boot_id = 'two', fence = 2, expires_real = now() + interval '1 hour'"
        )
    release_lease(keeper, 3.0)
    assert said() == ["taken", "lost", "kept"]
    assert (state(keeper).holder, state(keeper).is_ours) == ("two", False)


def begin_attempt(url: str, boot: str) -> None:
    ledger, planned = LedgerDoor(url), decision("A walk after lunch.")
    ledger.run("insert_decision", **planned)
    with ledger.unguarded():
        ledger.sql(
            "INSERT INTO publish_attempts (attempt_id, decision_id, attempt, boot_id, lane, intent_at, site_time,"
            " click_until) VALUES (%s, %s, 1, %s, 'content', now(), now(), now())",
            *(uuid.uuid4(), planned["decision_id"], boot),
        )
    ledger.close()


class Played:
    """A keeper before a database that the test plays: it takes the requests and answers them when it likes."""

    def __init__(self, lease_s: float = 30.0, *, opened: bool = True, predecessor: str = "") -> None:
        self.database, self.board, self.opened = Address("database"), Address("board"), threading.Event()
        if opened:
            self.opened.set()
        self.stage = QuietStage(
            lambda context: LeaseKeeper(context, "one", lease_s, self.database, self.board, self.opened, predecessor)
        )
        self.keeper: LeaseKeeper = self.stage.behaviour

    def wake(self) -> list[Request]:
        """Wake it as if its time had come; return what it asks of the database."""
        self.keeper.next_at = time.monotonic()
        self.keeper.receive(Wake())
        return self.requests()

    def requests(self) -> list[Request]:
        found: list[Request] = take(self.database, Request)
        return found

    def answer(self, request: Request, **changes: Any) -> None:
        request.reply.settle([[{"holder": "one", "fence": 1, "is_ours": True, "left_s": 30.0, **changes}]])
        self.stage.serve()

    def queries(self, requests: list[Request]) -> list[str]:
        return [statement.query for request in requests for statement in request.work.statements]


def test_b7_it_asks_at_p0_three_times_a_lease_and_never_waits_longer_than_until_the_next_time() -> None:
    played = Played(lease_s=6.0)
    before = time.monotonic()
    (request,) = played.wake()
    assert (request.priority, request.limit_s) == (Priority.P0, 2.0)
    assert before + 2.0 <= request.start_by <= time.monotonic() + 2.0
    assert before + 2.0 <= played.keeper.next_at <= time.monotonic() + 2.0


def test_b7_before_the_schema_is_there_it_asks_nothing() -> None:
    played = Played(opened=False)
    assert played.wake() == []
    played.opened.set()
    assert played.queries(played.wake()) == ["renew_lease"]


def test_b7_while_one_question_is_under_way_it_sends_no_other_until_the_answer_counts_as_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    played = Played()
    (first,) = played.wake()
    assert played.wake() == []
    monkeypatch.setattr(lease_module, "_LOST_S", -20.0)
    (second,) = played.wake()
    played.answer(first, fence=1)
    assert played.keeper.lease.held is None
    played.answer(second, fence=2)
    played.answer(first, fence=1)
    assert played.keeper.lease.held == 2


def test_b5_it_says_when_the_lease_has_run_out_though_nobody_told_it(said: Any) -> None:
    played = Played()
    (renewal,) = played.wake()
    played.answer(renewal, left_s=0.5)
    assert played.keeper.lease.is_ours(time.monotonic())
    played.wake()
    played.stage.serve_until(lambda: said() == ["taken", "unknown"])
    assert [news.is_ours for news in take(played.board, LeaseState)] == [True, False]


def test_b7_a_database_that_takes_no_message_is_an_answer_as_well(said: Any) -> None:
    played = Played()
    played.database.close()
    played.keeper.receive(Wake())
    played.stage.serve()
    assert (said(), played.keeper.asked) == (["unknown"], None)


def test_b7_a_renewal_under_way_is_awaited_before_the_lease_is_given_back() -> None:
    played, reply = Played(), WaitingReply()
    (first,) = played.wake()
    played.answer(first)
    (renewal,) = played.wake()
    played.stage.tell(Release(reply))
    assert played.requests() == []
    played.answer(renewal)
    (release,) = played.requests()
    assert played.queries([release]) == ["release_lease", "lease_state"]
    assert played.wake() == []
    release.reply.settle([[{"fence": 1}], [{"holder": "one", "fence": 1, "left_s": 0.0, "read_at": None}]])
    played.stage.serve()
    assert reply.wait(0) is None
    assert not played.keeper.lease.is_ours(time.monotonic())
    assert played.wake() == []


def test_b7_who_never_held_the_lease_has_nothing_to_give_back() -> None:
    played, reply = Played(), WaitingReply()
    (renewal,) = played.wake()
    played.answer(renewal, holder="two", is_ours=False)
    played.stage.tell(Release(reply))
    assert (reply.wait(0), played.requests()) == (None, [])


def test_b7_a_keeper_that_had_no_time_to_ask_yet_gives_back_what_its_former_life_held() -> None:
    played = Played()
    played.stage.tell(Release(WaitingReply()))
    assert played.queries(played.requests()) == ["release_lease", "lease_state"]


def test_d7_a_lease_that_could_not_be_given_back_is_an_answer_to_who_asked() -> None:
    played, reply = Played(), WaitingReply()
    (renewal,) = played.wake()
    played.answer(renewal)
    played.stage.tell(Release(reply))
    (release,) = played.requests()
    release.reply.fail(ResourceDiedError("gone"))
    played.stage.serve()
    with pytest.raises(ResourceDiedError):
        reply.wait(0)


@pytest.mark.parametrize("is_closed", [False, True])
def test_a9_a_keeper_that_is_silent_or_gone_holds_nobody_up(said: Any, *, is_closed: bool) -> None:
    keeper = Address("lease")
    if is_closed:
        keeper.close()
    release_lease(keeper, 0.05)
    assert said() == ["kept"]


def test_b7_an_answer_to_its_former_life_says_nothing() -> None:
    played = Played()
    played.wake()
    played.stage.tell(Answer((99, 1), [[{"holder": "one", "fence": 1, "is_ours": True, "left_s": 30.0}]], None))
    assert played.keeper.lease.held is None


def test_b7_the_first_question_gives_back_what_the_dead_boot_of_this_folder_held() -> None:
    played = Played(predecessor="former")
    (first,) = played.wake()
    assert played.queries([first]) == ["release_lease", "renew_lease"]
    assert first.work.statements[0].params == {"boot_id": "former"}
    first.reply.settle([[{"fence": 1}], [{"holder": "one", "fence": 2, "is_ours": True, "left_s": 30.0}]])
    played.stage.serve()
    assert played.keeper.lease.held == 2
    assert played.queries(played.wake()) == ["renew_lease"]


def test_b7_anothers_lease_is_asked_for_as_soon_as_it_ends() -> None:
    played = Played()
    (renewal,) = played.wake()
    played.answer(renewal, holder="two", is_ours=False, left_s=3.0)
    assert 2.0 < played.keeper.next_at - time.monotonic() < 3.1
