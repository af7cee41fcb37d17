"""`session import FILE` and `session show`: the account's login, sealed before it is stored, and never shown."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.rows import dict_row

from actors.commands.loading import load_all
from actors.domain.duration import format_duration
from actors.domain.escaping import escape
from actors.domain.session import MOST_BYTES, accept, facts
from actors.embedded.postgres import EmbeddedPostgres
from actors.errors import AppError, ConfigError, ConflictError
from actors.resources.database import migrate, translate
from actors.resources.database_trouble import remedy_of
from actors.resources.login import host_of
from actors.sql.queries import Statement, load_queries

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from actors.config import Config, Secret

_LIMIT_S = 5
Connection = psycopg.Connection[dict[str, Any]]


def import_session(file: Path, *, data: Path | None) -> int:
    """Store the session that a file holds, in place of the one before; return 0. The file is only read.

    A running supervisor takes it within a minute, another one at its start.

    Raises:
        ConfigError: no key, or the file is no session of this site that is still good.
        AppError: no database; ConflictError if somebody else imported at the same moment.
    """
    from actors.resources.envelope import Place, key_id, seal

    config = _config(data)
    key, host = _key(config), host_of(config.platform.url or "")
    state = accept(_read(file), host, datetime.now(UTC))
    where = {"site": host, "account": config.platform.account}
    with connect(config) as connection:
        try:
            with connection.transaction():
                migrate(connection)
            before = session_row(connection, host, config.platform.account)
            version = (before["version"] if before else 0) + 1
            sealed = seal(state, key, Place(host, config.platform.account, version))
            new = {**where, "before": version - 1, "key_id": key_id(key), "sealed": sealed}
            stored = _ask(connection, Statement("store_session", new))
        except psycopg.Error as error:
            raise translate(error) from error
    if not stored:
        raise ConflictError("another session was imported at this moment", "look at it: `session show`")
    sys.stdout.write(f"version {version} of the session of {config.platform.account} on {host} is stored\n")
    sys.stdout.write(_lines(state, datetime.now(UTC)))
    sys.stdout.write(f"A running supervisor uses it within a minute. {file} opens the account to anybody: delete it.\n")
    return 0


def show_session(*, data: Path | None, as_json: bool) -> int:
    """Print version, age, and the names and ends of its cookies, never a value; return 0, 1 if there is none.

    Without SESSION_KEY, or with another one than sealed it, the cookies stay unknown.

    Raises:
        AppError: no database, or the session was changed.
    """
    from actors.resources.envelope import Place, key_id, unseal

    config = _config(data)
    host, account = host_of(config.platform.url or ""), config.platform.account
    with connect(config) as connection:
        try:
            row = session_row(connection, host, account)
        except psycopg.Error as error:
            raise translate(error) from error
    if row is None:
        sys.stdout.write("null\n" if as_json else f"no session of {account} on {host} was imported\n")
        return 1
    key = config.platform.session_key
    ours = key_id(key) if key is not None else None
    is_open = key is not None and ours == row["key_id"]
    state = unseal(bytes(row["sealed"]), key, Place(host, account, row["version"])) if is_open and key else None
    cookies = facts(state) if state else None
    if as_json:
        told = [{"name": c.name, "domain": c.domain, "expires": c.expires} for c in cookies] if cookies else None
        document = {"site": host, "account": account, "version": row["version"], "key_id": row["key_id"]}
        document |= {"age_s": round(row["age_s"]), "cookies": told}
        json.dump(document, sys.stdout, default=lambda at: at.isoformat())
        sys.stdout.write("\n")
        return 0
    age = format_duration(timedelta(seconds=max(0, round(row["age_s"]))))
    sys.stdout.write(f"version {row['version']} of the session of {account} on {host}, imported {age} ago\n")
    if state is None:
        other = "SESSION_KEY is not set" if ours is None else f"SESSION_KEY is key {ours}"
        sys.stdout.write(f"sealed by key {row['key_id']}; {other}, so its cookies are not known here\n")
    else:
        sys.stdout.write(_lines(state, datetime.now(UTC)))
    return 0


def _config(data: Path | None) -> Config:
    config, _ = load_all({"data.dir": str(data)} if data is not None else None)
    return config


def _key(config: Config) -> Secret:
    key = config.platform.session_key
    if key is None:
        raise ConfigError("SESSION_KEY is not set", "make one with `openssl rand -base64 32`, here and for `run`")
    return key


def _read(file: Path) -> Any:
    try:
        with file.open("rb") as opened:
            text = opened.read(MOST_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}") from None
    if len(text) > MOST_BYTES:
        raise ConfigError(f"{file} is no login of one site: it is longer than {MOST_BYTES} bytes")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        # The parser's own words would repeat what stands there.
        raise ConfigError(f"{file} is no storage state: it is no JSON") from None


def connect(config: Config) -> Connection:
    """Return a connection to the ledger that answers within seconds or never.

    Raises:
        AppError: no database runs, or it cannot be reached.
    """
    url = config.database.url.reveal() if config.database.url else EmbeddedPostgres(config.data.dir).running_url()
    if url is None:
        raise AppError("no database runs", "start the supervisor first, give its --data, or set DATABASE_URL")
    options = f"-c statement_timeout={1000 * _LIMIT_S}"
    try:
        return psycopg.connect(url, connect_timeout=_LIMIT_S, options=options, row_factory=dict_row, autocommit=True)
    except psycopg.Error as error:
        reason = " ".join(str(error).split())
        raise AppError(f"Postgres cannot be reached: {reason}", remedy_of(reason)) from error


def session_row(connection: Connection, site: str, account: str) -> dict[str, Any] | None:
    """Return what is stored of the account's session, or None; also where the schema has no table for it yet."""
    try:
        rows = _ask(connection, Statement("session_of", {"site": site, "account": account}))
    except psycopg.errors.UndefinedTable:
        return None
    return rows[0] if rows else None


def _ask(connection: Connection, statement: Statement) -> list[dict[str, Any]]:
    return connection.execute(load_queries()[statement.query].encode(), statement.params).fetchall()


def _lines(state: Mapping[str, Any], now: datetime) -> str:
    lines = []
    for fact in facts(state):
        if fact.expires is None:
            end = "until it is replaced"
        else:
            end = f"{'expired' if fact.expires <= now else 'until'} {fact.expires:%Y-%m-%d %H:%M} UTC"
        lines.append(f"  {escape(fact.name)} ({escape(fact.domain)}): {end}\n")
    return "".join(lines)
