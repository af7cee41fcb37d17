"""The command line as a stranger meets it: subprocesses, their output and their exit codes."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


def supervisor(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command line with an environment that knows no service of this machine."""
    known = ("DATABASE_URL", "REDIS_URL", "OPENAI_API_KEY", "OPENAI_BASE_URL", "PLATFORM_URL", "CHROMIUM_PATH")
    clean = {name: value for name, value in os.environ.items() if name not in known}
    return subprocess.run(
        [sys.executable, "supervisor.py", *words],
        cwd=ROOT,
        env={**clean, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_jobs_as_json_is_one_document_with_the_promised_keys() -> None:
    done = supervisor("jobs", "--json")
    assert done.returncode == 0
    rows = json.loads(done.stdout)
    keys = {"name", "family", "priority", "every_s", "offset_s", "uses", "after", "enabled", "covers"}
    assert all(set(row) == keys for row in rows)
    posting = next(row for row in rows if row["name"] == "posting")
    assert (posting["family"], posting["priority"], posting["every_s"]) == ("publishing", "P0", 300.0)
    assert posting["uses"] == ["browser", "database"]
    assert posting["after"] == ["plan"]


def test_d12_only_posting_and_plan_are_p0() -> None:
    rows = json.loads(supervisor("jobs", "--json").stdout)
    assert {row["name"] for row in rows if row["priority"] == "P0"} == {"posting", "plan"}


def test_check_names_every_dependency_and_whose_rules_are_kept_and_is_content_here(tmp_path: Path) -> None:
    done = supervisor("check", "--json", "--data", str(tmp_path / "data"))
    assert done.returncode == 0, done.stdout
    findings = {finding["name"]: finding for finding in json.loads(done.stdout)}
    looked_at = ["configuration", "data directory", "Chromium", "Postgres", "Redis", "model", "platform", "rules"]
    operating = ["caps", "session", "control key", "HTTP", "alerts", "volume", "end", "build"]
    assert [*findings] == [*looked_at, *operating, "schedule"]
    assert findings["rules"]["found"].startswith("sandbox: nothing is configured against its rules (")


def test_check_says_what_to_do_about_each_thing_that_is_missing() -> None:
    environment = {
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "OPENAI_BASE_URL": "http://127.0.0.1:1/v1",
        "OPENAI_API_KEY": "sk-x",
        "PLATFORM_URL": "http://127.0.0.1:1",
        "CHROMIUM_PATH": "/nowhere/chromium",
    }
    done = supervisor("check", "--json", **environment)
    assert done.returncode == 1
    findings = {finding["name"]: finding for finding in json.loads(done.stdout)}
    for name, hint in {
        "Postgres": "DATABASE_URL: nobody listens there",
        "Redis": "REDIS_URL",
        "model": "OPENAI_BASE_URL",
        "platform": "PLATFORM_URL",
        "Chromium": "CHROMIUM_PATH",
    }.items():
        assert not findings[name]["ok"], name
        assert hint in findings[name]["found"] + findings[name]["hint"]


@pytest.mark.parametrize("command", ["run", "check", "jobs"])
def test_k9_a_wrong_value_is_refused_before_anything_starts(command: str) -> None:
    done = supervisor(command, SUPERVISOR_BROWSER_CONTEXTS="many", SUPERVISOR_BROWSER_CONTEXS="3")
    assert done.returncode == 2
    assert done.stdout == ""
    for word in ("SUPERVISOR_BROWSER_CONTEXTS", "many", "whole number", "SUPERVISOR_BROWSER_CONTEXS", "nearest known"):
        assert word in done.stderr


def test_check_names_every_conflict_with_the_rules_of_a_platform_and_refuses_it() -> None:
    done = supervisor("check", SUPERVISOR_PLATFORM_NAME="x", SUPERVISOR_PUBLISHING_SPACING="20m")
    assert done.returncode == 2
    for words in ("by a browser", "approved", "2 posts in 1h", "8 posts in 1d", "as of 2026-08-22"):
        assert words in done.stderr


def test_a_platform_that_is_not_this_machine_is_refused_without_a_lasting_ledger() -> None:
    done = supervisor("run", PLATFORM_URL="https://social.example")
    assert done.returncode == 2
    assert "DATABASE_URL" in done.stderr


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("run", "--speed", "fast"), "speed"),
        (("run", "--for", "soon"), "duration"),
        (("send", "dance"), "known"),
        (("run", "--sped", "60"), "--sped"),
    ],
)
def test_wrong_words_are_refused_with_a_hint_and_exit_code_2(words: tuple[str, ...], hint: str, tmp_path: Path) -> None:
    done = supervisor(*words, "--data", str(tmp_path / "data"))
    assert done.returncode == 2
    assert hint in done.stderr


