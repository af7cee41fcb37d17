"""The switches: words that stop and let go on. Each is answered with its consequences before it is carried out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from actors.control.clauses import Clauses, read_clauses
from actors.control.words import WORDS
from actors.domain.consequences import PUBLISHERS, of_restarting, of_resuming, of_running, of_stopping
from actors.domain.duration import format_duration
from actors.domain.pauses import ALL, Pause, jobs_of
from actors.domain.priority import Band
from actors.domain.stages import OPERATOR
from actors.errors import AppError
from actors.messages import Drain, RenewChild

if TYPE_CHECKING:
    from actors.control.kill_switch import KillSwitch
    from actors.control.pauses import Pauses
    from actors.control.reach import Reach, Voice
    from actors.control.weighing import Facts, Weighing
    from actors.control.words import Command


@dataclass(slots=True)
class Switches:
    """Called in the operator's thread only."""

    reach: Reach
    voice: Voice
    pauses: Pauses
    kill_switch: KillSwitch
    weighing: Weighing

    def turn(self, command: Command) -> None:
        """Carry out a word of these."""
        match command.word, command.args:
            case "pause", (name, *_):
                self._pause(command, name, _clauses_of(command))
            case "resume", (name, *_):
                self._resume(command, name, _clauses_of(command))
            case "kill-switch", (state,):
                self._stop_publishing(command, is_on=state == "on")
            case "restart", (name,):
                self._restart(command, name)
            case "drain", ():
                self._drain(command)
            case "shutdown", ():
                self._shut_down(command)

    def _pause(self, command: Command, name: str, clauses: Clauses) -> None:
        of, now = self._target(name), datetime.now(UTC)
        if of is None:
            self._unknown(command, name)
            return
        until = now + clauses.lasting if clauses.lasting is not None else None
        pause = Pause(of, until, command.author, clauses.because)
        jobs = self._jobs(of)
        done = f"{name} is paused{_lasting(clauses)}"

        def say(facts: Facts) -> tuple[str, list[str]]:
            beside = self._beside(name, pause)
            return done, [*beside, *of_stopping(jobs, facts.running, facts.lanes, facts.next_due, facts.now)]

        self.weighing.weigh(command, say, lambda: self.pauses.pause(pause, now))

    def _beside(self, name: str, pause: Pause) -> list[str]:
        """Return which pauses of other authors stand beside this one.

        Raises:
            AppError: its own author has paused this for longer.
        """
        held = [each for each in self.pauses.in_force(datetime.now(UTC)) if each.name == pause.name]
        for each in held:
            # Else a word that anybody may say, because it only stops, would let go on what somebody has stopped.
            if each.key == pause.key and each.outlasts(pause):
                raise AppError(f"{name} is paused {each.terms()}; say `resume {name}` first to shorten that")
        return [f"it is paused as well {each.terms()}" for each in held if each.key != pause.key]

    def _resume(self, command: Command, name: str, clauses: Clauses) -> None:
        of = self._target(name)
        if of is None:
            self._unknown(command, name)
            return
        jobs = self._jobs(of)

        def say(facts: Facts) -> tuple[str, list[str]]:
            stand = jobs & self.pauses.paused(datetime.now(UTC)).keys()
            # Before the stored pauses are read nobody knows what stands.
            if self.pauses.is_known and not stand:
                return f"{name} is not paused", []
            return f"{name} is resumed{_lasting(clauses)}", of_resuming(jobs, facts.next_due, draining=facts.draining)

        def resume() -> None:
            self.pauses.resume(of, datetime.now(UTC))

        self.weighing.weigh(command, say, resume, asks_ledger=False)

    def _stop_publishing(self, command: Command, *, is_on: bool) -> None:
        # At once: what stops only must not wait for its own answer.
        switch, jobs = self.kill_switch, frozenset(PUBLISHERS)
        switch.say(self.reach.now(), is_on=is_on, by=command.author)

        def say(facts: Facts) -> tuple[str, list[str]]:
            if not is_on:
                kept = "is in force" if switch.is_stored else "is in force once the database has stored it, not before"
                return f"kill-switch off {kept}", of_resuming(jobs, facts.next_due, draining=facts.draining)
            kept = "" if switch.is_stored else " in this process, and not stored yet"
            said = of_stopping(jobs, facts.running, facts.lanes, facts.next_due, facts.now)
            return f"kill-switch on is in force{kept}", said

        self.weighing.weigh(command, say, lambda: None, asks_ledger=is_on, is_ready=lambda: switch.is_stored)

    def _restart(self, command: Command, name: str) -> None:
        supervisor = self.reach.above.get(name)
        if supervisor is None:
            known = ", ".join(sorted(self.reach.above))
            self.voice.reply(command.id, ok=False, text=f"no actor {name!r}; actors: {known}")
            return
        self.weighing.weigh(
            command,
            lambda facts: (f"{name} is restarted", of_restarting(name, facts.snapshot)),
            lambda: supervisor.tell(RenewChild(name), Band.CONTROL),
            asks_ledger=False,
        )

    def _drain(self, command: Command) -> None:
        jobs, done = self._jobs(ALL), "nothing new begins until there is a new process"

        def say(facts: Facts) -> tuple[str, list[str]]:
            return done, of_stopping(jobs, facts.running, facts.lanes, facts.next_due, facts.now)

        def act() -> None:
            for address in (self.reach.clock, self.reach.board, *self.reach.families.values()):
                address.tell(Drain(), Band.CONTROL)

        self.weighing.weigh(command, say, act)

    def _shut_down(self, command: Command) -> None:
        jobs = self._jobs(ALL)
        self.weighing.weigh(
            command,
            lambda facts: ("shutting down", of_running(jobs, facts.running)),
            lambda: self.reach.shutdown(OPERATOR),
            asks_ledger=False,
        )

    def _target(self, name: str) -> str | None:
        """Return the family, the job (by whatever name), or `all`; None: nobody bears the name."""
        if name == ALL or name in self.reach.families:
            return name
        job = self.reach.aliases.get(name, name)
        return job if job in self.reach.family_of else None

    def _jobs(self, of: str) -> frozenset[str]:
        own = self.reach.family_of.items()
        return jobs_of(of, {name: frozenset(job for job, of in own if of == name) for name in self.reach.families})

    def _unknown(self, command: Command, name: str) -> None:
        known = ", ".join(sorted([*self.reach.families, *self.reach.family_of]))
        self.voice.reply(command.id, ok=False, text=f"no job or family {name!r}; known: {known}")


def _clauses_of(command: Command) -> Clauses:
    word = WORDS[command.word]
    clauses = read_clauses(command.args[len(word.arguments) :], word.clauses)
    assert isinstance(clauses, Clauses), "a word is checked when it is parsed"
    return clauses


def _lasting(clauses: Clauses) -> str:
    lasting = f" for {format_duration(clauses.lasting)}" if clauses.lasting is not None else ""
    return lasting + (f" because {clauses.because}" if clauses.because else "")
