"""The log's schema as a test of one line: what `docs/log.md` says of it."""

from __future__ import annotations

import re
from typing import Any

from actors.domain.seal import PHASES, STARTS
from tests.log_actions import PAGE, WRITTEN_BY_THE_LOG, actions

Line = dict[str, Any]

ACTIONS = actions()
ALWAYS = {"time": str, "level": str, "message": str, "action": str, "boot": str, "seq": int}
SOMETIMES = {"data": object, "error": str, "traceback": list, "lost": int, "repeated": int, "logger": str}
OF_STATE = {"schema": int, "state_seq": int, "dropped": dict, "over": int, "key": str, "hash": str}
SEALED = {"key": str, "hash": str}
_MAY = {"heartbeat": OF_STATE, "board_changed": OF_STATE, **dict.fromkeys((*STARTS, *PHASES), SEALED)}
_LEVELS = ("debug", "info", "warn", "error")


def documented() -> set[str]:
    """Return the names of fields that the page explains in its tables of fields."""
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*)[^|]*\| [^|]+ \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`(\w+)`", row)}


def misfits(line: Line) -> list[str]:
    """Return what of a line is not as the page says."""
    found = [f"{name} is missing or of another type" for name, kind in ALWAYS.items()
             if not isinstance(line.get(name), kind)]
    if found:
        return found
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"]):
        found.append("time is written in another way")
    known = ACTIONS.get(line["action"])
    if known is None:
        return [*found, f"action {line['action']} is not documented"]
    if line["level"] not in _LEVELS or not known.levels & {line["level"], "any"}:
        found.append(f"{line['action']} at level {line['level']}")
    may = {**ALWAYS, **SOMETIMES, **_MAY.get(line["action"], {})}
    found += [f"{name} is of another type" for name in line if not isinstance(line[name], may.get(name, object))]
    if line["action"] not in WRITTEN_BY_THE_LOG:
        strange = line.keys() - may.keys() - known.fields
        found += [f"{line['action']} has a field {name}" for name in sorted(strange) if not name.startswith("extra_")]
    return found
