"""The application: the supervision tree as one list, started downwards and stopped upwards."""

from __future__ import annotations

import logging
import math
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import redis

from actors.config import Config
from actors.control.operator import Operator
from actors.control.reach import Place, reach_of
from actors.control.records import Records, records_of
from actors.control.settings import Settings
from actors.dashboard.reader import make_reader
from actors.domain.backoff import Backoff
from actors.domain.grace import drain_s, lease_s, summary_s, tree_s
from actors.domain.priority import Band, Priority
from actors.domain.renewal import Renewal
from actors.domain.supervision import Policy, Strategy
from actors.errors import AppError
from actors.job import JobContext
from actors.messages import Describe, Drain, Exited
from actors.resources.browser import BrowserClient
from actors.resources.database import DatabaseClient
from actors.resources.openai import OpenAIClient
from actors.resources.plans import plan_fronts
from actors.resources.redis import RedisClient, open_pool
from actors.runtime.abandoned import Computing, abandoned_threads, stack_of
from actors.runtime.address import Address
from actors.runtime.board import Board, BoardMemory
from actors.runtime.cell import ActorContext, Behaviour, Cell, Incarnation
from actors.runtime.client import Caller, Scope
from actors.runtime.clock import Clock, entries_of
from actors.runtime.drain import Grace, wait_for_runs
from actors.runtime.family import Family, FamilyPlan
from actors.runtime.front import Front
from actors.runtime.jobs_client import BOARD_S, JobsClient
from actors.runtime.lease import LeaseKeeper, release_lease
from actors.runtime.loop import Loop
from actors.runtime.loop_keeper import LoopKeeper
from actors.runtime.memory import Container, Memory
from actors.runtime.runs import Run, Runs
from actors.runtime.server import ServerKeeper
from actors.runtime.stacks import stacks_of_threads
from actors.runtime.startup import Progress, until_served
from actors.runtime.supervisor import ChildSpec, Supervisor
from actors.runtime.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from actors.dashboard.published import Published
    from actors.health.tally import ErrorTally
    from actors.job import Job
    from actors.resources.journal import Journal
    from actors.resources.plans import FrontPlan
    from actors.runtime.time import ScheduleClock
    from actors.world import World

logger = logging.getLogger(__name__)

_STOP_S = 30.0
_GROUP_START_S = 25.0
"""A supervisor starts its children in its own start; the root is awaited `_STOP_S`."""
_GROUP_ANSWER_S = 60.0
"""A supervisor may be busy with children: 10 s for a start, and for each stop the child's own time."""
_KEEPER_ANSWER_S = 75.0
"""A keeper may be busy with the start of its server, for a minute."""


