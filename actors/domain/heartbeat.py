"""The heartbeat for people: what of the whole state one line on a terminal can say."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from actors.domain.duration import format_duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from actors.domain.escaping import Plain


def summarise_state(state: dict[str, Plain]) -> list[str]:
    """Return the board's snapshot as phrases: uptime, load of each resource, what runs, what is wrong, what came of it.

    `state` went through the log's cleaner. What is missing or of another shape is left out: a heartbeat never fails.
    """
    return [phrase for phrase in _phrases(state) if phrase]


def _phrases(state: dict[str, Plain]) -> Iterator[str]:
    uptime = state.get("uptime_s")
    if isinstance(uptime, int | float):
        yield "up " + format_duration(timedelta(seconds=int(uptime)))
    yield "schedule " + str(state.get("schedule_time"))[11:16] if state.get("schedule_time") else ""
    yield _health(state)
    fronts = _part(state, "fronts")
    yield " ".join(f"{name} {_number(fronts, name, 'running')}/{_number(fronts, name, 'size')}" for name in fronts)
    yield _list("running", _part(state, "running"))
    yield _list("queued", [f"{name} {waiting}" for name in fronts if (waiting := _number(fronts, name, "waiting"))])
    yield _list("lent", [f"{name} {lent}" for name in fronts if (lent := _number(fronts, name, "lent"))])
    yield _list("broken", [name for name in fronts if _part(fronts, name).get("breaker") not in ("closed", None)])
    platform = _part(fronts, "browser").get("condition")
    yield f"platform {platform}" if platform and platform != "valid" else ""
    yield _memory(state)
    yield _lease(state)
    yield "kill switch on" if state.get("kill_switch") is True else ""
    yield "draining" if state.get("draining") is True else ""
    yield _list("waiting", _part(state, "waiting"))
    families = _part(state, "families")
    yield _list("paused", [str(job) for family in families for job in _items(_part(families, family), "paused")])
    restarts = _part(state, "restarts")
    yield _list("restarts", [f"{name} {count}" for name, count in restarts.items()])
    letters = state.get("dead_letters")
    yield f"dead letters {letters}" if letters else ""
    yield " ".join(f"{name} {count}" for name, count in _part(state, "counts").items() if count)


def _health(state: dict[str, Plain]) -> str:
    """Return the verdict with its first reason; of a healthy whole nothing is said."""
    verdict = _part(state, "health")
    level = verdict.get("level")
    if not level or level == "healthy":
        return ""
    reason = verdict.get("reason")
    return f"{level}: {reason}" if reason else str(level)


def _memory(state: dict[str, Plain]) -> str:
    used, limit = _number(state, "memory", "used_mb"), _number(state, "memory", "limit_mb")
    level = _part(state, "memory").get("level")
    return f"memory {used}/{limit} MB{'' if level == 'ok' else f' {level}'}" if limit else ""


def _lease(state: dict[str, Plain]) -> str:
    lease = _part(state, "lease")
    if not lease:
        return ""
    holder = "ours" if lease.get("is_ours") else str(lease.get("holder"))[:8] if lease.get("left_s") else "unknown"
    return f"lease {_number(state, 'lease', 'fence')} {holder}"


def _list(title: str, names: list[str] | dict[str, Plain]) -> str:
    return f"{title} {', '.join(names)}" if names else ""


def _part(state: dict[str, Plain], name: str) -> dict[str, Plain]:
    part = state.get(name)
    return part if isinstance(part, dict) else {}


def _items(state: dict[str, Plain], name: str) -> list[Plain]:
    items = state.get(name)
    return items if isinstance(items, list) else []


def _number(state: dict[str, Plain], name: str, key: str) -> int:
    number = _part(state, name).get(key)
    return number if isinstance(number, int) else 0
