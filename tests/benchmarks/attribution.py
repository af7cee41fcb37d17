"""Whose follows they were: what attribution credits to posts against what the sandbox's audience knows of them.

Run as `python -m tests.benchmarks.attribution [--seeds 100-111]`; it takes a minute and a half. Each audience meets
uniform play, at 8 posts a day with quiet nights for 60 days and at 48 a day for 30 days. Our followers are read every
half hour and each post at its checkpoints, as the jobs do; an interval is shared out every day until it is final, from
what is known by then. The constants of `actors.domain.attribution` were tuned on the seeds 0 to 5: report others.
"""

from __future__ import annotations

import argparse
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console
from rich.table import Table

from actors.domain.attribution import OPEN_FOR, POST_LIFE, WINDOW, Gain, Post, attribute
from actors.domain.metrics import CHECKPOINT_AGES
from actors.domain.randomness import keyed
from actors.domain.taxonomy import FACTORS, Arm
from actors.sandbox.audience import Audience
from actors.sandbox.post import PublishedPost
from tests.benchmarks.learning import START, seeds, told, written

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

SETTINGS = ((8, 60), (48, 30))
READ_EVERY = timedelta(minutes=30)
SCRAPE_EVERY = timedelta(minutes=20)
DAY = timedelta(days=1)
# Of a day of eight posts: from 7 h on, one each 105 minutes; the nights are quiet.
FIRST_HOUR, AWAKE = 7, 14
FEW = 12
AIM = "0.7 .. 1.4", ">= 0.7"
REPORTED = range(100, 112)

Credits = dict[str, float]


@dataclass(frozen=True, slots=True)
class Followed:
    """One follow: when, and by which post; None: for no post of ours."""

    at: datetime
    cause: str | None


@dataclass(frozen=True, slots=True)
class World:
    """What one account lived through, and the truth about it."""

    audience: Audience
    posts: tuple[tuple[str, Arm, datetime], ...]
    end: datetime
    follows: tuple[Followed, ...]


def live(seed: int, per_day: int, days: int) -> World:
    """Let a uniform player publish before the audience of this seed."""
    audience, rng = Audience(seed, reader=told), keyed("attribution player", seed)
    posts = []
    for ordinal in range(per_day * days):
        day, place = divmod(ordinal, per_day)
        hour = FIRST_HOUR + place * AWAKE / per_day if per_day <= FEW else place * 24 / per_day
        at = START + timedelta(days=day, hours=hour)
        arm = Arm(*(every[rng.integers(len(every))] for every in FACTORS.values()))
        audience.publish(PublishedPost(str(ordinal), ordinal, written(arm, ordinal), at, None))
        posts.append((str(ordinal), arm, at))
    end = START + timedelta(days=days)
    return World(audience, tuple(posts), end, tuple(truth(audience, seed, [id for id, _, _ in posts], end)))


def truth(audience: Audience, seed: int, posts: Iterable[str], end: datetime) -> list[Followed]:
    """Return every follow until `end` with its cause, in order of time."""
    caused = [
        Followed(datetime.fromtimestamp(instant, UTC), post)
        for post in posts
        for instant in audience._careers[post].instants("follows").tolist()
    ]
    background = []
    for hour in range(int((end - START) / timedelta(hours=1))):
        at = START + timedelta(hours=hour)
        presence = audience.taste.presence(at + timedelta(minutes=30))
        came = keyed("hour", seed, hour).poisson(audience.profile.background_follows / 24 * presence)
        moments = keyed("background", seed, hour).random(int(came)).tolist()
        background += [Followed(at + timedelta(hours=moment), None) for moment in moments]
    return sorted((each for each in caused + background if each.at <= end), key=lambda each: each.at)


def gains(world: World) -> list[Gain]:
    """Return the counted follows of each half hour."""
    times, found, since = [each.at for each in world.follows], [], START
    while since < world.end:
        until = since + READ_EVERY
        found.append(Gain(since, until, bisect_right(times, until) - bisect_right(times, since)))
        since = until
    return found


