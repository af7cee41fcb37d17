"""The whole program with somebody inside who kills its actors at random. Run as `python -m tests.soak.poisoned run`.

`CHAOS_SECONDS` says for how long, `CHAOS_SEED` which random numbers, `CHAOS_PAUSE` how many seconds pass between two
kills on average. Every actor but the root gets a poison in turn, in a new random order each round: the root's death
ends the process, which is what it is for. Besides, many a post is ambushed at its commit point.
"""

from __future__ import annotations

import itertools
import logging
import os
import random
import sys
import threading
import time
from typing import Any

import supervisor
from actors.app import App
from actors.domain.priority import Band

logger = logging.getLogger("actors.chaos")

CAUSES: tuple[type[BaseException], ...] = (RuntimeError, KeyError, SystemExit, KeyboardInterrupt, MemoryError)
IMMORTAL = {"root"}
PUBLISHERS = ("browser", "database", "publishing", "resources", "runs")
AMBUSHED = 0.5
"""Share of the posts at whose commit point one of the publishers is poisoned."""
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


class Poisoner:
    """Gives numbered poisons to the actors of one program, from any thread."""

    def __init__(self, app: App, rng: random.Random) -> None:
        self._app, self._rng = app, rng
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self.given = 0

    def give(self, name: str) -> None:
        """Poison one actor, by a cause of its own."""
        with self._lock:
            self.given = number = next(self._numbers)
            cause = self._rng.choice(CAUSES)(f"poison {number} for {name}")
        logger.info("poison %d goes to %s", number, name, extra={"action": "poison_given", "actor": name})
        self._app.addresses[name].tell(Poison(cause), Band.CONTROL)

    def roam(self, seconds: float, pause: float) -> None:
        """Poison everybody, round by round, until the time is over."""
        until, waiter = time.monotonic() + seconds, threading.Event()
        while time.monotonic() < until and not self._app.ended.is_set():
            names = [name for name in self._app.addresses if name not in IMMORTAL]
            self._rng.shuffle(names)
            for name in names:
                if self._app.ended.is_set():
                    return
                self.give(name)
                waiter.wait(self._rng.uniform(0.2, 1.8) * pause)


class Ambush(logging.Handler):
    """Poisons whoever has a part in a post the moment its intent is durable: chance alone hardly ever meets it."""

    def __init__(self, poisoner: Poisoner, rng: random.Random) -> None:
        super().__init__()
        self._poisoner, self._rng = poisoner, rng

    def emit(self, record: logging.LogRecord) -> None:
        """Look for the line; runs in the thread of the run that wrote it."""
        if getattr(record, "action", "") == "intent_durable" and self._rng.random() < AMBUSHED:
            self._poisoner.give(self._rng.choice(PUBLISHERS))


def torment(app: App) -> None:
    """Kill actors until the time is over and say how many; the body of the chaos thread."""
    given, root = os.environ, logging.getLogger()
    seed = int(given["CHAOS_SEED"])
    poisoner = Poisoner(app, random.Random(seed))
    ambush = Ambush(poisoner, random.Random(seed + 1))
    root.addHandler(ambush)
    poisoner.roam(float(given["CHAOS_SECONDS"]), float(given["CHAOS_PAUSE"]))
    root.removeHandler(ambush)
    extra = {"action": "chaos_over", "poisons": poisoner.given}
    logger.info("the chaos is over after %d poisons", poisoner.given, extra=extra)


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
