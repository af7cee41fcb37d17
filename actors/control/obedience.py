"""Obedience: what each word does once it is authorised, and how the answer to it is made."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from actors.control.consent import Consent, consent_of
from actors.control.inquiries import BOARD_S, LEDGER_S, PATIENCE_S, Inquiries, no_job
from actors.control.inquiry import PUBLISHER, Asked
from actors.control.overview import Overview, jobs_view
from actors.control.switches import Switches
from actors.control.weighing import Weighed, Weighing
from actors.control.words import Command
from actors.domain.consequences import of_triggering
from actors.domain.priority import Band, Priority
from actors.domain.stages import OPERATOR, trigger_of
from actors.errors import ActorUnavailableError, AppError
from actors.messages import CloseBreaker, Describe, Trigger
from actors.runtime.reply import ToldReply

if TYPE_CHECKING:
    from actors.control.kill_switch import KillSwitch
    from actors.control.pauses import Pauses
    from actors.control.reach import Reach, Voice
    from actors.domain.triggering import Became
    from actors.runtime.cell import ActorContext

_ACTOR_S = 0.5
"""How long an actor may take to serve a message, before that is the answer."""
_WITHIN_S = 0.8
"""How long after a word that changes something its answer may come: the ledger may take `PATIENCE_S` to end it, so that
as a rule it is known whether it was done.
"""


@dataclass(frozen=True, slots=True)
class Closing:
    """The tag of a front's answer: its breaker is closed now."""

    command: Command
    resource: str


@dataclass(frozen=True, slots=True)
class Running:
    """The tag of the clock's answer to `run`: what became of it. `stage` is empty if the job as a whole was named."""

    command: Command
    job: str
    stage: str


Tag = Closing | Running | Overview | Consent


