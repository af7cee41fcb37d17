"""Weighing: a word with consequences is answered with them, and only then carried out, in the order of the words."""

from __future__ import annotations

import itertools
import logging
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from actors.control.inquiries import LEDGER_S
from actors.domain.consequences import Outlook
from actors.domain.priority import Priority
from actors.domain.rate import Rate
from actors.errors import AppError
from actors.messages import Describe
from actors.sql.queries import Statement, Transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from actors.control.reach import Reach, Voice
    from actors.control.words import Command
    from actors.runtime.cell import ActorContext

logger = logging.getLogger(__name__)

_LOOK_S = 0.4
"""How long board and ledger may take each: with both of them silent a word is still answered within a second."""
_LOOKS = (20, 1.0)
"""How many words are weighed in how many seconds; more than that are carried out without a look."""
_NUMBERS = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Weighed:
    """The tag of the ledger's answer: for which word it is."""

    number: int


@dataclass(frozen=True, slots=True)
class Facts:
    """What a word's consequences are made of; None is what nobody could say in time. Times are schedule time."""

    snapshot: Mapping[str, Any] | None
    lanes: Mapping[str, Outlook] | None
    now: datetime

    @property
    def running(self) -> Mapping[str, Any] | None:
        """Return the jobs that have a run under way."""
        return None if self.snapshot is None else self.snapshot.get("running", {})

    @property
    def draining(self) -> bool:
        """Return whether nothing new begins any more, as far as that is known."""
        return self.snapshot is not None and self.snapshot["draining"]

    @property
    def next_due(self) -> Mapping[str, datetime]:
        """Return when each job is due next, as far as that is known."""
        return {} if self.snapshot is None else self.snapshot.get("next_due", {})


@dataclass(slots=True)
class _Waiting:
    command: Command
    say: Callable[[Facts], tuple[str, list[str]]]
    act: Callable[[], None]
    until: float
    is_ready: Callable[[], bool]
    facts: Facts | None = None
    """What is known once the ledger has answered, or is not waited for."""

    def may_go(self, now: float) -> bool:
        """Return whether nothing is waited for any more (monotonic)."""
        return self.facts is not None and (self.is_ready() or self.until <= now)


@dataclass(slots=True)
class Weighing:
    """The words whose consequences are looked up. Called in the operator's thread only.

    Neither the board nor the ledger can keep a word from being carried out: who is silent is said to be so.
    """

    context: ActorContext
    reach: Reach
    voice: Voice
    waiting: deque[tuple[int, _Waiting]] = field(default_factory=deque)
    looks: Rate = field(default_factory=lambda: Rate(*_LOOKS))

    def weigh(
        self,
        command: Command,
        say: Callable[[Facts], tuple[str, list[str]]],
        act: Callable[[], None],
        *,
        asks_ledger: bool = True,
        is_ready: Callable[[], bool] = lambda: True,
    ) -> None:
        """Answer with what `say` makes of the facts (what is done, what comes of it), then `act`.

        Words that came before are carried out before. What `say` raises as an `AppError` is a refusal. What else the
        answer is to tell of is waited for as long as for the ledger, until it `is_ready`.
        """
        number, until = next(_NUMBERS), time.monotonic() + _LOOK_S
        word = _Waiting(command, say, act, until, is_ready)
        self.waiting.append((number, word))
        if not self.looks.allows(time.monotonic()):
            word.facts = Facts(None, None, self.reach.now())
        elif not asks_ledger:
            word.facts = self._facts(None)
        else:
            work = Transaction((Statement("queue_outlook", {"now": self.reach.now()}),))
            # Longer than anybody waits here: what is only slow must not count against the database.
            self.voice.request(self.reach.database, work, Weighed(number), Priority.P0, LEDGER_S)
            self.context.wake_at(until)
        self.carry_out()

    def settled(self, tag: Weighed, rows: Any, error: BaseException | None) -> None:
        """Take the ledger's answer."""
        for number, word in self.waiting:
            if number == tag.number and word.facts is None:
                word.facts = self._facts(None if error is not None else rows[0])
        self.carry_out()

    def conclude_overdue(self) -> None:
        """Carry out what has waited long enough for the ledger."""
        now = time.monotonic()
        for _, word in self.waiting:
            if word.facts is None and word.until <= now:
                word.facts = self._facts(None)
        self.carry_out()

    def carry_out(self) -> None:
        """Answer and carry out every word that waits for nothing any more, in their order."""
        while self.waiting and self.waiting[0][1].may_go(time.monotonic()):
            _, word = self.waiting.popleft()
            assert word.facts is not None
            try:
                done, consequences = word.say(word.facts)
            except AppError as error:
                self.voice.reply(word.command.id, ok=False, text=f"not done: {error}")
                continue
            # The answer goes first: who acts may stop the one who answers.
            self.voice.reply(
                word.command.id, ok=True, text="; ".join([done, *consequences]), consequences=consequences
            )
            try:
                word.act()
            except AppError as error:
                self.voice.reply(word.command.id, ok=False, text=f"not done: {error}")
        if self.waiting:
            self.context.wake_at(min(word.until for _, word in self.waiting))

    def _facts(self, rows: list[dict[str, Any]] | None) -> Facts:
        lanes = None
        if rows is not None:
            lanes = {r["lane"]: Outlook(r["queued"], r["due"], r["next_at"], r["last_at"]) for r in rows}
        try:
            snapshot = self.reach.board.ask(Describe(), _LOOK_S)
        except AppError as error:
            logger.warning("the board does not say what runs", extra={"action": "board_silent", "data": str(error)})
            snapshot = None
        return Facts(snapshot, lanes, self.reach.now())
