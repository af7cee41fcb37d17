"""What Railway's command line prints of a line of ours, in both its forms (railwayapp/cli, src/util/logs.rs).

The platform takes a JSON line apart: `message`, and each other field as an attribute whose value is JSON.
"""

from __future__ import annotations

import json
import math
from typing import Any

STAMP = "2026-11-26T09:00:00.123456789Z"
_LEVELS = {"debug": "DBUG", "info": "INFO", "warn": "WARN", "error": "ERRO"}


def spread(line: dict[str, Any]) -> str:
    """Return what `railway logs` prints into a pipe."""
    rest = " ".join(f"{name}={json.dumps(value)}" for name, value in line.items() if name not in ("message", "level"))
    return f"{STAMP} [{_LEVELS[line['level']]}] {line['message']} {rest}"


def flat(line: dict[str, Any]) -> str:
    """Return what `railway logs --json` prints: its quotes taken off, a text that is JSON becomes what it says."""
    found = {"message": line["message"], "timestamp": STAMP}
    found |= {name: _parsed(json.dumps(value).strip('"')) for name, value in line.items() if name != "message"}
    return json.dumps(found)


def _parsed(text: str) -> Any:
    try:
        value = json.loads(text, parse_constant=_refuse)
    except ValueError:
        return text
    return text if isinstance(value, float) and math.isinf(value) else value


def _refuse(constant: str) -> None:
    raise ValueError(constant)
