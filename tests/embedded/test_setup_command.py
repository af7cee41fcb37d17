"""The set-up command: does what is missing once, and nothing the second time."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from actors.embedded import browser_setup, setup
from actors.embedded.chromium import Browser
from actors.errors import ConfigError


@pytest.fixture
def installs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Count the installations, and keep stamp and lock file in a folder of the test."""
    done: list[str] = []
    browser = Browser(tmp_path / "chrome", "test")

    def install(*_: object) -> Browser:
        done.append("chromium")
        return browser

    monkeypatch.setattr(setup, "STAMP", tmp_path / "stamp")
    monkeypatch.setattr(setup, "LOCK_FILE", tmp_path / "lock")
    monkeypatch.setattr(setup, "find", lambda _: browser)
    monkeypatch.setattr(browser_setup, "install", install)
    (tmp_path / "lock").write_text("a==1\n")
    return done


def test_the_first_set_up_names_what_it_found_and_the_second_does_nothing(
    installs: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert setup.main() == 0
    said = capsys.readouterr().out
    assert "Postgres" in said
    assert "Valkey" in said
    assert "Chromium (test)" in said

    assert setup.main() == 0
    assert capsys.readouterr().out == ""
    assert installs == ["chromium"]


def test_a_changed_lock_file_is_set_up_anew(installs: list[str]) -> None:
    setup.main()
    setup.LOCK_FILE.write_text("a==2\n")

    setup.main()

    assert len(installs) == 2


def test_a_browser_that_went_away_is_looked_for_again(installs: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    setup.main()

    def gone(_: object) -> Browser:
        raise ConfigError("no Chromium was found")

    monkeypatch.setattr(setup, "find", gone)
    setup.main()

    assert len(installs) == 2


@pytest.mark.usefixtures("installs")
def test_k8_what_installs_a_browser_inherits_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-operator")
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:hunter2@db/x")
    inherited: list[str] = []

    def install(*_: object) -> Browser:
        inherited.append(subprocess.run(("env",), check=True, capture_output=True, text=True).stdout)
        return Browser(Path("chrome"), "test")

    monkeypatch.setattr(browser_setup, "install", install)

    assert setup.main() == 0
    assert len(inherited) == 1
    assert re.findall("sk-of-the-operator|hunter2", inherited[0]) == []


def test_what_cannot_be_had_is_said_in_one_line_with_exit_code_2(
    installs: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> Browser:
        raise ConfigError("no Chromium could be installed", "do this")

    monkeypatch.setattr(browser_setup, "install", fail)

    assert setup.main() == 2
    assert capsys.readouterr().err == "set-up: no Chromium could be installed (do this)\n"
    assert installs == []
