"""The account of a bench's run: its ledger and its site, read beside whoever publishes, and decisions put into it."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import urllib.request
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import psycopg

from actors.domain.duration import parse_duration
from actors.resources.database import translate
from tests import fakes
from tests.acceptance.engine import ROOT
from tests.torture.verdict import HELD, Decision, Limit, Receipt, judge, longest_wait, posts_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tests.torture.verdict import Verdict

KINDS = ("single", "thread", "reply")
PARTS_OF_A_THREAD = 3
_PREFIX = "SUPERVISOR_PUBLISHING_"
_ANSWER_S = 20.0


@dataclass
class Account:
    """What stands on the site at `site`, and what the ledger at `database` says of it."""

    site: str
    database: str
    receipts: str = "SELECT decision_id, part, tweet_id FROM receipts"
    """How receipts are read; a publisher without a ledger has a table of its own."""

    statuses: str = "status"
    """The column or expression that is a decision's state."""

    planted: dict[str, str] = field(default_factory=dict)
    """Kind of each decision put into the ledger by `plant`."""

    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self.door = fakes.LedgerDoor(self.database)
        self._authors = background_handles()

    def plant(self, kind: str, mark: str, decision_id: str | None = None) -> str:
        """Put a decision that is due now into the ledger, its text as unique as `mark`; return its id.

        Raises:
            AppError: the database is away.
        """
        now = self.now()
        row = self._row(kind, mark, now)
        row["decision_id"] = decision_id = decision_id or str(row["decision_id"])
        self.door.run("insert_decision", **row)
        self.planted[decision_id] = kind
        return decision_id

    def _row(self, kind: str, mark: str, now: datetime) -> dict[str, Any]:
        match kind:
            case "thread":
                return fakes.thread(*(strange(f"{mark} {part}") for part in range(PARTS_OF_A_THREAD)), due=now)
            case "reply":
                author = next(self._authors)
                # They ask us: the site locks an account that answers a few people by the dozen unasked.
                us = read_json(self.site + "/_health")["account"]
                target_id = self.write(author, f"@{us} {strange(f'{mark} asks')}")
                return fakes.reply(strange(mark), target_id, author, due=now)
            case _:
                return fakes.decision(f"{strange(mark)}\n{strange(mark, words=2)}", due=now)

    def sql(self, text: str, *params: object) -> list[dict[str, Any]]:
        """Return the rows of any SQL.

        Raises:
            AppError: the database is away.
        """
        try:
            return self.door.sql(text, *params)
        except psycopg.Error as error:
            raise translate(error) from error

    def write(self, author: str, text: str) -> str:
        """Write a post on the site by somebody's own hand and return its id."""
        return str(post_json(self.site + "/_posts", {"author": author, "text": text})["id"])

    def arm(self, fault: str, count: int) -> None:
        """Arm a fault of the site; 0 disarms it."""
        post_json(self.site + "/_faults", {"fault": fault, "count": count})

    def faults(self) -> list[str]:
        """Return the names of the faults that the site knows."""
        return sorted(read_json(self.site + "/_faults")["known"])

    def now(self) -> datetime:
        """Return schedule time, by the site's clock."""
        return datetime.fromisoformat(read_json(self.site + "/_health")["now"])

    def status_of(self, decision_id: str) -> str:
        """Return the state of one decision."""
        sql = f"SELECT {self.statuses} AS status FROM decisions WHERE decision_id = %s"
        return str(self.sql(sql, decision_id)[0]["status"])

    def held(self) -> int:
        """Return how many decisions are claimed, being published, or in doubt."""
        return sum(decision.status in HELD for decision in self.decisions())

    def decisions(self) -> list[Decision]:
        """Return all decisions of the ledger."""
        rows = self.sql(
            f"SELECT decision_id, kind, parts, {self.statuses} AS status, scheduled_at, reason, target_id "
            "FROM decisions ORDER BY created_at"
        )
        return [
            Decision(
                str(row["decision_id"]),
                row["kind"],
                tuple(row["parts"]),
                row["status"],
                row["scheduled_at"],
                row["reason"],
                row["target_id"],
            )
            for row in rows
        ]

    def judge(self, limits: Iterable[Limit]) -> tuple[Verdict, timedelta]:
        """Hold the truth against the ledger; return the verdict and the longest wait of something due and allowed."""
        posts, decisions, limits = posts_of(read_json(self.site + "/_truth")), self.decisions(), list(limits)
        rows = self.sql(self.receipts)
        receipts = [Receipt(str(row["decision_id"]), row["part"], row["tweet_id"]) for row in rows]
        verdict = judge(posts, decisions, receipts, limits, self.planted)
        return verdict, longest_wait(posts, decisions, receipts, limits)

    def close(self) -> None:
        """Let go of the ledger."""
        self.door.close()


def limits_of(environment: Mapping[str, str]) -> tuple[Limit, ...]:
    """Return the caps that this environment sets for a supervisor."""

    def number(name: str) -> int:
        return int(environment[_PREFIX + name])

    def span(name: str) -> timedelta:
        return parse_duration(environment[_PREFIX + name])

    hour, day = timedelta(hours=1), timedelta(hours=24)
    limits = (
        Limit("posts in 60 min", "content", hour, number("CONTENT_PER_HOUR")),
        Limit("posts in 24 h", "content", day, number("CONTENT_PER_DAY")),
        Limit("spacing of posts", "content", span("SPACING"), 1),
        Limit("replies in 60 min", "reply", hour, number("REPLIES_PER_HOUR")),
        Limit("replies in 24 h", "reply", day, number("REPLIES_PER_DAY")),
        Limit("spacing of replies", "reply", span("REPLY_SPACING"), 1),
    )
    return tuple(limit for limit in limits if limit.span)


def background_handles() -> itertools.cycle[str]:
    """Return the handles of those who live on the site, again and again."""
    people = json.loads((ROOT / "actors" / "sandbox" / "background.json").read_text(encoding="utf-8"))["accounts"]
    return itertools.cycle(sorted(each["handle"] for each in people))


def strange(mark: str, words: int = 7) -> str:
    """Return a text that resembles no other: what resembles an earlier post is never published."""
    digest = base64.b32encode(hashlib.blake2b(mark.encode(), digest_size=60).digest()).decode().lower()
    lengths = itertools.cycle((4, 7, 3, 6, 5))
    ends = list(itertools.accumulate(next(lengths) for _ in range(words)))
    return " ".join(digest[start:end] for start, end in zip([0, *ends], ends, strict=False)).capitalize() + "."


def read_json(url: str) -> dict[str, Any]:
    """Return the JSON object at a URL."""
    with urllib.request.urlopen(url, timeout=_ANSWER_S) as response:
        document: dict[str, Any] = json.load(response)
    return document


def post_json(url: str, body: dict[str, Any]) -> dict[str, Any]:
    """Post a JSON object and return the answer."""
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=_ANSWER_S) as response:
        answer: dict[str, Any] = json.load(response)
    return answer
