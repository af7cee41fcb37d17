"""The site's past: who else is there and what they wrote before the sandbox first started."""

from __future__ import annotations

import json
import math
import random
from dataclasses import asdict
from datetime import datetime, timedelta
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from actors.sandbox.post import Account, Counts, Post, Repost
from actors.sandbox.snowflake import SnowflakeMint

if TYPE_CHECKING:
    from actors.sandbox.store import Event

_PAST = timedelta(days=9)
"""How far the background's posts reach back."""


def seeded_event(operated: str, seed: int, born: datetime) -> Event:
    """Make the first event of a world: everybody's accounts and the background's posts up to `born`.

    It is one event, so that a crash leaves either the whole past or none. Equal arguments give equal events.
    """
    source = json.loads(files("actors.sandbox").joinpath("background.json").read_text("utf-8"))
    draw = random.Random(seed)
    accounts = [Account(**fields) for fields in source["accounts"]]
    posts = _posts(source, {account.handle: account.followers or 0 for account in accounts}, draw, born)
    reposts = [
        Repost(entry["by"], posts[entry["of"]].id, born - draw.random() * _PAST / 8) for entry in source["reposts"]
    ]
    own = Account(operated, operated.replace("_", " ").title(), "Small notes on feeling well. Automated.", None, 12)
    return {
        "event": "seeded",
        "at": born.isoformat(),
        "account": operated,
        "accounts": [asdict(account) for account in (own, *accounts)],
        "posts": [{**asdict(post), "created_at": post.created_at.isoformat()} for post in sorted(posts, key=_number)],
        "reposts": [{**asdict(repost), "at": repost.at.isoformat()} for repost in reposts],
    }


def read_seeded(event: Event) -> tuple[list[Account], list[Post], list[Repost]]:
    """Take the event apart again."""
    accounts = [Account(**fields) for fields in event["accounts"]]
    posts = [
        Post(
            **{
                **fields,
                "created_at": datetime.fromisoformat(fields["created_at"]),
                "popularity": Counts(**fields["popularity"]),
            }
        )
        for fields in event["posts"]
    ]
    reposts = [Repost(entry["by"], entry["of"], datetime.fromisoformat(entry["at"])) for entry in event["reposts"]]
    return accounts, posts, reposts


def _posts(source: dict[str, Any], followers: dict[str, int], draw: random.Random, born: datetime) -> list[Post]:
    """Date the texts: roots anywhere in the past, a post that answers or quotes another one after it."""
    entries = [*source["posts"], {**source["promoted"], "promoted": True}]
    linked = [entry.get("replies_to", entry.get("quotes")) for entry in entries]
    born_at: list[datetime] = []
    for link in linked:
        earliest = born - _PAST if link is None else born_at[link]
        born_at.append(earliest + draw.random() * (born - earliest))
    order = sorted(range(len(entries)), key=lambda index: born_at[index])
    mint = SnowflakeMint()
    minted = {index: mint.mint(born_at[index]) for index in order}
    return [
        Post(
            id=minted[index][0],
            author=entry["by"],
            text=entry["text"],
            created_at=minted[index][1],
            in_reply_to=minted[entry["replies_to"]][0] if "replies_to" in entry else None,
            quotes=minted[entry["quotes"]][0] if "quotes" in entry else None,
            is_pinned=entry.get("pinned", False),
            is_promoted=entry.get("promoted", False),
            popularity=_popularity(followers[entry["by"]], draw),
        )
        for index, entry in enumerate(entries)
    ]


def _popularity(followers: int, draw: random.Random) -> Counts:
    """Draw where a post's counts end up: views log-normal around a tenth of the followers, the rest in proportion."""
    views = int(followers * 0.1 * math.exp(draw.gauss(0.0, 1.0))) + draw.randrange(5, 40)
    likes = int(views * draw.uniform(0.005, 0.05))
    return Counts(views, likes, likes // draw.randrange(4, 12), likes // draw.randrange(8, 30), likes // 6)


def _number(post: Post) -> int:
    return int(post.id)
