"""Postgres and Redis away for a while under a supervisor that posts: is it normal soon, is nothing lost or doubled?

Run as `python -m tests.outage.run [--postgres 10m] [--redis 30m] [--freeze] [--json] [--log FILE]`. A real supervisor,
60 times as fast as the clock, works on a Postgres and a Redis that it cannot start itself. Redis goes first; Postgres
goes in the middle of that, right after an intent became durable, and both are killed, or stopped where they stand. All
figures are real seconds after the server answered again. The exit code is 1 if anything is lost, doubled, in doubt, not
normal within a minute, or left behind.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from actors.domain.duration import parse_duration
from actors.embedded.postgres import EmbeddedPostgres
from actors.embedded.valkey import EmbeddedValkey
from tests.acceptance.engine import FIRST_LOOP, Engine, only
from tests.outage.servers import ForeignServer
from tests.soak.invariants import Finding, Rules, ledger_findings, show

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.acceptance.engine import Line

SPEED = 60.0
NORMAL_S = 60.0
_LONGEST_S = 240.0
"""How long what should take a minute is waited for, so that a failure has a figure too."""
PER_HOUR, PER_DAY = 12, 500
ENVIRONMENT = {
    **only(FIRST_LOOP),
    "SUPERVISOR_PUBLISHING_SPACING": "5m",
    "SUPERVISOR_PUBLISHING_CONTENT_PER_HOUR": str(PER_HOUR),
    "SUPERVISOR_PUBLISHING_CONTENT_PER_DAY": str(PER_DAY),
    "CONTROL_KEY": "a-key-of-at-least-thirty-two-characters",  # the servers are not its own
}
_NAMES = ("data", "error", "reason", "actor", "decision", "front", "job", "lane", "server")


@dataclass(slots=True)
class Outage:
    """One run from the first posts to the checks at rest."""

    engine: Engine
    postgres: ForeignServer
    redis: ForeignServer
    postgres_s: float
    redis_s: float
    progress: Progress
    findings: list[Finding] = field(default_factory=list)

    def live(self) -> list[Finding]:
        """Take both servers away, bring them back, and return what was found."""
        engine, bar = self.engine, self.progress.add_task("starting", total=self.redis_s)
        engine.ready()
        engine.until(lambda: self._count("posted") >= 3, _LONGEST_S, "no three posts")
        before = self._memory()
        gone = self.redis.take_away()
        first = len(engine.lines)
        self._pass_until(gone + max(0.0, (self.redis_s - self.postgres_s) / 2), "Redis is away", bar)
        intents = self._count("intent_durable")
        engine.until(lambda: self._count("intent_durable") > intents, _LONGEST_S, "no further intent")
        away = self.postgres.take_away()
        self._pass_until(away + self.postgres_s, "Redis and Postgres are away, an intent is open", bar)
        since, back = len(engine.lines), self.postgres.bring_back()
        self._say("Postgres is back", bar)
        self._judge_postgres(since, back, back - away)
        self._pass_until(gone + self.redis_s, "Redis is away", bar)
        last, back = len(engine.lines), self.redis.bring_back()
        self._say("Redis is back", bar)
        engine.until(lambda: engine.send("status") == 0, _LONGEST_S, "the operator answers")
        answered_s = time.time() - back
        self._limit("a control word is answered", answered_s, f"away for {back - gone:.0f} s", server="Redis")
        self._say("settling what is in doubt", bar)
        self._judge_rest(engine.lines[first:last], (last - first) / (back - gone), before)
        return self.findings

    def _judge_postgres(self, since: int, back: float, away_s: float) -> None:
        engine, breaker = self.engine, [line for line in self.engine.lines[:since] if _is_of_database(line)]
        closed_s = 0.0
        if breaker and breaker[-1]["action"] != "breaker_closed":
            closed_s = _after(back, engine.wait_for("breaker_closed", _LONGEST_S, since=since, front="database"))
        self._limit("its breaker is closed", closed_s, f"away for {away_s:.0f} s, {len(breaker)} moves of the breaker")
        taken = engine.wait_for("lease_taken", _LONGEST_S, since=since)
        self._limit("this process is the publisher again", _after(back, taken), f"fence {taken['fence']}")
        posted = engine.until(lambda: self._first_new_post(since), _LONGEST_S, "no new post")
        self._limit("the first new post that was due", _after(back, posted), f"known by its {posted['evidence']}")
        run = engine.until(lambda: self._first_done(since), _LONGEST_S, "no whole run of posting")
        self._limit("a run of posting was admitted and did its work", _after(back, run), str(run.get("counts", "")))

    def _judge_rest(self, meanwhile: list[Line], per_second: float, before: int) -> None:
        engine = self.engine
        self._none("status = 'uncertain'")
        assert engine.send("pause", "posting") == 0
        self._none("status IN ('claimed', 'publishing')")
        self.findings += ledger_findings(engine, Rules(PER_HOUR, PER_DAY, 0.0, {}))
        strangers = engine.query("SELECT 1 FROM own_posts")
        self._add("truth", "no post of ours is a stranger to the ledger", not strangers, f"{len(strangers)} strangers")
        errors = engine.at_level("error")
        mute = [line for line in errors if line["action"] == "note" or not any(map(line.get, _NAMES))]
        actions = dict(Counter(line["action"] for line in errors))
        self._add("log", "each error names its cause", not mute and not engine.noise, f"{actions} {engine.noise[-3:]}")
        words = dict(Counter(line["action"] for line in meanwhile).most_common(6))
        self._add("log", "lines while away (reported)", True, f"{per_second:.1f} in a second: {words}")
        after = self._memory()
        self._add("wear", "memory of the supervisor (reported)", True, f"{before} MB before, {after} MB after")

    def _pass_until(self, moment: float, what: str, bar: Any) -> None:
        self._say(what, bar)
        while (left := moment - time.time()) > 0:
            assert self.engine.is_running(), "it ended:\n" + "\n".join(self.engine.tail())
            self._say(what, bar, seconds=min(1.0, left))
            threading.Event().wait(min(1.0, left))

    def _say(self, what: str, bar: Any, *, seconds: float = 0.0) -> None:
        news = f"{what} ({self._count('posted')} posts)"
        self.progress.update(bar, description=news, advance=seconds)
        if not self.progress.console.is_terminal and not seconds:
            self.progress.console.print(f"{datetime.now().astimezone():%H:%M:%S} {news}")

    def _count(self, action: str) -> int:
        return sum(line["action"] == action for line in self.engine.lines)

    def _first_new_post(self, since: int) -> Line | None:
        new: set[str] = set()
        for line in self.engine.lines[since:]:
            if line["action"] == "intent_durable":
                new.add(line["decision"])
            elif line["action"] == "posted" and line["decision"] in new:
                return line
        return None

    def _first_done(self, since: int) -> Line | None:
        runs: set[str] = set()
        for line in self.engine.lines[since:]:
            if line.get("job") == "posting" and line["action"] == "run_admitted":
                runs.add(line["run"])
            elif line["action"] == "run_done" and line["run"] in runs:
                return line
        return None

    def _none(self, condition: str) -> None:
        probe: Callable[[], bool] = lambda: not self.engine.query(f"SELECT 1 FROM decisions WHERE {condition}")  # noqa: E731
        self.engine.until(probe, _LONGEST_S, f"no {condition}")

    def _memory(self) -> int:
        return int(psutil.Process(self.engine.pid).memory_info().rss >> 20)

    def _limit(self, sentence: str, seconds: float, figures: str, server: str = "Postgres") -> None:
        self._add(server, f"{sentence} within {NORMAL_S:g} s", seconds <= NORMAL_S, f"{seconds:.1f} s; {figures}")

    def _add(self, number: str, sentence: str, holds: bool, figures: str) -> None:
        self.findings.append(Finding(number, sentence, holds, figures))


def _is_of_database(line: Line) -> bool:
    return bool(line["action"].startswith("breaker_")) and line.get("front") == "database"


def _after(back: float, line: Line) -> float:
    return max(0.0, datetime.fromisoformat(line["time"]).timestamp() - back)


def measure(given: argparse.Namespace, console: Console) -> list[Finding]:
    """Return what a whole run of it found; nothing of it is left."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with tempfile.TemporaryDirectory(prefix="outage-") as folder, contextlib.ExitStack() as ends:
        theirs = Path(folder) / "theirs"
        postgres = ForeignServer(theirs, EmbeddedPostgres(theirs), is_frozen=given.freeze)
        ends.callback(postgres.stop)
        redis = ForeignServer(theirs, EmbeddedValkey(theirs), is_frozen=given.freeze)
        ends.callback(redis.stop)
        environment = {**ENVIRONMENT, "DATABASE_URL": postgres.url, "REDIS_URL": redis.url}
        engine = Engine(Path(folder) / "data", speed=SPEED, environment=environment).start()
        ends.callback(_sweep, engine)
        if given.log is not None:
            ends.callback(lambda: given.log.write_text("".join(json.dumps(line) + "\n" for line in engine.lines)))
        seconds = (each.total_seconds() for each in (given.postgres, given.redis))
        with Progress(*columns, console=console) as progress:
            outage = Outage(engine, postgres, redis, *seconds, progress)
            findings = outage.live()
        code = engine.stop()
        left = [process.name() for process in engine.processes()]
        findings.append(
            Finding("end", "it ends as asked and leaves no process", not code and not left, f"{code} {left}")
        )
        return findings


def _sweep(engine: Engine) -> None:
    if engine.is_running():
        engine.kill()
    for process in engine.processes():
        with contextlib.suppress(psutil.Error):
            process.kill()


def main() -> int:
    """Measure, print, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--postgres", type=parse_duration, default=parse_duration("10m"), help="away for so long (10m)")
    parser.add_argument("--redis", type=parse_duration, default=parse_duration("30m"), help="away for so long (30m)")
    parser.add_argument(
        "--freeze", action="store_true", help="stop the servers where they stand instead of killing them"
    )
    parser.add_argument("--json", action="store_true", help="one JSON document instead of a table")
    parser.add_argument("--log", type=Path, help="where to keep the supervisor's log")
    given = parser.parse_args()
    # However it is ended, servers and supervisor end with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    findings = measure(given, Console(stderr=given.json))
    if given.json:
        json.dump([asdict(each) for each in findings], sys.stdout, indent=2)
    else:
        how = "frozen" if given.freeze else "killed"
        show(
            f"Postgres {how} for {given.postgres}, Redis for {given.redis}, load {psutil.getloadavg()[0]:.1f}", findings
        )
    return 0 if all(each.holds for each in findings) else 1


if __name__ == "__main__":
    sys.exit(main())
