"""Knobs: the closed list of figures that may be tuned. Caps, approval, disclosure and hosts are none (growth.md 4)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Knob:
    """How much one job does in a run: more of it is more time of the browser, and nothing else.

    `low` and `high` are what tuning stays within, `step` is an additive increase. `usual` is the value of a knob that
    has no key in the configuration; any other is named like its key and has that one's value. `slows` says that its job
    only looks, so that it may do less while it finds nothing.
    """

    name: str
    job: str
    low: int
    high: int
    step: int
    usual: int | None = None
    slows: bool = False

    def clamped(self, value: int, usual: int) -> int:
        """Return the value within the bounds, which are widened to hold what the operator has set."""
        return max(min(self.low, usual), min(max(self.high, usual), value))

    def less(self, value: int, usual: int) -> int:
        """Return half of it, rounded up: a multiplicative decrease."""
        return self.clamped((value + 1) // 2, usual)

    def more(self, value: int, usual: int) -> int:
        """Return one step more: an additive increase."""
        return self.clamped(value + self.step, usual)

    def slower(self, value: int, usual: int) -> int:
        """Return one step less."""
        return self.clamped(value - self.step, usual)


SEARCHES = Knob("replies.searches_per_run", "mega_viral_harvester", low=1, high=6, step=1)
"""At most six, which is what an almost empty pool gets as it is (domain.md 1.3, job 5)."""
PROFILES = Knob("replies.profiles_per_run", "account_discovery", low=3, high=18, step=3, slows=True)
"""At six seconds a profile the most is two minutes at work, half an interval at sixty times the speed."""
ACCOUNTS = Knob("metrics.accounts_per_run", "engagement_calculator", low=10, high=50, step=10, usual=50, slows=True)
"""Fifty accounts a run are those of domain.md 1.3 (job 20); with ten a day each of seventy is read within its week."""

KNOBS: dict[str, Knob] = {knob.name: knob for knob in (SEARCHES, PROFILES, ACCOUNTS)}
"""All there are, by name. What measures our own posts is none: that it is complete is promised (domain.md 9.1)."""

GUARDED = ("metrics_scraper", "account_discovery", "id_recovery")
"""Jobs of P1 that browse and do not ask the model: what such a run does not spend on the browser it spends waiting. By
how long they wait the others' knobs are turned."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A knob as it stands: its value in force, and the one that is configured."""

    knob: Knob
    value: int
    usual: int


def in_force(knob: Knob, usual: int, stored: tuple[int, int] | None) -> int:
    """Return the value that holds.

    Args:
        knob: whose.
        usual: what is configured now.
        stored: the tuned value with what was configured when it was tuned; an operator who has turned the key since
            then has had the last word.
    """
    if stored is None or stored[1] != usual:
        return usual
    return knob.clamped(stored[0], usual)