def readings(world: World) -> dict[str, list[tuple[datetime, float, float]]]:
    """Return when each post was read, at which age in seconds, and how many reactions it had."""
    read: dict[str, list[tuple[datetime, float, float]]] = {}
    for post, _, posted_at in world.posts:
        read[post] = []
        for age in CHECKPOINT_AGES:
            slot = START + -(-(posted_at + age - START) // SCRAPE_EVERY) * SCRAPE_EVERY
            if slot <= world.end:
                counts = world.audience.counts(post, slot)
                reactions = counts.likes + counts.reposts + counts.replies + counts.bookmarks
                read[post].append((slot, (slot - posted_at).total_seconds(), reactions))
    return read


def ours(world: World) -> Credits:
    """Return what attribution credits to each post, once every interval is final."""
    known, every = readings(world), gains(world)
    final: dict[datetime, Mapping[str, float]] = {}
    for day in range(1, int((world.end - START) / DAY) + 1):
        now = START + day * DAY
        window = [gain for gain in every if now - WINDOW <= gain.since and gain.until <= now]
        posts = [
            Post(post, arm.generator, at, tuple((age, count) for when, age, count in known[post] if when <= now))
            for post, arm, at in world.posts
            if now - WINDOW - POST_LIFE <= at < now
        ]
        wanted = {gain.until for gain in window if gain.until > now - OPEN_FOR - DAY}
        _, shares = attribute(window, posts, wanted)
        final |= {share.until: share.credits for share in shares}
    credited: Counter[str] = Counter()
    for each in final.values():
        credited.update(each)
    return dict(credited)


def last_touch(world: World) -> Credits:
    """Credit every follow to the latest post before it."""
    times = [at for _, _, at in world.posts]
    before = (bisect_right(times, each.at) - 1 for each in world.follows)
    return dict(Counter(world.posts[place][0] for place in before if place >= 0))


def original(world: World) -> Credits:
    """Credit every post with the followers of 24 hours after it, less those when it was posted."""
    count = world.audience.followers
    return {post: count(at + DAY) - count(at) for post, _, at in world.posts if at + DAY <= world.end}


METHODS = {"ours": ours, "last touch": last_touch, "24 h gain (original)": original}


def score(world: World, credited: Credits) -> dict[str, float]:
    """Return credited to actual follows in all, and how both agree on the follows to a post of each generator."""
    actual = Counter(each.cause for each in world.follows if each.cause is not None)
    by_generator = [
        [post for post, arm, _ in world.posts if arm.generator == generator] for generator in FACTORS["generator"]
    ]
    said, true = (
        np.array([sum(counts.get(post, 0.0) for post in posts) / len(posts) for posts in by_generator])
        for counts in (credited, actual)
    )
    return {
        "ratio": float(sum(credited.values()) / actual.total()),
        "correlation": float(np.corrcoef(said, true)[0, 1]),
        "error": float(np.abs(said - true).mean() / true.mean()),
    }


def measure_attribution(given: Sequence[int] = REPORTED) -> dict[str, Any]:
    """Return the scores of every method, setting and seed."""
    found: dict[str, Any] = {}
    for per_day, days in SETTINGS:
        worlds = [live(seed, per_day, days) for seed in given]
        background = [sum(each.cause is None for each in world.follows) / len(world.follows) for world in worlds]
        found[f"{per_day} posts a day, {days} days"] = {
            "background": round(float(np.mean(background)), 2),
            "methods": {name: [score(world, method(world)) for world in worlds] for name, method in METHODS.items()},
        }
    return found


def attribution_tables(found: Mapping[str, Any]) -> list[Table]:
    """Return a table for each setting: the mean over the audiences, and the worst of them."""
    tables = []
    for setting, figures in found.items():
        title = f"Follows by cause: {setting}, {figures['background']:.0%} of them for no post"
        table = Table(title=title, title_justify="left")
        for name in ("", "credited/actual", "least", "most", "correlation", "least", "error"):
            table.add_column(name, justify="right" if name else "left")
        for name, scores in figures["methods"].items():
            ratio, correlation, error = (np.array([each[key] for each in scores]) for key in scores[0])
            parts = (ratio.mean(), ratio.min(), ratio.max(), correlation.mean(), correlation.min(), error.mean())
            table.add_row(name, *(f"{part:.2f}" for part in parts))
        table.add_row("aim", AIM[0], "", "", AIM[1], "", "", style="dim")
        tables.append(table)
    return tables


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=seeds, default=list(REPORTED), help="of the audiences (100-111)")
    for table in attribution_tables(measure_attribution(parser.parse_args().seeds)):
        Console().print(table)


if __name__ == "__main__":
    main()
