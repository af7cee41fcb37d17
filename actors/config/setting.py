"""What one key of the configuration is: its type, default, bounds, clock and meaning, and how a value is read."""

from __future__ import annotations

import contextlib
import math
import re
from dataclasses import MISSING, Field, astuple, dataclass, field, fields
from datetime import timedelta
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from actors.config.secret import Secret
from actors.domain.duration import format_duration, parse_duration
from actors.domain.stages import Stages
from actors.domain.workload import Span

REQUIRED: Any = MISSING
"""Default of a key that must be given."""

Clock = Literal["schedule", "real", ""]


@dataclass(frozen=True, slots=True)
class Facts:
    """What a field's annotation cannot say; kept in the field's metadata."""

    doc: str
    low: Any = None
    high: Any = None
    pattern: str = ""
    unit: str = ""
    clock: Clock = ""
    variable: str = ""


@dataclass(frozen=True, slots=True)
class Setting:
    """One key of one section, complete."""

    section: str
    name: str
    kind: Any
    default: Any
    facts: Facts

    @property
    def key(self) -> str:
        """The key as messages and command lines write it."""
        return f"{self.section}.{self.name}"

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return self.facts.variable or self.usual_variable

    @property
    def usual_variable(self) -> str:
        """The environment variable that would set it if it had no well-known one."""
        return f"SUPERVISOR_{self.key.replace('.', '_').upper()}"

    @property
    def is_secret(self) -> bool:
        """Whether its value must never be shown."""
        return self.kind is Secret


def setting(default: Any, doc: str, **facts: Any) -> Any:
    """Declare a key of a section; the annotation gives its type, `facts` are those of `Facts`."""
    return field(default=default, metadata={"facts": Facts(doc, **facts)})


def duration(default: Any, doc: str, clock: Clock, low: str = "0s", high: str = "365d") -> Any:
    """Declare a key that holds a duration of that clock; `default`, `low` and `high` as operators write them."""
    value = default if default is REQUIRED else parse_duration(default)
    return setting(value, doc, low=parse_duration(low), high=parse_duration(high), clock=clock)


def length(default: str, doc: str, low: str = "0s", high: str = "2h") -> Any:
    """Declare a key that holds a range of durations in real time; `low` and `high` bound both of its ends."""
    return setting(_span(default), doc, low=parse_duration(low), high=parse_duration(high), clock="real")


def cadences(doc: str, low: str, high: str) -> Any:
    """Declare a key that holds the schedule interval of each stage of a job; `low` and `high` bound each of them."""
    return setting(Stages(), doc, low=parse_duration(low), high=parse_duration(high), clock="schedule")


def environment(variable: str, doc: str, pattern: str = "", unit: str = "") -> Any:
    """Declare a value that comes from one well-known environment variable and never from the file."""
    return setting(None, doc, variable=variable, pattern=pattern, unit=unit)


def settings_of(section: str, owner: type) -> list[Setting]:
    """List the keys of a section's dataclass in the order of declaration."""
    kinds = get_type_hints(owner)
    return [_setting(section, found, kinds[found.name]) for found in fields(owner)]


def _setting(section: str, found: Field[Any], kind: Any) -> Setting:
    optional = [choice for choice in get_args(kind) if choice is not NoneType]
    inner = optional[0] if NoneType in get_args(kind) else kind
    return Setting(section, found.name, inner, found.default, found.metadata["facts"])


def read(declared: Setting, value: object, *, is_text: bool) -> Any:
    """Turn a raw value into the setting's type and hold it against its bounds.

    Args:
        declared: the setting it is for.
        value: what TOML gave, or a text.
        is_text: whether it comes from a place that only knows texts (environment, command line).

    Raises:
        ValueError: it does not fit; the message is the reason, without the value.
    """
    result = _from_text(declared.kind, str(value)) if is_text else _from_toml(declared.kind, value)
    facts = declared.facts
    if facts.pattern and not re.fullmatch(facts.pattern, str(value)):
        raise ValueError(f"must be {facts.unit}")
    low_broken = (facts.low is not None and end < facts.low for end in _bounded(result))
    high_broken = (facts.high is not None and end > facts.high for end in _bounded(result))
    if any(low_broken) or any(high_broken):
        raise ValueError(f"must be from {raw(facts.low)} to {raw(facts.high)}")
    return result


