"""The whole program with the jobs of a scenario in place of its own. Run as `python -m tests.benchmarks.contended run`.

`SCENARIO` names the file, `SCENARIO_DAY` the schedule time (epoch seconds) at which its day begins. A run of the
browser is made of real visits to the site, each of which stays on its page for the errand's length; a run without it
holds a connection. The scenario's seconds are schedule time, so at `--speed 60` a visit of 45 s stays for 0.75 s. Each
run writes one line with its figures.
"""

from __future__ import annotations

import logging
import math
import os
import random
import sys
import time
import tomllib
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import supervisor
from actors.commands import loading
from actors.job import Done, Job, JobContext
from actors.pages.visit import Visit
from actors.simulation.scenario import PUBLISHERS, read_scenario
from actors.sql import queries

if TYPE_CHECKING:
    from playwright.async_api import Page

    from actors.domain.workload import JobLoad
    from actors.pages.errand import Desk

logger = logging.getLogger("actors.contended")

PAGES = ("/home", "/commons_daily")
DWELL = "SELECT pg_sleep(%(seconds)s)"


@dataclass(frozen=True, slots=True)
class Stay:
    """Visit a page and stay on it; return when the visit began (monotonic)."""

    path: str
    seconds: float
    expected_s: float
    recallable: bool

    deadline_s: ClassVar[float] = 30.0
    needs_login: ClassVar[bool] = False

    async def perform(self, page: Page, desk: Desk) -> float:
        """Return the monotonic time at which it began."""
        began = time.monotonic()
        await Visit.open(page, desk.site, self.path)
        await page.wait_for_timeout(1000 * max(0.0, self.seconds - (time.monotonic() - began)))
        return began


def body(load: JobLoad, publishes: bool, ctx: JobContext) -> Any:
    """Work as long as the scenario says for this slot, errand by errand."""
    day = float(os.environ["SCENARIO_DAY"])
    number = round((ctx.slot.timestamp() - day - load.offset.total_seconds()) / load.every.total_seconds())
    length = random.Random(f"{load.name}/{number}").uniform(load.length.least_s, load.length.greatest_s)
    done, started, errands = 0.0, math.nan, 0
    if "browser" not in load.uses:
        started = time.monotonic()
        ctx.database.run("dwell", seconds=length / ctx.speed)
    while "browser" in load.uses and done < length:
        cut = length - done if load.errand_s is None else min(load.errand_s, length - done)
        most = load.length.greatest_s - done
        expected = most if load.errand_s is None else min(load.errand_s, most)
        stay = Stay(PAGES[number % 2], cut / ctx.speed, expected / ctx.speed, not publishes)
        began = ctx.browser.visit(stay)
        started = began if math.isnan(started) else started
        done, errands = done + cut, errands + 1
    wait_until_started = (ctx.now() - ctx.slot).total_seconds() - (time.monotonic() - started) * ctx.speed
    extra = {
        "action": "scenario_run",
        "job": load.name,
        "priority": load.priority.value,
        "browser": "browser" in load.uses,
        "slot": number,
        "length_s": length,
        "delay_s": wait_until_started,
        "errands": errands,
        "worked_s": ctx.browser.caller.scope.worked.get("browser", 0.0) * ctx.speed if errands else 0.0,
        "wait_s": (ctx.now() - ctx.slot).total_seconds() - length,
    }
    logger.info("%s worked %.0f s", load.name, length, extra=extra)
    return Done({"runs": 1})


def declare(load: JobLoad) -> Job:
    """Return the job that a line of the scenario describes."""
    work = partial(body, load, load.name in PUBLISHERS)
    uses = load.uses & {"browser", "database"} or frozenset({"database"})
    return Job(load.name, load.family, load.priority, uses, (), (load.name,), work)


def configure(loads: list[JobLoad]) -> str:
    """Return the program's own configuration with blocks for these jobs instead of its own."""
    text = loading.CONFIG_FILE.read_text(encoding="utf-8")
    head = text[: text.index("\n[jobs.")]
    assert "jobs" not in tomllib.loads(head)
    blocks = [
        f'[jobs.{load.name}]\nevery = "{load.every.total_seconds():.0f}s"\n'
        f'offset = "{load.offset.total_seconds() % load.every.total_seconds():.0f}s"\ndeadline = "1h"\n'
        f'length = "{load.length.least_s / 60:.3f}s..{load.length.greatest_s / 60:.3f}s"\n'
        for load in loads
    ]
    return "\n".join([head, *blocks])


def main() -> int:
    """Run the program's own command line with the scenario's jobs."""
    loads = [load for load in read_scenario(Path(os.environ["SCENARIO"])) if load.enabled]
    jobs = {load.name: declare(load) for load in loads}
    # A benchmark's own data folder is there already.
    written = Path(sys.argv[sys.argv.index("--data") + 1]) / "contended.toml"
    written.write_text(configure(loads), encoding="utf-8")
    queries.load_queries()["dwell"] = DWELL
    loading.CONFIG_FILE = written
    loading.find_jobs = lambda _: jobs
    return supervisor.main()


if __name__ == "__main__":
    sys.exit(main())
