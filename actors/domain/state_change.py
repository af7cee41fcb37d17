"""What the board's state has become since it was last told: small enough for a line each second, and nothing lost."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

State = dict[str, Any]

NAMED = ("actors", "restarts", "fronts", "families", "running", "jobs", "next_due", "waiting", "counts")
"""Sections of the state that are entries by name; an entry is told whole, and so is every other section."""

CLOCKS = ("uptime_s", "schedule_time")
"""Sections that run with time: told with every change, and no change by themselves."""

_RUNNING_DOWN = ("left_s", "restart_in_s")
"""Keys within an entry of which the same holds."""


@dataclass(frozen=True, slots=True)
class Change:
    """What is new, by section, and which entries are gone."""

    new: State
    gone: dict[str, list[str]] = field(default_factory=dict)


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> Change | None:
    """Return what makes `after` of `before`, or nothing if only time went on in between."""
    new: State = {}
    gone: dict[str, list[str]] = {}
    for section, value in after.items():
        if section in CLOCKS:
            continue
        if section not in NAMED or section not in before:
            if section not in before or _still(before[section]) != _still(value):
                new[section] = value
            continue
        old = before[section]
        entries = {name: each for name, each in value.items() if name not in old or _still(old[name]) != _still(each)}
        if entries:
            new[section] = entries
        left = [name for name in old if name not in value]
        if left:
            gone[section] = left
    if not new and not gone:
        return None
    return Change({**{name: after[name] for name in CLOCKS if name in after}, **new}, gone)


def apply(state: Mapping[str, Any], new: Mapping[str, Any], gone: Mapping[str, Any]) -> State:
    """Return a state with the new entries put in and those taken out that are gone. Changes neither.

    Whatever is not of the shape that `difference` gives is left out.
    """
    result = dict(state)
    for section, value in new.items():
        old = result.get(section)
        both = section in NAMED and isinstance(old, dict) and isinstance(value, dict)
        result[section] = {**old, **value} if both else value  # type: ignore[dict-item]
    for section, names in gone.items():
        old = result.get(section)
        if section in NAMED and isinstance(old, dict) and isinstance(names, list):
            result[section] = {name: entry for name, entry in old.items() if name not in names}
    return result


def _still(value: Any) -> Any:
    """Return a value without what runs down by itself."""
    if isinstance(value, dict):
        return {name: part for name, part in value.items() if name not in _RUNNING_DOWN}
    return value
