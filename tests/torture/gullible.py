"""The command line with a sandbox that takes the same text twice: its guard would hide a second click from its truth.

Run as `python tests/torture/gullible.py sandbox ...`.
"""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import supervisor
from actors.sandbox import world

if __name__ == "__main__":
    world._DUPLICATE_WINDOW = timedelta(0)
    sys.exit(supervisor.main())
