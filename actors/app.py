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
from actors.control.inquiry import PublishingRules
from actors.control.operator import Operator, Reach
from actors.domain.backoff import Backoff
from actors.domain.budget import lane_of
from actors.domain.priority import Band, Priority
from actors.domain.renewal import Renewal
from actors.domain.silence import LaneSilence
from actors.domain.supervision import Policy, Strategy
from actors.domain.timetable import Entry
from actors.domain.waiting import stretch
from actors.domain.why.situation import Moment, Question
from actors.errors import AppError
from actors.job import RESOURCES, JobContext, JobsView
from actors.ledger.permission import caps_of
from actors.messages import Describe, Drain, Exited, Trigger
from actors.resources.browser import BrowserClient
from actors.resources.database import DatabaseClient
from actors.resources.openai import OpenAIClient
from actors.resources.plans import plan_fronts
from actors.resources.redis import RedisClient, open_pool
from actors.runtime.abandoned import Computing, abandoned_threads, stack_of
from actors.runtime.address import Address
from actors.runtime.board import Board
from actors.runtime.cell import ActorContext, Behaviour, Cell, Incarnation
from actors.runtime.client import Caller, Scope
from actors.runtime.clock import Clock
from actors.runtime.drain import wait_for_runs
from actors.runtime.family import Family, FamilyPlan
from actors.runtime.front import Front
from actors.runtime.lease import LeaseKeeper, release_lease
from actors.runtime.loop import Loop
from actors.runtime.loop_keeper import LoopKeeper
from actors.runtime.memory import Container, Memory
from actors.runtime.runs import Run, Runs
from actors.runtime.server import ServerKeeper
from actors.runtime.supervisor import ChildSpec, Supervisor
from actors.runtime.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from actors.job import Job
    from actors.resources.journal import Journal
    from actors.resources.plans import FrontPlan
    from actors.runtime.time import ScheduleClock
    from actors.world import World

logger = logging.getLogger(__name__)

