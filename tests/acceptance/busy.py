"""The supervisor with jobs that keep every run slot: one computes without end, the others ask the ledger."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import actors.jobs
import supervisor
from actors.domain.outcome import Nothing
from actors.errors import AppError
from actors.job import find_jobs

_LOOPS = "job_watchdog"
_LONG_S = 90.0
_AGAIN_S = 0.1


def _loop(_: Any) -> Any:
    while True:
        pass


def _stand(ctx: Any) -> Nothing:
    """Ask on and on: while somebody has locked the ledger, every run holds a connection."""
    until, pause = time.monotonic() + _LONG_S, threading.Event()
    while time.monotonic() < until:
        with contextlib.suppress(AppError):
            ctx.database.all("queue_state")
        pause.wait(_AGAIN_S)
    return Nothing("it only stood there")


if __name__ == "__main__":
    for name, job in find_jobs(actors.jobs).items():
        object.__setattr__(job, "body", _loop if name == _LOOPS else _stand)
    sys.exit(supervisor.main())
