"""Situations as they come about: the machines of a small engine, driven by chance, and a judge of who starts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from actors.domain.admission import Admission
from actors.domain.arbiter import Arbiter, Grant, Refuse, Revoke, Ticket
from actors.domain.breaker import Breaker
from actors.domain.budget import Budget, MoneyLane
from actors.domain.caps import Caps, allowed_at
from actors.domain.memory import Level
from actors.domain.outcome import Blocked, Done, Failed, Nothing, Snooze
from actors.domain.priority import Priority
from actors.domain.timetable import After, Entry, Fire, Timetable
from actors.domain.why.publication import TOLERANCE
from actors.domain.why.queueing import least_charge
from actors.domain.why.situation import RUNS, Absence, Moment, Publishing, Question, Situation, Stop, job_of

if TYPE_CHECKING:
    from random import Random

    from actors.domain.arbiter import Action

LENGTHS = (0.0, 2.0, 40.0, 250.0)
"""Real seconds of work that a run or errand has before it."""
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
JOBS = {
    "posting": (Priority.P0, "publishing", ("browser", "database"), None),
    "plan": (Priority.P0, "content", ("openai", "database"), MoneyLane.CONTENT),
    "scrape": (Priority.P2, "content", ("browser",), None),
    "learn": (Priority.P3, "content", ("openai",), MoneyLane.ANALYSIS),
}
SHARES = {MoneyLane.CONTENT: 0.6, MoneyLane.REPLIES: 0.3, MoneyLane.ANALYSIS: 0.1}
FRONTS = {RUNS: (3, 1), "browser": (2, 1), "database": (3, 1), "openai": (2, 0)}


def entries(rng: Random) -> dict[str, Entry]:
    """Return the jobs with intervals, dependencies and switches drawn by chance."""

    def afters(job: str) -> tuple[After, ...]:
        others = [other for other in [*JOBS, "gone"] if other != job]
        return tuple(
            After(other, rng.choice([5, 30, 90]) * MINUTE, rng.choice([2, 10]) * MINUTE, rng.random() < 0.2)
            for other in rng.sample(others, rng.choice([0, 0, 1, 1, 2]))
        )

    return {
        job: Entry(
            job, rng.choice([5, 7, 15]) * MINUTE, after=afters(job), enabled=rng.random() < 0.9, longest=8 * MINUTE
        )
        for job in JOBS
    }


@dataclass(slots=True)
class SmallEngine:
    """Clock, families and fronts in one thread, and everything that may happen to them."""

    rng: Random
    entries: dict[str, Entry] = field(init=False)
    timetable: Timetable = field(init=False)
    admissions: dict[str, Admission] = field(init=False)
    fronts: dict[str, Arbiter] = field(init=False)
    now: datetime = NOON
    monotonic: float = 1000.0
    fires: dict[str, Fire] = field(default_factory=dict)
    """By run id."""
    is_loaded: bool = True
    is_stopping: bool = False
    numbers: int = 0

    def __post_init__(self) -> None:
        rng = self.rng
        self.entries = entries(rng)
        self.timetable = Timetable.of(list(self.entries.values()))
        self.is_loaded = rng.random() < 0.95
        if self.is_loaded:
            past = {job: NOON - rng.choice([1, 4, 20]) * MINUTE for job in JOBS if rng.random() < 0.9}
            self.timetable.load(past, {job: at for job, at in past.items() if rng.random() < 0.8})
        families = sorted({family for _, family, _, _ in JOBS.values()})
        self.admissions = {name: Admission(frozenset(job for job in JOBS if JOBS[job][1] == name)) for name in families}
        self.fronts = {
            name: Arbiter(size, reserved, rng.choice([1, 2, 4]), Breaker(2, 5.0, 60.0))
            for name, (size, reserved) in FRONTS.items()
        }
        self.fronts["openai"].budget = Budget(rng.choice([0.0001, 0.01, 1.0]), SHARES)

    def happen(self) -> None:
        """Let one thing happen."""
        rng = self.rng
        match rng.choice("tttttrrrrqqqqqeeebpsmdLuvx"):
            case "t":
                pause = rng.choice([0.2, 1.0, 30.0, 120.0, 400.0])
                self.now += timedelta(seconds=pause)
                self.monotonic += pause
                self.look()
            case "r" if self.fires:
                self.end_run(rng.choice(sorted(self.fires)))
            case "q":
                for _ in range(rng.choice([1, 1, 4])):
                    self.request(rng.choice(sorted(self.fronts)))
            case "e":
                self.end_errand(rng.choice(sorted(self.fronts)))
            case "b":
                for _ in range(2):
                    self.fronts[rng.choice(["browser", "database", "openai"])].breaker.failure(self.monotonic)
            case "p":
                rng.choice(list(self.admissions.values())).pause(None)
            case "s":
                job = rng.choice(sorted(JOBS))
                admission = self.admissions[JOBS[job][1]]
                rng.choice([admission.pause, admission.resume])(job)
            case "m":
                name = rng.choice([RUNS, "browser"])
                self.carry_out(name, self.fronts[name].pressed(rng.choice([Level.OK, *Level])))
            case "d" if rng.random() < 0.2:
                self.is_stopping = True
                self.carry_out("browser", self.fronts["browser"].drain())
                for admission in self.admissions.values():
                    admission.draining = True
            case "L":
                front = self.fronts[rng.choice(sorted(self.fronts))]
                front.p0_at = self.monotonic + rng.choice([-1, 10, 100, 1000])
            case "u":
                job = rng.choice(sorted(self.timetable.rows) or ["gone"])
                self.fire(self.timetable.triggered(job, self.now, "watchdog"))
            case "v":
                self.now += 3 * MINUTE
                self.look()
            case "x" if (budget := self.fronts["openai"].budget) is not None:
                budget.charge(least_charge(rng.choice(list(MoneyLane)), self.now))

    def look(self) -> None:
        """Let clock and fronts do what is due now."""
        for name, arbiter in self.fronts.items():
            self.carry_out(name, arbiter.tick(self.monotonic))
        if self.is_loaded and not self.is_stopping:
            self.fire(tick_all(self.timetable, self.now))

    def fire(self, actions: list) -> None:
        for action in actions:
            if not isinstance(action, Fire):
                continue
            self.numbers += 1
            run_id = f"{action.job}-boot-{self.numbers}"
            priority, family, _, _ = JOBS[action.job]
            if self.admissions[family].admit(action.job, run_id):
                self.timetable.settled(action.job, action.slot, 1, Blocked("-"), self.now, None)
                continue
            self.fires[run_id] = action
            self.send(RUNS, run_id, priority, 300.0)

    def request(self, front: str) -> None:
        self.numbers += 1
        priority = self.rng.choice(list(Priority))
        self.send(front, f"other-boot-{self.numbers}", priority, self.rng.choice([5.0, 60.0]))

    def send(self, front: str, request_id: str, priority: Priority, limit: float) -> None:
        now, recallable = self.monotonic, front == "browser" and self.rng.random() < 0.6
        left = self.rng.choice(LENGTHS)
        ticket = Ticket(
            request_id, priority, now + 2 * limit, limit, since=now, remaining_s=left, recallable=recallable
        )
        self.carry_out(front, self.fronts[front].arrived(ticket, now))

    def carry_out(self, front: str, actions: list[Action]) -> None:
        for action in actions:
            if isinstance(action, Refuse) and action.request_id in self.fires:
                self.settle(action.request_id, Failed("refused"))
            elif isinstance(action, Revoke):
                if action.request_id in self.fires:
                    self.settle(action.request_id, Failed("overdue"))
                if self.rng.random() < 0.9:
                    self.carry_out(front, self.fronts[front].replaced(action.slot, self.monotonic))

    def end_errand(self, front: str) -> None:
        arbiter = self.fronts[front]
        for slot, running in list(arbiter.running.items())[:1]:
            if running.ticket.id in self.fires:
                self.end_run(running.ticket.id)
                continue
            failed = self.rng.random() < 0.3
            self.carry_out(
                front, arbiter.settled(slot, self.monotonic, infrastructure_failed=failed, answered=not failed)
            )

    def end_run(self, run_id: str) -> None:
        arbiter = self.fronts[RUNS]
        for slot, running in list(arbiter.running.items()):
            if running.ticket.id == run_id:
                snooze = Snooze(self.now + 4 * MINUTE, "-")
                self.settle(run_id, self.rng.choice([Done({"x": 1}), Nothing("-"), Failed("-"), snooze]))
                self.carry_out(RUNS, arbiter.settled(slot, self.monotonic, infrastructure_failed=False, answered=True))

    def settle(self, run_id: str, outcome: Done | Nothing | Failed | Snooze | Blocked) -> None:
        fire = self.fires.pop(run_id)
        self.admissions[JOBS[fire.job][1]].ended(fire.job, run_id)
        retry_at = self.now + 90 * SECOND if self.rng.random() < 0.5 else None
        self.timetable.settled(fire.job, fire.slot, fire.attempt, outcome, self.now, retry_at)

    def situation(self) -> Situation:
        """Return what is to be explained just now: any job, or why nothing is posted."""
        rng = self.rng
        self.look()
        job = rng.choice(sorted(JOBS))
        priority, family, uses, lane = JOBS[job]
        length_s = rng.choice(LENGTHS)
        question = Question(job, family, priority, uses, 300.0, length_s, lane, Moment(self.now, self.monotonic))
        road = ["clock", family, RUNS, *uses]
        absences = {name: Absence("restarting", self.monotonic + 3.0) for name in road if rng.random() < 0.03}
        return Situation(
            question,
            self.entries[job],
            self.timetable,
            self.admissions[family],
            {name: self.fronts[name] for name in (RUNS, *uses)},
            self.is_loaded,
            self.is_stopping,
            self.now,
            absences,
            self.publishing() if job == "posting" and rng.random() < 0.5 else None,
        )

    def publishing(self) -> Publishing:
        rng, now = self.rng, self.now
        ages = [rng.choice([-30, 1, 10, 30, 59, 61, 200, 1400]) for _ in range(rng.choice([0, 1, 2, 4]))]
        caps = Caps(rng.choice([0, 1, 2, 4]), rng.choice([0, 1, 3, 48]), rng.choice([0, 20]) * MINUTE)
        due = rng.choice([None, now - MINUTE, now, now + 9 * MINUTE])
        return Publishing(
            rng.random() < 0.9,
            Stop("operator", now) if rng.random() < 0.3 else None,
            caps,
            [now - age * MINUTE for age in ages],
            due,
            rng.choice([None, now - MINUTE, now, now + 300 * MINUTE]),
            rng.random() < 0.2,
            rng.choice(["", "", "", "another-boot"]),
            rng.choice([0, 0, 2]),
        )


def tick_all(timetable: Timetable, now: datetime) -> list:
    """Tick as often as something is due now."""
    actions = timetable.tick(now)
    while (due := timetable.next_due(now)) is not None and due <= now:
        actions += timetable.tick(now)
    return actions


def starts(situation: Situation) -> bool:
    """Judge whether the job starts at the next tick, by letting the machines do it: the situation is used up."""
    tried, question, runs = situation, situation.question, situation.fronts[RUNS]
    now, seconds = question.moment.now, question.moment.monotonic
    waiting = [each for each in runs.waiting.tickets() if job_of(each.id) == question.job]
    road = {RUNS, *question.uses} if waiting else {"clock", question.family, RUNS, *question.uses}
    if road & tried.absences.keys():
        return False
    if waiting:
        ticket = waiting[0]
        actions = runs.tick(seconds)
    else:
        if not tried.is_loaded or tried.is_stopping:
            return False
        fired = [each for each in tick_all(tried.timetable, now) if isinstance(each, Fire)]
        if all(fire.job != question.job for fire in fired) or tried.admission.admit(question.job, "new"):
            return False
        ticket = question.ticket()
        actions = runs.arrived(ticket, seconds)
    if all(not isinstance(each, Grant) or each.request_id != ticket.id for each in actions):
        return False
    for name in question.uses:
        charge = least_charge(question.lane, now) if question.lane is not None and name == "openai" else None
        errand = Ticket("errand", question.priority, seconds + 60.0, 60.0, since=seconds, charge=charge)
        actions = tried.fronts[name].arrived(errand, seconds)
        if any(isinstance(each, Refuse) and each.request_id == "errand" for each in actions):
            return False
    return tried.publishing is None or publishes(tried.publishing, now)


def publishes(publishing: Publishing, now: datetime) -> bool:
    """Judge whether a run of posting would publish something, as posting itself decides it."""
    is_future = publishing.latest_intent is not None and publishing.latest_intent > now + TOLERANCE
    if not publishing.is_known or publishing.kill_switch or publishing.shadow or publishing.publisher or is_future:
        return False
    at = allowed_at(publishing.publications, publishing.caps, now)
    return at == now and publishing.next_decision is not None and publishing.next_decision <= now
