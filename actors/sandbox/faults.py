"""Named faults: what the site can be told to do wrong, and how often.

A fault is armed for a number of requests of the operated account and spent by the next ones it affects. Nobody else's
traffic, and none of the sandbox's own endpoints, spends or feels one. Armed faults are forgotten at a restart.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from actors.errors import PermanentError

if TYPE_CHECKING:
    from collections.abc import Collection


class Occasion(StrEnum):
    """A kind of request that faults can affect."""

    PAGE = "page"
    API = "api"
    CREATE = "create"
    DETAIL = "detail"
    """The API's request for a post's own page: the post, what it answers, and the answers to it."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to misbehave. Of the faults armed for the same `aspect` only the one armed first affects a request.

    A request that is affected in the aspect "entry" gets no further, so it suffers no other fault.
    """

    name: str
    aspect: str
    occasions: frozenset[Occasion]
    effect: str
    seconds: float = 0.0
    """Real seconds: how late an answer or a toast is, or how long a connection without an answer is held open."""


_ALL = frozenset(Occasion)
_PAGE = frozenset({Occasion.PAGE})
_CREATE = frozenset({Occasion.CREATE})
_DETAIL = frozenset({Occasion.DETAIL})

FAULTS = {
    fault.name: fault
    for fault in (
        Fault("response_lost", "answer", _CREATE, "the post is stored, its answer never comes", 30.0),
        Fault("hang", "answer", _CREATE, "nothing is stored, and no answer ever comes", 600.0),
        Fault("no_toast", "toast", _CREATE, "the post is stored and answered, the page shows no toast"),
        Fault("slow", "pace", frozenset({Occasion.PAGE, Occasion.CREATE}), "the answer comes late", 4.0),
        Fault("logged_out", "entry", _ALL, "the site acts as if the session had ended"),
        Fault("http_429", "entry", _ALL, "the site asks for patience and does nothing"),
        Fault("challenge", "entry", _PAGE, "the page leads to one that asks for a human, with no way on"),
        Fault("half_page", "entry", _PAGE, "the document ends in the middle, before its scripts"),
        Fault("consent_wall", "cover", _PAGE, "a wall about cookies covers the page until its visitor answers"),
        Fault("renamed_testid", "markup", _PAGE, "the button that publishes carries another test id"),
        Fault("text_dropped", "input", _PAGE, "the composer loses a character of what is put in"),
        Fault("duplicate_refused", "answer", _CREATE, "nothing is stored, the post is refused as a duplicate"),
        Fault("toast_late", "toast", _CREATE, "the post is stored, its answer names no id, its toast comes late", 3.0),
        Fault("wrong_author", "target", _DETAIL, "the post is shown as somebody else's"),
        Fault("target_deleted", "target", _DETAIL, "the post is said not to exist"),
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

    def spend(self, occasion: Occasion, spared: Collection[str] = ()) -> dict[str, Fault]:
        """Give the faults that affect a request, by name, and count them down; those of `spared` names do not."""
        with self._lock:
            armed = [FAULTS[name] for name in self._armed if name not in spared]
            affecting = [fault for fault in armed if occasion in fault.occasions]
            entries = [fault for fault in affecting if fault.aspect == "entry"]
            chosen: dict[str, Fault] = {}
            for fault in entries or affecting:
                chosen.setdefault(fault.aspect, fault)
            for fault in chosen.values():
                self._armed[fault.name] -= 1
                if not self._armed[fault.name]:
                    del self._armed[fault.name]
            return {fault.name: fault for fault in chosen.values()}
