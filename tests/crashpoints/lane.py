"""One lane of the bench: a data folder on which a supervisor dies at one step after the other.

Each life is the recovery of the one before it: what the last death left is settled while the next decision is
published, and what is then still open by a last life without a bomb. The embedded servers survive all of them.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import threading
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from actors.embedded.postgres import EmbeddedPostgres
from tests.acceptance.engine import Engine, only
from tests.torture.account import Account, limits_of
from tests.torture.site import give_past
from tests.torture.verdict import TERMINAL

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.torture.verdict import Verdict

PROGRAM = ("-m", "tests.crashpoints.program")
SPEED = 400.0
"""Five minutes of schedule time in less than a second of real time."""

# Caps that hold nothing back, nothing that grows stale, and only the planted decisions to publish. A post may be
# missing on its timeline for 0.3 real seconds, which is two minutes at this speed.
ENVIRONMENT = {
    "SUPERVISOR_PUBLISHING_SPACING": "0s",
    "SUPERVISOR_PUBLISHING_CONTENT_PER_HOUR": "60",
    "SUPERVISOR_PUBLISHING_CONTENT_PER_DAY": "500",
    "SUPERVISOR_PUBLISHING_REPLY_SPACING": "0s",
    "SUPERVISOR_PUBLISHING_REPLIES_PER_HOUR": "60",
    "SUPERVISOR_PUBLISHING_REPLIES_PER_DAY": "500",
    "SUPERVISOR_PUBLISHING_REPLIES_PER_AUTHOR_DAY": "50",
    "SUPERVISOR_PUBLISHING_REPLIES_PER_AUTHOR_WEEK": "100",
    "SUPERVISOR_PUBLISHING_CONTENT_STALE": "31d",
    "SUPERVISOR_PUBLISHING_REPLY_STALE": "7d",
    "SUPERVISOR_PUBLISHING_TARGET_AGE": "31d",
    "SUPERVISOR_PUBLISHING_UNCERTAIN_GIVE_UP": "7d",
    "SUPERVISOR_PUBLISHING_INDEX_LAG": "5m",
    "SUPERVISOR_PUBLISHING_LEASE": "5s",
    "SUPERVISOR_SUPERVISION_BOOT_BACKOFF": "0s",
    **only({"posting"}),
}
_READY_S = 90.0
_LIFE_S = 60.0
_REST_S = 120.0
_LOOK_S = 0.1
_GRACE_S = 1.0


@dataclass(frozen=True, slots=True)
class Point:
    """One step at which the process dies, while it publishes a decision of `kind`.

    In the phases after "publish" an earlier process died at `FIRST_DEATHS` already, and the step belongs to the way
    back from there.
    """

    kind: str
    phase: str
    step: str

    @property
    def name(self) -> str:
        """Return how it is written in tables."""
        return f"{self.kind} {self.phase} {self.step}"


# What the first process dies of in each phase, by the number of the part. "found": the site has the post, we have no
# receipt; "absent": the click was allowed and never came; "replay": only the journal has the receipt.
FIRST_DEATHS = {
    "publish": "",
    "found": "page.answer:{part}:after",
    "absent": "journal.grant:{part}:after",
    "replay": "journal.receipt:{part}:after",
}
PHASES = tuple(FIRST_DEATHS)


@dataclass(frozen=True, slots=True)
class Passed:
    """What became of one point: "died", "not reached" (the decision was published without it), or "stuck"."""

    point: Point
    decision_id: str
    outcome: str
    seconds: float


@dataclass
class Lane:
    """One data folder with its servers, from `open` to `close`; one thread."""

    number: int
    speed: float = SPEED
    passed: list[Passed] = field(default_factory=list)
    left: int = 0
    """Decisions that the last life did not decide."""

    def open(self) -> None:
        """Bring up the servers and the tables on an account with a past; the first process goes on living."""
        self._folder = Path(tempfile.mkdtemp(prefix="crash-"))
        self._folder.chmod(0o755)
        self._data, self._trace = self._folder / "data", self._folder / "trace"
        self._plants, self._first_id = 0, str(uuid.uuid4())
        give_past(self._data / "sandbox", self.speed)
        self._ready(self._first_id)
        self.account = Account(self._engine.site, EmbeddedPostgres(self._data).ensure(_READY_S).url)

    def steps_of(self, kind: str, phase: str) -> list[Point]:
        """Publish a decision without a bomb and return the steps that it took from its phase's first death on.

        Raises:
            AssertionError: it was not published.
        """
        if phase == "publish" and self._plants == 0:
            decision_id = self._plant(kind, self._first_id)
            outcome = self._watch(decision_id, "")
        else:
            decision_id = self._plant(kind)
            self._first_death(kind, phase, decision_id)
            outcome = self._live(decision_id, "")
        if outcome != "not reached":
            raise AssertionError(f"a {kind} was not published without any bomb: {outcome}\n{self._tail()}")
        steps = self._trace.read_text(encoding="utf-8").splitlines()
        if phase != "publish":
            end = "journal.settle:1:after"
            steps = steps[: steps.index(end) + 1] if end in steps else steps
        if phase == "absent":
            wanted = ("inconclusive_scan:1:", "conclusive_scan:", "requeue_absent", "journal.settle:1:")
            steps = [step for step in steps if step.startswith(wanted)]
        return [Point(kind, phase, step) for step in steps]

    def die_at(self, point: Point) -> Passed:
        """Let the process die at this point while it publishes a decision of its own."""
        began = time.monotonic()
        decision_id = self._plant(point.kind)
        self._first_death(point.kind, point.phase, decision_id)
        outcome = self._live(decision_id, point.step)
        passed = Passed(point, decision_id, outcome, time.monotonic() - began)
        self.passed.append(passed)
        return passed

    def settle(self) -> None:
        """Live once more without a bomb until every decision is decided, or two minutes are over."""
        self._free_lease()
        self._ready()
        until = time.monotonic() + _REST_S
        pause = threading.Event()
        while (left := self._open()) and time.monotonic() < until:
            pause.wait(_LOOK_S)
        self.left = left

    def judge(self) -> Verdict:
        """Hold the site against the ledger; call it after `settle`."""
        return self.account.judge(limits_of(ENVIRONMENT))[0]

    def close(self) -> None:
        """End every process of this lane and remove its folder."""
        if hasattr(self, "account"):
            self.account.close()
        if self._engine.is_running():
            self._engine.kill()
        for process in Engine(self._data).processes():
            with contextlib.suppress(psutil.Error):
                process.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _open(self) -> int:
        return sum(decision.status not in ("posted", *TERMINAL) for decision in self.account.decisions())

    def _plant(self, kind: str, decision_id: str | None = None) -> str:
        self._plants += 1
        return self.account.plant(kind, f"Lane {self.number}, {kind} {self._plants}", decision_id)

    def _first_death(self, kind: str, phase: str, decision_id: str) -> None:
        step = FIRST_DEATHS[phase].format(part=2 if kind == "thread" else 1)
        if step:
            outcome = self._live(decision_id, step)
            if outcome != "died":
                raise AssertionError(f"the first process of {kind} {phase} {outcome} at {step}\n{self._tail()}")

    def _ready(self, decision_id: str = "none") -> None:
        """Start the program without a bomb and wait until it works."""
        self._engine = self._start(decision_id, "")
        self._engine.ready(_READY_S)

    def _live(self, decision_id: str, step: str) -> str:
        """Start the program and watch it to its end; the one that lives already is killed."""
        if self._engine.is_running():
            self._engine.kill()
        self._free_lease()
        self._engine = self._start(decision_id, step)
        return self._watch(decision_id, step)

    def _watch(self, decision_id: str, step: str) -> str:
        """Wait for the process's death, the decision's end, or a minute; it does not live afterwards."""
        engine, outcome, settled_at = self._engine, "stuck", 0.0
        until, pause = time.monotonic() + _LIFE_S, threading.Event()
        while time.monotonic() < until:
            if not engine.is_running():
                engine.wait(10)
                return "died"
            # A decision is posted some steps before its last one.
            if settled_at and time.monotonic() > settled_at + (_GRACE_S if step else _GRACE_S / 3):
                outcome = "not reached"
                break
            if not settled_at and self.account.status_of(decision_id) in ("posted", *TERMINAL):
                settled_at = time.monotonic()
            pause.wait(_LOOK_S)
        engine.kill()
        return outcome

    def _start(self, decision_id: str, step: str) -> Engine:
        self._trace.write_text("", encoding="utf-8")
        bomb = {"CRASH_DECISION": decision_id, "CRASH_STEP": step, "CRASH_TRACE": str(self._trace)}
        return Engine(self._data, speed=self.speed, environment={**ENVIRONMENT, **bomb}, program=PROGRAM).start()

    def _free_lease(self) -> None:
        """End the lease of a process that is known to be dead, as waiting for its end would."""
        self.account.sql("UPDATE publisher_lease SET expires_real = clock_timestamp()")

    def _tail(self) -> str:
        return "\n".join(self._engine.tail())


def in_lanes(lanes: list[Lane], work: Callable[[Lane], None]) -> None:
    """Do something in all lanes at once; the first error is raised when all have ended."""
    errors: list[BaseException] = []

    def run(lane: Lane) -> None:
        try:
            work(lane)
        except BaseException as error:  # noqa: BLE001 - it is raised below, in the caller's thread
            errors.append(error)

    threads = [threading.Thread(target=run, args=(lane,), name=f"lane-{lane.number}") for lane in lanes]
    for thread in threads:
        thread.start()
    for thread in threads:
        # Every life has its deadline, and so has each wait in between.
        thread.join()
    if errors:
        raise errors[0]
