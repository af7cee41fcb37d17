"""The sandbox's expert: names the best values of a table of effects, and one beside each that nobody has tried."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from actors.domain.taxonomy import FACTORS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

NOISE = 0.12
"""Chance that an insight cites nothing, cites what is not there, or gives a number of its own."""
MOST = 3
"""Factors that are spoken of: the best row of each, and a value beside it."""

_ROW = re.compile(r"^\[(e\d+)\] (\w+)=(\w+) mean=([+-]?\d+(?:\.\d+)?)\b.*? n=(\d+)", re.MULTILINE)
_FAR = 0.37


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table."""

    id: str
    factor: str
    value: str
    mean: float
    posts: int


def rows_of(order: str) -> list[Row]:
    """Read the lines of a table."""
    return [
        Row(id, factor, value, float(mean), int(posts))
        for id, factor, value, mean, posts in _ROW.findall(order)
        if factor in FACTORS
    ]


def advise(order: str, rng: np.random.Generator) -> dict[str, list[dict[str, Any]]]:
    """Name the best value of each of the three factors that differ most, and one of its neighbours."""
    rows = rows_of(order)
    best: dict[str, Row] = {}
    for row in sorted(rows, key=lambda each: -each.mean):
        best.setdefault(row.factor, row)
    insights: list[dict[str, Any]] = []
    for row in list(best.values())[:MOST]:
        for value in (row.value, _neighbour(row, rows)):
            insight = {"factor": row.factor, "value": value, "cites": [row.id], "mean": row.mean}
            insights.append(_said(insight, rng))
    return {"insights": insights}


def _neighbour(best: Row, rows: Sequence[Row]) -> str:
    """Return the value with the fewest posts in the table, the nearest behind the best one if several have none."""
    values = FACTORS[best.factor]
    posts = dict.fromkeys(values, 0)
    for row in rows:
        if row.factor == best.factor and row.value in posts:
            posts[row.value] += row.posts
    place = values.index(best.value) if best.value in values else 0
    others = [*values[place + 1 :], *values[:place]]
    return min(others, key=lambda value: posts[value])


def _said(insight: dict[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    is_off, how = rng.random() < NOISE, int(rng.integers(3))
    if not is_off:
        return insight
    slips: tuple[dict[str, Any], ...] = ({"cites": []}, {"cites": ["e999"]}, {"mean": insight["mean"] + _FAR})
    return {**insight, **slips[how]}
