"""Doors for jobs under test, and the bench that a test stands at."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from actors.config import Config, load
from actors.domain.journal import Grant, Testimony, Unsettled
from actors.domain.learning.snapshot import prior_snapshot
from actors.errors import ActorUnavailableError
from actors.job import JobContext, JobsView
from actors.pages.publication import Published
from actors.pages.timeline import TimelineReading
from tests.fakes import decision

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from actors.domain.health.fingerprint import Sighting
    from actors.job import Job, Outcome
    from tests.fakes import LedgerDoor

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
ROOT = Path(__file__).parents[2]

Row = dict[str, Any]


def draw_ids(monkeypatch: pytest.MonkeyPatch, seed: int = 1) -> None:
    """Draw from now on the same ids in every run, and so the same choices, which are drawn by them."""
    chance = Random(seed)
    monkeypatch.setattr(uuid, "uuid4", lambda: uuid.UUID(int=chance.getrandbits(128), version=4))


@dataclass
class FakeBrowser:
    """Answers errands from a script, in order; an answer is a value, an error, or a function of (errand, on_commit)."""

    script: list[Any] = field(default_factory=list)
    errands: list[Any] = field(default_factory=list)

    def visit(self, errand: Any, on_commit: Callable[[Any], float] | None = None) -> Any:
        self.errands.append(errand)
        assert self.script, f"no answer left for {errand}"
        answer = self.script.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer(errand, on_commit) if callable(answer) else answer


@dataclass
class FakeModel:
    """Answers every call with the next of `texts`: a text, the fields of an answer as a dictionary, or an error."""

    texts: list[Any] = field(default_factory=list)
    briefs: list[str] = field(default_factory=list)

    def complete(self, messages: Any, schema: Any, **_: Any) -> Any:
        self.briefs.append(messages[-1]["content"])
        answer = self.texts.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return schema(**answer) if isinstance(answer, dict) else schema(text=answer)


@dataclass
class FakeJobs:
    """A view of the other jobs, and what was triggered."""

    seen: JobsView = field(default_factory=lambda: JobsView(START, {}, {}))
    triggered: list[str] = field(default_factory=list)
    snapshot: Row = field(default_factory=lambda: {"lease": {"is_ours": True, "holder": "boot"}})
    """Of the board; empty: it does not answer."""
    logged: list[Sighting] = field(default_factory=list)
    verdicts: list[tuple[str, float, str]] = field(default_factory=list)

    def view(self) -> JobsView:
        return self.seen

    def trigger(self, name: str) -> None:
        self.triggered.append(name)

    def board(self) -> Row:
        if not self.snapshot:
            raise ActorUnavailableError("the board does not answer")
        return self.snapshot

    def errors(self) -> list[Sighting]:
        return self.logged

    def judged(self, level: str, score: float, reason: str) -> None:
        self.verdicts.append((level, score, reason))


@dataclass
class FakeJournal:
    """Keeps grants and testimonies in memory."""

    grants: dict[uuid.UUID, Grant] = field(default_factory=dict)
    testimonies: dict[uuid.UUID, Testimony] = field(default_factory=dict)
    settled: list[uuid.UUID] = field(default_factory=list)

    def verify(self) -> None:
        pass

    def grant(self, grant: Grant) -> None:
        self.grants[grant.attempt_id] = grant

    def receipt(self, testimony: Testimony) -> None:
        self.testimonies[testimony.attempt_id] = testimony

    def confirmed(self) -> tuple[uuid.UUID, ...]:
        return tuple(self.settled)

    def forget_confirmed(self) -> None:
        self.settled.clear()

    def settle(self, attempt_id: uuid.UUID, *, has_receipt: bool = False) -> None:
        if has_receipt:
            self.settled.append(attempt_id)
        self.grants.pop(attempt_id, None)
        self.testimonies.pop(attempt_id, None)

    def strays(self) -> tuple[Testimony, ...]:
        return tuple(each for id, each in self.testimonies.items() if id not in self.grants)

    def unsettled(self) -> tuple[Unsettled, ...]:
        return tuple(Unsettled(each, self.testimonies.get(each.attempt_id)) for each in self.grants.values())


class Bench:
    """What a test of a job stands at: doors, a clock that it sets, and shortcuts into the ledger."""

    def __init__(self, ledger: LedgerDoor) -> None:
        self.database = ledger
        self.browser, self.model, self.jobs = FakeBrowser(), FakeModel(), FakeJobs()
        self.journal: Any = FakeJournal()
        self.now, self.boot = START, "boot"
        self.config = configuration()
        self._runs = 0
        self.is_held = False
        """Whether somebody turned the kill switch on that the database knows nothing of."""
        self.lead()
        self.context: JobContext | None = None
        """Of the run under way, or the last one."""

    def run(self, job: Job, trigger: str = "slot") -> Outcome:
        """Run the job once, as a new run."""
        self._runs += 1
        context = self.context = JobContext(
            job=job.name,
            run_id=f"{job.name}-{self._runs}",
            boot_id=self.boot,
            slot=self.now,
            attempt=1,
            degraded="",
            config=self.config,
            now=lambda: self.now,
            speed=1.0,
            jobs=self.jobs,
            journal=self.journal,
            database=self.database,
            browser=self.browser,
            openai=self.model,
            trigger=trigger,
            holds=lambda: self.is_held,
        )
        return job.body(context)

    def lead(self, boot: str = "boot", *, has_read: bool = True) -> None:
        """Give the publisher's lease to a boot, with our own timeline read already."""
        self.database.run("renew_lease", boot_id=boot, lease_s=3600.0)
        if has_read:
            self.database.run("timeline_is_read", boot_id=boot)

    def configure(self, **publishing: Any) -> None:
        """Change keys of the publishing section."""
        self.config = replace(self.config, publishing=replace(self.config.publishing, **publishing))

    def queue(self, text: str = "", at: datetime | None = None) -> uuid.UUID:
        """Put a decision into the queue, due at `at` (now by default)."""
        row = decision(text or f"A walk after lunch settles the afternoon {uuid.uuid4()}.", due=self.now)
        self.database.run("insert_decision", **{**row, "scheduled_at": at or self.now})
        decision_id: uuid.UUID = row["decision_id"]
        return decision_id

    def decision(self, decision_id: uuid.UUID) -> Row:
        """Return a decision's row."""
        return self.rows(f"SELECT * FROM decisions WHERE decision_id = '{decision_id}'")[0]

    def rows(self, sql: str) -> list[Row]:
        """Return the rows of any query."""
        return self.database.sql(sql)

    def weights(self) -> None:
        """Store the prior as version 0, as plan does at its first run."""
        prior = prior_snapshot()
        self.database.run(
            "insert_weights", version=0, created_at=self.now, source="prior", outcomes=0, body=prior.to_dict()
        )


def configuration() -> Config:
    """Return the shipped configuration, without anything of this machine."""
    return load(ROOT / "config.toml", {})


def commits(result: Any, site_time: datetime | None = None) -> Callable[[Any, Any], Any]:
    """Return a browser's answer that asks for the permission first, then returns or raises `result`."""

    def answer(errand: Any, on_commit: Any) -> Any:
        on_commit({"site_time": (site_time or START).isoformat(), "site_time_asked_at": time.time()})
        if isinstance(result, Exception):
            raise result
        return result

    return answer


def published(tweet_id: str | None, evidence: str = "response", *, clicked: bool = True) -> Published:
    """Return what PublishPost found out."""
    return Published(tweet_id, evidence, clicked, START)  # type: ignore[arg-type]


def timeline(*posts: Any, at: datetime, reached_back: bool = True) -> TimelineReading:
    """Return a scan of our own timeline."""
    return TimelineReading(tuple(posts), reached_back, at)


MINUTE = timedelta(minutes=1)
