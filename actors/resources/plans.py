"""The plan of each front: its resource, its sizes and its breaker, from the configuration and the world."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from actors.domain.budget import Budget
from actors.domain.platform_state import Platform, PlatformRules
from actors.domain.priority import Priority
from actors.resources.browser import Browser, BrowserSettings
from actors.resources.database import Database
from actors.resources.openai import OpenAI
from actors.resources.redis import Redis
from actors.runtime.front import FrontPolicy

if TYPE_CHECKING:
    from collections.abc import Callable

    from actors.config import Config
    from actors.runtime.loop import Loop
    from actors.runtime.resource import Resource
    from actors.world import World

_STATEMENTS_BEHIND_P0 = 3.0
"""How many times longer than P0's a statement of the other priorities may run."""


@dataclass(frozen=True, slots=True)
class FrontPlan:
    """What a front is made from. `make` is called in the front's thread, once for each of its lives and each loop."""

    name: str
    make: Callable[[], Resource]
    policy: FrontPolicy


def plan_fronts(
    config: Config, world: World, loop: Loop, speed: float, make_runs: Callable[[], Resource]
) -> list[FrontPlan]:
    """Return the plans in the order in which the fronts start. What lives on the loop is made on its present thread.

    `speed` is schedule seconds per real second: for what the configuration gives in schedule time.
    """
    timeouts, browser, platform = _timeouts(config), _browser(config, world), Platform(_platform(config, speed))
    call_s = config.openai.timeout.total_seconds()

    def plan(
        name: str, make: Callable[[], Resource], size: int, reserved: int, queue: int, budget: Budget | None = None
    ) -> FrontPlan:
        breaker = config.breaker
        opens = (breaker.threshold, breaker.open_min.total_seconds(), breaker.open_max.total_seconds())
        return FrontPlan(name, make, FrontPolicy(size, reserved, queue, *opens, budget))

    database, redis, openai, contexts, runs = config.database, config.redis, config.openai, config.browser, config.runs
    return [
        plan(
            "database",
            lambda: Database(world.database_url, database.connections, timeouts),
            database.connections,
            database.reserved,
            database.queue,
        ),
        plan(
            "redis",
            lambda: Redis(world.redis_url, redis.timeout.total_seconds()),
            redis.connections,
            redis.reserved,
            redis.queue,
        ),
        plan(
            "openai",
            lambda: OpenAI(loop.thread, world.model_url, world.model_key, call_s),
            openai.slots,
            openai.reserved,
            openai.queue,
            _budget(config),
        ),
        plan(
            "browser",
            lambda: Browser(loop.thread, browser, platform),
            contexts.contexts,
            contexts.reserved,
            contexts.queue,
        ),
        plan("runs", make_runs, runs.slots, runs.reserved, runs.queue),
    ]


def _timeouts(config: Config) -> dict[Priority, float]:
    p0 = config.database.statement_timeout.total_seconds()
    return {priority: p0 if priority is Priority.P0 else p0 * _STATEMENTS_BEHIND_P0 for priority in Priority}


def _budget(config: Config) -> Budget:
    return Budget(config.openai.budget_usd_per_day, config.openai.shares)


def _browser(config: Config, world: World) -> BrowserSettings:
    return BrowserSettings(
        executable=world.chromium,
        site=world.site,
        account=config.platform.account,
        session=world.login,
        idle_stop_s=config.browser.idle_stop.total_seconds(),
        retire_after=config.browser.retire_after,
        environment=world.browser_environment,
    )


def _platform(config: Config, speed: float) -> PlatformRules:
    settings = config.platform
    return PlatformRules(
        settings.cooldown_min.total_seconds() / speed,
        settings.cooldown_max.total_seconds() / speed,
        settings.challenge_stop.total_seconds() / speed,
    )
