"""What must hold between keys: each key alone may be right and the whole still be refused."""

from __future__ import annotations

import ipaddress
import math
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from actors.config.problems import nearest, refusal
from actors.domain.duration import format_duration
from actors.domain.rules import PLATFORMS, Driver, Practice, conflicts

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from actors.config.sections import Config

BROWSER_ERRAND_LIMIT = timedelta(seconds=90)
"""Hard limit of one browser errand, real time; a constant of the errands, not a key."""

# (smaller key, larger key, whether they may be equal)
_ORDER = (
    ("database.reserved", "database.connections", False),
    ("redis.reserved", "redis.connections", False),
    ("openai.reserved", "openai.slots", False),
    ("browser.reserved", "browser.contexts", False),
    ("runs.reserved", "runs.slots", False),
    ("database.statement_timeout", "database.deadline", True),
    ("supervision.backoff_min", "supervision.backoff_max", True),
    ("breaker.open_min", "breaker.open_max", True),
    ("platform.cooldown_min", "platform.cooldown_max", True),
    ("publishing.content_per_hour", "publishing.content_per_day", True),
    ("publishing.replies_per_hour", "publishing.replies_per_day", True),
    ("publishing.replies_per_author_day", "publishing.replies_per_author_week", True),
    ("replies.pool_minimum", "replies.pool_target", True),
    ("replies.pool_critical", "replies.pool_warning", True),
)
# The key that decides about a field of `Practice`; what has no key yet is decided by the choice of the platform.
_PRACTISED = {
    name: f"publishing.{name}"
    for name in (
        *("content_per_hour", "content_per_day", "spacing", "approval", "replies_per_hour", "replies_per_day"),
        *("reply_spacing", "replies_per_author_day", "replies_per_author_week"),
    )
}


@dataclass(frozen=True, slots=True)
class Conflict:
    """A sentence, and the keys whose values make it true."""

    keys: tuple[str, ...]
    text: str


def cross_check(config: Config, environ: Mapping[str, str], describe: Callable[[str], str]) -> Iterator[Conflict]:
    """Yield every conflict between keys, and between keys and the place the program runs in.

    Args:
        config: every key alone is already right.
        environ: read for what the hosting platform says of itself.
        describe: writes a key with its value and origin.
    """
    for smaller, larger, may_equal in _ORDER:
        low, high = _value(config, smaller), _value(config, larger)
        if low > high or (low == high and not may_equal):
            relation = "at most" if may_equal else "less than"
            yield Conflict((smaller, larger), f"{describe(smaller)}: must be {relation} {describe(larger)}")
    yield from _check_shares(config, describe)
    yield from _check_doubt(config, describe)
    yield from _check_jobs_times(config, describe)
    yield from _check_platform(config, describe)
    yield from _check_rules(config, describe)
    yield from _check_ledger(config, environ, describe)


@dataclass(frozen=True, slots=True)
class Needs:
    """What a job's block is held against: its stages, and the resources that it waits for."""

    stages: Collection[str] = ()
    uses: Collection[str] = ()


def check_jobs(config: Config, known: Mapping[str, Needs]) -> None:
    """Hold the blocks against the jobs that exist.

    Raises:
        ConfigError: a block names no job or no stage of it, one of these has no block, or a deadline is shorter than a
            wait inside it; all of them are named.
    """
    names = sorted(known)
    problems = [f"[jobs.{name}]: no such job{nearest(name, names)}" for name in config.jobs if name not in names]
    problems += [f"[jobs.{name}] is missing: the job needs a block with at least `every` and `deadline`"
                 for name in names if name not in config.jobs]
    for name in set(config.jobs).intersection(names):
        problems += _check_stages(f"jobs.{name}.stages", config.jobs[name].stages.names, known[name].stages)
        problems += _check_waits(config, name, known[name].uses)
    if problems:
        raise refusal(problems)


def _check_stages(key: str, given: Collection[str], known: Collection[str]) -> Iterator[str]:
    yield from (f"{key}: no such stage as {name}{nearest(name, known)}" for name in given if name not in known)
    yield from (f"{key}: the interval of {name} is missing" for name in known if name not in given)


def _check_waits(config: Config, name: str, uses: Collection[str]) -> Iterator[str]:
    """Hold a deadline against the waits of a run that uses these resources."""
    waits = {"browser": ("a browser errand", BROWSER_ERRAND_LIMIT), "openai": ("openai.timeout", config.openai.timeout)}
    deadline = config.jobs[name].deadline
    for resource in sorted(set(uses) & waits.keys()):
        wait, length = waits[resource]
        if deadline <= length:
            key = f"jobs.{name}.deadline = {format_duration(deadline)}"
            yield f"{key}: must be longer than {wait}, {format_duration(length)}"


def _value(config: Config, key: str) -> Any:
    section, _, name = key.partition(".")
    return getattr(getattr(config, section), name)


