"""The browser as the system sees it: the driver's process, Chromium's process group, and how both are killed whole."""

from __future__ import annotations

import contextlib
import os

import psutil

_DRIVER_WORD = "run-driver"
"""Last word of the driver's command line, by which it is told from our other children."""


class BrowserProcesses:
    """Driver and Chromium of one launch, from its first instant. Any thread.

    The driver is our child; Chromium is the driver's, and the leader of a process group that keeps its members
    together when it or the driver is dead.
    """

    def __init__(self) -> None:
        self._others = {child.pid for child in _children()}
        self._driver: psutil.Process | None = None
        self._main: psutil.Process | None = None
        self._name = ""

    def launched(self, pid: int) -> None:
        """Chromium is up, with this main process."""
        self._main = psutil.Process(pid)
        self._driver = psutil.Process(self._main.ppid())
        self._name = self._main.name()

    def are_whole(self) -> bool:
        """Return whether Chromium and its driver both live."""
        return self._main is not None and self._driver is not None and _runs(self._main) and _runs(self._driver)

    def kill(self) -> int:
        """Kill both with all their children, and return how many processes that were."""
        victims = {process.pid: process for process in self._all() if _runs(process)}
        for process in victims.values():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        return len(victims)

    def _all(self) -> list[psutil.Process]:
        """Return Chromium's processes first, so that a living driver can reap them, and the driver last."""
        drivers = [self._driver] if self._driver is not None else self._new_drivers()
        below = [each for driver in drivers for each in _below(driver)]
        return [*below, *self._group(), *drivers]

    def _new_drivers(self) -> list[psutil.Process]:
        """Return the driver of a launch that did not end; whoever else has one started it before."""
        return [child for child in _children() if child.pid not in self._others and _DRIVER_WORD in _words(child)[-1:]]

    def _group(self) -> list[psutil.Process]:
        """Return what lives of Chromium's process group. By name as well, for a number may be used anew."""
        if self._main is None:
            return []
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, ProcessLookupError):
                if os.getpgid(process.pid) == self._main.pid and process.name() == self._name:
                    found.append(process)
        return found


def _children() -> list[psutil.Process]:
    return psutil.Process().children()


def _below(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        # It is ending: no living driver.
        return []


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
