"""Sets of jobs and of slots for tests of what is proven of them."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from actors.domain.feasibility import Capacity
from actors.domain.priority import Priority
from actors.domain.workload import JobLoad, Span

FRONTS = {"runs": Capacity(16, 2), "browser": Capacity(3, 1), "database": Capacity(10, 2)}
EVERY_S = (60, 120, 300, 600, 900, 1200, 1800, 3600, 5400, 7200, 14400, 21600)


def job(
    name: str,
    priority: int,
    every_s: float,
    length: tuple[float, float],
    uses: str = "browser",
    *,
    offset_s: float = 0.0,
    **more: Any,
) -> JobLoad:
    """Return a job; `uses` names its resources with spaces between."""
    return JobLoad(
        name,
        "family",
        Priority(priority),
        timedelta(seconds=every_s),
        timedelta(seconds=offset_s),
        frozenset(uses.split()),
        Span(*length),
        **more,
    )


@st.composite
def any_job(draw: st.DrawFn, name: str = "job") -> JobLoad:
    """Draw a job whose run takes anything up to twice its interval."""
    every = draw(st.sampled_from(EVERY_S))
    greatest = draw(st.floats(1.0, min(2.0 * every, 1500.0)))
    priority = draw(st.integers(0, 3))
    return job(
        name,
        priority,
        every,
        (draw(st.floats(0.1, 1.0)) * greatest, greatest),
        draw(st.sampled_from(["", "browser", "database", "browser database"])),
        offset_s=draw(st.sampled_from([0, 30, 60, 450])),
        errand_s=draw(st.sampled_from([45.0, 45.0, 45.0, None])),
        deadline_s=draw(st.sampled_from([None, 600.0, 1500.0])),
    )


@st.composite
def any_jobs(draw: st.DrawFn, most: int = 8) -> list[JobLoad]:
    """Draw up to `most` jobs of different names."""
    return [draw(any_job(f"job_{number}")) for number in range(draw(st.integers(1, most)))]


@st.composite
def any_fronts(draw: st.DrawFn) -> dict[str, Capacity]:
    """Draw slots, some of them reserved."""
    sizes = {"runs": draw(st.integers(2, 24)), "browser": draw(st.integers(1, 4)), "database": draw(st.integers(2, 10))}
    return {name: Capacity(size, draw(st.integers(0, min(2, size - 1)))) for name, size in sizes.items()}


def longer(load: JobLoad, factor: float) -> JobLoad:
    """Return the job with runs that take `factor` times as long."""
    return dataclasses.replace(load, length=load.length.longer(factor))
