"""The asking side of a front: how a run sends a request and waits for its reply, never past its own deadline."""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from actors.domain.priority import Band, Priority
from actors.errors import DeadlineError, PermanentError
from actors.messages import Demand, Request
from actors.runtime.reply import WaitingReply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from actors.domain.workload import Span
    from actors.runtime.address import Address

_numbers = itertools.count(1)
_LEAST_PATIENCE_S = 1.0
_ANSWER_GRACE_S = 2.0
"""How much longer than its errand an asker waits, so that the front's own verdict arrives first."""


def request_id(owner: str) -> str:
    """Return an id that is unique in this process and tells whose request it is."""
    return f"{owner}/{next(_numbers)}"


@dataclass(slots=True)
class Scope:
    """In whose name and until when requests are made: one run, or one actor's own business.

    `deadline` is monotonic. `revoke` makes every later call raise, so that a run that overran cannot go on.
    """

    owner: str
    priority: Priority
    deadline: float
    since: float | None = None
    """When the run fell due (monotonic)."""
    length: Span | None = None
    """How long it is expected to work on the browser in all."""
    worked: dict[str, float] = field(default_factory=dict)
    """Real seconds that its errands worked so far, by front."""
    _revoked: threading.Event = field(default_factory=threading.Event)
    _asked: set[str] = field(default_factory=set)
    """Fronts that have an errand of this scope now."""

    def revoke(self) -> None:
        """Refuse all further requests of this scope, from any thread."""
        self._revoked.set()

    def remaining(self) -> float:
        """Return real seconds left.

        Raises:
            DeadlineError: none are left, or the scope was revoked.
        """
        left = self.deadline - time.monotonic()
        if left <= 0 or self._revoked.is_set():
            raise DeadlineError(f"{self.owner} is past its deadline")
        return left

    @contextlib.contextmanager
    def errand_on(self, front: str) -> Iterator[None]:
        """Hold this scope's one errand on a front. Only the run's own thread asks, so a second one is a nested one.

        Raises:
            PermanentError: one is under way there. With all slots so taken, each would wait for the other for ever.
        """
        if front in self._asked:
            raise PermanentError(
                f"{self.owner} has an errand under way on {front} and sends another from inside it",
                "send it before that one or after it, not in its on_commit",
            )
        self._asked.add(front)
        try:
            yield
        finally:
            self._asked.discard(front)


@dataclass(frozen=True, slots=True)
class Caller:
    """Sends work to one front within one scope. Blocks the calling thread; never used by a front."""

    front: Address
    scope: Scope

    def call(
        self,
        work: Any,
        limit_s: float,
        on_commit: Callable[[Any], float] | None = None,
        demand: Demand = Demand(),  # noqa: B008 - it is frozen
    ) -> Any:
        """Return the result of one errand.

        Raises:
            AppError: whatever the errand, the slot or the front answered; a nested errand on the same front.
        """
        with self.scope.errand_on(self.front.name):
            return self._call(work, limit_s, on_commit, demand)

    def _call(self, work: Any, limit_s: float, on_commit: Callable[[Any], float] | None, demand: Demand) -> Any:
        now, left = time.monotonic(), self.scope.remaining()
        # An errand that could use all the time left gives up to a second of it to waiting for its slot.
        patience = max(left - limit_s, min(_LEAST_PATIENCE_S, left / 2))
        start_by, limit = now + patience, min(limit_s, left - patience)
        reply, owner, priority = WaitingReply(), self.scope.owner, self.scope.priority
        request = Request(request_id(owner), work, priority, start_by, limit, reply, owner, demand)
        self.front.tell(request, Band.of(priority))
        try:
            # Long enough for a recalled errand as well: it starts afresh by `start_by`, or not at all.
            return reply.wait(min(patience + limit + _ANSWER_GRACE_S, left), on_commit)
        finally:
            worked = self.scope.worked
            worked[self.front.name] = worked.get(self.front.name, 0.0) + reply.took_s
