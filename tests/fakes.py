"""Stand-ins at the edge of a job: doors whose answers a test decides, and rows as the ledger holds them."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from actors.config import Config
from actors.domain.learning.choice import choose
from actors.domain.learning.features import Context
from actors.domain.learning.snapshot import prior_snapshot
from actors.domain.priority import Priority
from actors.domain.text import content_hash
from actors.errors import AppError
from actors.job import JobContext, JobsView
from actors.messages import Request
from actors.resources.database import Database, DatabaseWorker
from actors.sql.queries import Statement, Transaction

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from actors.pages.errand import Errand

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
_runs = itertools.count(1)

Row = dict[str, Any]


class NoReply:
    """A reply that nobody reads."""

    def settle(self, value: Any) -> None:
        pass

    def fail(self, error: BaseException) -> None:
        pass


class LedgerDoor:
    """The database's door without a front: real Postgres, real queries, in the calling thread.

    `before` sees every transaction first and may raise in its place.
    """

    def __init__(self, url: str) -> None:
        self._database = Database(url, 2, dict.fromkeys(Priority, 10.0))
        self._worker = DatabaseWorker(self._database)
        self.before: Callable[[Sequence[Statement]], None] = lambda _: None

    def transact(self, statements: Sequence[Statement]) -> list[list[Row]]:
        self.before(statements)
        request = Request("test", Transaction(tuple(statements)), Priority.P0, 0.0, 10.0, NoReply())
        rows: Any = self._worker.perform(request)
        return rows

    def all(self, query: str, **params: Any) -> list[Row]:
        return self.transact([Statement(query, params)])[0]

    def one(self, query: str, **params: Any) -> Row | None:
        rows = self.all(query, **params)
        return rows[0] if rows else None

    def run(self, query: str, *, expect: int | None = None, **params: Any) -> None:
        self.transact([Statement(query, params, expect)])

    def sql(self, text: str, *params: Any) -> list[Row]:
        """Return the rows of any SQL, past the named queries."""
        with self._database.pool.connection() as connection:
            cursor = connection.execute(text.encode(), params)
            return cursor.fetchall() if cursor.description is not None else []

    def close(self) -> None:
        self._database.close()


class FakeDatabase:
    """Answers each named query with the rows prepared for it, and keeps what it was asked."""

    def __init__(self, **rows: list[Row]) -> None:
        self.rows: dict[str, list[Row]] = rows
        self.asked: list[Statement] = []

    def transact(self, statements: Sequence[Statement]) -> list[list[Row]]:
        self.asked += statements
        return [self.rows.get(statement.query, []) for statement in statements]

    def all(self, query: str, **params: Any) -> list[Row]:
        return self.transact([Statement(query, params)])[0]

    def one(self, query: str, **params: Any) -> Row | None:
        rows = self.all(query, **params)
        return rows[0] if rows else None

    def run(self, query: str, *, expect: int | None = None, **params: Any) -> None:
        self.transact([Statement(query, params, expect)])

    def named(self, query: str) -> list[dict[str, Any]]:
        """Return the parameters of every statement of this query."""
        return [statement.params for statement in self.asked if statement.query == query]


@dataclass
class FakeBrowser:
    """Performs each errand by the function a test gives; errands are kept in order."""

    answer: Callable[[Errand, Callable[[Any], float] | None], Any]
    errands: list[Errand] = field(default_factory=list)

    def visit(self, errand: Errand, on_commit: Callable[[Any], float] | None = None) -> Any:
        self.errands.append(errand)
        return self.answer(errand, on_commit)


@dataclass
class FakeModel:
    """Gives the next of its answers; one that is an error is raised. Keeps what it was asked."""

    answers: Iterable[Any]
    asked: list[list[dict[str, str]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._left = iter(self.answers)

    def complete(self, messages: Sequence[dict[str, str]], schema: Any, **_: Any) -> Any:
        self.asked.append(list(messages))
        answer = next(self._left)
        if isinstance(answer, AppError):
            raise answer
        return schema(text=answer)


@dataclass
class FakeJobs:
    """The board's view as a test wants it, and what was triggered."""

    since: datetime = NOW
    last_success: dict[str, datetime] = field(default_factory=dict)
    running: dict[str, datetime] = field(default_factory=dict)
    triggered: list[str] = field(default_factory=list)

    def view(self) -> JobsView:
        return JobsView(self.since, self.last_success, self.running)

    def trigger(self, name: str) -> None:
        self.triggered.append(name)


@dataclass
class HandClock:
    """Schedule time that goes when told."""

    moment: datetime = NOW

    def __call__(self) -> datetime:
        return self.moment

    def forward(self, **step: float) -> None:
        self.moment += timedelta(**step)


def fake_context(
    job: str, *, config: Config | None = None, now: Callable[[], datetime] | None = None, speed: float = 1.0, **doors: Any
) -> JobContext:
    """Return the context of a new run of `job`."""
    clock = now or HandClock()
    return JobContext(
        job=job,
        run_id=f"{job}-test-{next(_runs)}",
        boot_id="boot",
        slot=clock(),
        attempt=1,
        degraded="",
        config=config or Config(),
        now=clock,
        speed=speed,
        **{"jobs": FakeJobs(), **doors},
    )


def decision(text: str, *, due: datetime = NOW, **changes: Any) -> Row:
    """Return the parameters of `insert_decision`."""
    decision_id = uuid.uuid4()
    choice = choose(prior_snapshot(), Context(due), decision_id.bytes)
    row: Mapping[str, Any] = {
        "decision_id": decision_id,
        "text": text,
        "content_hash": content_hash(text),
        "generator": choice.arm.generator,
        "topic": choice.arm.topic,
        "hook": choice.arm.hook,
        "format": choice.arm.format,
        "length": choice.arm.length,
        "angle": "angle",
        "tone": "tone",
        "slot": "slot",
        "weight_version": 0,
        "propensity": choice.propensity,
        "choice": choice.record(),
        "scores": {},
        "now": due,
        "scheduled_at": due,
    }
    return {**row, **changes}
