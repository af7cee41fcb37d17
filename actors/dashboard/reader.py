"""The reader: asks the board each second and the ledger now and then, so that HTTP has to ask nobody."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from actors.control.overview import Overview
from actors.control.words import Command
from actors.dashboard.published import View
from actors.domain.alerting import Outages
from actors.domain.duration import format_duration
from actors.domain.freshness import lane_ages
from actors.domain.priority import Band, Priority
from actors.domain.readiness import DEPENDENCIES
from actors.domain.silence import LaneSilence
from actors.errors import AppError, CircuitOpenError
from actors.ledger.permission import caps_of
from actors.messages import Describe, RedisCommand, Request, Wake
from actors.runtime.client import request_id
from actors.runtime.reply import Answer, ToldReply

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from actors.config import Config
    from actors.dashboard.published import Published
    from actors.domain.caps import Caps
    from actors.runtime.address import Address
    from actors.runtime.cell import ActorContext

logger = logging.getLogger(__name__)

_SECOND = timedelta(seconds=1)
_LOOK_EVERY_S = 1.0
_BOARD_S = 1.0
_LEDGER_EVERY_S = 20.0
_GREET_EVERY_S = 2.0
"""Redis may be idle for long, and an idle front does not know that there is nobody behind it."""
_ANSWER_S = 2.0
_LONG_S = 300.0
"""How long a breaker is open before a person is called: well beyond a fail-over of a managed database."""
_READER = "dashboard"
_NOT_ASKED = "not read yet"


@dataclass(frozen=True, slots=True)
class Sources:
    """Whom the reader asks, and what it holds the answers against. `allowances` are schedule time, by lane."""

    board: Address
    database: Address
    redis: Address
    caps: Mapping[str, Caps]
    allowances: Mapping[str, timedelta]
    now: Callable[[], datetime]


@dataclass(slots=True)
class Reader:
    """Behaviour of the actor behind the HTTP server. Asks the board with a deadline; the fronts it tells.

    A board that does not answer leaves the last view as it is, whose age then says so. A lane is called silent by what
    the ledger says, whatever the jobs say of themselves, and while it cannot be read by what it said last.
    """

    context: ActorContext
    sources: Sources
    published: Published
    overview: Overview | None = None
    """As the ledger was asked last."""
    rows: list[list[dict[str, Any]]] | None = None
    error: BaseException | None = None
    ledger_at: float | None = None
    unanswered: frozenset[str] = frozenset()
    silences: dict[str, LaneSilence] = field(default_factory=dict)
    outages: Outages = field(default_factory=lambda: Outages(_LONG_S))
    started: datetime = field(init=False)
    next_ledger: float = 0.0
    next_greeting: float = 0.0

    def __post_init__(self) -> None:
        self.started = self.sources.now()
        self.error = AppError(_NOT_ASKED)
        allowances = self.sources.allowances
        self.silences = {lane: LaneSilence(allowed, self.started) for lane, allowed in allowances.items()}
        self.context.wake_at(time.monotonic())

    def receive(self, message: Any) -> Any:
        """Look whenever woken, and take the answers of those who were told to give one."""
        match message:
            case Wake():
                self._look()
                self.context.wake_at(time.monotonic() + _LOOK_EVERY_S)
            case Answer(tag, value, error) if isinstance(tag, Overview):
                self._note("database", error)
                self.overview, self.error = tag, error
                if "database" in self.unanswered:
                    # Whoever waits for its return is not to wait for the next figures.
                    self.next_ledger = min(self.next_ledger, time.monotonic() + _GREET_EVERY_S)
                if error is None:
                    self.rows, self.ledger_at = value, time.monotonic()
                self._look_for_silence(tag)
            case Answer(tag, _, error):
                self._note(tag, error)
        return None

    def stop(self) -> None:
        """Nothing is held."""

    def _look(self) -> None:
        now = time.monotonic()
        try:
            snapshot = self.sources.board.ask(Describe(), _BOARD_S)
        except AppError:
            # The age of the view tells it.
            return
        self._publish(snapshot)
        self._look_for_outages(snapshot, now)
        if now >= self.next_ledger and "schema" in self.published.done:
            self.next_ledger = now + _LEDGER_EVERY_S
            overview = Overview(Command("", "status"), snapshot, self.sources.caps, self.sources.now())
            self._request(self.sources.database, overview.questions(), overview)
        if now >= self.next_greeting:
            self.next_greeting = now + _GREET_EVERY_S
            self._request(self.sources.redis, RedisCommand(("PING",)), "redis")

    def _publish(self, snapshot: Mapping[str, Any]) -> None:
        sources, now = self.sources, self.sources.now()
        overview = self.overview or Overview(Command("", "status"), snapshot, sources.caps, now)
        rows = self.rows if self.error is None else None
        lines, body = replace(overview, snapshot=snapshot).answer(rows, self.error)
        last = {row["lane"]: row["last_posted"] for row in self.rows[0]} if self.rows is not None else {}
        self.published.view = View(
            snapshot,
            time.monotonic(),
            self.unanswered,
            {"text": "; ".join(lines), **body},
            lane_ages(sources.allowances, last, self.started, now),
            self.ledger_at,
        )

    def _request(self, front: Address, work: Any, tag: Any) -> None:
        reply = ToldReply(self.context.address, tag)
        start_by = time.monotonic() + _ANSWER_S
        request = Request(request_id(_READER), work, Priority.P2, start_by, _ANSWER_S, reply, _READER)
        try:
            front.tell(request, Band.of(Priority.P2))
        except AppError as error:
            reply.fail(error)

    def _note(self, name: str, error: BaseException | None) -> None:
        """Remember whether it answered; one that had no time for us says nothing of what is behind it."""
        if error is None:
            self.unanswered -= {name}
        elif isinstance(error, CircuitOpenError) or (isinstance(error, AppError) and error.is_infrastructure):
            self.unanswered |= {name}

    def _look_for_silence(self, overview: Overview) -> None:
        lease = overview.snapshot.get("lease")
        if lease is not None and not lease["is_ours"]:
            # Another process publishes, and it is the one to notice.
            return
        now = self.sources.now()
        last = {row["lane"]: row["last_posted"] for row in self.rows[0]} if self.rows is not None else {}
        for lane, silence in self.silences.items():
            if last.get(lane) is not None:
                silence.published(last[lane])
            silent = silence.look(now)
            if silent is not None:
                logger.error(
                    "no %s has been published for %s: say `why`",
                    lane,
                    format_duration(silent - silent % _SECOND),
                    extra={"action": "lane_silent", "lane": lane, "silent_s": int(silent.total_seconds())},
                )

    def _look_for_outages(self, snapshot: Mapping[str, Any], now: float) -> None:
        fronts = snapshot["fronts"]
        broken = {name for name in DEPENDENCIES if name in fronts and fronts[name]["breaker"] != "closed"}
        for name, for_s in self.outages.look(broken, now).items():
            logger.error(
                "the breaker of %s has been open for %.0f s",
                name,
                for_s,
                extra={"action": "breaker_open_long", "front": name, "open_s": int(for_s)},
            )


def make_reader(
    context: ActorContext,
    config: Config,
    addresses: Mapping[str, Address],
    now: Callable[[], datetime],
    published: Published,
) -> Reader:
    """Return the reader of a tree with these addresses."""
    board, database, redis = (addresses[name] for name in ("board", "database", "redis"))
    caps = {lane: caps_of(config, lane) for lane in ("content", "reply")}
    return Reader(context, Sources(board, database, redis, caps, allowances_of(config), now), published)


def allowances_of(config: Config) -> dict[str, timedelta]:
    """Return how long each lane may be silent; one whose job is off, or that nothing may go out of, has no say."""
    if config.publishing.shadow:
        return {}
    allowed = {"content": ("posting", 2 * caps_of(config, "content").pace),
               "reply": ("reply_posting", config.replies.longest_gap)}  # fmt: skip
    return {lane: most for lane, (job, most) in allowed.items() if job in config.jobs and config.jobs[job].enabled}
