"""The configuration as a table for the README, written from the declarations so that it cannot be wrong."""

from __future__ import annotations

import json
from dataclasses import MISSING
from datetime import timedelta
from typing import TYPE_CHECKING, Literal, get_args, get_origin

from actors.config.sections import SECTIONS, JobSettings
from actors.config.setting import Setting, raw, settings_of
from actors.domain.stages import Stages
from actors.domain.workload import Span

if TYPE_CHECKING:
    from collections.abc import Iterator


def config_table() -> str:
    """Write a Markdown table of every key: default, what it may be, and what it means."""
    rows = ["| key | default | may be | meaning |", "|---|---|---|---|"]
    rows += [f"| {_name(each)} | {_default(each)} | {_range(each)} | {each.facts.doc} |" for each in _all_settings()]
    return "\n".join(rows) + "\n"


def _all_settings() -> Iterator[Setting]:
    for section, owner in [*SECTIONS.items(), ("jobs.<name>", JobSettings)]:
        yield from settings_of(section, owner)


def _name(declared: Setting) -> str:
    return f"`{declared.facts.variable or declared.key}`"


def _default(declared: Setting) -> str:
    if declared.default is MISSING:
        return "required"
    return "" if declared.default is None else f"`{json.dumps(raw(declared.default))}`"


def _range(declared: Setting) -> str:
    facts = declared.facts
    if get_origin(declared.kind) is Literal:
        return ", ".join(get_args(declared.kind))
    if declared.kind is bool:
        return "true, false"
    if facts.low is None:
        return facts.unit
    unit = f"{facts.clock} time" if declared.kind in (timedelta, Span, Stages) else facts.unit
    return f"{raw(facts.low)} to {raw(facts.high)} {unit}".rstrip()
