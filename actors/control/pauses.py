"""The operator's pauses: in force the moment they are said, kept in Postgres as soon as it is there, ended in time."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any

from actors import messages
from actors.domain.pauses import Pause, jobs_of, next_end, paused_jobs, resumed
from actors.domain.priority import Band
from actors.errors import ActorUnavailableError
from actors.sql.queries import Statement, Transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from actors.runtime.address import Address

Row = dict[str, Any]
_ByKey = dict[tuple[str, str], Pause]


def list_pauses() -> Statement:
    """Return the question for all pauses."""
    return Statement("all_pauses")


def store_pause(pause: Pause) -> Statement:
    """Return what keeps a pause; one of the same name and author is replaced, unless it lasts longer."""
    until, by, because = pause.until, pause.by, pause.because
    return Statement("store_pause", {"name": pause.name, "until": until, "by": by, "because": because})


def lift_pause(pause: Pause, now: datetime) -> Statement:
    """Return what forgets the pause of exactly this name and author.

    If this one has ended by itself, one that another process has stored for longer meanwhile stays.
    """
    ended = pause.until if pause.is_over(now) else None
    return Statement("lift_pause", {"name": pause.name, "by": pause.by, "ended": ended})


def pause_of(row: Row) -> Pause:
    """Return the pause that a row of `list_pauses` holds."""
    return Pause(row["name"], row["until_real"], row["paused_by"], row["because"])


def tell_of(families: Mapping[str, Address]) -> Callable[[str, Pause | None], None]:
    """Return what tells a job's family (given by job) that the job stands still (with the pause) or goes on (None).

    A family that is gone for good is not told: nothing of it runs.
    """

    def tell(job: str, pause: Pause | None) -> None:
        message: messages.Pause | messages.Resume = messages.Resume(job)
        if pause is not None:
            until = None if pause.until is None else time.monotonic() + pause.until.timestamp() - time.time()
            message = messages.Pause(job, pause.by, until, pause.because)
        with contextlib.suppress(ActorUnavailableError):
            families[job].tell(message, Band.CONTROL)

    return tell


class Pauses:
    """What is paused now. Everything is called in the operator's thread; nothing waits.

    It outlives the operator's actor. A word is in force at once, whether or not Postgres is there: `tell` moves the
    families, and what is to be written is the difference between what is wanted and what is known to be stored. What
    was said before the stored ones were read is said over them once they are. Times are wall-clock time (aware).

    Args:
        families: the jobs of each.
        tell: called for each job whose pause began, changed (the new one) or ended (None).
    """

    def __init__(self, families: Mapping[str, frozenset[str]], tell: Callable[[str, Pause | None], None]) -> None:
        self._families, self._tell = families, tell
        self._wanted: _ByKey = {}
        self._stored: _ByKey | None = None
        self._is_known = False
        self._said: list[Pause | str] = []
        """While the stored ones are not known: a pause, or the name that was resumed."""
        self._told: dict[str, Pause] = {}
        """What the families know, by job."""
        self._writing: _ByKey | None = None

    @property
    def is_known(self) -> bool:
        """Whether the stored pauses have been read, and are not to be read again."""
        return self._is_known

    def read_again(self) -> None:
        """Forget what is stored, once nothing is left to write: another process may have written."""
        if self._writing is None and self._wanted == self._stored:
            self._is_known = False

    def pause(self, pause: Pause, now: datetime) -> None:
        """Pause this name from now on; what the same author said of it before is replaced."""
        self._wanted[pause.key] = pause
        self._note(pause, now)

    def resume(self, name: str, now: datetime) -> bool:
        """Let the jobs of this name go on, and return whether one was known to be paused."""
        before = set(paused_jobs(self._wanted.values(), self._families, now))
        self._wanted = _by_key(resumed(self._wanted.values(), name, self._families, now))
        self._note(name, now)
        return bool(before - set(paused_jobs(self._wanted.values(), self._families, now)))

    def in_force(self, now: datetime) -> tuple[Pause, ...]:
        """Return the pauses that are not over, by name, then by author."""
        return tuple(each for _, each in sorted(self._wanted.items()) if not each.is_over(now))

    def paused(self, now: datetime) -> dict[str, Pause]:
        """Return every paused job with the pause that keeps it so for longest."""
        return paused_jobs(self._wanted.values(), self._families, now)

    def end_overdue(self, now: datetime) -> list[Pause]:
        """End those whose time has come, and return them."""
        over = [pause for pause in self._wanted.values() if pause.is_over(now)]
        for pause in over:
            del self._wanted[pause.key]
        if over:
            self._tell_families(now)
        return over

    def next_end(self, now: datetime) -> datetime | None:
        """Return when the next one ends by itself."""
        return next_end(self._wanted.values(), now)

    def transaction(self, now: datetime) -> Transaction | None:
        """Return what is to be asked of Postgres next: the stored pauses, then each difference; None: nothing.

        One at a time: until `answered` it is nothing.
        """
        if self._writing is not None:
            return None
        if not self._is_known or self._stored is None:
            self._writing = {}
            return Transaction((list_pauses(),))
        gone = [lift_pause(each, now) for each in self._stored.values() if self._is_let_go(each)]
        new = [store_pause(each) for key, each in self._wanted.items() if self._stored.get(key) != each]
        if not gone and not new:
            return None
        self._writing = dict(self._wanted)
        return Transaction((*gone, *new))

    def answered(self, rows: list[list[Row]] | None, now: datetime) -> bool:
        """Take the answer to `transaction`; None: it failed, and the same is to be asked again later.

        Returns:
            Whether what is stored was changed, so that other processes must read it.
        """
        writing, self._writing = self._writing, None
        if rows is None:
            return False
        if self._is_known:
            self._stored = writing
            # One that another process stored for longer has stayed.
            self.read_again()
            return True
        self._is_known = True
        self._stored = _by_key(map(pause_of, rows[0]))
        self._wanted = dict(self._stored)
        for word in self._said:
            if isinstance(word, Pause):
                stored = self._wanted.get(word.key)
                # What anybody may say must not let go on what somebody stopped for longer.
                if stored is None or stored.is_over(now) or not stored.outlasts(word):
                    self._wanted[word.key] = word
            else:
                self._wanted = _by_key(resumed(self._wanted.values(), word, self._families, now))
        self._said.clear()
        self._tell_families(now)
        return False

    def _is_let_go(self, stored: Pause) -> bool:
        # A shorter one than is stored was said after somebody let go of that.
        return stored.key not in self._wanted or stored.outlasts(self._wanted[stored.key])

    def _note(self, word: Pause | str, now: datetime) -> None:
        if not self._is_known:
            # What was said of the same name before in the same sense is settled by this.
            self._said = [said for said in self._said if _key_of(said) != _key_of(word)] + [word]
        # Who is told to go on is told so even if nobody here knows that he stands.
        self._tell_families(now, jobs_of(word, self._families) if isinstance(word, str) else frozenset())

    def _tell_families(self, now: datetime, resumed_jobs: frozenset[str] = frozenset()) -> None:
        paused = self.paused(now)
        for job in sorted((self._told.keys() | resumed_jobs) - paused.keys()):
            self._tell(job, None)
        for job, pause in sorted(paused.items()):
            if self._told.get(job) != pause:
                self._tell(job, pause)
        self._told = paused


def _key_of(word: Pause | str) -> tuple[str, str] | str:
    return word.key if isinstance(word, Pause) else word


def _by_key(pauses: Iterable[Pause]) -> _ByKey:
    return {pause.key: pause for pause in pauses}
