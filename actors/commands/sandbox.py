"""`sandbox`: the outside world in miniature, alone in this process."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

from actors import log
from actors.config import LogSettings
from actors.embedded.lock import announce_url
from actors.errors import ConfigError
from actors.sandbox.clock import Anchor
from actors.sandbox.server import SandboxOptions, serve

if TYPE_CHECKING:
    import argparse


def sandbox(given: argparse.Namespace) -> int:
    """Serve until TERM or INT and return 0.

    Raises:
        ConfigError: the port is taken, or the directory is in use or damaged.
    """
    log.setup(LogSettings())
    options = SandboxOptions(
        port=given.port,
        rather=given.rather,
        data=given.data,
        speed=given.speed,
        seed=given.seed,
        audience=given.audience,
        anchor=Anchor.parse(given.anchor) if given.anchor else None,
        account=given.account,
    )
    try:
        serve(options, partial(announce_url, sys.stdin.fileno()) if given.announce else None)
    except OSError as error:
        raise ConfigError(f"port {given.port} cannot be served: {error}", "choose another --port") from error
    return 0
