"""A real supervisor in a process of its own, watched through its log, its ledger and the site's own truth."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import psycopg
from psycopg.rows import dict_row

import actors.jobs
from actors.embedded.postgres import EmbeddedPostgres
from actors.job import find_jobs
from tests.fakes import LedgerDoor
from tests.stage import PATIENCE_S

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

ROOT = Path(__file__).parents[2]
FIRST_LOOP = frozenset({"plan", "posting", "metrics_scraper", "learn", "job_watchdog"})

Line = dict[str, Any]


def without(jobs: Iterable[str]) -> dict[str, str]:
    """Return the environment that switches these jobs off."""
    return {f"SUPERVISOR_JOBS_{job.upper()}_ENABLED": "false" for job in jobs}


def only(jobs: Collection[str]) -> dict[str, str]:
    """Return the environment that switches off every job but these."""
    return without(find_jobs(actors.jobs).keys() - set(jobs))


class Engine:
    """Starts `supervisor.py run` on a data folder and reads its log as it comes.

    `environment` is added to a copy of ours that knows no service of this machine. `program` are Python's words for
    what is started in its place.
    """

    def __init__(
        self,
        data: Path,
        *,
        speed: float = 60,
        environment: dict[str, str] | None = None,
        program: tuple[str, ...] = ("supervisor.py",),
    ) -> None:
        self.data = data
        self.speed = speed
        self.environment = environment or {}
        self.program = program
        self.lines: list[Line] = []
        self.noise: list[str] = []
        self._news = threading.Condition()
        self._process: subprocess.Popen[str] | None = None

    def start(self, *options: str) -> Engine:
        """Start it and return; `ready` waits until it works."""
        services = ("DATABASE_URL", "REDIS_URL", "OPENAI_API_KEY", "OPENAI_BASE_URL", "PLATFORM_URL")
        known = (*services, "CONTROL_KEY", "LOG_KEY", "PORT", "HTTP_TOKEN", "ALERT_WEBHOOK_URL", "PING_URL")
        environment = {name: value for name, value in os.environ.items() if name not in known}
        words = [sys.executable, *self.program, "run", "--speed", str(self.speed), "--data", str(self.data), *options]
        self._process = subprocess.Popen(
            words,
            cwd=ROOT,
            env={**environment, **self.environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, args=(self._process,), daemon=True)
        self._reader.start()
        return self

    def ready(self, timeout: float = 60) -> Line:
        """Wait until the tree is up."""
        return self.wait_for("ready", timeout=timeout)

    @property
    def pid(self) -> int:
        """Return the supervisor's pid."""
        assert self._process is not None
        return self._process.pid

    def wait_for(self, action: str, timeout: float, *, since: int = 0, **fields: Any) -> Line:
        """Return the first line with this action and these fields, among those from index `since` on."""

        def match() -> Line | None:
            for line in self.lines[since:]:
                if line["action"] == action and all(line.get(name) == value for name, value in fields.items()):
                    return line
            return None

        return self.until(match, timeout, f"no line with action {action} {fields}")

    def until(self, probe: Callable[[], Any], timeout: float, what: str) -> Any:
        """Return the probe's first true value; it is tried at every line of the log."""
        found: Any = None

        def is_found() -> bool:
            nonlocal found
            found = probe()
            return bool(found) or (self._process is not None and self._process.poll() is not None)

        with self._news:
            self._news.wait_for(is_found, timeout)
        if not found and not self.is_running():
            # It may have ended before its last words were read.
            self._reader.join(PATIENCE_S)
        found = found or probe()
        assert found, f"{what} within {timeout} s; last lines:\n" + "\n".join(self.tail())
        return found

    def tail(self, count: int = 25) -> list[str]:
        """Return the last lines, shortened."""
        return [
            f"{line['level']} {line['action']}: {line['message']} {str(line.get('data', ''))[:150]}"
            for line in self.lines[-count:]
        ] + self.noise[-10:]

    def at_level(self, *levels: str) -> list[Line]:
        """Return the lines of these levels."""
        return [line for line in self.lines if line["level"] in levels]

    def kill(self) -> None:
        """SIGKILL the supervisor alone."""
        os.kill(self.pid, signal.SIGKILL)
        self.wait(10)

    def stop(self, timeout: float = 90) -> int:
        """SIGTERM it and return its exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self.wait(timeout)

    def wait(self, timeout: float) -> int:
        """Wait for its end and return its exit code."""
        assert self._process is not None
        code = self._process.wait(timeout)
        self._reader.join(5)
        return code

    def is_running(self) -> bool:
        """Return whether the process lives."""
        return self._process is not None and self._process.poll() is None

    @property
    def site(self) -> str:
        """Return the site's URL."""
        return str(self.wait_for("ready", 1)["site"])

    def truth(self) -> dict[str, Any]:
        """Return what the site says was ever published."""
        return get_json(self.site + "/_truth")

    def arm(self, fault: str, count: int = 1) -> None:
        """Arm a fault of the sandbox."""
        body = json.dumps({"fault": fault, "count": count}).encode()
        request = urllib.request.Request(self.site + "/_faults", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=PATIENCE_S):
            pass

    def send(self, *words: str, key: str | None = None) -> int:
        """Say a control word by the command line and return its exit code; `key` replaces the engine's own."""
        environment = {**os.environ, **self.environment}
        if key is not None:
            environment.pop("CONTROL_KEY", None)
        if key:
            environment["CONTROL_KEY"] = key
        command = [sys.executable, "supervisor.py", "send", *words, "--data", str(self.data)]
        done = subprocess.run(command, cwd=ROOT, env=environment, timeout=30, check=False, stdout=subprocess.DEVNULL)
        return done.returncode

    def query(self, sql: str) -> list[dict[str, Any]]:
        """Return rows of the ledger, read beside the supervisor."""
        with psycopg.connect(self.database_url, row_factory=dict_row, autocommit=True) as connection:
            return connection.execute(sql.encode()).fetchall()

    def plant(self, row: dict[str, Any]) -> str:
        """Put a decision into the queue, given as the parameters of `insert_decision`; return its id."""
        ledger = LedgerDoor(self.database_url, 1)
        ledger.run("insert_decision", expect=1, **row)
        ledger.close()
        return str(row["decision_id"])

    @property
    def database_url(self) -> str:
        """Return where the ledger is."""
        return self.environment.get("DATABASE_URL") or EmbeddedPostgres(self.data).ensure(30).url

    def processes(self) -> list[psutil.Process]:
        """Return every process that has this data folder on its command line or in its environment's folder."""
        marks = (str(self.data),)
        found = []
        for process in psutil.process_iter():
            try:
                words = process.cmdline()
                place = process.cwd()
            except psutil.Error:
                continue
            if process.pid != os.getpid() and (
                any(mark in word for mark in marks for word in words) or place.startswith(marks)
            ):
                found.append(process)
        return found

    def server_pid(self, name: str) -> int:
        """Return the pid of an embedded server."""
        from actors.embedded.lock import ServerLock

        pid = ServerLock(self.data / name / "server.lock").read().pid
        assert pid is not None
        return pid

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        with process.stdout as out:
            for text in out:
                with self._news:
                    try:
                        self.lines.append(json.loads(text))
                    except ValueError:
                        self.noise.append(text.rstrip())
                    self._news.notify_all()
        with self._news:
            self._news.notify_all()


def get_json(url: str) -> dict[str, Any]:
    """Return the JSON object at a URL."""
    with urllib.request.urlopen(url, timeout=PATIENCE_S) as response:
        document: dict[str, Any] = json.load(response)
    return document


def assert_nothing_doubled_nothing_lost(engine: Engine) -> None:
    """Hold the site's truth against the ledger of an engine at work: each receipt has its one post, each post gets one.

    A post stands on the site before its receipt is stored, and one in doubt until our timeline was read.
    """

    def receipts() -> set[str]:
        return {row["tweet_id"] for row in engine.query("SELECT tweet_id FROM receipts")}

    kept = receipts()
    posts = engine.truth()["posts"]
    texts = [post["text"] for post in posts]
    assert len(set(texts)) == len(texts), "a text was published twice"
    ids = {post["id"] for post in posts}
    assert kept <= ids, "a receipt has no post"
    engine.until(lambda: ids <= receipts(), 60, "a receipt of each post")
