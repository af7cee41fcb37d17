"""The whole program in a container that a test makes up. Run as `python -m tests.acceptance.pressed run`.

`CONTAINER` names the folder with what the kernel would show of it.
"""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path

import actors.app
import supervisor
from actors.runtime.memory import Container

PROGRAM = ("-m", "tests.acceptance.pressed")
MB = 1024 * 1024


def write_account(folder: Path, used_mb: int, limit_mb: int) -> None:
    """Write the account of a container, cgroup v2, so that no reader meets a half-written one."""
    (folder / "own").write_text("0::/\n")
    (folder / "memory.stat").write_text("inactive_file 0\n")
    (folder / "memory.max").write_text(f"{limit_mb * MB}\n")
    fresh = folder / "fresh"
    fresh.write_text(f"{used_mb * MB}\n")
    fresh.replace(folder / "memory.current")


def main() -> int:
    """Run the program's own command line with that container in place of ours."""
    folder = Path(os.environ["CONTAINER"])
    actors.app.Container = partial(Container, folder, folder / "own")  # type: ignore[misc, assignment]
    return supervisor.main()


if __name__ == "__main__":
    sys.exit(main())
