"""The supervisor with jobs that fail at every run: those that FAILING_JOBS names, with commas between."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import actors.jobs
import supervisor
from actors.job import find_jobs


def _fail(_: Any) -> Any:
    raise RuntimeError("it fails at every run")


if __name__ == "__main__":
    found = find_jobs(actors.jobs)
    for name in os.environ["FAILING_JOBS"].split(","):
        object.__setattr__(found[name], "body", _fail)
    sys.exit(supervisor.main())
