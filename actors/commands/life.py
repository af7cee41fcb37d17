"""What the main thread does between the start of the tree and its end."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from typing import TYPE_CHECKING, Any

from actors.domain.boot import BootState
from actors.errors import AppError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from actors.app import App
    from actors.runtime.boot import BootFile
    from actors.runtime.drain import Grace

logger = logging.getLogger("actors.supervisor")

_READY_GRACE_S = 120.0
_STABLE_S = 60.0
"""A process that worked for so long did not die of its start."""
_LOOK_FOR_SESSION_S = 30.0


class Life:
    """One life of the tree, from its start to its end. Called in the main thread."""

    def __init__(self, app: App, boots: BootFile, lasting: timedelta | None, grace: Grace) -> None:
        self.is_renewed = False
        """Whether the process is to begin anew."""
        self._app, self._boots, self._grace = app, boots, grace
        self._lasting = lasting.total_seconds() if lasting is not None else None
        self._ready_at: float | None = None
        self._looked_at = 0.0
        """When a newer session was looked for last."""

    def left(self) -> float | None:
        """Return real seconds until it is to end by itself; None: never."""
        if self._lasting is None or self._ready_at is None:
            return self._lasting
        return self._ready_at + self._lasting - time.monotonic()

    def live(self, began: float) -> int:
        """Start, wait, drain, end; return the exit code."""
        app, guard = self._app, self._guard()
        try:
            if app.start():
                _report_ready(app, began)
                self._ready_at = time.monotonic()
                while not app.ended.wait(1.0):
                    self._look()
                self._drain()
        finally:
            if guard is not None:
                guard.cancel()
            app.end(self._grace)
        if app.failure:
            return 1
        # Whoever asked for the end, and however far it had come: it did not die.
        self._boots.mark(BootState.ENDED)
        return 0 if app.asked.is_set() else 1

    def _guard(self) -> threading.Timer | None:
        """End a process with a set time even if it never gets ready."""
        if self._lasting is None:
            return None
        guard = threading.Timer(self._lasting + _READY_GRACE_S, self._app.ended.set)
        guard.daemon = True
        guard.start()
        return guard

    def _drain(self) -> None:
        """Let runs end and count what there is."""
        app, grace = self._app, self._grace
        seconds = grace.drain_s()
        logger.info(
            "runs have %.0f s to end",
            seconds,
            extra={"action": "drain_started", "grace_s": grace.seconds, "drain_s": round(seconds, 1)},
        )
        if app.failure:
            # The tree is not there to be asked.
            return
        try:
            app.drain(grace)
            summary = app.summary(grace)
        except AppError as error:
            logger.error("the end could not be counted", extra={"action": "summary_failed", "data": str(error)})
            return
        if summary is not None:
            _report_end(summary)

    def _look(self) -> None:
        assert self._ready_at is not None
        left = self.left()
        if left is not None and left <= 0:
            self._app.shutdown("--for")
            return
        if time.monotonic() - self._ready_at >= _STABLE_S:
            self._boots.mark(BootState.STABLE)
        try:
            self.is_renewed = self._app.wants_renewal()
        except AppError as error:
            logger.warning("the board gave no answer", extra={"action": "renewal_waits", "data": str(error)})
        if self.is_renewed:
            self._app.ended.set()
        if time.monotonic() - max(self._looked_at, self._ready_at) >= _LOOK_FOR_SESSION_S:
            self._looked_at = time.monotonic()
            # A database that is away tells so elsewhere, and a minute later is soon enough.
            with contextlib.suppress(AppError):
                self._app.look_for_session()


def _report_end(summary: Mapping[str, Any]) -> None:
    logger.info(
        "what the ledger holds",
        extra={
            "action": "summary",
            "planned": summary["planned"],
            "published": summary["published"],
            "receipts": summary["receipts"],
            "uncertain": summary["uncertain"],
            "snapshots": summary["snapshots"],
            "weight_version": summary["weight_version"],
        },
    )


def _report_ready(app: App, began: float) -> None:
    took = round(time.monotonic() - began, 2)
    logger.info(
        "ready after %.1f s: look at %s",
        took,
        app.world.site,
        extra={"action": "ready", "took_s": took, "site": app.world.site, "jobs": len(app.jobs)},
    )