def _check_shares(config: Config, describe: Callable[[str], str]) -> Iterator[Conflict]:
    keys = ("openai.content_share", "openai.replies_share", "openai.analysis_share")
    total = math.fsum(getattr(config.openai, key.partition(".")[2]) for key in keys)
    if not math.isclose(total, 1, abs_tol=1e-6):
        yield Conflict(keys, f"{', '.join(map(describe, keys))}: the shares must sum to 1, not {total:g}")


def _check_doubt(config: Config, describe: Callable[[str], str]) -> Iterator[Conflict]:
    rules = config.publishing
    if rules.index_lag + rules.uncertain_scan_gap >= rules.uncertain_give_up:
        keys = tuple(f"publishing.{name}" for name in ("uncertain_give_up", "index_lag", "uncertain_scan_gap"))
        give_up, lag, gap = map(describe, keys)
        yield Conflict(keys, f"{give_up}: must be longer than {lag} and {gap} together, or nothing is ever proven")


def _check_jobs_times(config: Config, describe: Callable[[str], str]) -> Iterator[Conflict]:
    """A wait inside another must end first, or the outer one is cut while work it has given up goes on."""
    inner = {"database.deadline": config.database.deadline, "redis.timeout": config.redis.timeout}
    for name, job in config.jobs.items():
        key, every = f"jobs.{name}.offset", f"jobs.{name}.every"
        for stage, interval in job.stages.intervals:
            if interval % job.every:
                keys = (f"jobs.{name}.stages", every)
                text = f"{describe(keys[0])}: the interval of {stage} must be a multiple of {describe(every)}"
                yield Conflict(keys, text)
        if job.offset >= job.every:
            yield Conflict((key, every), f"{describe(key)}: must be less than {describe(every)}")
        key = f"jobs.{name}.deadline"
        for wait, length in inner.items():
            if length >= job.deadline:
                yield Conflict((key, wait), f"{describe(key)}: must be longer than {describe(wait)}, a wait inside it")
        if job.length.greatest_s > job.deadline.total_seconds():
            keys = (key, f"jobs.{name}.length")
            yield Conflict(keys, f"{describe(keys[1])}: no run may be longer than {describe(key)}, which ends it")


def _check_platform(config: Config, describe: Callable[[str], str]) -> Iterator[Conflict]:
    reason = (
        "this release drives only the sandbox on a loopback URL: there is no adapter for another platform yet, and X "
        "forbids automating its site with a browser"
    )
    for key, is_foreign in (("platform.name", config.platform.name != "sandbox"),
                            ("platform.url", not _is_loopback(config.platform.url))):
        if is_foreign:
            yield Conflict((key,), f"{describe(key)}: {reason}")


def practice_of(config: Config) -> Practice:
    """Return what is configured, as far as the rules of platforms speak of it."""
    publishing = config.publishing
    return Practice(
        driver=Driver.BROWSER,  # the only one there is
        content_per_hour=publishing.content_per_hour,
        content_per_day=publishing.content_per_day,
        spacing=publishing.spacing,
        approval=publishing.approval,
        replies_per_hour=publishing.replies_per_hour,
        replies_per_day=publishing.replies_per_day,
        reply_spacing=publishing.reply_spacing,
        replies_per_author_day=publishing.replies_per_author_day,
        replies_per_author_week=publishing.replies_per_author_week,
    )


def _check_rules(config: Config, describe: Callable[[str], str]) -> Iterator[Conflict]:
    platform = "platform.name"
    rules = PLATFORMS.get(config.platform.name)
    if rules is None:
        known = nearest(config.platform.name, PLATFORMS) or f"; known: {', '.join(sorted(PLATFORMS))}"
        yield Conflict((platform,), f"{describe(platform)}: the rules of this platform are not known{known}")
        return
    for found in conflicts(rules, practice_of(config)):
        keys = tuple(dict.fromkeys(_PRACTISED.get(name, platform) for name in found.about))
        text = f"{', '.join(map(describe, keys))}: {found.text} ({found.source})"
        yield Conflict((platform, *keys), text)


def _check_ledger(config: Config, environ: Mapping[str, str], describe: Callable[[str], str]) -> Iterator[Conflict]:
    where = [text for text, applies in (
        (f"with {describe('platform.name')}", config.platform.name != "sandbox"),
        (f"with {describe('platform.url')}", not _is_loopback(config.platform.url)),
        ("on Railway", bool(environ.get("RAILWAY_ENVIRONMENT"))),
    ) if applies]
    mount = environ.get("RAILWAY_VOLUME_MOUNT_PATH")
    is_kept = config.data.volume or bool(mount and config.data.dir.resolve().is_relative_to(Path(mount).resolve()))
    if where and config.database.url is None and not is_kept:
        yield Conflict(("database.url", "data.volume", "data.dir"), (
            f"DATABASE_URL is missing, and {' and '.join(where)} it is needed: the embedded database would keep the "
            f"ledger under {describe('data.dir')}, and a ledger on a disk that vanishes forgets what was posted; set "
            "DATABASE_URL, or mount a volume there and set data.volume = true"
        ))


def _is_loopback(url: str | None) -> bool:
    if url is None:
        return True
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
