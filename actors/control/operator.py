"""The operator's actor: authorises control words, carries them out, answers and writes both down."""

from __future__ import annotations

import contextlib
import itertools
import json
import logging
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from actors.control.channel import REPLIES, Channel
from actors.control.consent import Consent, consent_of
from actors.control.inquiry import (
    LEDGER,
    PLANNER,
    PUBLISHER,
    Asked,
    Inquiry,
    PublishingRules,
    ledger_questions,
    road_of,
)
from actors.control.overview import Overview
from actors.control.signature import SeenNonces, authorise
from actors.control.words import Command, Refused, parse
from actors.domain.priority import Band, Priority
from actors.domain.rate import Rate
from actors.domain.why.explanation import LastRun
from actors.domain.why.situation import CLOCK, Absence
from actors.errors import AppError
from actors.messages import Describe, Explain, PartDied, Pause, RedisCommand, Request, Resume, Trigger, Wake
from actors.runtime.client import request_id
from actors.runtime.reply import Answer, ToldReply
from actors.sql.queries import Statement, Transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    import redis

    from actors.config import Secret
    from actors.domain.caps import Caps
    from actors.domain.why.situation import Question
    from actors.runtime.address import Address
    from actors.runtime.cell import ActorContext

logger = logging.getLogger(__name__)

_BOARD_S = 1.0
_SEND_S = 5.0
_EXPLAIN_S = 0.5
"""How long an actor may take to say why; they are all asked at once."""
_LEDGER_S = 2.0
_MOST_INQUIRIES = 8
"""Open at once: more questions than there are jobs, and fewer than would be felt by those who are asked."""
_ANSWERS, _REFUSALS = (20, 1.0), (100, 1.0)
"""How many reading words are served in how many seconds, and how many refusals are answered: more than a few operators
type, and far less than the operator's actor, the board and Redis can do (design.md, section 11).
"""
_TOO_OFTEN = "asked too often, say it again in a moment"
_READING = frozenset({"status", "jobs", "why", "opted-out"})
_OPERATOR = "operator"
"""Who is written down for what a word changes."""
_INQUIRIES = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Heard:
    """Channel to operator: the bytes of one message."""

    raw: bytes


@dataclass(frozen=True, slots=True)
class Reach:
    """Whom the words move. `families` by name, `family_of` and `aliases` by job."""

    clock: Address
    board: Address
    database: Address
    redis: Address
    fronts: Mapping[str, Address]
    families: Mapping[str, Address]
    family_of: Mapping[str, str]
    aliases: Mapping[str, str]
    """Inventory names to the jobs that cover them."""
    question: Callable[[str], Question]
    """What is to be asked about a job, at this moment."""
    rules: PublishingRules
    caps: Mapping[str, Caps]
    """By lane."""
    shutdown: Callable[[str], None]
    now: Callable[[], datetime]


