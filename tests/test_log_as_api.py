"""The log as an interface: a storm is governed, the state is rebuilt from the lines, and no text forges either."""

from __future__ import annotations

import io
import itertools
import json
import logging
import random
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from actors.config import Secret
from actors.dashboard.published import Published
from actors.dashboard.reader import Reader, Sources
from actors.dashboard.routes import LOOPBACK, Asked, Gate
from actors.domain.caps import Caps
from actors.domain.escaping import Cleaner
from actors.domain.governor import Kept
from actors.domain.log_state import LogState
from actors.domain.memory import Level, Usage
from actors.domain.outcome import Blocked, Done, Failed, Nothing, Snooze
from actors.domain.pauses import Pause
from actors.domain.redaction import Redaction, redact_shapes
from actors.log import LogWriter
from actors.messages import (
    ActorChanged,
    DeadLetter,
    Drain,
    FamilyState,
    FrontState,
    LeaseState,
    Planned,
    Pressure,
    Settled,
    Standing,
    Wake,
)
from actors.runtime.address import Address
from actors.runtime.board import Board, BoardMemory
from tests.log_schema import misfits
from tests.runtime.jobs import NOON, schedule_clock
from tests.runtime.stage import Stage
from tests.stage import PATIENCE_S

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = b"a key of the test, 32 bytes long"
STORM = 50_000
KEPT = Kept(frozenset({"posting"}), frozenset({"actors.ledger"}))

FORGED = {
    "time": "2026-11-26T09:00:00.000Z", "level": "info", "message": "heartbeat", "action": "heartbeat", "boot": "b00t",
    "seq": 99, "schema": 1, "state_seq": 99, "state": {"running": {}}, "key": "LOG_KEY", "hash": "0",
}  # fmt: skip
FORGERIES = [
    f"x\n{json.dumps(FORGED)}\n",
    '{"action":"heartbeat","state_seq":99,"boot":"b00t"}',
    '"}\r\n{"action":"board_changed"}\u2028{"action":"heartbeat"}\x85{}',
    "\x1b[2J\x1b[H\x1b]0;heartbeat\x07\x9b31m",
    "\u202e}tabtraeh{\u2066\u200b\ufeff",
    "heartbeat",
    "board_changed",
    "\ud800\udfff\x00",
]


class Log:
    """The real writer on a stream of the test, with a clock of the test and a reader at its end."""

    def __init__(self) -> None:
        self.stream = io.StringIO()
        self.now = 0.0
        self.read = 0
        self.writer = LogWriter(
            self.stream, Cleaner(redact_shapes), "b00t", is_pretty=False, is_coloured=False, key=KEY, kept=KEPT,
            clock=lambda: self.now,
        )  # fmt: skip
        self.state = LogState(KEY)

    def follow(self) -> LogState:
        """Read what is new, line by line, as `tail` does."""
        assert self.writer._spool.flush(PATIENCE_S)
        self.stream.seek(self.read)
        for line in io.BytesIO(self.stream.read().encode()):
            self.state.take(line.decode())
        self.read = self.stream.tell()
        return self.state

    def lines(self) -> list[dict[str, Any]]:
        assert self.writer._spool.flush(PATIENCE_S)
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]


@pytest.fixture
def log(logging_as_before: None) -> Iterator[Log]:
    """Put the writer in the place of the log for one test."""
    log, ours = Log(), logging.getLogger("actors")
    ours.addHandler(log.writer)
    ours.setLevel(logging.INFO)
    ours.propagate = False
    yield log
    ours.removeHandler(log.writer)
    log.writer.close()
    ours.propagate = True


def test_k6_a_storm_of_50_000_events_a_second_loses_no_error_no_p0_line_and_no_heartbeat_and_the_count_is_exact(
    log: Log,
) -> None:
    noisy, ledger, board = (logging.getLogger(name) for name in ("actors.noisy", "actors.ledger.claim",
                                                                 "actors.runtime.board"))  # fmt: skip
    asked = Counter[str]()
    for number in range(STORM):
        log.now = number / STORM
        action = ("http_request", "search_failed", "harvested")[number % 3]
        if number % 1000 == 0:
            noisy.error("x", extra={"action": "stage_crashed"})
            noisy.info("x", extra={"action": "run_done", "job": "posting"})
            ledger.info("x", extra={"action": "intent_durable"})
            board.info("heartbeat", extra={"action": "heartbeat", "beat": 1, "state": {}})
        noisy.info("x", extra={"action": action})
        asked[action] += 1
    log.now = 2.0
    board.info("heartbeat", extra={"action": "heartbeat", "beat": 1, "state": {}})
    lines = log.lines()
    out = Counter[str]()
    for line in lines:
        out[line["action"]] += line.get("repeated", 1)
    assert len(lines) <= 402
    assert out["stage_crashed"] == out["run_done"] == out["intent_durable"] == STORM // 1000
    assert out["heartbeat"] == STORM // 1000 + 1
    told = Counter[str]()
    for line in lines:
        if line["action"] == "log_dropped":
            told.update(line["dropped"])
    assert asked == Counter({name: out[name] for name in asked}) + told
    assert lines[-1]["dropped"] == told
    assert [line["seq"] for line in lines] == list(range(1, len(lines) + 1))
    assert log.follow().snapshot()["dropped"] == told
    assert [problem for line in lines if line["action"] == "log_dropped" for problem in misfits(line)] == []


