"""The nemesis: what it does to the arena, when, and how often, all by one seed."""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from typing import TYPE_CHECKING

from actors.errors import AppError
from tests.torture.account import KINDS
from tests.torture.arena import LEASE_S, Arena

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping

# How often each blow falls, relative to the others.
BLOWS: Mapping[str, int] = {
    "SIGKILL": 30,
    "SIGTERM": 7,
    "SIGSTOP": 8,
    "SIGSTOP longer than the lease": 4,
    "Chromium": 15,
    "driver": 10,
    "Postgres": 7,
    "Valkey": 5,
    "fault": 16,
    "second supervisor": 2,
    "second supervisor, first frozen": 3,
}
NAIVE_BLOWS: Mapping[str, int] = {"SIGKILL": 3, "Chromium": 2, "fault": 5}
NAIVE_FAULTS = ("response_lost", "slow")
MOMENTS = ("posted", "part_posted", "uncertain", "browser_launched", "lease_taken", "proven_absent", "scan_failed")
"""Lines of the log after which a blow is likely to hit something."""

AMBUSHED, ABREAST = 0.45, 0.25
"""Shares of the blows that wait for an intent, and for one of these lines; the others come at any time."""

FATAL = ("SIGKILL", "Chromium", "driver", "Postgres", "SIGSTOP longer than the lease")
"""What an ambush chooses from: chance alone seldom meets the moment between the intent and the receipt."""

SPARING = ("Chromium", "driver", "Postgres", "Valkey", "fault", "SIGSTOP")
"""What an ambush in vain chooses from: a process that dies again and again before it publishes shows nothing."""

_INTENT_S, _LINE_S, _ANY_S = 4.0, 3.0, 2.0
_SPENT_S = 15.0
"""Longest wait for a fault to be met, where faults are the point."""


class Nemesis:
    """Plants decisions and strikes, by `rng` alone; what a blow meets is up to the moment."""

    def __init__(self, arena: Arena, rng: random.Random, mark: str) -> None:
        self.blows: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self._arena, self._rng, self._mark = arena, rng, mark
        self._weights = NAIVE_BLOWS if arena.is_naive else BLOWS
        self._known = NAIVE_FAULTS if arena.is_naive else tuple(arena.account.faults())
        self._plants = 0

    def strike(self) -> str:
        """Wait for a moment and do one thing; return what it was."""
        arena, rng = self._arena, self._rng
        arena.keep_alive()
        self.feed()
        names = self._await_moment()
        arena.keep_alive()
        blow = rng.choices(names, [self._weights[name] for name in names])[0]
        if arena.is_naive and not self.blows:
            # So that the shortest run has one answer lost.
            blow = "fault"
        if not self._deal(blow):
            blow = "fault"
            self._deal(blow)
        self.blows[blow] += 1
        return blow

    def _await_moment(self) -> list[str]:
        """Wait for the moment to strike and return the blows that suit it."""
        arena, rng = self._arena, self._rng
        mood = rng.random()
        if mood < AMBUSHED:
            is_met = arena.wait_for(arena.engine, ("intent_durable",), _INTENT_S) is not None
            threading.Event().wait(rng.uniform(0.0, 0.2))
            return [name for name in self._weights if name in (FATAL if is_met else SPARING)]
        if mood < AMBUSHED + ABREAST:
            arena.wait_for(arena.engine, MOMENTS, _LINE_S)
        threading.Event().wait(rng.uniform(0.0, _ANY_S / 10 if mood < AMBUSHED + ABREAST else _ANY_S))
        return [*self._weights]

    def feed(self) -> None:
        """Plant one of each kind of which none of ours waits; a database that is just away is left alone."""
        account = self._arena.account
        with contextlib.suppress(AppError):
            waiting = {account.planted.get(each.id) for each in account.decisions() if each.status == "queued"}
            for kind in ("single",) * 3 if self._arena.is_naive else KINDS:
                if kind not in waiting:
                    self.plant(kind)

    def plant(self, kind: str) -> str:
        """Plant one decision and return its id."""
        self._plants += 1
        return self._arena.account.plant(kind, f"{self._mark}, {kind} {self._plants}")

    def _deal(self, blow: str) -> bool:
        """Do it; return False if there was nothing to be hit."""
        arena, rng = self._arena, self._rng
        match blow:
            case "SIGKILL":
                arena.kill()
            case "SIGTERM":
                arena.stop()
            case "SIGSTOP":
                arena.freeze(rng.uniform(0.2, 0.8 * LEASE_S / 2))
            case "SIGSTOP longer than the lease":
                arena.freeze(LEASE_S + rng.uniform(0.5, 2.5))
            case "Chromium":
                return arena.kill_part("chrom", "headless")
            case "driver":
                return arena.kill_part("node")
            case "Postgres" | "Valkey":
                arena.kill_server(blow.lower(), rng.uniform(0.0, 2.0))
            case "fault":
                name = self._known[0] if arena.is_naive and not self.faults else rng.choice(self._known)
                arena.account.arm(name, rng.randint(1, 2))
                self.faults[name] += 1
                if arena.is_naive:
                    arena.wait_for(arena.engine, ("publish_failed",), _SPENT_S)
            case _:
                arena.double(rng.uniform(2 * LEASE_S, 3 * LEASE_S), frozen=blow.endswith("frozen"))
        return True
