"""The inquiries that are open: every `why` that waits for the answers of those on its road."""

from __future__ import annotations

import contextlib
import itertools
import logging
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from actors.control.inquiry import LANES, LEDGER, PLANNER, PUBLISHER, Asked, Inquiry, ledger_questions, road_of
from actors.domain.priority import Band, Priority
from actors.domain.why.explanation import LastRun
from actors.domain.why.situation import CLOCK, Absence
from actors.errors import AppError
from actors.messages import Describe, Explain
from actors.runtime.reply import ToldReply

if TYPE_CHECKING:
    from actors.control.kill_switch import KillSwitch
    from actors.control.reach import Reach, Voice
    from actors.control.words import Command
    from actors.runtime.cell import ActorContext

logger = logging.getLogger(__name__)

LEDGER_S = 2.0
"""How long the ledger may take for what a word only reads, before the errand is destroyed and counts against it."""
PATIENCE_S = 0.6
"""How long the answer waits for it: with it and the board silent it comes within a second all the same, and says so."""
TOO_OFTEN = "asked too often, say it again in a moment"
BOARD_S = 0.35
_EXPLAIN_S = 0.5
"""How long an actor may take to say why; they are all asked at once."""
_MOST_INQUIRIES = 8
"""Open at once: more questions than there are jobs, and fewer than would be felt by those who are asked."""
_INQUIRIES = itertools.count(1)


@dataclass(slots=True)
class Inquiries:
    """A `why` is told to everybody on the job's road at once; whoever has not answered in time is a reason himself."""

    context: ActorContext
    reach: Reach
    voice: Voice
    kill_switch: KillSwitch
    open: dict[int, Inquiry] = field(default_factory=dict)

    def inquire(self, command: Command, job: str) -> None:
        """Ask everybody on the road of a job why it is not running, and the ledger as well if it serves a lane."""
        reach, now = self.reach, time.monotonic()
        if job not in reach.family_of:
            no_job(self.voice, self.reach, command, job)
            return
        same = [each for each in self.open.values() if each.question.job == job]
        if same:
            same[0].askers.append(command.id)
            return
        if len(self.open) >= _MOST_INQUIRIES:
            self.voice.refuse(command.id, TOO_OFTEN)
            return
        lane = LANES.get(job)
        until = now + (PATIENCE_S if lane is not None else _EXPLAIN_S)
        planner = reach.question(PLANNER) if job == PUBLISHER else None
        inquiry = Inquiry([command.id], reach.question(job), until, reach.rules, lane, planner)
        number = next(_INQUIRIES)
        self.open[number] = inquiry
        actors = {CLOCK: reach.clock, **reach.families, **reach.fronts}
        for question in inquiry.questions():
            for name in road_of(question):
                reply = ToldReply(self.context.address, Asked(number, question.job, name))
                # Whoever takes no message will not answer either, and that is what the explanation says.
                with contextlib.suppress(AppError):
                    actors[name].tell(Explain(question, reply), Band.P1)
        if lane is not None:
            asked, work = Asked(number, job, LEDGER), ledger_questions(inquiry.question, lane, reach.rules)
            self.voice.request(reach.database, work, asked, Priority.P1, LEDGER_S)
        self.context.wake_at(until)

    def answered(self, asked: Asked, value: Any, error: BaseException | None) -> None:
        """Take an answer; the last one concludes the inquiry."""
        inquiry = self.open.get(asked.inquiry)
        if inquiry is None:
            return
        inquiry.answered(asked, value, error)
        if inquiry.is_complete():
            del self.open[asked.inquiry]
            self._conclude(inquiry)

    def conclude_overdue(self) -> None:
        """Conclude those whose time is over; whoever is silent counts as away."""
        now = time.monotonic()
        for number in [number for number, inquiry in self.open.items() if inquiry.until <= now]:
            self._conclude(self.open.pop(number))
        if self.open:
            self.context.wake_at(min(inquiry.until for inquiry in self.open.values()))

    def _conclude(self, inquiry: Inquiry) -> None:
        try:
            snapshot = self.reach.board.ask(Describe(), BOARD_S)
        except AppError as error:
            logger.warning(
                "the board does not say how runs ended", extra={"action": "board_silent", "data": str(error)}
            )
            snapshot = {}
        explanation = inquiry.explanation(_absences(snapshot), _lasts(snapshot), self.kill_switch)
        for command_id in inquiry.askers:
            self.voice.reply(command_id, ok=True, lines=explanation.lines(), why=explanation.as_dict())


def no_job(voice: Voice, reach: Reach, command: Command, name: str) -> None:
    """Answer that there is no such job, with those there are."""
    voice.reply(command.id, ok=False, text=f"no job {name!r}; jobs: {', '.join(sorted(reach.family_of))}")


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
