"""A browser on a site of static pages, errands that a test sends there, and its processes."""

from __future__ import annotations

import asyncio
import contextlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import psutil

from actors.domain.priority import Priority
from actors.embedded.chromium import find
from actors.resources.browser import BrowserClient, BrowserSettings
from actors.resources.login import Login

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Page

    from actors.pages.errand import Desk
    from tests.stage import Stage

PAGE = "/us"


@dataclass(frozen=True, slots=True)
class Look:
    """Open the page and return what this script says there."""

    script: str = "document.title"
    path: str = PAGE

    expected_s: ClassVar[float] = 1.0
    deadline_s: ClassVar[float] = 20.0
    needs_login: ClassVar[bool] = False
    recallable: ClassVar[bool] = False

    async def perform(self, page: Page, desk: Desk) -> Any:
        await page.goto(desk.site + self.path, wait_until="domcontentloaded")
        return await page.evaluate(self.script)


@dataclass(frozen=True, slots=True)
class Wait(Look):
    """Wait in the page until it is closed or killed."""

    script: str = "() => new Promise(() => {})"


@dataclass(frozen=True, slots=True)
class Meet(Look):
    """Return once as many errands as `parties` are on their pages."""

    barrier: Any = None

    async def perform(self, page: Page, desk: Desk) -> Any:
        await asyncio.to_thread(self.barrier.wait, 20)
        return await page.evaluate("1 + 1")


def settings(site: str, folder: Path, **changes: Any) -> BrowserSettings:
    """Return settings with everything of Chromium's in this folder."""
    usual: dict[str, Any] = {
        "executable": str(find(os.environ).path),
        "site": site,
        "account": "us",
        "session": None,
        "idle_stop_s": 600.0,
        "retire_after": 1000,
        "environment": {"PATH": os.environ["PATH"], "TMPDIR": str(folder), "HOME": str(folder)},
    }
    given = {**usual, **changes}
    login = given["session"]
    return BrowserSettings(**{**given, "session": login if isinstance(login, Login) else Login(login)})


def client(stage: Stage, priority: Priority = Priority.P1) -> BrowserClient:
    return BrowserClient(stage.caller("browser", priority, within=60.0))


_others: set[int] = set()


def overlook_others() -> None:
    """Leave alone what lived before this test: other modules keep a Chromium for all of their tests."""
    _others.clear()
    _others.update(process.pid for process in psutil.Process().children(recursive=True))


def ours() -> dict[int, list[str]]:
    """Return pid and command line of each process below this test that lives."""
    found = {}
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if process.pid not in _others and (words := process.cmdline()):
                found[process.pid] = words
    return found


def chromiums() -> list[psutil.Process]:
    """Return the main processes of all Chromiums below this process."""
    program = str(find(os.environ).path)
    return [
        psutil.Process(pid)
        for pid, words in ours().items()
        if program in words[0] and not any(word.startswith("--type=") for word in words)
    ]


def chromiums_in(folder: Path) -> list[psutil.Process]:
    """Return the main processes of the Chromiums whose settings name this folder, whoever their parent is by now."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            words = process.cmdline()
            is_main = bool(words) and "headless" in words[0] and not any(word.startswith("--type=") for word in words)
            if is_main and process.environ().get("TMPDIR") == str(folder):
                found.append(process)
    return found


def drivers() -> list[psutil.Process]:
    """Return the drivers below this process."""
    return [psutil.Process(pid) for pid, words in ours().items() if words[-1] == "run-driver"]


def is_dead(process: psutil.Process) -> bool:
    """Return whether it does not run any more, be it reaped or not."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
