"""What production taught about browsers: pages kept too long, health that costs, and launches without end."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from playwright.async_api import Error as PlaywrightError

from actors.errors import CircuitOpenError, ResourceDiedError
from actors.messages import Describe
from actors.runtime.board import Board, BoardMemory
from tests.resources.test_browser_front import Look, client, open_browser, open_pages, site
from tests.runtime.jobs import schedule_clock
from tests.stage import PATIENCE_S, Outcome, eventually

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.async_api import Page

    from actors.pages.errand import Desk
    from actors.resources.browser import Browser
    from tests.stage import Stage

__all__ = ["open_browser", "site"]

READS = 10_000
ERRANDS = 100


@dataclass(frozen=True, slots=True)
class Keep(Look):
    """Keep the page beyond the errand, as no errand should."""

    kept: Any = None

    async def perform(self, page: Page, desk: Desk) -> Any:
        self.kept.append(page)
        return await Look.perform(self, page, desk)


def test_a1_a12_a_page_kept_too_long_is_dead_and_ten_thousand_reads_of_the_state_touch_no_browser(
    stage: Stage, open_browser: Callable[..., Browser]
) -> None:
    browser, kept = open_browser(), []  # type: ignore[var-annotated]
    clock = schedule_clock()
    board = stage.actor("board", lambda context: Board(context, clock, "boot-1", 60.0, BoardMemory()))
    client(stage).visit(Keep(kept=kept))
    stage.all_free("browser")
    before = stage.state("browser")
    with pytest.raises(PlaywrightError, match="closed"):
        stage.loop.call(kept[0].goto("about:blank"), 10)

    for _ in range(READS):
        board.ask(Describe(), PATIENCE_S)
    for _ in range(READS // 100):
        assert stage.state("browser") == before

    assert (browser.launches, open_pages(stage, browser)) == (1, 0)


def test_a10_of_a_hundred_errands_on_a_chromium_that_dies_at_launch_few_launch_it(
    stage: Stage, open_browser: Callable[..., Browser], tmp_path: Path
) -> None:
    launches, broken = tmp_path / "launches", tmp_path / "chromium"
    broken.write_text(f"#!/bin/sh\necho launched >> {launches}\nexit 1\n", encoding="utf-8")
    broken.chmod(0o755)
    open_browser(executable=str(broken), policy={"breaker_threshold": 2, "breaker_open_min": 60.0})
    left_by_others = set(zombies())

    errors = [type(Outcome(lambda: client(stage).visit(Look())).error()) for _ in range(ERRANDS)]

    assert errors == [ResourceDiedError] * 2 + [CircuitOpenError] * (ERRANDS - 2)
    assert len(launches.read_text(encoding="utf-8").splitlines()) == 2
    eventually(lambda: not set(zombies()) - left_by_others, "every dead child reaped")


def zombies() -> list[int]:
    """Return the dead children of this process that nobody has waited for."""
    found = []
    for process in psutil.Process(os.getpid()).children(recursive=True):
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                found.append(process.pid)
        except psutil.NoSuchProcess:
            continue
    return found
