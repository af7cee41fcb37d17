"""`run`: the whole engine, until it is told to stop or its time is up."""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import sys
import threading
import time
from functools import partial
from typing import TYPE_CHECKING

from actors import log
from actors.app import App
from actors.commands.folder import only_one, own_temporary_folder
from actors.commands.life import Life
from actors.commands.loading import data_folder, load_again, load_all, overrides_for
from actors.commands.proof import insist, prove_registry
from actors.domain.boot import BootState
from actors.domain.governor import Kept
from actors.domain.grace import servers_s
from actors.domain.priority import Priority
from actors.health.tally import listening
from actors.resources.journal import Journal
from actors.runtime.boot import BootFile, new_boot_id
from actors.runtime.build import build_id
from actors.runtime.drain import Grace
from actors.runtime.startup import Progress
from actors.runtime.time import load_clock
from actors.world import open_world

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta
    from pathlib import Path

    from actors.commands.ending import Ending
    from actors.dashboard.door import Door
    from actors.job import Job


logger = logging.getLogger("actors.supervisor")

_LAST_LINES_S = 0.5
"""How long a process that ends at a second signal, or begins anew, waits for a reader of its last lines."""
_SWITCH_S = 0.0005
"""Beside three threads that compute, an actor answers after 1 to 3 ms rather than 20 (Python 3.11 on two cores)."""


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
    with only_one(folder), own_temporary_folder(folder):
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
                life = Life(app, boots, lasting, grace)
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


def _report_start(folder: Path, speed: float) -> None:
    extra = {"action": "starting", "pid": os.getpid(), "data_dir": str(folder), "speed": speed, "build": build_id()}
    logger.info("the supervisor starts", extra=extra)


def _report_stop() -> None:
    logger.info("the supervisor has stopped", extra={"action": "stopped"})
