"""Engines for the acceptance tests: real processes, stopped and swept up afterwards."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from tests.acceptance.engine import FIRST_LOOP, Engine, only

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


# Twelve posts in an hour of schedule time, which at speed 120 is half a minute.
BRISK = {
    "SUPERVISOR_PUBLISHING_SPACING": "5m",
    "SUPERVISOR_PUBLISHING_CONTENT_PER_HOUR": "12",
    "SUPERVISOR_PUBLISHING_LEASE": "5s",
}


@pytest.fixture(scope="module")
def engine_in() -> Iterator[Callable[..., Engine]]:
    """Return a maker of brisk engines on a given data folder; what is left of them is swept up.

    Unless one is to be `whole`, it has the jobs of the first loop only: what those do shows sooner.
    """
    engines: list[Engine] = []
    others = only(FIRST_LOOP)

    def make(
        data: Path,
        *options: str,
        speed: float = 120,
        environment: dict[str, str] | None = None,
        whole: bool = False,
        **more: Any,
    ) -> Engine:
        settings = {**BRISK, **({} if whole else others), **(environment or {})}
        engine = Engine(data, speed=speed, environment=settings, **more).start(*options)
        engines.append(engine)
        return engine

    yield make
    for engine in engines:
        if engine.is_running():
            engine.kill()
        for process in engine.processes():
            with contextlib.suppress(psutil.Error):
                process.kill()


@pytest.fixture
def engine_on(engine_in: Callable[..., Engine], tmp_path: Path) -> Callable[..., Engine]:
    """Return a maker of engines that are all started on the test's own data folder, or on another by name."""
    return lambda *options, data="data", **settings: engine_in(tmp_path / data, *options, **settings)
