"""`run`: the whole engine, until it is told to stop or its time is up."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import shutil
import signal
import sys
import threading
import time
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from actors import log
from actors.app import App
from actors.commands.loading import data_folder, load_all
from actors.commands.proof import insist, prove_registry
from actors.domain.boot import BootState
from actors.errors import AppError, ConfigError
from actors.resources.journal import Journal
from actors.runtime.boot import BootFile
from actors.runtime.time import load_clock
from actors.world import open_world

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta
    from pathlib import Path


logger = logging.getLogger("actors.supervisor")

_READY_GRACE_S = 120.0
_STABLE_S = 60.0
"""A process that worked for so long did not die of its start."""
_SWITCH_S = 0.0005
"""Beside three threads that compute, an actor answers after 1 to 3 ms rather than 20 (Python 3.11 on two cores)."""
_DRIVER_OPTIONS = "--max-old-space-size=96 --max-semi-space-size=1"
"""Keeps Playwright's driver at 104 MB instead of 121."""


def run(*, speed: float, lasting: timedelta | None, data: Path | None) -> int:
    """Run and return the exit code: 0 after a clean end, 1 when the tree gave up or never got ready.

    Does not return when too many threads hang: the process then replaces itself by a fresh one.

    Raises:
        ConfigError: the configuration is refused, or breaks the promise to P0; or the data directory is in use.
    """
    began = time.monotonic()
    config, jobs = load_all({"data.dir": str(data)} if data is not None else None)
    boot_id = uuid.uuid4().hex
    log.setup(config.log, secrets=config.secrets(), boot=boot_id[:8])
    insist(prove_registry(config, jobs))
    folder = data_folder(config)
    ended, asked = threading.Event(), threading.Event()
    # A thread that computes would else keep the others, P0 among them, waiting for ten times as long.
    sys.setswitchinterval(_SWITCH_S)
    with _only_one(folder), _signals(ended, asked), _own_temporary_folder(folder):
        logger.info(
            "the supervisor starts",
            extra={"action": "starting", "pid": os.getpid(), "data_dir": str(folder), "speed": speed},
        )
        boots = BootFile(folder / "boot.json", boot_id)
        if not _waited_out(boots.boot.delay(config.supervision.boot_backoff.total_seconds()), ended):
            boots.mark(BootState.ENDED)
            return 1
        clock = load_clock(folder / "clock.json", speed)
        world = open_world(config, clock, folder, ended)
        try:
            if ended.is_set():
                boots.mark(BootState.ENDED)
                return 1
            with contextlib.closing(Journal(folder / "journal")) as journal:
                app = App(config, jobs, world, clock, boot_id, journal, boots.predecessor, ended=ended, asked=asked)
                life = _Life(app, boots, lasting)
                code = life.live(began)
        finally:
            world.close()
            logger.info("the supervisor has stopped", extra={"action": "stopped"})
    if life.is_renewed and not asked.is_set():
        _begin_anew(speed, data, life.left())
    return code


def _waited_out(delay: float, ended: threading.Event) -> bool:
    """Wait before a start that follows too many early deaths; False if the process is to end meanwhile."""
    if not delay:
        return True
    logger.warning(
        "the last boots died young: waiting %g s before this one",
        delay,
        extra={"action": "boot_delayed", "delay_s": delay},
    )
    return not ended.wait(delay)


def _begin_anew(speed: float, data: Path | None, lasting: float | None) -> None:
    """Replace this process, with all its abandoned threads, by a fresh one with the same pid."""
    words = [sys.executable, sys.argv[0], "run", "--speed", str(speed)]
    words += ["--data", str(data)] if data is not None else []
    words += ["--for", f"{max(1, int(lasting))}s"] if lasting is not None else []
    sys.stdout.flush()
    os.execv(sys.executable, words)  # noqa: S606 - no shell is wanted


class _Life:
    """What the main thread does between the start of the tree and its end."""

    def __init__(self, app: App, boots: BootFile, lasting: timedelta | None) -> None:
        self.is_renewed = False
        """Whether the process is to begin anew."""
        self._app, self._boots = app, boots
        self._lasting = lasting.total_seconds() if lasting is not None else None
        self._ready_at: float | None = None

    def left(self) -> float | None:
        """Return real seconds until it is to end by itself; None: never."""
        if self._lasting is None or self._ready_at is None:
            return self._lasting
        return self._ready_at + self._lasting - time.monotonic()

    def live(self, began: float) -> int:
        """Start, wait, drain, end; return the exit code."""
        app, guard, summary = self._app, self._guard(), None
        try:
            if app.start():
                _report_ready(app, began)
                self._ready_at = time.monotonic()
                while not app.ended.wait(1.0):
                    self._look()
                summary = _drain(app)
        finally:
            if guard is not None:
                guard.cancel()
            app.end()
        if summary is not None:
            logger.info("what the ledger holds", extra={"action": "summary", **summary})
        if not app.failure:
            # Whoever asked for the end, and however far it had come: it did not die.
            self._boots.mark(BootState.ENDED)
        return 1 if app.failure or summary is None else 0

    def _guard(self) -> threading.Timer | None:
        """End a process with a set time even if it never gets ready."""
        if self._lasting is None:
            return None
        guard = threading.Timer(self._lasting + _READY_GRACE_S, self._app.ended.set)
        guard.daemon = True
        guard.start()
        return guard

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


def _report_ready(app: App, began: float) -> None:
    took = round(time.monotonic() - began, 2)
    logger.info(
        "ready after %.1f s: look at %s",
        took,
        app.world.site,
        extra={"action": "ready", "took_s": took, "site": app.world.site, "jobs": len(app.jobs)},
    )


def _drain(app: App) -> dict[str, Any] | None:
    """Let runs end and count what there is; None if the tree is not there to be asked."""
    if app.failure:
        return None
    try:
        app.drain()
        return app.summary()
    except AppError as error:
        logger.error("the end could not be counted", extra={"action": "summary_failed", "data": str(error)})
        return None


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """Hold the data directory for this process; the kernel lets go of it however the process ends."""
    with (folder / "supervisor.lock").open("a+") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            held.seek(0)
            raise ConfigError(
                f"another supervisor (pid {held.read().strip() or 'unknown'}) runs on {folder}",
                "stop it, or choose another --data",
            ) from None
        held.truncate(0)
        held.write(str(os.getpid()))
        held.flush()
        yield


@contextmanager
def _signals(ended: threading.Event, asked: threading.Event) -> Iterator[None]:
    """TERM and INT end the process cleanly; a second one ends it at once, which is safe at any instruction."""
    came = threading.Event()

    def on_signal(number: int, _frame: Any) -> None:
        if came.is_set():
            os._exit(128 + number)
        came.set()
        asked.set()
        ended.set()

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _own_temporary_folder(folder: Path) -> Iterator[None]:
    """Give browser and driver a temporary folder of ours, emptied of what a killed one left behind."""
    temporary = folder / "tmp"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    ours = {"TMPDIR": str(temporary), "NODE_OPTIONS": _DRIVER_OPTIONS}
    before = {name: os.environ.get(name) for name in ours}
    os.environ.update(ours)
    try:
        yield
    finally:
        # A process that begins anew inherits what stands there.
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