@dataclass(slots=True)
class Operator:
    """Behaviour behind the control channel. Asks the board only, with a deadline; everything else it tells.

    A `why` is told to everybody on the job's road at once; whoever has not answered in time is a reason himself.
    """

    context: ActorContext
    reach: Reach
    client: redis.Redis
    is_embedded: bool
    key: Secret | None
    nonces: SeenNonces = field(default_factory=lambda: SeenNonces(time.time()))
    inquiries: dict[int, Inquiry] = field(default_factory=dict)
    served: Rate = field(default_factory=lambda: Rate(*_ANSWERS))
    refused: Rate = field(default_factory=lambda: Rate(*_REFUSALS))
    noted: Rate = field(default_factory=lambda: Rate(1, 10.0))
    """How often the log says that words go unanswered."""
    channel: Channel = field(init=False)

    def __post_init__(self) -> None:
        address = self.context.address
        self.channel = Channel(
            self.client,
            lambda raw: address.tell(Heard(raw), Band.CONTROL),
            lambda error: address.tell(PartDied(error), Band.CONTROL),
        )

    def receive(self, message: Any) -> Any:
        """Serve a word, or the answer to one that needed the database."""
        match message:
            case Heard(raw):
                self._hear(raw)
            case PartDied(error):
                raise error
            case Answer(tag, value, error) if isinstance(tag, Asked):
                self._answered(tag, value, error)
            case Wake():
                self._conclude_overdue()
            case Answer(tag, value, error) if isinstance(tag, Consent):
                self._consented(tag, value, error)
            case Answer(tag, value, error) if isinstance(tag, Overview):
                self._reply_view(tag.command, tag.answer(value if error is None else None, error))
            case Answer(tag, _, error) if isinstance(tag, Command):
                text = f"{tag.word} {' '.join(tag.args)} is in force" if error is None else f"not done: {error}"
                self._reply(tag.id, ok=error is None, text=text)
            case Answer(_, _, error) if error is not None:
                logger.warning("an answer could not be published", extra={"action": "reply_lost", "data": str(error)})
        return None

    def stop(self) -> None:
        """Close the ear."""
        self.channel.stop()

    def _hear(self, raw: bytes) -> None:
        command = parse(raw)
        if isinstance(command, Command):
            verdict = authorise(
                command, embedded=self.is_embedded, key=self.key, now=time.time(), seen_nonces=self.nonces
            )
            if not isinstance(verdict, Refused):
                if _only_reads(command) and not self.served.allows(time.monotonic()):
                    self._refuse(command.id, _TOO_OFTEN)
                    return
                words = " ".join([command.word, *command.args])
                logger.info(
                    "operator says: %s",
                    words,
                    extra={"action": "control_word", "id": command.id, "signed": verdict.signed},
                )
                try:
                    self._obey(command)
                except AppError as error:
                    self._reply(command.id, ok=False, text=f"not done: {error}")
                return
            command = verdict
        self._refuse(command.id, command.reason)

    def _refuse(self, command_id: str, reason: str) -> None:
        # Whoever may say anything must not make work by being refused.
        if self.refused.allows(time.monotonic()):
            logger.warning(
                "a control word is refused", extra={"action": "control_refused", "id": command_id, "data": reason}
            )
            self._reply(command_id, ok=False, text=reason)
        elif self.noted.allows(time.monotonic()):
            logger.warning("control words go unanswered", extra={"action": "control_flood", "data": reason})

    def _obey(self, command: Command) -> None:
        match command.word, command.args:
            case "status", ():
                self._look(command)
            case "jobs", ():
                snapshot = self.reach.board.ask(Describe(), _BOARD_S)
                self._reply_view(command, _jobs(snapshot))
            case "why", ():
                self._inquire(command, PUBLISHER, PLANNER)
            case "why", (name,):
                self._inquire(command, self.reach.aliases.get(name, name))
            case ("pause" | "resume") as word, (name,):
                self._switch(command, word, name)
            case "run", (name,):
                self._run(command, name)
            case "kill-switch", (state,):
                self._kill_switch(command, is_on=state == "on")
            case "shutdown", ():
                self._reply(command.id, ok=True, text="shutting down")
                self.reach.shutdown(_OPERATOR)
            case _:
                self._ask_ledger(command)

    def _look(self, command: Command) -> None:
        reach = self.reach
        overview = Overview(command, reach.board.ask(Describe(), _BOARD_S), reach.caps, reach.now())
        self._request(reach.database, overview.questions(), overview, Priority.P2, _LEDGER_S)

    def _reply_view(self, command: Command, view: tuple[list[str], dict[str, Any]]) -> None:
        lines, body = view
        more: dict[str, Any] = {command.word: {"text": "; ".join(lines), **body}}
        self._reply(command.id, ok=True, lines=lines, **more)

    def _switch(self, command: Command, word: str, name: str) -> None:
        reach = self.reach
        job: str | None = None
        families = list(reach.families) if name == "all" else [name]
        if name != "all" and name not in reach.families:
            job = reach.aliases.get(name, name)
            if job not in reach.family_of:
                self._unknown(command, name)
                return
            families = [reach.family_of[job]]
        for family in families:
            reach.families[family].tell(Pause(job) if word == "pause" else Resume(job), Band.CONTROL)
        self._reply(command.id, ok=True, text=f"{name} is {'paused' if word == 'pause' else 'resumed'}")

    def _run(self, command: Command, name: str) -> None:
        job = self.reach.aliases.get(name, name)
        if job not in self.reach.family_of:
            self._no_job(command, name)
            return
        self.reach.clock.tell(Trigger(job, _OPERATOR), Band.CONTROL)
        self._reply(command.id, ok=True, text=f"{job} is due now")

    def _kill_switch(self, command: Command, *, is_on: bool) -> None:
        params = {"name": "kill_switch", "is_on": is_on, "now": self.reach.now(), "by": _OPERATOR}
        self._request(self.reach.database, Transaction((Statement("set_flag", params, 1),)), command, Priority.P0)

    def _ask_ledger(self, command: Command) -> None:
        consent = consent_of(command, now=self.reach.now(), by=_OPERATOR)
        assert consent is not None, f"{command.word} is a word that nobody serves"
        priority, limit_s = (Priority.P0, _SEND_S) if consent.changes else (Priority.P2, _LEDGER_S)
        self._request(self.reach.database, consent.transaction, consent, priority, limit_s)

    def _consented(self, consent: Consent, rows: Any, error: BaseException | None) -> None:
        if error is not None:
            self._reply(consent.command.id, ok=False, text=f"not done: {error}")
            return
        said = consent.read(rows)
        self._reply(consent.command.id, ok=said.ok, text=said.text, lines=said.lines, **said.more)

    def _inquire(self, command: Command, job: str, planner: str | None = None) -> None:
        reach, now = self.reach, time.monotonic()
        if job not in reach.family_of:
            self._no_job(command, job)
            return
        same = [each for each in self.inquiries.values() if each.is_about(job, planner)]
        if same:
            same[0].askers.append(command.id)
            return
        if len(self.inquiries) >= _MOST_INQUIRIES:
            self._refuse(command.id, _TOO_OFTEN)
            return
        until = now + (_LEDGER_S if planner is not None else _EXPLAIN_S)
        refill = reach.question(planner) if planner is not None else None
        inquiry = Inquiry([command.id], reach.question(job), until, reach.rules, refill)
        number = next(_INQUIRIES)
        self.inquiries[number] = inquiry
        actors = {CLOCK: reach.clock, **reach.families, **reach.fronts}
        for question in inquiry.questions():
            for name in road_of(question):
                reply = ToldReply(self.context.address, Asked(number, question.job, name))
                # Whoever takes no message will not answer either, and that is what the explanation says.
                with contextlib.suppress(AppError):
                    actors[name].tell(Explain(question, reply), Band.P1)
        if planner is not None:
            asked = Asked(number, job, LEDGER)
            self._request(
                reach.database, ledger_questions(inquiry.question, reach.rules), asked, Priority.P2, _LEDGER_S
            )
        self.context.wake_at(until)

    def _answered(self, asked: Asked, value: Any, error: BaseException | None) -> None:
        inquiry = self.inquiries.get(asked.inquiry)
        if inquiry is None:
            return
        inquiry.answered(asked, value, error)
        if inquiry.is_complete():
            del self.inquiries[asked.inquiry]
            self._conclude(inquiry)

    def _conclude_overdue(self) -> None:
        now = time.monotonic()
        for number in [number for number, inquiry in self.inquiries.items() if inquiry.until <= now]:
            self._conclude(self.inquiries.pop(number))
        if self.inquiries:
            self.context.wake_at(min(inquiry.until for inquiry in self.inquiries.values()))

    def _conclude(self, inquiry: Inquiry) -> None:
        try:
            snapshot = self.reach.board.ask(Describe(), _EXPLAIN_S)
        except AppError as error:
            logger.warning(
                "the board does not say how runs ended", extra={"action": "board_silent", "data": str(error)}
            )
            snapshot = {}
        explanation = inquiry.explanation(_absences(snapshot), _lasts(snapshot))
        for command_id in inquiry.askers:
            self._reply(command_id, ok=True, lines=explanation.lines(), why=explanation.as_dict())

    def _no_job(self, command: Command, name: str) -> None:
        self._reply(command.id, ok=False, text=f"no job {name!r}; jobs: {', '.join(sorted(self.reach.family_of))}")

    def _unknown(self, command: Command, name: str) -> None:
        known = ", ".join(sorted([*self.reach.families, *self.reach.family_of]))
        self._reply(command.id, ok=False, text=f"no job or family {name!r}; known: {known}")

    def _reply(self, command_id: str, *, ok: bool, text: str = "", lines: Sequence[str] = (), **more: Any) -> None:
        """Answer with a text, or with lines that become one: what is in them may hold any sign between two lines."""
        if lines:
            text, more = "; ".join(lines), {"lines": list(lines), **more}
        logger.info(
            "answer: %s",
            "done" if ok else "refused",
            extra={"action": "control_answer", "id": command_id, "data": text},
        )
        body = json.dumps({"id": command_id, "ok": ok, "text": text, **more}, default=str)
        self._request(self.reach.redis, RedisCommand(("PUBLISH", REPLIES, body)), "reply", Priority.P0)

    def _request(self, front: Address, work: Any, tag: Any, priority: Priority, limit_s: float = _SEND_S) -> None:
        reply = ToldReply(self.context.address, tag)
        start_by = time.monotonic() + limit_s
        request = Request(request_id(_OPERATOR), work, priority, start_by, limit_s, reply, _OPERATOR)
        try:
            front.tell(request, Band.CONTROL if priority is Priority.P0 else Band.of(priority))
        except AppError as error:
            reply.fail(error)


def _only_reads(command: Command) -> bool:
    return command.word in _READING or (command.word, command.args) == ("approve", ())


def _absences(snapshot: dict[str, Any]) -> dict[str, Absence]:
    """Return those that the board knows to be down; who is said to run and is silent is only that."""
    now = time.monotonic()
    return {
        name: Absence("down", now + actor["restart_in_s"] if "restart_in_s" in actor else None)
        for name, actor in snapshot.get("actors", {}).items()
        if actor["state"] != "running"
    }


def _lasts(snapshot: dict[str, Any]) -> dict[str, LastRun]:
    return {
        job: LastRun(state["last_outcome"], state["last_reason"], state["last_ended_at"])
        for job, state in snapshot.get("jobs", {}).items()
        if state["last_ended_at"] is not None
    }


def _jobs(snapshot: dict[str, Any]) -> tuple[list[str], dict[str, Any]]:
    lines = []
    for name, due in sorted(snapshot["next_due"].items()):
        state = snapshot["jobs"].get(name)
        last = f"{state['last_outcome']} {state['last_reason']}".strip() if state else "never ran"
        lines.append(f"{name}: due {due:%H:%M:%S}, last {last}")
    return lines, {"next_due": snapshot["next_due"], "last": snapshot["jobs"]}