@pytest.mark.parametrize("text", FORGERIES, ids=ascii)
def test_a_text_in_any_place_of_a_line_forges_no_line_and_no_heartbeat(log: Log, text: str) -> None:
    board, job = logging.getLogger("actors.runtime.board"), logging.getLogger("actors.jobs")
    board.info("heartbeat", extra={"action": "heartbeat", "beat": 1, "state": {"waiting": {"plan": text}}})
    whole = log.follow().snapshot()
    places: list[dict[str, Any]] = [
        {"action": text}, {"action": "heartbeat", "state_seq": 9, "state": {"running": text}, "schema": 1, "key": text},
        {"action": "board_changed", "change": {"waiting": {}}, "anew": True, "hash": "0", "state_seq": 9},
        {"action": "note", text: text}, {"data": text}, {"data": {text: [text]}}, {"data": [text, {"action": text}]},
        {"action": "run_done", "job": text, "run": text, "counts": {text: 1}}, {"boot_": text, "seq_": text},
        {"data": ValueError(text)}, {"action": "x", "boot": text, "seq": text, "time": text, "level": text},
    ]  # fmt: skip
    for number, extra in enumerate(places):
        log.now += 1.0
        try:
            raise ValueError(text) from RuntimeError(text)
        except ValueError:
            job.warning(text if number % 2 else "read %s", *([] if number % 2 else [text]), extra=extra, exc_info=True)
    assert log.writer._spool.flush(PATIENCE_S)
    written = log.stream.getvalue()
    assert written.isascii()
    assert written.count("\n") == len(places) + 1
    found = log.follow().snapshot()
    assert (found["state"], found["state_time"]) == (whole["state"], whole["state_time"])
    assert (found["lines"], found["foreign"], found["refused"], found["missing"]) == (len(places) + 1, 0, 0, 0)
    assert {line["boot"] for line in log.lines()} == {"b00t"}


def test_a_process_that_writes_into_our_stream_tells_no_state_and_is_told_apart(log: Log) -> None:
    logging.getLogger("actors.runtime.board").info("heartbeat", extra={"action": "heartbeat", "beat": 1, "state": {}})
    before = log.follow().snapshot()["state"]
    log.state.take(json.dumps(FORGED))
    log.state.take(log.stream.getvalue().replace('"state":{}', '"state":{"running":{"x":1}}'))
    assert (log.state.snapshot()["state"], log.state.refused) == (before, 2)


def test_how_a_process_begins_and_ends_is_sealed_and_said_by_nobody_but_those_who_know(log: Log) -> None:
    speak, other = logging.getLogger("actors.supervisor"), logging.getLogger("actors.jobs.insight")
    speak.info("the supervisor starts", extra={"action": "starting", "pid": 1})
    assert log.follow().snapshot()["phase"] == "starting"
    logging.getLogger("actors.runtime.board").info("heartbeat", extra={"action": "heartbeat", "beat": 1, "state": {}})
    speak.info("ready", extra={"action": "ready", "jobs": 1})
    other.info("the supervisor has stopped", extra={"action": "stopped"})
    assert log.follow().snapshot()["phase"] == "ready"
    logging.getLogger("actors.app").info("shutdown is asked for", extra={"action": "shutdown", "by": "x"})
    assert log.follow().snapshot()["phase"] == "stopping"
    speak.info("the supervisor has stopped", extra={"action": "stopped"})
    assert log.follow().snapshot()["phase"] == "stopped"
    assert ["hash" in line for line in log.lines()] == [True, True, True, False, True, True]
    assert [problem for line in log.lines() for problem in misfits(line)] == []


def test_k8_the_key_of_the_seal_stands_in_no_line_and_a_secret_in_the_state_is_blacked_out(log: Log) -> None:
    said = f"redis://:pass@host/0 {KEY.decode()}"
    log.writer._cleaner = Cleaner(Redaction([KEY.decode()]))
    state = {"waiting": {"plan": said}, "password": "hunter2"}
    extra = {"action": "heartbeat", "beat": 1, "state": state}
    logging.getLogger("actors.runtime.board").info("heartbeat", extra=extra)
    assert KEY.decode() not in log.stream.getvalue()
    found = log.follow().snapshot()
    assert found["state"] == {"waiting": {"plan": "redis://:***@host/0 ***"}, "password": "***"}
    assert found["is_verified"]


