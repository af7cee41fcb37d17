"""The whole program with a bomb inside. Run as `python -m tests.crashpoints.program run`.

The steps by which one decision is published are numbered as they are taken: each durable write and each action of the
browser, once before and once after it. At the step that the environment names the process kills itself.

`CRASH_DECISION` is the decision, `CRASH_STEP` the step (`page.click:1:after`; empty: none), and `CRASH_TRACE` a file to
which each step is written, a line each.
"""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import sys
import threading
from collections import Counter
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.async_api import Keyboard, Locator, Page

import supervisor
from actors.embedded import sandbox
from actors.pages import create_call, script, timeline
from actors.pages.compose import PublishPost
from actors.pages.reply import PublishReply
from actors.resources.database import DatabaseClient
from actors.resources.desk import SlotDesk
from actors.resources.journal import Journal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from actors.sql.queries import Statement

ONCE = ("journal.verify", "release_dead_claims", "timeline_is_read", "scan.")
"""Steps of every run, whichever decision it works on: only the first of each is a step of ours."""

_errand: ContextVar[str] = ContextVar("errand", default="")
"""What the current coroutine does for the decision: a prefix of its steps; "" is nothing."""


class Bomb:
    """Counts steps, and ends the process at one of them; for any thread."""

    def __init__(self, decision_id: str, step: str, trace: str) -> None:
        self._decision_id, self._step, self._trace = decision_id, step, trace
        self._attempts: set[str] = set()
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def concerns(self, *values: object) -> bool:
        """Return whether one of these is the decision or an attempt at it."""
        return not {str(value) for value in values}.isdisjoint({self._decision_id, *self._attempts})

    def knows(self, attempt_id: object) -> None:
        """Take an attempt for one at the decision."""
        self._attempts.add(str(attempt_id))

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Pass a step: before what the context holds, and after it, if it came to its end."""
        with self._lock:
            self._counts[name] += 1
            number = self._counts[name]
        is_ours = number == 1 or not name.startswith(ONCE)
        if is_ours:
            self._pass(f"{name}:{number}:before")
        yield
        if is_ours:
            self._pass(f"{name}:{number}:after")

    def _pass(self, step: str) -> None:
        if step == self._step:
            os.kill(os.getpid(), signal.SIGKILL)
        with self._lock, Path(self._trace).open("a", encoding="utf-8") as trace:
            trace.write(step + "\n")


def main() -> int:
    """Wrap the seams and run the program's own command line; its sandbox takes what comes."""
    bomb = Bomb(os.environ["CRASH_DECISION"], os.environ["CRASH_STEP"], os.environ["CRASH_TRACE"])
    sandbox._PROGRAM = Path(__file__).parents[1] / "torture" / "gullible.py"
    wrap_database(bomb)
    wrap_journal(bomb)
    wrap_browser(bomb)
    return supervisor.main()


def wrap_database(bomb: Bomb) -> None:
    """Make a step of each transaction that names the decision or an attempt at it."""
    transact = DatabaseClient.transact

    def wrapped(client: DatabaseClient, statements: Sequence[Statement]) -> Any:
        names = list(dict.fromkeys(each.query for each in statements))
        values = [value for each in statements for value in each.params.values()]
        if "begin_intent" in names and bomb.concerns(*values):
            bomb.knows(next(each.params["attempt_id"] for each in statements if "attempt_id" in each.params))
        if not bomb.concerns(*values) and not names[0].startswith(ONCE):
            rows = transact(client, statements)
            note_attempts(bomb, rows)
            return rows
        if names == ["insert_scan"]:
            # How many looks prove nothing is a matter of time.
            names = ["inconclusive_scan" if statements[0].params["doubts"] else "conclusive_scan"]
        with bomb.step("+".join(names)):
            return transact(client, statements)

    DatabaseClient.transact = wrapped  # type: ignore[method-assign]


def note_attempts(bomb: Bomb, rows: Any) -> None:
    """Learn from what was read which attempts are at the decision."""
    for row in (row for answer in rows for row in answer if isinstance(row, dict)):
        if "attempt_id" in row and bomb.concerns(row.get("decision_id")):
            bomb.knows(row["attempt_id"])


def wrap_journal(bomb: Bomb) -> None:
    """Make a step of each line that is written for the decision, and of the first proof that it can be written."""

    def wrap(name: str, identify: Callable[[Any], object]) -> None:
        method = getattr(Journal, name)

        @functools.wraps(method)
        def wrapped(journal: Journal, *record: Any, **options: Any) -> Any:
            if record and not bomb.concerns(identify(*record)):
                return method(journal, *record, **options)
            with bomb.step(f"journal.{name}"):
                return method(journal, *record, **options)

        setattr(Journal, name, wrapped)

    wrap("verify", lambda: None)
    wrap("grant", lambda grant: grant.decision_id)
    wrap("receipt", lambda testimony: testimony.attempt_id)
    wrap("settle", lambda attempt_id: attempt_id)
    unsettled = Journal.unsettled

    def wrapped(journal: Journal) -> Any:
        entries = unsettled(journal)
        for entry in entries:
            if bomb.concerns(entry.grant.decision_id):
                bomb.knows(entry.grant.attempt_id)
        return entries

    Journal.unsettled = wrapped  # type: ignore[method-assign]


def wrap_browser(bomb: Bomb) -> None:
    """Make a step of each action in an errand of the decision, and in the first look at our own timeline."""
    for errand in (PublishPost, PublishReply):
        _under(errand, lambda it: "page." if bomb.concerns(it.decision_id) else "")
    _under(timeline.ReadOwnTimeline, lambda _: "scan.")
    for owner, name, word in (
        (Page, "goto", "open"),
        (Locator, "click", "focus"),
        (Keyboard, "press", "press"),
        (Keyboard, "insert_text", "type"),
        (SlotDesk, "commit", "permission"),
        (create_call.CreateCall, "answer", "answer"),
        (Page, "wait_for_selector", "toast"),
    ):
        _coroutine(bomb, owner, name, lambda _, word=word: word)
    _coroutine(bomb, script, "run", lambda arguments: _script_name(*arguments))


def _script_name(_page: Any, name: str, argument: dict[str, Any], *_: Any) -> str:
    """Tell the scripts of the composer apart: one of them is the click."""
    if name == "composer":
        return "click" if argument["submit"] else "read"
    return f"{name}.press" if argument.get("press") else name


def _under(errand: Any, prefix_of: Callable[[Any], str]) -> None:
    perform = errand.perform

    @functools.wraps(perform)
    async def wrapped(it: Any, page: Any, desk: Any) -> Any:
        token = _errand.set(prefix_of(it))
        try:
            return await perform(it, page, desk)
        finally:
            _errand.reset(token)

    errand.perform = wrapped


def _coroutine(bomb: Bomb, owner: Any, name: str, word_of: Callable[[tuple[Any, ...]], str]) -> None:
    function = getattr(owner, name)

    @functools.wraps(function)
    async def wrapped(*arguments: Any, **options: Any) -> Any:
        prefix = _errand.get()
        if not prefix:
            return await function(*arguments, **options)
        with bomb.step(prefix + word_of(arguments)):
            return await function(*arguments, **options)

    setattr(owner, name, wrapped)


if __name__ == "__main__":
    sys.exit(main())
