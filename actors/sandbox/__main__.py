"""Run the sandbox alone: `python -m actors.sandbox --port 8080 --data data/sandbox`."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from actors.errors import ConfigError
from actors.sandbox.clock import Anchor
from actors.sandbox.server import SandboxOptions, serve

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until a signal; return the exit code, 2 for a configuration that is refused."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stdout)
    try:
        serve(options(arguments))
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def options(arguments: Sequence[str] | None = None) -> SandboxOptions:
    """Read the command line.

    Raises:
        ConfigError: the anchor is not a pair of times.
    """
    parser = argparse.ArgumentParser(prog="actors.sandbox", description="The outside world in miniature.")
    parser.add_argument(
        "--port", type=int, required=True, help="TCP port on the loopback interface; 0 takes a free one"
    )
    parser.add_argument("--data", type=Path, required=True, help="directory of the world and the clock")
    parser.add_argument("--speed", type=float, default=60.0, help="schedule seconds per real second (60)")
    parser.add_argument("--seed", type=int, default=1, help="decides background, audience and model (1)")
    parser.add_argument("--audience", type=Path, help="profile file of the audience")
    parser.add_argument("--anchor", help="one instant on both clocks: WALL_EPOCH:SCHEDULE_EPOCH")
    parser.add_argument("--account", default="commons_daily", help="handle of the operated account")
    given = parser.parse_args(arguments)
    return SandboxOptions(
        port=given.port,
        data=given.data,
        speed=given.speed,
        seed=given.seed,
        audience=given.audience,
        anchor=Anchor.parse(given.anchor) if given.anchor else None,
        account=given.account,
    )


if __name__ == "__main__":
    sys.exit(main())
