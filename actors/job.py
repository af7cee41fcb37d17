"""The only door for authors of jobs: the decorator, what a run is given, and how jobs are found.

A job is one file `actors/jobs/<family>/<job>.py` with one function of the same name, and one `[jobs.<job>]` block in
the configuration. The function takes a `JobContext` and returns an outcome; it runs in a run slot's thread.
"""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from actors.domain.outcome import Blocked, Done, Failed, Nothing, Outcome, Snooze
from actors.domain.pace import has_time
from actors.domain.priority import Priority
from actors.domain.timetable import After
from actors.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from types import ModuleType
    from uuid import UUID

    import pydantic

    from actors.config import Config
    from actors.domain.budget import MoneyLane
    from actors.domain.health.fingerprint import Sighting
    from actors.domain.journal import Grant, Testimony, Unsettled
    from actors.pages.errand import Errand
    from actors.sql.queries import Statement

__all__ = [
    "After",
    "Blocked",
    "Done",
    "Failed",
    "Job",
    "JobContext",
    "JobsView",
    "Nothing",
    "Outcome",
    "Snooze",
    "find_jobs",
    "job",
]

RESOURCES = frozenset({"browser", "database", "redis", "openai"})


class DatabaseDoor(Protocol):
    """Named queries; each call is one committed transaction. See `actors.resources.database.DatabaseClient`."""

    def transact(self, statements: Sequence[Statement]) -> list[list[dict[str, Any]]]:
        """Commit all statements together; return the rows of each."""

    def all(self, query: str, **params: Any) -> list[dict[str, Any]]:
        """Return all rows of one query."""

    def one(self, query: str, **params: Any) -> dict[str, Any] | None:
        """Return the first row, or None."""

    def run(self, query: str, *, expect: int | None = None, **params: Any) -> None:
        """Execute one query, insisting on the number of rows it touches if `expect` is given."""


class BrowserDoor(Protocol):
    """Errands on the site. See `actors.resources.browser.BrowserClient`."""

    def visit(self, errand: Errand, on_commit: Callable[[Any], float] | None = None) -> Any:
        """Return the errand's result."""


class OpenAIDoor(Protocol):
    """Typed answers of the model. See `actors.resources.openai.OpenAIClient`."""

    def complete(
        self,
        messages: Sequence[dict[str, str]],
        schema: type[pydantic.BaseModel],
        *,
        lane: MoneyLane,
        purpose: str,
        temperature: float = 0.8,
        max_tokens: int = 600,
    ) -> Any:
        """Return an answer that fits the schema."""


class RedisDoor(Protocol):
    """Commands. See `actors.resources.redis.RedisClient`."""

    def run(self, *words: str | float | bytes) -> Any:
        """Execute one command and return its answer."""


@dataclass(frozen=True, slots=True)
class JobsView:
    """What the board knows of the jobs, in schedule time; `since` is when this process began to look."""

    since: datetime
    last_success: dict[str, datetime]
    running: dict[str, datetime]
    last_ended: dict[str, datetime] = field(default_factory=dict)
    """When each job's last run ended, whatever came of it."""
    paused: frozenset[str] = frozenset()
    waiting: frozenset[str] = frozenset()
    """Jobs whose slot waits for another job."""


class JournalDoor(Protocol):
    """The local journal of what was published. See `actors.resources.journal.Journal`; safe in any thread."""

    def verify(self) -> None:
        """Prove that it can be written now."""

    def grant(self, grant: Grant) -> None:
        """Keep an intent, durably, before its click is permitted."""

    def receipt(self, testimony: Testimony) -> None:
        """Keep what became of it, durably."""

    def settle(self, attempt_id: UUID, *, has_receipt: bool = False) -> None:
        """Note that the ledger knows all there is to know of this attempt."""

    def unsettled(self) -> Sequence[Unsettled]:
        """Return the attempts of which the ledger may not know all, in the order of their grants."""

    def confirmed(self) -> Sequence[UUID]:
        """Return the latest attempts of this process that the ledger has to hold a receipt for."""

    def forget_confirmed(self) -> None:
        """Begin that list anew."""

    def strays(self) -> Sequence[Testimony]:
        """Return what became of attempts whose grants were lost with a damaged line."""


