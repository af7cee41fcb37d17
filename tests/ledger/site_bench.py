"""The bench of a job with nothing but real parts: site, Chromium and its front, ledger, and journal."""

from __future__ import annotations

import json
import time
import urllib.request
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from actors.domain.priority import Priority
from actors.jobs.publishing.posting import posting
from actors.pages.compose import PublishPost
from actors.pages.reply import PublishReply
from actors.sandbox.clock import ScheduleClock
from tests.fakes import decision, reply, thread
from tests.jobs.doors import START, Bench
from tests.resources.browser_stage import client

if TYPE_CHECKING:
    from collections.abc import Callable

    from actors.job import Outcome
    from actors.sandbox.server import SandboxServer
    from tests.fakes import LedgerDoor
    from tests.stage import Stage

Row = dict[str, Any]

AUTHOR = "slowkitchen"
"""One of the site's background."""

WORDS = {
    "single": ("A short walk after lunch keeps the afternoon awake.",),
    "thread": (
        "Three things that help you sleep, from the ward at night.",
        "First: keep the room at eighteen degrees, and dark.",
        "Second: no screen in the last hour before bed.",
    ),
    "reply": ("Beans keep better in a cold cellar, in our kitchen at least.",),
}
_LIMIT_S = 10.0
_MOST_RUNS = 12


class LeapClock(ScheduleClock):
    """The site's clock, which also goes when told."""

    ahead = timedelta()

    def now(self) -> datetime:
        return super().now() + self.ahead


class Site:
    """A running sandbox as a test reaches it, from outside but for its clock."""

    def __init__(self, server: SandboxServer, clock: LeapClock, told: Callable[[str, int], None]) -> None:
        self.url, self.clock, self._told = server.url, clock, told
        self._leaps: list[Callable[[float], None]] = []

    def ask(self, path: str, value: Any = None) -> Any:
        """Return the JSON of one of the sandbox's own endpoints."""
        body = None if value is None else json.dumps(value).encode()
        with urllib.request.urlopen(self.url + path, body, timeout=_LIMIT_S) as response:
            return json.load(response)

    def arm(self, fault: str, count: int = 1000) -> None:
        """Let so many requests suffer a fault, 0 for none from now on."""
        self.ask("/_faults", {"fault": fault, "count": count})
        self._told(fault, count)

    def armed(self, fault: str) -> int:
        """Return how many requests are still to suffer a fault."""
        left: int = self.ask("/_faults")["armed"].get(fault, 0)
        return left

    def write(self, author: str, text: str, parent: str | None = None) -> str:
        """Post something by hand and return its id."""
        post_id: str = self.ask("/_posts", {"author": author, "text": text, "in_reply_to": parent})["id"]
        return post_id

    def truth(self, source: str = "site") -> list[Row]:
        """Return what the account published, the oldest first."""
        return [post for post in self.ask("/_truth")["posts"] if post["source"] == source]


@dataclass
class WatchedBrowser:
    """The browser's door, and what is done when the `at`-th publication is on its way.

    `trouble` is called before its page is opened, or, `at_click`, when the permission to click is given.
    """

    stage: Stage
    trouble: Callable[[], None] = lambda: None
    at: int = 0
    at_click: bool = False
    errands: list[Any] = field(default_factory=list)

    def visit(self, errand: Any, on_commit: Callable[[Any], float] | None = None) -> Any:
        is_marked = isinstance(errand, PublishPost | PublishReply) and len(self.publications) == self.at
        self.errands.append(errand)
        if is_marked and not self.at_click:
            self.trouble()

        def commit(prepared: Any) -> float:
            assert on_commit is not None
            not_after = on_commit(prepared)
            if is_marked and self.at_click:
                self.trouble()
            return not_after

        return client(self.stage, Priority.P0).visit(errand, commit if on_commit else None)

    @property
    def publications(self) -> list[Any]:
        """Return the errands that were to publish."""
        return [each for each in self.errands if isinstance(each, PublishPost | PublishReply)]


