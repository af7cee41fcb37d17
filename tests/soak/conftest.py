"""The soak is collected only when it is asked for: it takes as long as `SOAK_MINUTES` says."""

from __future__ import annotations

import os

collect_ignore_glob = [] if os.environ.get("SOAK") else ["test_*.py"]