@dataclass(slots=True)
class App:
    """One running supervisor. Everything but the actors themselves runs in the thread that calls."""

    config: Config
    jobs: Mapping[str, Job]
    world: World
    clock: ScheduleClock
    boot_id: str
    journal: Journal
    predecessor: str
    """The id of the last boot on this data folder, or nothing."""
    tally: ErrorTally
    """Of the errors that were logged."""
    published: Published
    """What HTTP may see of all this."""
    progress: Progress
    """How far the start is."""
    read_again: Callable[[], Config]
    """Returns the configuration as it is written now, checked."""
    redact: Callable[[str], str]
    """Blacks out secrets, those learnt after the start as well."""
    addresses: dict[str, Address] = field(default_factory=dict)
    ended: threading.Event = field(default_factory=threading.Event)
    """Set when the process is to end, for whatever reason."""
    asked: threading.Event = field(default_factory=threading.Event)
    """Set when somebody asked for that, so that no fresh process follows."""
    failure: str = ""
    """Why the root gave up, if it did."""
    _opened: threading.Event = field(default_factory=threading.Event)
    _draining: threading.Event = field(default_factory=threading.Event)
    _root: Incarnation | None = None
    _started: datetime | None = None
    _pool: redis.BlockingConnectionPool = field(init=False)
    _loop: Loop = field(default_factory=Loop)
    _watch: Watch = field(init=False)
    _renewal: Renewal = field(init=False)
    _computing: Computing = field(default_factory=Computing)
    _records: Records = field(init=False)
    _settings: Settings = field(init=False)
    _above: dict[str, Address] = field(default_factory=dict)
    """The supervisor of each child of the tree."""

    def __post_init__(self) -> None:
        self._watch = Watch(self._address("root"))
        self._settings = Settings(lambda: self.config, self.read_again, self._adopt)
        self._renewal = Renewal(self.config.supervision.abandoned, drain_s(self.config.supervision.grace_s))
        family_of = {job.name: job.family for job in self.jobs.values()}
        self._records = records_of(self.boot_id, family_of, self._address, self._opened, self.redact)

    def start(self) -> bool:
        """Start the tree, bring the schema up to date, and open the clock; return whether it got that far.

        Waits for the database as long as it takes, or until the process is to end.

        Raises:
            AppError: the tree could not be started.
        """
        self._started, self.published.clock = self.clock.now(), self.clock
        world, settings = self.world, self.config.redis
        # The control channel's ear has four connections; the others are for its successor, should an operator hang.
        self._pool = open_pool(world.redis_url, 8, settings.timeout.total_seconds(), decode=False)
        tree, root = self._tree(), self._address("root")
        with self.progress.step("tree"):
            life = Incarnation(root.mailbox.next_generation())
            Cell.start(root, tree, life, self._root_news)
            self._root = life
            if not life.ready.wait(_STOP_S) or life.start_error is not None:
                raise AppError(f"the tree did not start: {life.start_error}", "see the lines above")
            self._watch.start()
        with self.progress.step("schema"):
            until_served(self._migrate, self.ended)
        with self.progress.step("session"):
            until_served(self.look_for_session, self.ended)
        if not self.ended.is_set():
            self._opened.set()
        return self._opened.is_set()

    def drain(self, grace: Grace) -> None:
        """Admit nothing new and let runs end, as long as the grace allows; at its end it only looks if any is left.

        The browser takes no further errand either: a run that goes on to its next post or page would use up the time
        that the platform leaves us, while what stands at its commit point needs only the database to end.
        """
        self.published.end()
        for name, address in self.addresses.items():
            if name in ("clock", "board", "browser") or name in self._families():
                address.tell(Drain(), Band.CONTROL)
        families = [self.addresses[name] for name in self._families()]
        if wait_for_runs(families, time.monotonic() + grace.drain_s()):
            release_lease(self.addresses["lease"], lease_s(grace.left_s()))

    def end(self, grace: Grace) -> None:
        """Stop the tree from the last child to the first; nothing is left running afterwards.

        A tree that does not stop within its share of the grace is left to the end of the process.
        """
        self._watch.stop()
        if self._root is not None and not self._root.ended.is_set():
            self.addresses["root"].mailbox.stop(self._root.generation)
            if not self._root.ended.wait(tree_s(grace.left_s())):
                logger.error("the tree did not stop in time", extra={"action": "stop_timeout"})
        self._loop.thread.stop()
        for address in self.addresses.values():
            address.close()

    def shutdown(self, by: str) -> None:
        """Ask the process to end for good; from any thread, without waiting."""
        logger.info("shutdown is asked for by %s", by, extra={"action": "shutdown", "by": by})
        self.asked.set()
        self.ended.set()

    def wants_renewal(self) -> bool:
        """Return whether too many threads are abandoned, and now is a quiet moment for a new process."""
        now, threads = time.monotonic(), abandoned_threads()
        if not self._renewal.is_over(len(threads), len(self._computing.look(threads)), now):
            return False
        snapshot, schedule_now = self.snapshot(), self.clock.now()
        p0 = {name for name, job in self.jobs.items() if job.priority is Priority.P0}
        due = [self.clock.real_seconds(at - schedule_now) for job, at in snapshot["next_due"].items() if job in p0]
        next_p0_in = 0.0 if p0 & snapshot["running"].keys() else min(due, default=math.inf)
        if not self._renewal.is_time(now, runs=len(snapshot["running"]), next_p0_in=next_p0_in):
            return False
        logger.error(
            "%d threads are abandoned: the process begins anew",
            len(threads),
            extra={"action": "process_renewed", "data": "\n".join(map(stack_of, threads))},
        )
        return True

    def look_for_session(self) -> None:
        """Let contexts begin with a newer session, if one was imported. Raises AppError if nobody can be asked."""
        self.world.login.refresh(self._database(Scope("session", Priority.P1, time.monotonic() + 5.0)))

    def summary(self, grace: Grace) -> dict[str, Any] | None:
        """Return the ledger's totals; None if so little of the grace is left that it is not asked.

        Raises:
            AppError: it gave no answer in time.
        """
        seconds = summary_s(grace.left_s())
        if not seconds:
            return None
        scope = Scope("summary", Priority.P0, time.monotonic() + seconds)
        row = self._database(scope).one("run_summary")
        assert row is not None
        return row

    def snapshot(self) -> dict[str, Any]:
        """Return the board's snapshot."""
        snapshot: dict[str, Any] = self.addresses["board"].ask(Describe(), BOARD_S)
        return snapshot

    def _adopt(self, config: Config) -> None:
        self.config = config

    def _tree(self) -> Callable[[ActorContext], Behaviour]:
        config, spec = self.config, self._spec
        settings = config.supervision
        policy = Policy(
            Strategy.ONE_FOR_ONE,
            settings.intensity,
            int(settings.period.total_seconds()),
            Backoff(settings.backoff_min.total_seconds(), settings.backoff_max.total_seconds()),
        )

        def group(name: str, children: list[ChildSpec]) -> ChildSpec:
            return spec(name, self._supervisor(name, policy, children), _STOP_S, _GROUP_ANSWER_S, _GROUP_START_S)

        beat, known = config.log.heartbeat.total_seconds(), BoardMemory()
        return self._supervisor(
            "root",
            policy,
            [
                spec("board", lambda c: Board(c, self.clock, self.boot_id, beat, known)),
                spec("memory", self._make_memory),
                group("servers", [self._keeper(server) for server in self.world.servers]),
                group("resources", [self._keeper_of_loop(), *self._fronts()]),
                spec("lease", self._make_lease),
                group("families", [self._family(name) for name in self._families()]),
                spec("clock", self._make_clock),
                spec("operator", self._make_operator),
                spec("dashboard", lambda c: make_reader(c, config, self.addresses, self.clock.now, self.published)),
            ],
        )

    def _supervisor(self, name: str, policy: Policy, children: list[ChildSpec]) -> Callable[[ActorContext], Behaviour]:
        self._above |= {child.address.name: self._address(name) for child in children}
        by_name, board = {child.address.name: child for child in children}, self._address("board")
        return lambda context: Supervisor(context, policy, by_name, board)

    def _address(self, name: str) -> Address:
        """Return the one address of this name; it may be known before its actor is."""
        return self.addresses.setdefault(name, Address(name, self.config.supervision.mailbox))

    def _fronts(self) -> list[ChildSpec]:
        plans = plan_fronts(self.config, self.world, self._loop, self.clock.speed, lambda: Runs(self._prepare))
        return [self._front(plan) for plan in plans]

    def _front(self, plan: FrontPlan) -> ChildSpec:
        board = self.addresses["board"]
        return self._spec(plan.name, lambda c: Front(c, plan.make, plan.policy, board), shutdown_s=10.0)

    def _keeper_of_loop(self) -> ChildSpec:
        fronts = tuple(self._address(name) for name in ("openai", "browser"))
        return self._spec("loop", lambda c: LoopKeeper(c, self._loop, fronts))

    def _keeper(self, server: Any) -> ChildSpec:
        dependants = tuple(self._address(name) for name in self.world.dependants(server.name))
        return self._spec(server.name, lambda c: ServerKeeper(c, server, dependants), 15.0, _KEEPER_ANSWER_S)

    def _families(self) -> list[str]:
        return sorted({job.family for job in self.jobs.values()})

    def _family(self, name: str) -> ChildSpec:
        members = {job.name: job for job in self.jobs.values() if job.family == name}
        deadlines = {job: self.config.jobs[job].deadline.total_seconds() for job in members}
        lengths = {job: self.config.jobs[job].length for job in members}
        plan = FamilyPlan(name, members, deadlines, lengths, self.boot_id)
        clock, board, runs, database = (self._address(n) for n in ("clock", "board", "runs", "database"))
        return self._spec(name, lambda c: Family(c, plan, self.clock, runs, database, (clock, board), board))

    def _make_memory(self, context: ActorContext) -> Memory:
        # The two fronts that memory is spent behind: a page costs tens of megabytes, and a run sends for pages.
        fronts = (self._address("browser"), self._address("runs"))
        return Memory(context, Container(), fronts, self.addresses["board"])

    def _make_lease(self, context: ActorContext) -> LeaseKeeper:
        database, board = self.addresses["database"], self.addresses["board"]
        length_s = self.config.publishing.lease.total_seconds()
        return LeaseKeeper(context, self.boot_id, length_s, database, board, self._opened, self.predecessor)

    def _make_clock(self, context: ActorContext) -> Clock:
        entries = entries_of(self.config, self.jobs, self.clock.speed)
        backoffs = {name: settings.backoff.total_seconds() for name, settings in self.config.jobs.items()}
        families = {name: self.addresses[name] for name in self._families()}
        database, browser, board = (self.addresses[name] for name in ("database", "browser", "board"))
        around = (families, database, browser, board, self._opened, self._draining)
        return Clock(context, self.clock, self.jobs, entries, backoffs, *around)

    def _make_operator(self, context: ActorContext) -> Operator:
        groups = {supervisor.name for supervisor in self._above.values()}
        reach = reach_of(
            Place(self.jobs, self.addresses, self.clock, self.boot_id, self._settings),
            # A group begins anew with all its children, and keeps the root from everybody else meanwhile.
            above={name: above for name, above in self._above.items() if name not in groups},
            stacks=lambda: [*stacks_of_threads(), *self._loop.thread.tasks()],
            shutdown=self.shutdown,
        )
        client = redis.Redis(connection_pool=self._pool)
        return Operator(context, reach, client, self.world.redis_is_embedded, self.config.control.key, self._records)

    def _spec(
        self,
        name: str,
        factory: Callable[[ActorContext], Behaviour],
        shutdown_s: float = 5.0,
        answer_s: float = 10.0,
        start_s: float = 10.0,
    ) -> ChildSpec:
        return ChildSpec(self._address(name), factory, shutdown_s=shutdown_s, answer_s=answer_s, start_s=start_s)

    def _prepare(self, run: Run, scope: Scope) -> JobContext:
        database = self._database(scope)
        doors: dict[str, Any] = {
            "database": database,
            "browser": BrowserClient(Caller(self.addresses["browser"], scope)),
            "redis": RedisClient(Caller(self.addresses["redis"], scope), self.config.redis.timeout.total_seconds()),
            "openai": OpenAIClient(
                Caller(self.addresses["openai"], scope),
                database,
                self.config.openai.model,
                self.config.openai.timeout.total_seconds(),
                self.clock.now,
            ),
        }
        assert self._started is not None
        jobs = JobsClient(self.addresses["board"], self.addresses["clock"], self._started, self.tally.sightings)
        return JobContext(
            job=run.job.name,
            run_id=run.run_id,
            boot_id=self.boot_id,
            slot=run.slot,
            attempt=run.attempt,
            degraded=run.degraded,
            config=self.config,
            now=self.clock.now,
            speed=self.clock.speed,
            jobs=jobs,
            journal=self.journal,
            trigger=run.trigger,
            began=self.clock.now(),
            holds=self._records.kept.switch.holds,
            **{name: door for name, door in doors.items() if name in run.job.uses},
        )

    def _database(self, scope: Scope) -> DatabaseClient:
        return DatabaseClient(Caller(self.addresses["database"], scope), self.config.database.deadline.total_seconds())

    def _migrate(self) -> None:
        applied = self._database(Scope("migrations", Priority.P0, time.monotonic() + 90.0)).migrate()
        logger.info("the schema is up to date", extra={"action": "schema_ready", "applied": applied})

    def _root_news(self, news: Any) -> None:
        if isinstance(news, Exited):
            self.failure = news.reason
            logger.error("the root supervisor gave up", extra={"action": "root_failed", "data": news.reason})
            self.ended.set()
