"""`run`: the whole engine, until it is told to stop or its time is up."""

from __future__ import annotations

import contextlib
import fcntl
import gc
import logging
import os
import shutil
import sys
import threading
import time
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from actors import log
from actors.app import App
from actors.commands.loading import data_folder, load_again, load_all, overrides_for
from actors.commands.proof import insist, prove_registry
from actors.domain.boot import BootState
from actors.domain.governor import Kept
from actors.domain.grace import servers_s
from actors.domain.priority import Priority
from actors.errors import AppError, ConfigError
from actors.health.tally import listening
from actors.resources.journal import Journal
from actors.runtime.boot import BootFile, new_boot_id
from actors.runtime.build import build_id
from actors.runtime.drain import Grace
from actors.runtime.startup import Progress
from actors.runtime.time import load_clock
from actors.world import open_world

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import timedelta
    from pathlib import Path

    from actors.commands.ending import Ending
    from actors.dashboard.door import Door
    from actors.job import Job


logger = logging.getLogger("actors.supervisor")

_READY_GRACE_S = 120.0
_STABLE_S = 60.0
"""A process that worked for so long did not die of its start."""
_LOOK_FOR_SESSION_S = 30.0
_LAST_LINES_S = 0.5
"""How long a process that ends at a second signal, or begins anew, waits for a reader of its last lines."""
_SWITCH_S = 0.0005
"""Beside three threads that compute, an actor answers after 1 to 3 ms rather than 20 (Python 3.11 on two cores)."""
_DRIVER_OPTIONS = "--max-old-space-size=96 --max-semi-space-size=1"
"""Keeps Playwright's driver at 104 MB instead of 121."""


def run(door: Door, ending: Ending, *, speed: float, lasting: timedelta | None, data: Path | None) -> int:
    """Run and return the exit code: 0 if somebody asked for the end, 1 when the tree gave up or never got ready.

    `door` is open already, and `ending` hears signals; whoever opened the one and listens for the other ends that.

    Does not return when too many threads hang: the process then replaces itself by a fresh one.

    Raises:
        ConfigError: the configuration is refused, or breaks the promise to P0; or the data directory is in use.
    """
    began, boot_id = time.monotonic(), new_boot_id()
    ended, asked = ending.ended, ending.asked
    progress, inherited = Progress(ended, door.published.step), dict(os.environ)
    with progress.step("configuration"):
        overrides = overrides_for(data)
        config, jobs = load_all(overrides)
        log.setup(config.log, redact=door.redaction, boot=boot_id[:8], kept=_kept(jobs))
        ending.last_lines = partial(log.finish, _LAST_LINES_S)
        door.announce(boot_id[:8])
        insist(prove_registry(config, jobs))
        folder = data_folder(config)
    # A thread that computes would else keep the others, P0 among them, waiting for ten times as long.
    sys.setswitchinterval(_SWITCH_S)
    with _only_one(folder), _own_temporary_folder(folder):
        _report_start(folder, speed)
        boots, grace = BootFile(folder / "boot.json", boot_id), Grace(config.supervision.grace_s, ending.came)
        if not _waited_out(boots.boot.delay(config.supervision.boot_backoff.total_seconds()), ended):
            boots.mark(BootState.ENDED)
            _report_stop()
            return 0
        clock = load_clock(folder / "clock.json", speed)
        with progress.step("journal"):
            journals = contextlib.closing(Journal(folder / "journal"))
        with journals as journal, listening(clock.now, door.redaction) as tally:
            world = open_world(config, clock, folder, progress, ended, door.redaction.learn)
            try:
                if ended.is_set():
                    boots.mark(BootState.ENDED)
                    return 0
                again = partial(load_again, config, jobs, overrides)
                given = (config, jobs, world, clock, boot_id, journal, boots.predecessor, tally, door.published)
                app = App(*given, progress, again, door.redaction, ended=ended, asked=asked)
                life = _Life(app, boots, lasting, grace)
                code = life.live(began)
            finally:
                world.close(servers_s(grace.left_s()))
                _report_stop()
    if life.is_renewed and not asked.is_set():
        _begin_anew(inherited, speed, data, life.left())
    # All is let go of, and the interpreter's last look for garbage would cost 0.5 to 3 s of the grace.
    gc.freeze()
    return code


def _kept(jobs: Mapping[str, Job]) -> Kept:
    """Return whose lines the log never leaves out: the jobs of P0, and the ledger that they publish by."""
    p0 = {name: job for name, job in jobs.items() if job.priority is Priority.P0}
    return Kept(frozenset(p0), frozenset({"actors.ledger", *(job.body.__module__ for job in p0.values())}))


def _waited_out(delay: float, ended: threading.Event) -> bool:
    """Wait before a start that follows too many early deaths; False if the process is to end before it has begun."""
    if delay:
        logger.warning(
            "the last boots died young: waiting %g s before this one",
            delay,
            extra={"action": "boot_delayed", "delay_s": delay},
        )
    return not ended.wait(delay)


def _begin_anew(inherited: Mapping[str, str], speed: float, data: Path | None, lasting: float | None) -> None:
    """Replace this process, with all its abandoned threads, by a fresh one with the same pid.

    It inherits what we did: our own environment has no URL and no key any more.
    """
    words = [sys.executable, sys.argv[0], "run", "--speed", str(speed)]
    words += ["--data", str(data)] if data is not None else []
    words += ["--for", f"{max(1, int(lasting))}s"] if lasting is not None else []
    log.finish(_LAST_LINES_S)
    os.execve(sys.executable, words, inherited)  # noqa: S606 - no shell is wanted


class _Life:
    """What the main thread does between the start of the tree and its end."""

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


def _report_start(folder: Path, speed: float) -> None:
    extra = {"action": "starting", "pid": os.getpid(), "data_dir": str(folder), "speed": speed, "build": build_id()}
    logger.info("the supervisor starts", extra=extra)


def _report_stop() -> None:
    logger.info("the supervisor has stopped", extra={"action": "stopped"})


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