class SiteBench(Bench):
    """A bench at a real site; schedule time is the site's."""

    def __init__(self, ledger: LedgerDoor, site: Site, stage: Stage, leap: Callable[[float], None]) -> None:
        self.site, self._leap = site, leap
        super().__init__(ledger)
        self.browser: Any = WatchedBrowser(stage)
        self.configure(
            content_per_hour=1000,
            content_per_day=1000,
            spacing=timedelta(),
            replies_per_hour=1000,
            replies_per_day=1000,
            reply_spacing=timedelta(),
            reply_stale=timedelta(days=1),
        )

    @property
    def now(self) -> datetime:  # type: ignore[override]
        return self.site.clock.now()

    @now.setter
    def now(self, moment: datetime) -> None:
        assert moment == START, "time is the site's"

    def forward(self, **step: float) -> None:
        """Let schedule time pass, for the site, the jobs and what is known of the platform alike."""
        passed = timedelta(**step)
        self.site.clock.ahead += passed
        self._leap(passed.total_seconds())

    def put(self, kind: str, texts: tuple[str, ...] = ()) -> uuid.UUID:
        """Put a decision of this kind into the queue, due now."""
        texts, now = texts or WORDS[kind], self.now
        if kind == "reply":
            target = self.site.write(AUTHOR, f"What do you keep in the cellar? {uuid.uuid4().hex[:6]}")
            row = reply(texts[0], target, AUTHOR, due=now)
        else:
            row = thread(*texts, due=now) if kind == "thread" else decision(texts[0], due=now)
        self.database.run("insert_decision", **row)
        decision_id: uuid.UUID = row["decision_id"]
        return decision_id

    def restart(self) -> None:
        """Go on as another process, which takes the lease when it has run out and has not read the timeline."""
        self.rows("UPDATE publisher_lease SET expires_real = now() - interval '1 second'")
        self.boot = uuid.uuid4().hex
        self.lead(self.boot, has_read=False)
        assert self.rows("SELECT boot_id, read_at FROM publisher_lease") == [{"boot_id": self.boot, "read_at": None}]

    def post(self) -> Outcome:
        """Run the job once."""
        return self.run(posting)

    def settle(self, decision_id: uuid.UUID, hours: float = 0.1) -> Row:
        """Run the job every so many hours until the decision is at its end, and return its row."""
        for _ in range(_MOST_RUNS):
            row = self.decision(decision_id)
            if row["status"] in ("posted", "failed", "cancelled", "skipped"):
                return row
            self.forward(hours=hours)
            self.post()
        raise AssertionError(f"after {_MOST_RUNS} runs it is still {row['status']}: {row['reason']}")

    def receipts(self) -> list[Row]:
        """Return all receipts in the order of their posts."""
        return self.rows("SELECT decision_id, part, tweet_id, evidence FROM receipts ORDER BY tweet_id::bigint")

    def attempts(self, decision_id: uuid.UUID) -> list[tuple[int, str]]:
        """Return part and result of each attempt, the oldest first."""
        rows = self.rows(
            f"SELECT part, result FROM publish_attempts WHERE decision_id = '{decision_id}' ORDER BY part, attempt"
        )
        return [(row["part"], row["result"]) for row in rows]

    def agree(self) -> None:
        """Insist that ledger and truth say the same: each part once, in its order, under the right post."""
        receipts = self.receipts()
        said = {}
        for row in self.rows("SELECT decision_id, parts, target_id FROM decisions"):
            ids = [each["tweet_id"] for each in receipts if each["decision_id"] == row["decision_id"]]
            parents = [row["target_id"], *ids]
            said |= {id: (text, parent) for id, text, parent in zip(ids, row["parts"], parents, strict=False)}
        truth = self.site.truth()
        assert [post["id"] for post in truth] == [each["tweet_id"] for each in receipts]
        assert {post["id"]: (post["text"], post["in_reply_to"]) for post in truth} == said
        assert self.journal.unsettled() == ()
        assert self.rows("SELECT * FROM own_posts") == []


def ahead_of(module: Any, monkeypatch: Any) -> Callable[[float], None]:
    """Let a module's monotonic time go when told."""
    seconds = [0.0]

    class _Time:
        time = staticmethod(time.time)

        @staticmethod
        def monotonic() -> float:
            return time.monotonic() + seconds[0]

    monkeypatch.setattr(module, "time", _Time)

    def leap(passed: float) -> None:
        seconds[0] += passed

    return leap
