"""Stand-ins for what surrounds a resource: its asker, its clock, and the ledger without a front."""

from __future__ import annotations

import contextlib
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from actors.domain.priority import Priority
from actors.domain.text import content_hash
from actors.messages import Request
from actors.resources.database import Database, DatabaseWorker
from actors.sql.queries import Statement, Transaction

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)

Row = dict[str, Any]


class NoReply:
    """A reply that nobody reads."""

    def begin(self) -> None:
        pass

    def settle(self, value: Any) -> None:
        pass

    def fail(self, error: BaseException) -> None:
        pass


class LedgerDoor:
    """The database's door without a front: real Postgres, real queries, in the calling thread."""

    def __init__(self, url: str, connections: int = 2) -> None:
        self._database = Database(url, connections, dict.fromkeys(Priority, 10.0))

    def transact(self, statements: Sequence[Statement]) -> list[list[Row]]:
        request = Request("test", Transaction(tuple(statements)), Priority.P0, 0.0, 10.0, NoReply())
        rows: Any = DatabaseWorker(self._database).perform(request)
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

    @contextlib.contextmanager
    def unguarded(self, *tables: str) -> Iterator[None]:
        """Switch the ledger's rules off, to put something into it that no way leads to."""
        tables = tables or ("decisions", "publish_attempts", "receipts")
        for table in tables:
            self.sql(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield
        for table in tables:
            self.sql(f"ALTER TABLE {table} ENABLE TRIGGER USER")

    def close(self) -> None:
        self._database.close()


@dataclass
class HandClock:
    """Schedule time that goes when told."""

    moment: datetime = NOW

    def __call__(self) -> datetime:
        return self.moment

    def forward(self, **step: float) -> None:
        self.moment += timedelta(**step)


def decision(text: str, *, due: datetime = NOW, **changes: Any) -> Row:
    """Return the parameters of `insert_decision`."""
    row: Row = {
        "decision_id": uuid.uuid4(),
        "lane": "content",
        "kind": "single",
        "text": text,
        "parts": [text],
        "content_hash": content_hash(text),
        "target_id": None,
        "target_author": "",
        "conversation_id": None,
        "addressed_us": False,
        "generator": "coach",
        "topic": "walking",
        "hook": "question",
        "format": "plain",
        "length": "short",
        "angle": "an angle",
        "tone": "a tone",
        "slot": "framework",
        "weight_version": 0,
        "propensity": 0.5,
        "choice": {"exposure": {}},
        "scores": {},
        "now": due,
        "scheduled_at": due,
    }
    return {**row, **changes}


def thread(*parts: str, due: datetime = NOW, **changes: Any) -> Row:
    """Return the parameters of `insert_decision` for a thread."""
    return decision("\n\n".join(parts), due=due, kind="thread", parts=list(parts), **changes)


def reply(text: str, target_id: str, author: str, *, due: datetime = NOW, **changes: Any) -> Row:
    """Return the parameters of `insert_decision` for a reply to a root post."""
    target = {"target_id": target_id, "target_author": author, "conversation_id": target_id}
    return decision(text, due=due, **{"lane": "reply", "kind": "reply", **target, **changes})
