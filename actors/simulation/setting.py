"""The setting: what the simulated house is built from, apart from its jobs. Times are real seconds."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from actors.domain.arbiter import Arbiter
from actors.domain.backoff import Backoff
from actors.domain.breaker import Breaker
from actors.domain.budget import Budget, MoneyLane
from actors.domain.supervision import Policy, Strategy
from actors.domain.workload import SETUP_S

if TYPE_CHECKING:
    from collections.abc import Mapping

    from actors.config import Config

NEVER = 2**62
"""A threshold that is never reached: run slots have no breaker, for a run that fails says nothing of the next."""


@dataclass(frozen=True, slots=True)
class FrontSize:
    """Slots of one front, those of P0 among them, and how many requests of each class may wait."""

    size: int
    reserved: int
    queue: int


@dataclass(frozen=True, slots=True)
class Setting:
    """Sizes, breakers, supervision and money, as the program has them."""

    fronts: Mapping[str, FrontSize]
    """By name, in the order in which they start."""
    breaker: tuple[int, float, float] = (5, 2.0, 60.0)
    """Threshold, least and longest wait of a breaker."""
    supervision: Policy = field(default_factory=lambda: Policy(Strategy.ONE_FOR_ONE, 20, 60, Backoff(0.2, 30.0)))
    usd_per_day: float = 5.0
    shares: Mapping[MoneyLane, float] = field(
        default_factory=lambda: {MoneyLane.CONTENT: 0.6, MoneyLane.REPLIES: 0.25, MoneyLane.ANALYSIS: 0.15}
    )

    setup_s: float = SETUP_S
    """What each errand of P1 to P3 on the browser takes besides its work."""

    def arbiter(self, name: str) -> Arbiter:
        """Return the arbiter of a front at the beginning of its life."""
        front = self.fronts[name]
        threshold, open_min, open_max = self.breaker
        breaker = Breaker(NEVER if name == "runs" else threshold, open_min, open_max)
        budget = Budget(self.usd_per_day, self.shares) if name == "openai" else None
        return Arbiter(front.size, front.reserved, front.queue, breaker, budget)

    def with_run_slots(self, jobs: int) -> Setting:
        """Return the setting with a run slot for each of so many jobs, so that none of them waits for one."""
        runs = self.fronts["runs"]
        enough = FrontSize(max(runs.size, jobs + runs.reserved), runs.reserved, max(runs.queue, jobs))
        return replace(self, fronts={**self.fronts, "runs": enough})


def setting_of(config: Config) -> Setting:
    """Return what the configuration says."""
    supervision, breaker, model = config.supervision, config.breaker, config.openai
    return Setting(
        {
            "database": FrontSize(config.database.connections, config.database.reserved, config.database.queue),
            "redis": FrontSize(config.redis.connections, config.redis.reserved, config.redis.queue),
            "openai": FrontSize(model.slots, model.reserved, model.queue),
            "browser": FrontSize(config.browser.contexts, config.browser.reserved, config.browser.queue),
            "runs": FrontSize(config.runs.slots, config.runs.reserved, config.runs.queue),
        },
        (breaker.threshold, breaker.open_min.total_seconds(), breaker.open_max.total_seconds()),
        Policy(
            Strategy.ONE_FOR_ONE,
            supervision.intensity,
            int(supervision.period.total_seconds()),
            Backoff(supervision.backoff_min.total_seconds(), supervision.backoff_max.total_seconds()),
        ),
        model.budget_usd_per_day,
        {
            MoneyLane.CONTENT: model.content_share,
            MoneyLane.REPLIES: model.replies_share,
            MoneyLane.ANALYSIS: model.analysis_share,
        },
    )
