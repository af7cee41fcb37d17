"""The control room: an operator behind the real channel, with everybody it reaches."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import asdict
from datetime import timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import psycopg
import redis

from actors.commands import send
from actors.config import Config, Secret
from actors.control.channel import CHANNEL, REPLIES
from actors.control.inquiry import PublishingRules
from actors.control.operator import Operator
from actors.control.reach import Reach
from actors.control.records import records_of
from actors.control.settings import Settings
from actors.domain.caps import Caps
from actors.domain.priority import Priority
from actors.domain.redaction import Redaction
from actors.domain.triggering import Became
from actors.domain.why.situation import Moment, Part, Question
from actors.messages import Describe, Explain, Standing, Trigger
from actors.resources.database import Database
from actors.resources.redis import Redis, open_pool
from actors.runtime.stacks import stacks_of_threads
from tests.fakes import NOW
from tests.stage import PATIENCE_S, Stage, eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

KEY = Secret("k" * 40)
SNAPSHOT: dict[str, Any] = {
    "uptime_s": 12.0,
    "actors": {
        "content": {"state": "exited", "generation": 3, "restart_in_s": 30.0},
        "runs": {"state": "running", "generation": 1},
    },
    "fronts": {
        "browser": {"running": 1, "size": 3, "breaker": "closed"},
        "openai": {"running": 0, "size": 4, "breaker": "open"},
    },
    "families": {"content": {"paused": ("plan",)}},
    "memory": {"level": "tight", "used_mb": 440, "limit_mb": 512},
    "waiting": {"learn": "metrics_scraper is 3h old"},
    "pauses": [],
    "kill_switch": False,
    "draining": False,
    "next_due": {"plan": NOW, "posting": NOW},
    "jobs": {"plan": {"last_outcome": "done", "last_reason": "", "last_ended_at": NOW}},
}


FAMILY_OF = {"plan": "content", "posting": "publishing"}


class Listener:
    """An actor that keeps what it is told, answers `Describe` with a snapshot and a trigger as the clock would."""

    def __init__(self) -> None:
        self.told: list[Any] = []
        self.standing = Standing((), kill_switch=False)
        """What the operator told the board last of what is stopped; not among `told`."""
        self.became: Became | None = Became.DUE
        """What it answers to a trigger; None: nothing."""
        self.part: Part | None = None
        """What it answers to `Explain`; None: nothing."""
        self.explains = 0
        self.first: Callable[[Any], None] | None = None
        """What it does with each message before it serves it."""

    def receive(self, message: Any) -> Any:
        if self.first is not None:
            self.first(message)
        if isinstance(message, Describe):
            pauses = [asdict(pause) for pause in self.standing.pauses]
            return {**SNAPSHOT, "pauses": pauses, "kill_switch": self.standing.kill_switch}
        if isinstance(message, Standing):
            self.standing = message
            return None
        if isinstance(message, Explain):
            self.explains += 1
            if self.part is not None:
                message.reply.settle(self.part)
            return None
        if isinstance(message, Trigger) and message.reply is not None and self.became is not None:
            message.reply.settle(self.became)
        self.told.append(message)
        return None

    def stop(self) -> None:
        pass


def no_wait_behind_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the time of a command that asks be over as soon as it was given an answer that it does not believe."""
    believes, ahead_s = send._is_believed, [0.0]

    def is_believed(*given: Any) -> bool:
        if believes(*given):
            return True
        ahead_s[0] += 3600.0
        return False

    clock = SimpleNamespace(time=time.time, monotonic=lambda: time.monotonic() + ahead_s[0])
    monkeypatch.setattr(send, "_is_believed", is_believed)
    monkeypatch.setattr(send, "time", clock)


def question(job: str) -> Question:
    family = FAMILY_OF[job]
    return Question(job, family, Priority.P0, ("database",), 60.0, 20.0, None, Moment(NOW, time.monotonic()))


class ControlRoom:
    """An operator with everybody it reaches."""

    def __init__(
        self,
        stage: Stage,
        url: str,
        database_url: str,
        *,
        embedded: bool,
        key: Secret | None = None,
        opened: bool = True,
        make_clock: Callable[[Stage, Any], Any] | None = None,
        boot: str = "boot",
    ) -> None:
        self.url, self.database_url = url, database_url
        self.listeners = {name: Listener() for name in ("clock", "board", "content", "publishing", "runs")}
        for name, listener in self.listeners.items():
            if name != "clock" or make_clock is None:
                stage.actor(name, lambda _, listener=listener: listener)  # type: ignore[misc]
        pool = open_pool(url, 4, 2.0, decode=False)
        stage.front(Redis(url, 2.0), 2)
        stage.front(Database(database_url, 2, dict.fromkeys(Priority, 10.0)), 2)
        if make_clock is not None:
            stage.actor("clock", lambda context: make_clock(stage, context))
        with psycopg.connect(database_url) as connection:
            connection.execute(
                "UPDATE publisher_lease SET boot_id = 'boot', fence = 1, expires_real = now() + interval '1 hour'"
            )
        self.ended: list[str] = []
        self.config = self.written = Config()
        self.is_ended = threading.Event()
        jobs = FAMILY_OF
        caps = Caps(4, 48, timedelta(minutes=20))
        reach = Reach(
            **{name: stage.addresses[name] for name in ("clock", "board", "database", "redis")},
            fronts={name: stage.addresses[name] for name in ("database", "redis", "runs")},
            families={family: stage.addresses[family] for family in sorted(set(jobs.values()))},
            family_of=jobs,
            aliases={"planner": "plan", "outline": "plan"},
            stages=frozenset({"outline"}),
            question=question,
            rules=PublishingRules({"content": caps, "reply": caps}, approval=False, boot_id="boot"),
            caps={"content": caps, "reply": caps},
            settings=Settings(lambda: self.config, lambda: self.written, self._adopt),
            above={"clock": stage.addresses["board"]},
            stacks=stacks_of_threads,
            shutdown=self._end,
            now=lambda: NOW,
        )
        self.opened = threading.Event()
        if opened:
            self.opened.set()
        self.redaction = Redaction()
        self.records = records_of(boot, jobs, stage.addresses.__getitem__, self.opened, self.redaction)
        operators: list[Operator] = []

        def make(context: Any) -> Operator:
            client = redis.Redis(connection_pool=pool)
            operators.append(Operator(context, reach, client, embedded, key, self.records))
            return operators[-1]

        stage.actor("operator", make)
        self.operator = operators[0]
        assert self.operator.channel.subscribed.wait(PATIENCE_S)

    def say(self, message: str) -> dict[str, Any]:
        """Publish a message and return the answer."""
        with redis.Redis.from_url(self.url, decode_responses=True) as client, client.pubsub() as pubsub:
            pubsub.subscribe(REPLIES)
            assert pubsub.get_message(timeout=PATIENCE_S)
            assert client.publish(CHANNEL, message) == 1
            answer = pubsub.get_message(timeout=PATIENCE_S)
        assert answer is not None, f"no answer to {message}"
        document: dict[str, Any] = json.loads(answer["data"])
        assert document.pop("boot") == self.records.boot
        return document

    def told(self, name: str) -> list[Any]:
        """Return what a listener was told, once it has served everything sent before."""
        return eventually(lambda: self.listeners[name].told, f"{name} told")  # type: ignore[no-any-return]

    def nobody_was_told(self) -> bool:
        return not any(listener.told for listener in self.listeners.values())

    def _adopt(self, config: Config) -> None:
        self.config = config

    def _end(self, by: str) -> None:
        self.ended.append(by)
        self.is_ended.set()