class JobsDoor(Protocol):
    """What a run may know of the others, and what it may say: a job is due, and how the whole is."""

    def view(self) -> JobsView:
        """Return the board's view of all jobs.

        Raises:
            ActorUnavailableError: the board does not answer.
        """

    def board(self) -> Mapping[str, Any]:
        """Return the board's snapshot: the state of everything as plain values.

        Raises:
            ActorUnavailableError: the board does not answer.
        """

    def errors(self) -> Sequence[Sighting]:
        """Return the errors that this process has logged, by kind and hour, since it began; the latest kinds only."""

    def judged(self, level: str, score: float, reason: str) -> None:
        """Tell the board the verdict on the whole, for its heartbeat. Never waits."""

    def trigger(self, name: str) -> None:
        """Make a job due now, under the same single flight as a slot. Never waits."""


@dataclass(frozen=True, slots=True)
class JobContext:
    """What a run is given: its time, its identity, the configuration, and the resources the job declared.

    `now()` is schedule time and goes on while the run works. A resource that the job did not declare is None.
    """

    job: str
    run_id: str
    boot_id: str
    slot: datetime
    attempt: int
    degraded: str
    config: Config
    now: Callable[[], datetime]
    speed: float
    """Schedule seconds in a real one."""
    jobs: JobsDoor
    journal: JournalDoor
    database: DatabaseDoor = None  # type: ignore[assignment]
    browser: BrowserDoor = None  # type: ignore[assignment]
    openai: OpenAIDoor = None  # type: ignore[assignment]
    redis: RedisDoor = None  # type: ignore[assignment]
    trigger: str = "slot"
    """Why it runs; see `actors.domain.stages.trigger_of` for a run that is to do certain stages."""
    began: datetime | None = None
    """When it began, schedule time; None: at its slot."""
    holds: Callable[[], bool] = lambda: False
    """Says whether somebody has stopped all publishing though the database may not have heard of it yet."""

    def has_time(self) -> bool:
        """Say whether a run that browses may begin another errand (see `actors.domain.pace`)."""
        settings = self.config.jobs[self.job]
        began = self.began or self.slot
        return has_time(self.slot, began, self.now(), settings.every, settings.deadline, self.speed)


@dataclass(frozen=True, slots=True)
class Job:
    """A job's definition: what the code cannot do without. What an operator turns is in the configuration."""

    name: str
    family: str
    priority: Priority
    uses: frozenset[str]
    after: tuple[After, ...]
    covers: tuple[str, ...]
    """Names of the inventory that this job answers to."""
    body: Callable[[JobContext], Outcome]
    stages: tuple[str, ...] = ()
    """Those of them that are stages, each with an interval of its own in the configuration."""

    @property
    def summary(self) -> str:
        """Return the first line of the function's docstring."""
        return (self.body.__doc__ or "").strip().splitlines()[0]


def job(
    *,
    priority: Priority,
    uses: Sequence[str] = (),
    after: Sequence[After] = (),
    covers: Sequence[str] = (),
    stages: Sequence[str] = (),
) -> Callable[[Callable[[JobContext], Outcome]], Job]:
    """Declare a function to be a job; family and name are its folder and file. It covers its stages, too.

    Raises:
        ConfigError: at import, for an unknown resource, a name that differs from the file, or a missing docstring.
    """

    def declare(body: Callable[[JobContext], Outcome]) -> Job:
        *_, family, module = body.__module__.split(".")
        name = getattr(body, "__name__", "")
        if name != module:
            raise ConfigError(f"job {name} stands in {module}.py", "give function and file the same name")
        if not body.__doc__:
            raise ConfigError(f"job {name} has no docstring", "say when it runs and what it leaves behind")
        unknown = set(uses) - RESOURCES
        if unknown:
            raise ConfigError(f"job {name} uses unknown resources {sorted(unknown)}", f"known: {sorted(RESOURCES)}")
        names = tuple(dict.fromkeys((*stages, *covers))) or (name,)
        return Job(name, family, priority, frozenset(uses), tuple(after), names, body, tuple(stages))

    return declare


def find_jobs(package: ModuleType) -> dict[str, Job]:
    """Import every module of `actors.jobs` and return its jobs by name.

    Raises:
        ConfigError: a file without its job, two jobs of one name, or a dependency on a job that does not exist.
    """
    found: dict[str, Job] = {}
    for info in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if info.ispkg:
            continue
        name = info.name.rpartition(".")[2]
        definition = getattr(importlib.import_module(info.name), name, None)
        if not isinstance(definition, Job):
            raise ConfigError(f"{info.name} defines no job named {name}", "decorate a function of that name with @job")
        if name in found:
            raise ConfigError(f"two jobs are named {name}", f"rename one of {info.name} and {found[name].family}")
        found[name] = definition
    for definition in found.values():
        for after in definition.after:
            if after.job not in found:
                raise ConfigError(f"job {definition.name} comes after {after.job}, which does not exist")
    return found
