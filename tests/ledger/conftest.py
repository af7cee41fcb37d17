"""One Chromium for each file of tests; a site, a ledger and a journal for each test."""

from __future__ import annotations

import itertools
import os
import time
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from actors.domain.platform_state import Platform, PlatformRules
from actors.embedded.valkey import require_free
from actors.errors import ConfigError
from actors.pages import composer, visit
from actors.resources import platform_watch
from actors.resources.browser import Browser
from actors.resources.journal import Journal
from actors.resources.platform_watch import PlatformWatch
from actors.sandbox import server
from actors.sandbox.clock import Anchor
from actors.sandbox.faults import FAULTS
from actors.sandbox.server import SandboxOptions, running
from actors.sandbox.session import storage_state
from tests.fakes import LedgerDoor
from tests.jobs.doors import START
from tests.ledger.site_bench import LeapClock, Site, SiteBench, ahead_of
from tests.resources.browser_stage import settings
from tests.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_ACCOUNT = "commons_daily"
_SHORTER_WAITS = {
    # Longer than the latest toast, and than a busy machine takes; shorter than a test's patience.
    "publication._EVIDENCE_S": 6.0,
    "status._NEXT_CARDS_S": 0.5,
    "timeline._NEXT_CARDS_S": 0.5,
}
"""What the errands wait for something that does not come, in real seconds."""

_IN_VAIN = {"half_page": (visit, "_LANDMARK_S", 2.5), "renamed_testid": (composer, "_FOUND_S", 2.0)}
"""The same while a fault is armed; without it that does come, as late as a busy machine will have it."""

_SHORTER_FAULTS = {"slow": 0.5, "toast_late": 0.5}


@pytest.fixture(scope="module")
def port() -> int:
    """Return the port of every site of a file: a Chromium reaches the one it was launched for, and no other.

    It is none of those that the system deals out, for between two tests nobody listens on it.
    """
    for found in itertools.count(20_000 + os.getpid() % 10_000):
        with suppress(ConfigError):
            require_free(found, "the sites")
            break
    return found


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stage, Browser]]:
    """Yield a front of the browser, which no site is given to yet, and the stage it stands on."""
    stage = Stage()
    folder = tmp_path_factory.mktemp("chromium")
    session = storage_state("127.0.0.1")
    browser = Browser(stage.loop, settings("", folder, account=_ACCOUNT, session=session))
    stage.front(browser, 2)
    yield stage, browser
    stage.close()


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, port: int) -> Iterator[Site]:
    """Yield a site that nobody of ours has posted on."""
    monkeypatch.setattr(server, "ScheduleClock", LeapClock)
    for name, seconds in _SHORTER_FAULTS.items():
        monkeypatch.setitem(FAULTS, name, replace(FAULTS[name], seconds=seconds))
    folder = tmp_path / "sandbox"
    folder.mkdir()
    options = SandboxOptions(port, folder, speed=1.0, anchor=Anchor(time.time(), START.timestamp()), account=_ACCOUNT)
    usual = {fault: getattr(module, name) for fault, (module, name, _) in _IN_VAIN.items()}

    def told(fault: str, count: int) -> None:
        if fault in _IN_VAIN:
            module, name, seconds = _IN_VAIN[fault]
            monkeypatch.setattr(module, name, seconds if count else usual[fault])

    with running(options) as sandbox:
        assert isinstance(sandbox.clock, LeapClock)
        yield Site(sandbox, sandbox.clock, told)


@pytest.fixture
def bench(
    chromium: tuple[Stage, Browser], site: Site, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SiteBench]:
    """Yield a bench that has read the empty timeline and may publish."""
    stage, browser = chromium
    for name, seconds in _SHORTER_WAITS.items():
        monkeypatch.setattr(f"actors.pages.{name}", seconds)
    leap = ahead_of(platform_watch, monkeypatch)
    browser.shed()
    browser.settings = replace(browser.settings, site=site.url)
    browser.platform = PlatformWatch(Platform(PlatformRules()), _ACCOUNT)
    ledger = LedgerDoor(database_url)
    bench = SiteBench(ledger, site, stage, leap)
    bench.journal = Journal(tmp_path / "journal")
    yield bench
    bench.journal.close()
    ledger.close()