_DRAIN_S = 30.0
_STOP_S = 30.0
_MIGRATE_AGAIN_S = 1.0
_GROUP_START_S = 25.0
"""A supervisor starts its children in its own start; the root is awaited `_STOP_S`."""
_GROUP_ANSWER_S = 60.0
"""A supervisor may be busy with children: 10 s for a start, and for each stop the child's own time."""
_KEEPER_ANSWER_S = 75.0
"""A keeper may be busy with the start of its server, for a minute."""
_BOARD_S = 2.0


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
    addresses: dict[str, Address] = field(default_factory=dict)
    ended: threading.Event = field(default_factory=threading.Event)
    """Set when the process is to end, for whatever reason."""
    asked: threading.Event = field(default_factory=threading.Event)
    """Set when somebody asked for that, so that no fresh process follows."""
    failure: str = ""
    """Why the root gave up, if it did."""
    _opened: threading.Event = field(default_factory=threading.Event)
    _root: Incarnation | None = None
    _started: datetime | None = None
    _pool: redis.BlockingConnectionPool = field(init=False)
    _loop: Loop = field(default_factory=Loop)
    _watch: Watch = field(init=False)
    _renewal: Renewal = field(init=False)
    _computing: Computing = field(default_factory=Computing)

    def __post_init__(self) -> None:
        self._watch = Watch(self._address("root"))
        self._renewal = Renewal(self.config.supervision.abandoned, _DRAIN_S)

    def start(self) -> bool:
        """Start the tree, bring the schema up to date, and open the clock; return whether it got that far.

        Waits for the database as long as it takes, or until the process is to end.

        Raises:
            AppError: the tree could not be started.
        """
        self._started = self.clock.now()
        world, settings = self.world, self.config.redis
        # The control channel's ear holds one connection; the other is for its successor, should an operator hang.
        self._pool = open_pool(world.redis_url, 2, settings.timeout.total_seconds())
        tree, root = self._tree(), self._address("root")
        life = Incarnation(root.mailbox.next_generation())
        Cell.start(root, tree, life, self._root_news)
        self._root = life
        if not life.ready.wait(_STOP_S) or life.start_error is not None:
            raise AppError(f"the tree did not start: {life.start_error}", "see the lines above")
        self._watch.start()
        if not self._migrate():
            return False
        self._opened.set()
        return True

    def drain(self) -> None:
        """Admit nothing new and let runs end, within a limit.

        The browser takes no further errand either: a run that goes on to its next post or page would use up the time
        that the platform leaves us, while what stands at its commit point needs only the database to end.
        """
        for name, address in self.addresses.items():
            if name in ("clock", "browser") or name in self._families():
                address.tell(Drain(), Band.CONTROL)
        if wait_for_runs([self.addresses[name] for name in self._families()], time.monotonic() + _DRAIN_S):
            release_lease(self.addresses["lease"])

    def end(self) -> None:
        """Stop the tree from the last child to the first; nothing is left running afterwards."""
        self._watch.stop()
        if self._root is not None and not self._root.ended.is_set():
            self.addresses["root"].mailbox.stop(self._root.generation)
            if not self._root.ended.wait(_STOP_S):
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

    def summary(self) -> dict[str, Any]:
        """Return the ledger's totals."""
        scope = Scope("summary", Priority.P0, time.monotonic() + 10.0)
        row = self._database(scope).one("run_summary")
        assert row is not None
        return row

    def snapshot(self) -> dict[str, Any]:
        """Return the board's snapshot."""
        snapshot: dict[str, Any] = self.addresses["board"].ask(Describe(), _BOARD_S)
        return snapshot

    # JobsDoor

    def view(self) -> JobsView:
        """Return the board's view of all jobs."""
        snapshot = self.snapshot()
        success = {
            name: state["last_success_at"] for name, state in snapshot["jobs"].items() if state["last_success_at"]
        }
        assert self._started is not None
        return JobsView(self._started, success, snapshot["running"])

    def trigger(self, name: str) -> None:
        """Make a job due now."""
        self.addresses["clock"].tell(Trigger(name, "job"), Band.P0)

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
            return spec(name, self._supervisor(policy, children), _STOP_S, _GROUP_ANSWER_S, _GROUP_START_S)

        beat = config.log.heartbeat.total_seconds()
        silence = LaneSilence(2 * caps_of(config, "content").pace, self.clock.now())
        return self._supervisor(
            policy,
            [
                spec("board", lambda c: Board(c, self.clock, self.boot_id, beat, silence)),
                spec("memory", self._make_memory),
                group("servers", [self._keeper(server) for server in self.world.servers]),
                group("resources", [self._keeper_of_loop(), *self._fronts()]),
                spec("lease", self._make_lease),
                group("families", [self._family(name) for name in self._families()]),
                spec("clock", self._make_clock),
                spec("operator", self._make_operator),
            ],
        )

    def _supervisor(self, policy: Policy, children: list[ChildSpec]) -> Callable[[ActorContext], Behaviour]:
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
        entries = [
            Entry(
                name,
                settings.every,
                settings.offset,
                self.jobs[name].after,
                settings.attempts,
                settings.enabled,
                # The family hears of a run's end by twice its deadline at the latest: waiting, then running.
                longest=2 * settings.deadline * self.clock.speed,
                stretch_s=stretch(self.jobs[name].priority, settings.length.mean_s),
            )
            for name, settings in self.config.jobs.items()
        ]
        backoffs = {name: settings.backoff.total_seconds() for name, settings in self.config.jobs.items()}
        families = {name: self.addresses[name] for name in self._families()}
        database, browser, board = (self.addresses[name] for name in ("database", "browser", "board"))
        clock, opened = self.clock, self._opened
        return Clock(context, clock, self.jobs, entries, backoffs, families, database, browser, board, opened)

    def _make_operator(self, context: ActorContext) -> Operator:
        settings = self.config.publishing
        caps = {lane: caps_of(self.config, lane) for lane in ("content", "reply")}
        rules = PublishingRules(caps["content"], settings.approval, self.boot_id, settings.shadow)
        reach = Reach(
            clock=self.addresses["clock"],
            board=self.addresses["board"],
            database=self.addresses["database"],
            redis=self.addresses["redis"],
            fronts={name: self.addresses[name] for name in ("runs", *sorted(RESOURCES))},
            families={name: self.addresses[name] for name in self._families()},
            family_of={job.name: job.family for job in self.jobs.values()},
            aliases={alias: job.name for job in self.jobs.values() for alias in job.covers},
            question=self._question,
            rules=rules,
            caps=caps,
            shutdown=self.shutdown,
            now=self.clock.now,
        )
        client = redis.Redis(connection_pool=self._pool)
        return Operator(context, reach, client, self.world.redis_is_embedded, self.config.control.key)

    def _question(self, name: str) -> Question:
        job, moment = self.jobs[name], Moment(self.clock.now(), time.monotonic(), self.clock.speed)
        lane = lane_of(job.family) if "openai" in job.uses else None
        settings = self.config.jobs[name]
        limit_s, length_s = settings.deadline.total_seconds(), settings.length.mean_s
        return Question(name, job.family, job.priority, tuple(sorted(job.uses)), limit_s, length_s, lane, moment)

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
            jobs=self,
            journal=self.journal,
            **{name: door for name, door in doors.items() if name in run.job.uses},
        )

    def _database(self, scope: Scope) -> DatabaseClient:
        return DatabaseClient(Caller(self.addresses["database"], scope), self.config.database.deadline.total_seconds())

    def _migrate(self) -> bool:
        while not self.ended.is_set():
            scope = Scope("migrations", Priority.P0, time.monotonic() + 90.0)
            try:
                applied = self._database(scope).migrate()
            except AppError as error:
                logger.warning("the database is awaited", extra={"action": "database_awaited", "data": str(error)})
                self.ended.wait(_MIGRATE_AGAIN_S)
            else:
                logger.info("the schema is up to date", extra={"action": "schema_ready", "applied": applied})
                return True
        return False

    def _root_news(self, news: Any) -> None:
        if isinstance(news, Exited):
            self.failure = news.reason
            logger.error("the root supervisor gave up", extra={"action": "root_failed", "data": news.reason})
            self.ended.set()
