"""`run`: the whole engine, until it is told to stop or its time is up."""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import signal
import threading
import time
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from actors import log
from actors.app import App
from actors.commands.loading import data_folder, load_all
from actors.errors import AppError, ConfigError
from actors.runtime.time import load_clock
from actors.world import open_world

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta
    from pathlib import Path


logger = logging.getLogger("actors.supervisor")

_READY_GRACE_S = 120.0
_DRIVER_OPTIONS = "--max-old-space-size=96 --max-semi-space-size=1"
"""Keeps Playwright's driver at 104 MB instead of 121."""


def run(*, speed: float, lasting: timedelta | None, data: Path | None) -> int:
    """Run and return the exit code: 0 after a clean end, 1 when the tree gave up or never got ready.

    Raises:
        ConfigError: the configuration is refused, or the data directory is in use.
    """
    began = time.monotonic()
    config, jobs = load_all({"data.dir": str(data)} if data is not None else None)
    boot_id = uuid.uuid4().hex
    log.setup(config.log, secrets=config.secrets(), boot=boot_id[:8])
    folder = data_folder(config)
    ended = threading.Event()
    with _only_one(folder), _signals(ended):
        _own_temporary_folder(folder)
        logger.info(
            "the supervisor starts",
            extra={"action": "starting", "pid": os.getpid(), "data_dir": str(folder), "speed": speed},
        )
        clock = load_clock(folder / "clock.json", speed)
        world = open_world(config, clock, folder, ended)
        try:
            if ended.is_set():
                return 1
            return _live(App(config, jobs, world, clock, boot_id, ended=ended), lasting, began)
        finally:
            world.close()
            logger.info("the supervisor has stopped", extra={"action": "stopped"})


def _live(app: App, lasting: timedelta | None, began: float) -> int:
    guard = threading.Timer(lasting.total_seconds() + _READY_GRACE_S, app.ended.set) if lasting is not None else None
    if guard is not None:
        guard.daemon = True
        guard.start()
    summary = None
    try:
        if app.start():
            _report_ready(app, began)
            started = time.monotonic()
            while not app.ended.wait(1.0):
                if lasting is not None and time.monotonic() - started >= lasting.total_seconds():
                    app.shutdown("--for")
            summary = _drain(app)
    finally:
        if guard is not None:
            guard.cancel()
        app.end()
    if summary is not None:
        logger.info("what the ledger holds", extra={"action": "summary", **summary})
    return 1 if app.failure or summary is None else 0


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
def _signals(ended: threading.Event) -> Iterator[None]:
    """TERM and INT end the process cleanly; a second one ends it at once, which is safe at any instruction."""

    def on_signal(number: int, _frame: Any) -> None:
        if ended.is_set():
            os._exit(128 + number)
        ended.set()

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _own_temporary_folder(folder: Path) -> None:
    """Give browser and driver a temporary folder of ours, emptied of what a killed one left behind."""
    temporary = folder / "tmp"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    os.environ["TMPDIR"] = str(temporary)
    os.environ["NODE_OPTIONS"] = _DRIVER_OPTIONS
