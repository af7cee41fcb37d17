"""What tests of the reply flow share: opportunities, a writer, and replies that were published and measured."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from actors.domain.replies.features import STRATEGIES, vector
from actors.domain.replies.gates import content_words
from actors.domain.replies.snapshot import SCHEMA
from actors.domain.replies.target import Target
from actors.domain.snowflake import id_at
from tests.fakes import reply
from tests.jobs.doors import START

if TYPE_CHECKING:
    from tests.jobs.doors import Bench

SUBJECTS = (
    "My phone keeps ending up in the bedroom and every morning starts with a heavy head.",
    "Coffee after lunch felt harmless until the evenings turned into staring at the ceiling.",
    "Finally took the stairs all month, and the knees complain less than the elevator crowd said.",
    "Deadlines piled up again, so the shoulders climbed to the ears before noon.",
    "Garden soup, fresh bread and neighbours at one table: a quiet Sunday did wonders.",
    "The window stays open in winter, and the whole family argues about blankets.",
    "Long meetings without water make the afternoon a desert of yawns.",
    "Tried slow breathing on the train and missed the station, calm as a stone.",
)

CLOSERS = (
    "Give it a week of patience and a plain routine, then see which habit survives.",
    "A neighbour solved it with a kitchen timer, a glass of tea and an earlier supper.",
    "Curtains, cool air and dull books do more than willpower ever promised.",
    "Would a shorter list beside the kettle change how the morning unfolds?",
    "Walking home before dinner settles the mind faster than scrolling the news.",
    "Some swear by candles; others move the charger to the hallway and forget it.",
    "Half the trick is company: invite a friend and the excuse disappears.",
    "Grandparents called it fresh air and never counted anything at all.",
)


class ReplyWriter:
    """Takes up two words of the post between the fences, and adds a sentence that it has not used yet."""

    def __init__(self) -> None:
        self.orders: list[str] = []
        self.rules: list[str] = []

    def complete(self, messages: Any, schema: Any, **_: Any) -> Any:
        self.rules.append(messages[0]["content"])
        self.orders.append(messages[-1]["content"])
        *_, words, _ = self.orders[-1].split("\n")
        first, second, *_ = sorted(content_words(words))
        return schema(text=f"About the {first} and the {second}: {CLOSERS[len(self.orders) % len(CLOSERS)]}")


def opportunity(bench: Bench, number: int = 0, *, is_read: bool = True, **changes: Any) -> str:
    """Put somebody's post into the pool, an hour old; return its id. `is_read`: its author's profile was."""
    posted_at: datetime = changes.get("posted_at", bench.now - timedelta(hours=1, seconds=number))
    tweet_id = str(id_at(posted_at, number))
    row = {
        "tweet_id": tweet_id,
        "author": f"author_{number}",
        "conversation_id": tweet_id,
        "text": SUBJECTS[number % len(SUBJECTS)],
        "topic": "sleep",
        "posted_at": posted_at,
        "seen_at": bench.now,
        "query": "sleep",
        "tier": "VIRAL",
        "relevance": 6,
        "judged_by": "model",
        "score": 50,
        "expires_at": posted_at + timedelta(days=1),
        **changes,
    }
    insert(bench, "opportunities", row)
    bench.database.sql(
        "INSERT INTO accounts (handle, found_by, found_at, profile_at) VALUES (%s, 'harvest', %s, %s) "
        "ON CONFLICT (handle) DO NOTHING",
        *(row["author"].lower(), bench.now, bench.now if is_read else None),
    )
    return tweet_id


def insert(bench: Bench, table: str, row: dict[str, Any]) -> None:
    """Put a row into a table, past the named queries."""
    places = ", ".join(["%s"] * len(row))
    bench.database.sql(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})", *row.values())


def statuses(bench: Bench) -> dict[str, str]:
    """Return the status of every opportunity."""
    return {row["tweet_id"]: row["status"] for row in bench.rows("SELECT tweet_id, status FROM opportunities")}


def answered(bench: Bench, number: int, strategy: str = "", *, likes: int | None = 0, **measured: Any) -> uuid.UUID:
    """Put a reply of ours into the ledger that was published and measured two days later, by its own id."""
    strategy = strategy or list(STRATEGIES)[number % len(STRATEGIES)]
    at = START + timedelta(minutes=30 * number)
    target_id, tweet_id = str(id_at(at - timedelta(hours=1), number)), str(id_at(at, number))
    target = Target(target_id, f"author_{number}", target_id, "", at - timedelta(hours=1), "VIRAL", 6.0, "sleep")
    choice = {
        "strategy": strategy,
        "tier": "VIRAL",
        "schema": SCHEMA,
        "features": vector(target, strategy, at).tolist(),
    }
    row = reply(f"An answer about walks number {number}.", target_id, target.author, due=at, choice=choice)
    bench.database.run("insert_decision", **row)
    decision_id: uuid.UUID = row["decision_id"]
    with bench.database.unguarded():
        bench.database.sql(
            "UPDATE decisions SET status = 'posted', tweet_id = %s, posted_at = %s WHERE decision_id = %s",
            *(tweet_id, at, decision_id),
        )
    snapshot = {
        "decision_id": decision_id,
        "tweet_id": tweet_id,
        "checkpoint": "2d",
        "taken_at": at + timedelta(days=2),
        "age_s": 172_800,
        "views": 500,
        "likes": likes,
        "reposts": 0,
        "replies": 0,
        "bookmarks": 0,
        "source": "measured",
        "quality": "ok",
        **measured,
    }
    insert(bench, "metric_snapshots", snapshot)
    return decision_id
