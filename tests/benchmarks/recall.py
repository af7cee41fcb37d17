"""How soon an unannounced P0 has the context that was lent: a hundred recalls from pages of every mood, on Chromium.

Three contexts, one of them P0's and lent, the two others at work. Measured from the moment in which P0's request is
sent: to its grant, which is when the lent errand is gone, and to its own fresh page in a fresh context.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actors.domain.priority import Band, Priority
from actors.messages import Demand, Forecast, Request
from actors.resources.browser import Browser
from actors.runtime.reply import WaitingReply
from tests.pages.fixture_site import FixtureSite
from tests.resources.browser_stage import PAGE, Wait, settings
from tests.stage import Stage

if TYPE_CHECKING:
    from playwright.async_api import Page

    from actors.pages.errand import Desk

ROUNDS = 20
LIMIT_S = 600.0
STUCK = "/stuck"
MOODS = {
    "waiting": "() => new Promise(() => {})",
    "spinning": "() => { while (true) {} }",
    "busy": "() => new Promise(() => setInterval(() => { document.body.append(Date.now(), ' ') }, 1))",
    "loading": "",
    "just granted": "() => new Promise(() => {})",
}
"""What the lent page does when P0 comes, by script; "loading" waits for a page that never comes."""


@dataclass(frozen=True, slots=True)
class Lent:
    """A reading errand that is stuck until it is `freed`; `begun` is set right before."""

    mood: str
    begun: threading.Event = field(default_factory=threading.Event)
    freed: threading.Event = field(default_factory=threading.Event)

    async def perform(self, page: Page, desk: Desk) -> str:
        """Be stuck, or read the title."""
        if not self.freed.is_set():
            if self.mood == "loading":
                self.begun.set()
                await page.goto(desk.site + STUCK)
            await page.goto(desk.site + PAGE)
            self.begun.set()
            await page.evaluate(MOODS[self.mood])
        return await page.title()


@dataclass(frozen=True, slots=True)
class Urgent:
    """P0's errand: note when it has its page."""

    async def perform(self, page: Page, desk: Desk) -> float:
        """Return the time."""
        return time.monotonic()


class Granted(WaitingReply):
    """A reply that notes when its errand was granted."""

    def __init__(self) -> None:
        super().__init__()
        self.granted = threading.Event()
        self.granted_at = 0.0

    def begin(self) -> None:
        """Note it."""
        super().begin()
        self.granted_at = time.monotonic()
        self.granted.set()


def measure() -> dict[str, dict[str, float]]:
    """Return milliseconds to the grant and to the page, by what the lent page was doing."""
    site, stage = FixtureSite(), Stage()
    site.pages[PAGE], site.held = "<!doctype html><title>A page</title><body></body>", {STUCK}
    grants: dict[str, list[float]] = {mood: [] for mood in MOODS}
    pages: list[float] = []
    try:
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            front = stage.front(Browser(stage.loop, settings(site.url, Path(folder))), 3, reserved=1)
            front.tell(Forecast(time.monotonic() + LIMIT_S))
            for _ in range(2):
                _send(front, Wait(), Priority.P1, Demand())
            for mood in list(MOODS) * ROUNDS:
                errand = Lent(mood)
                lent = _send(front, errand, Priority.P3, Demand(expected_s=1.0, recallable=True))
                assert (lent.granted if mood == "just granted" else errand.begun).wait(LIMIT_S)
                asked_at = time.monotonic()
                urgent = _send(front, Urgent(), Priority.P0, Demand())
                assert urgent.granted.wait(LIMIT_S)
                errand.freed.set()
                pages.append(urgent.wait(LIMIT_S) - asked_at)
                grants[mood].append(urgent.granted_at - asked_at)
                assert lent.wait(LIMIT_S) is not None
            assert stage.state("browser").counters["recalled"] == len(pages)
            stage.close()
    finally:
        site.close()
    named = {**grants, "all": [time for times in grants.values() for time in times], "all, to its page": pages}
    return {name: _figures(times) for name, times in named.items()}


def _send(front: Any, work: Any, priority: Priority, demand: Demand) -> Granted:
    reply, start_by = Granted(), time.monotonic() + LIMIT_S
    request = Request(f"{priority.name}/{id(reply)}", work, priority, start_by, LIMIT_S, reply, "bench", demand)
    front.tell(request, Band.of(priority))
    return reply


def _figures(times: list[float]) -> dict[str, float]:
    milliseconds = sorted(1000 * seconds for seconds in times)
    p99 = milliseconds[min(len(milliseconds) - 1, int(0.99 * len(milliseconds)))]
    named = {"p50": statistics.median(milliseconds), "p99": p99, "max": milliseconds[-1]}
    return {name: round(value, 1) for name, value in named.items()}


if __name__ == "__main__":
    print(json.dumps(measure()))