def test_send_without_a_supervisor_says_how_to_start_one(tmp_path: Path) -> None:
    done = supervisor("send", "status", "--data", str(tmp_path / "data"))
    assert done.returncode == 1
    assert "make run" in done.stderr


def finding(done: subprocess.CompletedProcess[str], name: str) -> dict[str, Any]:
    return next(found for found in json.loads(done.stdout) if found["name"] == name)


def test_why_without_a_supervisor_says_so_as_the_one_reason(tmp_path: Path) -> None:
    done = supervisor("why", "posting", "--json", "--data", str(tmp_path))
    explanation = json.loads(done.stdout)
    assert done.returncode == 1
    assert [reason["kind"] for reason in explanation["reasons"]] == ["supervisor_away"]
    assert "no supervisor runs" in explanation["reasons"][0]["text"]
    assert (explanation["job"], explanation["running"], explanation["earliest"]) == ("posting", False, None)


def test_k8_no_check_repeats_a_secret() -> None:
    done = supervisor(
        "check",
        "--json",
        DATABASE_URL="postgresql://us:very-secret-word@127.0.0.1:1/none",
        REDIS_URL="redis://:very-secret-word@127.0.0.1:1/0",
        OPENAI_BASE_URL="http://127.0.0.1:1/v1",
        OPENAI_API_KEY="very-secret-word",
    )
    assert [finding(done, name)["ok"] for name in ("Postgres", "Redis", "model")] == [False] * 3
    assert "very-secret-word" not in done.stdout + done.stderr


def test_check_names_what_is_there_but_speaks_no_http(valkey_url: str) -> None:
    somebody = valkey_url.replace("redis://", "http://").removesuffix("/0")
    done = supervisor("check", "--json", OPENAI_BASE_URL=somebody, OPENAI_API_KEY="sk-any", PLATFORM_URL=somebody)
    assert done.returncode == 1, done.stderr
    assert "OPENAI_BASE_URL" in finding(done, "model")["hint"]
    assert "PLATFORM_URL" in finding(done, "platform")["hint"]


def test_check_finds_servers_of_the_operator_s_own(postgres_url: str, valkey_url: str) -> None:
    done = supervisor("check", "--json", DATABASE_URL=postgres_url, REDIS_URL=valkey_url)
    assert done.returncode == 0, done.stdout
    assert finding(done, "Postgres")["found"].startswith("yours, version")
    assert "CONTROL_KEY" in finding(done, "Redis")["found"]


def test_check_refuses_a_data_directory_that_cannot_be_one(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = supervisor("check", "--json", "--data", str(tmp_path / "file" / "data"))
    assert done.returncode == 1
    assert "data.dir" in finding(done, "data directory")["hint"]


def test_b7_a_data_directory_in_use_is_refused_with_the_pid_of_its_user(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    with (data / "supervisor.lock").open("a+") as held:
        held.write("4711")
        held.flush()
        fcntl.flock(held, fcntl.LOCK_EX)
        done = supervisor("run", "--data", str(data))
    assert done.returncode == 2
    assert "another supervisor (pid 4711)" in done.stderr
    assert "--data" in done.stderr
    assert [path.name for path in data.iterdir()] == ["supervisor.lock"]
