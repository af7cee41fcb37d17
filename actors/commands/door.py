"""What `run` begins with: the configuration, and the door that answers before the rest is even imported."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from actors.commands.loading import CONFIG_FILE, overrides_for
from actors.config import load
from actors.dashboard.door import Door

if TYPE_CHECKING:
    from pathlib import Path


def make_door(data: Path | None) -> Door:
    """Return the door of this process, still closed. Takes no secret: the command that follows reads them again.

    Raises:
        ConfigError: the configuration is refused.
    """
    return Door(load(CONFIG_FILE, os.environ, overrides_for(data)))