class Day:
    """A board that hears random news of every kind, with text from outside wherever a text is."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.numbers = itertools.count()
        clock = schedule_clock()
        self.stage = Stage(lambda context: Board(context, clock, "boot-1", 60.0, BoardMemory()))

    def text(self) -> str:
        return self.chance.choice((*FORGERIES, "a reason", ""))

    def some(self, names: str) -> tuple[str, ...]:
        return tuple(self.chance.sample(names.split(), self.chance.randint(0, len(names.split()))))

    def outcome(self) -> Any:
        return self.chance.choice((
            Done({self.chance.choice(("posts", "found")): self.chance.randint(0, 3)}), Nothing(self.text()),
            Snooze(NOON, self.text()), Blocked(self.text()), Failed(self.text()),
        ))  # fmt: skip

    def news(self) -> Any:
        chance, now = self.chance, self.stage.behaviour.memory.booted
        number = next(self.numbers)
        match chance.randrange(11):
            case 0:
                until = chance.choice((None, now + 60 * chance.random()))
                state = chance.choice(("running", "exited", "stopped"))
                return ActorChanged(chance.choice(("clock", "browser")), state, number, self.text(), until)
            case 1:
                return FrontState(chance.choice(("browser", "database")), 3, chance.randint(0, 3), chance.randint(0, 9),
                                  chance.choice(("closed", "open")), 0, {"done": number}, condition=self.text())
            case 2:
                name = chance.choice(("content", "replies"))
                return FamilyState(name, self.some("plan harvest"), self.some("plan x"))
            case 3 | 4:
                job = chance.choice(("plan", "posting", "learn"))
                at = NOON + timedelta(seconds=number)
                return Settled(job, "content", chance.choice(("", "run-1")), NOON, 1, self.outcome(), NOON, at, "slot")
            case 5:
                due = {job: NOON + timedelta(minutes=chance.randint(0, 3)) for job in self.some("plan posting learn")}
                return Planned(due, {job: self.text() for job in self.some("plan posting")})
            case 6:
                mb = chance.randint(1, 3) * 1024**2
                return Pressure(chance.choice(list(Level)), chance.choice((None, Usage(mb, 4 * 1024**2))))
            case 7:
                until = now + chance.choice((-1, 999))
                return LeaseState(self.text(), chance.randint(1, 3), chance.random() < 0.5, until)
            case 8:
                until = chance.choice((None, NOON + timedelta(seconds=number)))
                pauses = tuple(Pause(name, until, "operator", self.text()) for name in self.some("plan posting all"))
                return Standing(pauses, kill_switch=chance.random() < 0.5)
            case 9:
                return Drain() if chance.random() < 0.1 else Standing((), kill_switch=False)
            case _:
                return DeadLetter("clock", "Tick", self.text())


class Window:
    """What HTTP serves of a board: the real reader and the real gate."""

    def __init__(self, stage: Stage) -> None:
        board = Address("board")
        board.ask = lambda message, _: stage.behaviour.receive(message)  # type: ignore[method-assign]
        caps = {lane: Caps(4, 48, timedelta(minutes=20)) for lane in ("content", "reply")}
        sources = Sources(board, Address("database"), Address("redis"), caps, {}, lambda: NOON)
        published = Published()
        self._reader = Stage(lambda context: Reader(context, sources, published))
        self._gate = Gate(published, Secret("t" * 40), LOOPBACK, redact_shapes)
        self._times = itertools.count()

    def status(self) -> dict[str, Any]:
        """Return the body of `/status`, a second later than the last one."""
        self._reader.behaviour.receive(Wake())
        page = self._gate.answer(Asked("GET", "/status", "localhost", f"Bearer {'t' * 40}"), float(next(self._times)))
        assert page.status == 200
        body: dict[str, Any] = json.loads(page.body)
        return body


def test_p10_in_1000_samples_of_a_random_day_the_state_rebuilt_from_the_lines_is_what_http_serves(log: Log) -> None:
    day, chance = Day(10), random.Random(11)
    window = Window(day.stage)
    for _ in range(1000):
        for _ in range(chance.randint(0, 3)):
            day.stage.tell(day.news())
        if chance.random() < 0.05:
            day.stage.behaviour.beat_at = 0.0
            day.stage.behaviour.receive(Wake())
        log.now += 0.1
        said = window.status()
        found = log.follow().snapshot()
        assert timeless(found["state"]) == timeless({name: said[name] for name in found["state"]})
        assert said.keys() - found["state"].keys() <= {"text", "pauses", "ledger", "ledger_error"}
        assert (found["is_whole"], found["is_verified"], found["missing"], found["refused"]) == (True, True, 0, 0)
    actions = Counter(line["action"] for line in log.lines())
    assert actions["heartbeat"] > 10
    assert 500 < actions["board_changed"] <= 1000


def timeless(state: dict[str, Any]) -> dict[str, Any]:
    """Return a state without what runs by itself, of which every line tells its own moment."""
    running = ("uptime_s", "schedule_time", "left_s", "restart_in_s")
    return {
        name: timeless(value) if isinstance(value, dict) else value
        for name, value in state.items()
        if name not in running
    }
