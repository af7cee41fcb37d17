"""`session` as an operator meets it: what is imported, what is refused, and what is shown."""

from __future__ import annotations

import base64
import json
import subprocess
import time
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from actors.commands.check_operation import Advice, alerts, control_key, end, http_door, session_standing, volume
from actors.commands.session import import_session
from actors.config import Config, load
from actors.errors import AppError, ConfigError
from actors.sandbox.session import DEV_TOKEN, storage_state
from tests.commands.test_command_line import ROOT, supervisor

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

KEY, OTHER = (base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2))
STATE = storage_state("127.0.0.1")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Write the sandbox's session into a file."""
    file = tmp_path / "state.json"
    file.write_text(json.dumps(STATE), encoding="utf-8")
    return file


def take(file: Path, url: str, key: str = KEY) -> subprocess.CompletedProcess[str]:
    return supervisor("session", "import", str(file), DATABASE_URL=url, SESSION_KEY=key)


def shown(url: str, **environment: str) -> dict[str, Any]:
    done = supervisor("session", "show", "--json", DATABASE_URL=url, **environment)
    assert done.returncode == 0, done.stderr
    assert DEV_TOKEN not in done.stdout
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def test_e2_a_session_is_imported_into_an_empty_database_sealed_and_told_without_a_value(
    empty_database_url: str, file: Path
) -> None:
    first, second = take(file, empty_database_url), take(file, empty_database_url)
    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert DEV_TOKEN not in first.stdout + first.stderr
    with psycopg.connect(empty_database_url) as connection:
        (kept,) = connection.execute("SELECT version, sealed, sessions::text FROM sessions").fetchall()
    assert kept[0] == 2
    assert DEV_TOKEN.encode() not in kept[1]
    told = shown(empty_database_url, SESSION_KEY=KEY)
    assert (told["version"], [each["name"] for each in told["cookies"]]) == (2, ["auth_token", "ct0"])
    assert shown(empty_database_url, SESSION_KEY=OTHER)["cookies"] is None


@pytest.mark.parametrize(
    ("content", "key", "hint"),
    [
        ("no JSON, my-secret", KEY, "it is no JSON"),
        ('{"cookies": "my-secret"}', KEY, "no storage state"),
        (json.dumps(storage_state("other.example")), KEY, "not of 127.0.0.1"),
        (json.dumps({"cookies": [{**STATE["cookies"][0], "expires": time.time() - 60}]}), KEY, "expired: auth_token"),
        (json.dumps(STATE), "", "SESSION_KEY"),
        (json.dumps(STATE), "my-secret", "SESSION_KEY"),
    ],
)
def test_e2_a_file_that_is_no_good_session_is_refused_and_nothing_of_it_repeated(
    content: str, key: str, hint: str, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text(content, encoding="utf-8")
    for name, value in {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none", "SESSION_KEY": key}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError) as refused:
        import_session(file, data=None)
    assert hint in str(refused.value)
    assert DEV_TOKEN not in str(refused.value)
    assert "my-secret" not in str(refused.value)


def test_check_says_whether_the_imported_session_can_be_used_and_how_long(
    empty_database_url: str, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = {"cookies": [{**STATE["cookies"][0], "expires": time.time() + 3600}]}
    file.write_text(json.dumps(state), encoding="utf-8")
    monkeypatch.setenv("DATABASE_URL", empty_database_url)
    monkeypatch.setenv("SESSION_KEY", KEY)
    assert import_session(file, data=None) == 0

    def standing(**environment: str) -> str:
        advice = session_standing(load(ROOT / "config.toml", {"DATABASE_URL": empty_database_url, **environment}))
        return f"{advice.found}: {advice.hint}"

    assert "version 1, imported" in standing(SESSION_KEY=KEY)
    assert "import one" in standing(SESSION_KEY=KEY), "its cookie ends within the hour"
    for environment, words in (({}, "SESSION_KEY is not set"), ({"SESSION_KEY": OTHER}, "and SESSION_KEY is key")):
        with pytest.raises(AppError) as refused:
            standing(**environment)
        assert words in str(refused.value)


@pytest.mark.parametrize(
    ("look", "environment", "found", "hint"),
    [
        (control_key, {"REDIS_URL": "redis://127.0.0.1:1/0"}, "may only read or stop", "CONTROL_KEY"),
        (control_key, {}, "not needed", ""),
        (http_door, {"PORT": "8080"}, "/livez, /startz and /readyz only", "HTTP_TOKEN"),
        (http_door, {"PORT": "8080", "HTTP_TOKEN": "t" * 32}, "the rest with the token", ""),
        (alerts, {}, "error lines of the log only", "ALERT_WEBHOOK_URL"),
        (volume, {"DATABASE_URL": "postgresql://x@y/z"}, "receipts", "data.volume"),
        (volume, {"SUPERVISOR_DATA_VOLUME": "true"}, "survives", ""),
        (end, {"RAILWAY_DEPLOYMENT_DRAINING_SECONDS": "60"}, "runs have 52 s", ""),
        (end, {"SUPERVISOR_SUPERVISION_GRACE": "0s"}, "runs have 0 s", ""),
    ],
)
def test_check_says_of_operating_what_is_set_and_what_may_be_done(
    look: Callable[[Config], Advice], environment: dict[str, str], found: str, hint: str
) -> None:
    advice = look(load(ROOT / "config.toml", environment))
    assert found in advice.found
    assert hint in advice.hint
    assert bool(hint) is bool(advice.hint)


def test_a_session_that_is_not_there_is_said_to_be_missing(database_url: str) -> None:
    done = supervisor("session", "show", DATABASE_URL=database_url)
    assert (done.returncode, "no session" in done.stdout) == (1, True)