def raw(value: Any) -> Any:
    """Turn a setting's value back into what TOML gives."""
    match value:
        case timedelta():
            return format_duration(value)
        case Span(least_s, greatest_s):
            return "..".join(format_duration(timedelta(seconds=end)) for end in (least_s, greatest_s))
        case Stages(intervals):
            return {name: format_duration(every) for name, every in intervals}
        case Path():
            return str(value)
        case tuple():
            return list(value)
        case _:
            return value


def _bounded(result: Any) -> tuple[Any, ...]:
    """Return the values that the bounds of a setting hold for."""
    match result:
        case Span():
            return tuple(timedelta(seconds=end) for end in astuple(result))
        case Stages(intervals):
            return tuple(every for _, every in intervals)
        case _:
            return (result,)


def _from_text(kind: Any, text: str) -> Any:
    if kind is bool:
        if text not in ("true", "false"):
            raise ValueError("must be true or false")
        return text == "true"
    if kind is int:
        if not re.fullmatch(r"[+-]?[0-9]{1,18}", text):
            raise ValueError("must be a whole number")
        return int(text)
    if kind is float:
        try:
            return _from_toml(float, float(text))
        except ValueError:
            raise ValueError("must be a finite number") from None
    if kind is Secret:
        return Secret(_from_toml(str, text))
    if kind is Stages:
        parts = [part.partition("=") for part in text.split(",") if part.strip()]
        return _stages({name.strip(): every.strip() for name, _, every in parts})
    if get_origin(kind) is tuple:
        return tuple(part.strip() for part in text.split(",") if part.strip())
    return _from_toml(kind, text)


def _from_toml(kind: Any, value: Any) -> Any:
    if get_origin(kind) is Literal:
        if value not in get_args(kind):
            raise ValueError(f"must be one of {', '.join(get_args(kind))}")
        return value
    if get_origin(kind) is tuple:
        if not isinstance(value, list) or not all(isinstance(part, str) for part in value):
            raise ValueError("must be a list of texts")
        return tuple(value)
    if kind is timedelta:
        return _duration(value)
    if kind is Span:
        return _span(value)
    if kind is Stages:
        return _stages(value)
    if kind is bool:
        if not isinstance(value, bool):
            raise ValueError("must be true or false, without quotes")
        return value
    if kind is int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise ValueError("must be a whole number, without quotes")
        return value
    if kind is float:
        if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
            raise ValueError("must be a finite number, without quotes")
        return float(value)
    if not isinstance(value, str) or not value.isprintable():
        raise ValueError("must be a printable text in quotes")
    return Path(value) if kind is Path else value


def _duration(value: object) -> timedelta:
    with contextlib.suppress(ValueError, OverflowError):
        if isinstance(value, str):
            return parse_duration(value)
    raise ValueError('must be a duration in quotes, for example "90s", "15m" or "2h"')


def _span(value: object) -> Span:
    with contextlib.suppress(ValueError, OverflowError):
        if isinstance(value, str):
            # One length alone is no range, and a third end would be a slip of the pen: both fail to unpack.
            least, greatest = (parse_duration(end) for end in value.split(".."))
            if least <= greatest:
                return Span(least.total_seconds(), greatest.total_seconds())
    raise ValueError('must be two durations in quotes, the shorter one first, for example "20s..60s"')


def _stages(value: object) -> Stages:
    if isinstance(value, dict):
        return Stages(tuple((name, _duration(every)) for name, every in value.items()))
    raise ValueError('must name stages and their intervals, for example { viral_scraper = "4h" }')
