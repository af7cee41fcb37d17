"""Named faults: what the site can be told to do wrong, and how often.

A fault is armed for a number of requests of the operated account and spent by the next ones it affects. Nobody else's
traffic, and none of the sandbox's own endpoints, spends or feels one. Armed faults are forgotten at a restart.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from enum import StrEnum

from actors.errors import PermanentError


class Occasion(StrEnum):
    """A kind of request that faults can affect."""

    PAGE = "page"
    API = "api"
    CREATE = "create"


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to misbehave. Of the faults armed for the same `aspect` only the one armed first affects a request."""

    name: str
    aspect: str
    occasions: frozenset[Occasion]
    effect: str
    seconds: float = 0.0
    """Real seconds: how long an answer is late, or how long a connection without an answer is held open."""


_ALL = frozenset(Occasion)
_CREATE = frozenset({Occasion.CREATE})

FAULTS = {
    fault.name: fault
    for fault in (
        Fault("response_lost", "answer", _CREATE, "the post is stored, its answer never comes", 30.0),
        Fault("hang", "answer", _CREATE, "nothing is stored, and no answer ever comes", 600.0),
        Fault("no_toast", "toast", _CREATE, "the post is stored and answered, the page shows no toast"),
        Fault("slow", "pace", frozenset({Occasion.PAGE, Occasion.CREATE}), "the answer comes late", 4.0),
        Fault("logged_out", "session", _ALL, "the site acts as if the session had ended"),
    )
}


class UnknownFaultError(PermanentError):
    """There is no fault of that name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"unknown fault {name!r}", f"known are: {', '.join(sorted(FAULTS))}")


class FaultBoard:
    """Keep what is armed, and hand it out; safe in any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._armed: dict[str, int] = {}

    def arm(self, name: str, count: int) -> None:
        """Let the next `count` affected requests suffer the fault; 0 disarms it.

        Raises:
            UnknownFaultError: no fault has that name.
        """
        if name not in FAULTS:
            raise UnknownFaultError(name)
        with self._lock:
            self._armed.pop(name, None)
            if count > 0:
                self._armed[name] = count

    def armed(self) -> dict[str, int]:
        """Tell how many requests each armed fault still waits for."""
        with self._lock:
            return dict(self._armed)

    def spend(self, occasion: Occasion) -> dict[str, Fault]:
        """Give the faults that affect a request, by name, and count them down.

        A request that acts as logged out spends no other fault: it gets no further.
        """
        with self._lock:
            affecting = [FAULTS[name] for name in self._armed if occasion in FAULTS[name].occasions]
            sessions = [fault for fault in affecting if fault.aspect == "session"]
            chosen: dict[str, Fault] = {}
            for fault in sessions or affecting:
                chosen.setdefault(fault.aspect, fault)
            for fault in chosen.values():
                self._armed[fault.name] -= 1
                if not self._armed[fault.name]:
                    del self._armed[fault.name]
            return {fault.name: fault for fault in chosen.values()}
