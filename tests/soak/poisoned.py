"""The whole program with somebody inside who kills its actors at random. Run as `python -m tests.soak.poisoned run`.

`CHAOS_SECONDS` says for how long, `CHAOS_SEED` which random numbers, `CHAOS_PAUSE` how many seconds pass between two
kills on average. Every actor but the root gets a poison in turn, in a new random order each round: the root's death
ends the process, which is what it is for.
"""

from __future__ import annotations

import logging
import os
import random
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import supervisor
from actors.app import App
from actors.domain.priority import Band

if TYPE_CHECKING:
    from collections.abc import Iterator

logger = logging.getLogger("actors.chaos")

CAUSES: tuple[type[BaseException], ...] = (RuntimeError, KeyError, SystemExit, KeyboardInterrupt, MemoryError)
IMMORTAL = {"root"}
CARRIERS = ("actors.runtime.cell", "actors.runtime.mailbox")
"""Who looks at messages on their way."""


class Poison:
    """A message that kills the behaviour it is given to, when that looks at what kind it is, and nobody else."""

    def __init__(self, cause: BaseException) -> None:
        self._cause = cause

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        looker = sys._getframe(1).f_globals["__name__"]
        if looker.startswith("actors.") and looker not in CARRIERS:
            raise self._cause
        return Poison


def poisons(app: App, seconds: float, pause: float, rng: random.Random) -> Iterator[str]:
    """Give one poison after the other until the time is over, and yield whom."""
    until, waiter = time.monotonic() + seconds, threading.Event()
    number = 0
    while time.monotonic() < until and not app.ended.is_set():
        names = [name for name in app.addresses if name not in IMMORTAL]
        rng.shuffle(names)
        for name in names:
            if app.ended.is_set():
                break
            number += 1
            cause = rng.choice(CAUSES)(f"poison {number} for {name}")
            logger.info("poison %d goes to %s", number, name, extra={"action": "poison_given", "actor": name})
            app.addresses[name].tell(Poison(cause), Band.CONTROL)
            yield name
            waiter.wait(rng.uniform(0.2, 1.8) * pause)


def torment(app: App) -> None:
    """Kill actors until the time is over and say how many; the body of the chaos thread."""
    given = os.environ
    rng = random.Random(int(given["CHAOS_SEED"]))
    count = sum(1 for _ in poisons(app, float(given["CHAOS_SECONDS"]), float(given["CHAOS_PAUSE"]), rng))
    logger.info("the chaos is over after %d poisons", count, extra={"action": "chaos_over", "poisons": count})


def main() -> int:
    """Run the program's own command line; once the tree is up, the chaos begins."""
    start = App.start

    def start_with_chaos(app: App) -> bool:
        is_up = start(app)
        if is_up:
            threading.Thread(target=torment, args=(app,), name="chaos", daemon=True).start()
        return is_up

    App.start = start_with_chaos  # type: ignore[method-assign]
    return supervisor.main()


if __name__ == "__main__":
    sys.exit(main())
