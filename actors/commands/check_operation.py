"""What `check` says of operating: caps, the login, who may give words, who may look, what is kept, how it ends."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

from actors.commands.dial import dial
from actors.commands.session import connect, session_row
from actors.domain.caps import DAY
from actors.domain.duration import format_duration
from actors.domain.grace import drain_s
from actors.domain.session import expired, facts
from actors.embedded.postgres import EmbeddedPostgres
from actors.errors import AppError
from actors.ledger.permission import caps_of
from actors.resources.login import host_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from actors.config import Config

_DIAL_S = 5.0
_DRAINING = "RAILWAY_DEPLOYMENT_DRAINING_SECONDS"
_SOON = timedelta(days=7)
_IMPORT = "import one: python supervisor.py session import FILE"


@dataclass(frozen=True, slots=True)
class Advice:
    """What was found, and what may be done about it although nothing is wrong."""

    found: str
    hint: str = ""


def session_standing(config: Config) -> Advice:
    """Tell of the imported login. Asks a database of yours, or the embedded one while it runs.

    Raises:
        AppError: it is there and cannot be used.
    """
    handed = "the sandbox hands one out to everybody"
    key = config.platform.session_key
    if key is not None:
        from actors.resources.envelope import key_id

        key_id(key)
    if config.database.url is None and EmbeddedPostgres(config.data.dir).running_url() is None:
        return Advice(f"not known, for no database runs; without one {handed}")
    try:
        with connect(config) as connection:
            row = session_row(connection, host_of(config.platform.url or ""), config.platform.account)
    except (psycopg.Error, AppError):
        # Its own line says so.
        return Advice("not known, for Postgres cannot be asked")
    if row is None:
        return Advice(f"none was imported; {handed}", "" if key is None else _IMPORT)
    return Advice(*_told_of(config, row))


def _told_of(config: Config, row: dict[str, Any]) -> tuple[str, str]:
    key, now = config.platform.session_key, datetime.now(UTC)
    age = format_duration(timedelta(seconds=max(0, round(row["age_s"]))))
    told = f"version {row['version']}, imported {age} ago"
    if key is None:
        raise AppError(f"{told}, and SESSION_KEY is not set", "set the key of its import")
    from actors.resources.envelope import Place, key_id, unseal

    if key_id(key) != row["key_id"]:
        hint = "set the key of its import, or import it again"
        raise AppError(f"{told} under key {row['key_id']}, and SESSION_KEY is key {key_id(key)}", hint)
    place = Place(host_of(config.platform.url or ""), config.platform.account, row["version"])
    state = unseal(bytes(row["sealed"]), key, place)
    late = expired(state, now)
    if late:
        raise AppError(f"{told}; expired since: {', '.join(fact.name for fact in late)}", _IMPORT)
    ends = min((fact.expires for fact in facts(state) if fact.expires is not None), default=None)
    if ends is None:
        return told, ""
    return f"{told}, its first cookie ends {ends:%Y-%m-%d %H:%M} UTC", _IMPORT if ends - now < _SOON else ""


def caps(config: Config) -> Advice:
    """Tell how much each lane may publish, and whether its day is used up long before it ends."""
    told, hints = [], []
    for lane, setting in (("content", "spacing"), ("reply", "reply_spacing")):
        caps = caps_of(config, lane)
        told.append(f"{lane}: {caps.per_day} a day, {format_duration(caps.gap)} apart")
        if caps.silence:
            silence, even = format_duration(caps.silence), format_duration(DAY / caps.per_day)
            hints.append(f"{lane} may stand still for {silence} of each day: set publishing.{setting} to {even}")
    return Advice("; ".join(told), "; ".join(hints))


def control_key(config: Config) -> Advice:
    """Tell who may give which control words."""
    if config.control.key is not None:
        return Advice("set; `send` signs its words with it")
    if config.redis.url is None:
        return Advice("not needed: Redis is embedded, and words come from this machine")
    return Advice(
        "not set: on your Redis words may only read or stop",
        "set CONTROL_KEY (openssl rand -hex 32), here and where you type `send`",
    )


def http_door(config: Config) -> Advice:
    """Tell what is served over HTTP, and to whom."""
    http = config.http
    if not http.enabled or http.port is None:
        why = "http.enabled is false" if not http.enabled else "PORT is not set"
        return Advice(
            f"nothing is served: {why}", "" if http.port is None else "a platform that asks /startz gets nothing"
        )
    if http.token is None:
        hint = "set HTTP_TOKEN (openssl rand -hex 32) for /metrics and /status"
        return Advice(f"port {http.port}: /livez, /startz and /readyz only", hint)
    return Advice(f"port {http.port}: /livez, /startz and /readyz for everybody, the rest with the token")


def alerts(config: Config) -> Advice:
    """Tell who is called, and look whether somebody takes a call there; nothing is posted.

    Raises:
        AppError: nobody does; the text does not give the URL away.
    """
    calls = config.alerts
    for variable, url in (("ALERT_WEBHOOK_URL", calls.webhook), ("PING_URL", calls.ping)):
        if url is not None and (trouble := dial(url, _DIAL_S)):
            raise AppError(f"nobody takes a call: {trouble}", f"check {variable}")
    named = [name for name, value in (("a webhook", calls.webhook), ("a dead-man's ping", calls.ping)) if value]
    hint = "" if calls.webhook else "set ALERT_WEBHOOK_URL, or somebody has to read the log"
    return Advice(" and ".join(named) or "error lines of the log only", hint)


def volume(config: Config) -> Advice:
    """Tell what a new deployment finds of the data directory."""
    mount = os.environ.get("RAILWAY_VOLUME_MOUNT_PATH")
    is_mounted = bool(mount and config.data.dir.resolve().is_relative_to(Path(mount).resolve()))
    if config.data.volume or is_mounted:
        return Advice(f"{config.data.dir} survives a new deployment ({'data.volume' if config.data.volume else mount})")
    lost = "due receipts that wait in the journal while Postgres is away"
    lost = lost if config.database.url else "everything, the ledger included"
    hint = "mount one there and set data.volume = true, if this disk does not survive a new deployment"
    return Advice(f"{config.data.dir} is on no volume: with it goes {lost}", hint)


def end(config: Config) -> Advice:
    """Tell how it ends and what its exit code makes of that."""
    settings, is_on_railway = config.supervision, bool(os.environ.get("RAILWAY_ENVIRONMENT"))
    who = "supervision.grace" if settings.draining is None else _DRAINING
    told = f"{settings.grace_s:.0f} s of grace ({who}), of which runs have {drain_s(settings.grace_s):.0f} s"
    codes = "exit codes: 0 as asked, 1 gave up, 2 refused, 70 no progress"
    hints = ["let the platform restart it ALWAYS: under ON_FAILURE a 0 is final"] if is_on_railway else []
    if is_on_railway and settings.draining is None:
        told = f"{_DRAINING} is not set: unless its settings or railway.json say more, Railway gives 0 s of grace"
        hints.insert(0, f"set {_DRAINING}=60, which Railway keeps to and runs are fitted to")
    return Advice(f"{told}; {codes}", "; ".join(hints))


LOOKS: dict[str, Callable[[Config], Advice]] = {
    "caps": caps,
    "session": session_standing,
    "control key": control_key,
    "HTTP": http_door,
    "alerts": alerts,
    "volume": volume,
    "end": end,
}
