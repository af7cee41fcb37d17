"""The supervisor with a job that never ends: once, for a process that begins anew is whole again."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import supervisor
from actors.domain import renewal
from actors.jobs.health.job_watchdog import job_watchdog

_DONE = "ENDLESS_JOB_WAS_HERE"


def _never_end(_: Any) -> Any:
    while True:
        pass


if __name__ == "__main__":
    if _DONE not in os.environ:
        os.environ[_DONE] = "yes"
        object.__setattr__(job_watchdog, "body", _never_end)
        renewal._LASTING_S = 1.0
    sys.exit(supervisor.main())
