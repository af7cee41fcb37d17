"""The arena: a site that outlives everything, a Postgres, a Valkey, and a publisher that is started again and again.

The site takes the same text twice, so that nothing but the publisher's own care keeps a post from going out twice. It,
the database and the cache are the bench's: no death of a publisher takes them along.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import psycopg

from actors.embedded.postgres import EmbeddedPostgres
from actors.embedded.valkey import EmbeddedValkey
from actors.sql.queries import load_migrations
from tests.acceptance.engine import FIRST_LOOP, Engine, only
from tests.torture import naive
from tests.torture.account import Account, limits_of
from tests.torture.site import Site, give_past

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.acceptance.engine import Line
    from tests.torture.verdict import Limit

SPEED = 60.0
LEASE_S = 5.0
_READY_S = 90.0
_STOP_S = 40.0
_LOOK_S = 0.05

# An hour is a minute of real time: a dozen publications in it, and a look at what is due each second.
ENVIRONMENT = {
    "SUPERVISOR_PUBLISHING_SPACING": "3m",
    "SUPERVISOR_PUBLISHING_CONTENT_PER_HOUR": "12",
    "SUPERVISOR_PUBLISHING_CONTENT_PER_DAY": "240",
    "SUPERVISOR_PUBLISHING_REPLY_SPACING": "3m",
    "SUPERVISOR_PUBLISHING_REPLIES_PER_HOUR": "12",
    "SUPERVISOR_PUBLISHING_REPLIES_PER_DAY": "240",
    "SUPERVISOR_PUBLISHING_REPLIES_PER_AUTHOR_DAY": "50",
    "SUPERVISOR_PUBLISHING_REPLIES_PER_AUTHOR_WEEK": "100",
    "SUPERVISOR_PUBLISHING_CONTENT_STALE": "31d",
    "SUPERVISOR_PUBLISHING_REPLY_STALE": "7d",
    "SUPERVISOR_PUBLISHING_TARGET_AGE": "31d",
    # What is proven needs a process that lives through two looks at the timeline.
    "SUPERVISOR_PUBLISHING_UNCERTAIN_GIVE_UP": "7d",
    "SUPERVISOR_PUBLISHING_LEASE": f"{LEASE_S:g}s",
    "SUPERVISOR_PLATFORM_COOLDOWN_MIN": "1m",
    "SUPERVISOR_PLATFORM_COOLDOWN_MAX": "4m",
    "SUPERVISOR_PLATFORM_CHALLENGE_STOP": "4m",
    "SUPERVISOR_SUPERVISION_BOOT_BACKOFF": "0s",
    **only(FIRST_LOOP),
    "SUPERVISOR_JOBS_POSTING_EVERY": "1m",
    "SUPERVISOR_JOBS_PLAN_EVERY": "10m",
}


class Arena:
    """One seed's world, from `open` to `close`. `is_naive` puts the naive publisher in the supervisor's place."""

    def __init__(self, speed: float = SPEED, *, is_naive: bool = False) -> None:
        self.speed, self.is_naive = speed, is_naive
        self.seen: Counter[str] = Counter()
        """Actions in the logs of all publishers that have ended."""

        self.died_alone = 0
        """Publishers that ended without being told to."""

        self._folder = Path(tempfile.mkdtemp(prefix="torture-"))
        self._folder.chmod(0o755)
        self._postgres, self._valkey = EmbeddedPostgres(self._folder), EmbeddedValkey(self._folder)
        self._second: Engine | None = None
        self._is_expected = False

    def open(self) -> None:
        """Bring everything up and wait until the publisher works."""
        began = time.time()
        give_past(self._folder / "site", self.speed)
        self._site = Site(self._folder / "site", self.speed, began, began)
        self.site = self._site.url
        self._database = self._postgres.ensure(_READY_S).url
        self._redis = self._valkey.ensure(_READY_S).url
        for name in ("one", "two"):
            (self._folder / name).mkdir()
            anchor = {"wall": began, "schedule": began, "speed": self.speed}
            (self._folder / name / "clock.json").write_text(json.dumps(anchor), encoding="utf-8")
        naive_words = {"receipts": naive.RECEIPTS, "statuses": naive.STATUS} if self.is_naive else {}
        if self.is_naive:
            self._migrate()
        self.engine = self._publisher("one")
        self.engine.ready(_READY_S)
        self.account = Account(self.site, self._database, **naive_words)

    @property
    def limits(self) -> tuple[Limit, ...]:
        """Return the caps that the publisher is to keep; a naive one knows of none."""
        return () if self.is_naive else limits_of(ENVIRONMENT)

    def close(self) -> None:
        """End everything and remove it."""
        if hasattr(self, "account"):
            self.account.close()
        for engine in (getattr(self, "engine", None), self._second):
            if engine is not None and engine.is_running():
                os.kill(engine.pid, signal.SIGCONT)
                engine.kill()
        if hasattr(self, "_site"):
            self._site.end()
        for process in Engine(self._folder).processes():
            with contextlib.suppress(psutil.Error):
                process.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def keep_alive(self) -> None:
        """Start again what is not running: a publisher that ended by itself, Postgres, Valkey."""
        self._postgres.ensure(_READY_S)
        self._valkey.ensure(_READY_S)
        if not self.engine.is_running():
            self.died_alone += 1
            self._begin_again()

    def kill(self) -> None:
        """SIGKILL the publisher, and start it again at once."""
        self.engine.kill()
        self._begin_again()

    def stop(self) -> None:
        """SIGTERM the publisher, and start it again when it has ended."""
        self.end()
        self._begin_again()

    def end(self) -> None:
        """SIGTERM the publisher; one that does not end in 40 s is killed."""
        try:
            self.engine.stop(_STOP_S)
        except subprocess.TimeoutExpired:
            self.seen["stop took too long"] += 1
            self.engine.kill()

    def freeze(self, seconds: float) -> None:
        """SIGSTOP the publisher for so many real seconds."""
        os.kill(self.engine.pid, signal.SIGSTOP)
        try:
            threading.Event().wait(seconds)
        finally:
            os.kill(self.engine.pid, signal.SIGCONT)

    def kill_part(self, *names: str) -> bool:
        """SIGKILL the first process below the publisher with a name that begins so; return whether there was one."""
        with contextlib.suppress(psutil.Error):
            for process in psutil.Process(self.engine.pid).children(recursive=True):
                if process.name().startswith(names):
                    process.kill()
                    return True
        return False

    def kill_server(self, name: str, seconds: float) -> None:
        """SIGKILL Postgres or Valkey, and start it again after so many real seconds."""
        server = self._postgres if name == "postgres" else self._valkey
        os.kill(server.ensure(_READY_S).pid, signal.SIGKILL)
        threading.Event().wait(seconds)
        server.ensure(_READY_S)

    def double(self, seconds: float, *, frozen: bool) -> None:
        """Let a second publisher live on the same database and site for so long, the first one frozen or not."""
        if frozen:
            os.kill(self.engine.pid, signal.SIGSTOP)
        try:
            self._second = self._publisher("two")
            self.wait_for(self._second, ("posted", "part_posted"), seconds)
            self._second.kill()
            self._count(self._second)
            self._second = None
        finally:
            if frozen:
                os.kill(self.engine.pid, signal.SIGCONT)

    def wait_for(self, engine: Engine, actions: Iterable[str], seconds: float) -> Line | None:
        """Return the next line of the log with one of these actions, or None when the time is over."""
        wanted, since = set(actions), len(engine.lines)

        def find() -> Line | None:
            return next((line for line in engine.lines[since:] if line["action"] in wanted), None)

        return find() if self.until(find, seconds) else None

    def until(self, probe: Callable[[], object], seconds: float) -> bool:
        """Return whether the probe comes true within so many real seconds."""
        until, pause = time.monotonic() + seconds, threading.Event()
        while not probe():
            if time.monotonic() > until:
                return False
            pause.wait(_LOOK_S)
        return True

    def tally(self) -> Counter[str]:
        """Return how often each action stands in the logs of all publishers so far."""
        return self.seen + Counter(line["action"] for line in self.engine.lines)

    def _begin_again(self) -> None:
        self._count(self.engine)
        self.engine = self._publisher("one")

    def _count(self, engine: Engine) -> None:
        self.seen.update(line["action"] for line in engine.lines)

    def places(self) -> dict[str, str]:
        """Return the environment that leads a publisher to the bench's site and servers."""
        return {
            "DATABASE_URL": self._database,
            "REDIS_URL": self._redis,
            "PLATFORM_URL": self.site,
            "OPENAI_BASE_URL": self.site + "/v1",
        }

    def _publisher(self, name: str) -> Engine:
        program = ("-m", "tests.torture.naive") if self.is_naive else ("supervisor.py",)
        environment = {**ENVIRONMENT, **self.places()}
        return Engine(self._folder / name, speed=self.speed, environment=environment, program=program).start()

    def _migrate(self) -> None:
        with psycopg.connect(self._database) as connection:
            for _, script in load_migrations():
                connection.execute(script.encode())
            connection.execute(naive.TABLE.encode())