@dataclass(slots=True)
class Obedience:
    """Carries words out. Asks the board only, with a deadline; everything else it tells."""

    context: ActorContext
    reach: Reach
    voice: Voice
    pauses: Pauses
    kill_switch: KillSwitch
    inquiries: Inquiries = field(init=False)
    switches: Switches = field(init=False)
    awaited: dict[int, tuple[Tag, float]] = field(default_factory=dict)
    """Answers that words wait for, by the identity of their tags, with the time (monotonic) from which nobody waits."""

    def __post_init__(self) -> None:
        self.inquiries = Inquiries(self.context, self.reach, self.voice, self.kill_switch)
        weighing = Weighing(self.context, self.reach, self.voice)
        self.switches = Switches(self.reach, self.voice, self.pauses, self.kill_switch, weighing)

    def settled(self, tag: Any, value: Any, error: BaseException | None) -> bool:
        """Take the answer to what a word asked of somebody; return whether it was one."""
        match tag:
            case Asked():
                self.inquiries.answered(tag, value, error)
            case Weighed():
                self.switches.weighing.settled(tag, value, error)
            case Closing() | Running() | Overview() | Consent():
                if self.awaited.pop(id(tag), None) is not None:
                    self._answer(tag, value, error)
            case _:
                return False
        return True

    def woken(self) -> None:
        """Conclude what has waited long enough."""
        self.inquiries.conclude_overdue()
        self.switches.weighing.conclude_overdue()
        now = time.monotonic()
        for tag in [tag for tag, until in self.awaited.values() if until <= now]:
            del self.awaited[id(tag)]
            self._conclude(tag)
        if self.awaited:
            self.context.wake_at(min(until for _, until in self.awaited.values()))

    def records_answered(self) -> None:
        """Go on with what waited for something to be stored."""
        self.switches.weighing.carry_out()

    def obey(self, command: Command) -> None:
        """Carry out an authorised word.

        Raises:
            AppError: whoever it moves took no message, or the board gave no answer in time.
        """
        match command.word, command.args:
            case "status", ():
                self._look(command)
            case "jobs", ():
                snapshot = self.reach.board.ask(Describe(), BOARD_S)
                self._reply_view(command, jobs_view(snapshot))
            case "breaker", (name, _):
                self._close_breaker(command, name)
            case "loglevel", args:
                ok, text = self.reach.settings.set_level(*args)
                self.voice.reply(command.id, ok=ok, text=text)
            case "reload", ():
                self.voice.reply(command.id, ok=True, lines=self.reach.settings.reload())
            case "stacks", ():
                self.voice.reply(command.id, ok=True, lines=self.reach.stacks())
            case "why", ():
                self.inquiries.inquire(command, PUBLISHER)
            case "why", (name,):
                self.inquiries.inquire(command, self.reach.aliases.get(name, name))
            case ("pause" | "resume" | "kill-switch" | "restart" | "drain" | "shutdown"), _:
                self.switches.turn(command)
            case "run", (name,):
                self._run(command, name)
            case _:
                self._ask_ledger(command)

    def _look(self, command: Command) -> None:
        reach = self.reach
        overview = Overview(command, reach.board.ask(Describe(), BOARD_S), reach.caps, reach.now())
        self._await(overview, time.monotonic() + PATIENCE_S)
        self.voice.request(reach.database, overview.questions(), overview, Priority.P1, LEDGER_S)

    def _await(self, tag: Tag, until: float) -> None:
        self.awaited[id(tag)] = (tag, until)
        self.context.wake_at(until)

    def _conclude(self, tag: Tag) -> None:
        """Answer a word that nobody has said anything to in time."""
        match tag:
            case Overview():
                self._answer(tag, None, ActorUnavailableError("no answer in time"))
            case Closing():
                text = f"{tag.resource} does not answer; its breaker is closed once it does"
                self.voice.reply(tag.command.id, ok=False, text=text)
            case Running():
                text = f"the clock does not answer; {tag.stage or tag.job} is due once it does"
                self.voice.reply(tag.command.id, ok=False, text=text)
            case Consent():
                taken = ", and may have taken it all the same: say it again" if tag.changes else ""
                text = f"the database has not answered in time{taken}"
                self.voice.reply(tag.command.id, ok=False, text=text)

    def _answer(self, tag: Tag, value: Any, error: BaseException | None) -> None:
        """Answer a word with what somebody said to it, or with why he did not."""
        command = tag.command
        match tag:
            case Overview():
                self._reply_view(command, tag.answer(value if error is None else None, error))
            case _ if error is not None:
                self.voice.reply(command.id, ok=False, text=f"not done: {error}")
            case Closing():
                self.voice.reply(command.id, ok=True, text=f"the breaker of {tag.resource} is closed, it was {value}")
            case Running():
                self._tell_run(tag, value)
            case Consent():
                said = tag.read(value)
                self.voice.reply(command.id, ok=said.ok, text=said.text, lines=said.lines, **said.more)

    def _reply_view(self, command: Command, view: tuple[list[str], dict[str, Any]]) -> None:
        lines, body = view
        more: dict[str, Any] = {command.word: {"text": "; ".join(lines), **body}}
        self.voice.reply(command.id, ok=True, lines=lines, **more)

    def _run(self, command: Command, name: str) -> None:
        job = self.reach.aliases.get(name, name)
        if job not in self.reach.family_of:
            no_job(self.voice, self.reach, command, name)
            return
        stage = name if name in self.reach.stages else ""
        running = Running(command, job, stage)
        reply = ToldReply(self.context.address, running)
        self._await(running, time.monotonic() + _ACTOR_S)
        try:
            self.reach.clock.tell(Trigger(job, trigger_of(OPERATOR, stage) if stage else OPERATOR, reply), Band.CONTROL)
        except AppError as error:
            reply.fail(error)

    def _tell_run(self, running: Running, became: Became) -> None:
        stopped: list[str] = []
        if became.begins:
            pause = self.pauses.paused(datetime.now(UTC)).get(running.job)
            stopped = of_triggering(running.job, pause, kill_switch=self.kill_switch.stop is not None)
        text = "; ".join([became.told(running.job, running.stage), *stopped])
        self.voice.reply(running.command.id, ok=became.is_done, text=text, consequences=stopped)

    def _close_breaker(self, command: Command, name: str) -> None:
        front = self.reach.fronts.get(name)
        if front is None:
            known = ", ".join(sorted(self.reach.fronts))
            self.voice.reply(command.id, ok=False, text=f"no resource {name!r}; resources: {known}")
            return
        closing = Closing(command, name)
        front.tell(CloseBreaker(ToldReply(self.context.address, closing)), Band.CONTROL)
        self._await(closing, time.monotonic() + _ACTOR_S)

    def _ask_ledger(self, command: Command) -> None:
        consent = consent_of(command, now=self.reach.now(), by=OPERATOR)
        assert consent is not None, f"{command.word} is a word that nobody serves"
        self._await(consent, time.monotonic() + (_WITHIN_S if consent.changes else PATIENCE_S))
        priority, limit_s = (Priority.P0, PATIENCE_S) if consent.changes else (Priority.P1, LEDGER_S)
        self.voice.request(self.reach.database, consent.transaction, consent, priority, limit_s)
