"""Getting a Chromium onto this machine: Playwright's download first, the system's package manager second."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from actors.embedded.chromium import HOW_TO_INSTALL, Browser, find
from actors.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

DOWNLOAD_SECONDS = 300.0
APT_SECONDS = 600.0
PROBE_SECONDS = 30.0


def install(env: Mapping[str, str], progress: Callable[[str], None]) -> Browser:
    """Return a Chromium that starts, installing one where needed; `progress` is told what is tried.

    A download that lacks its libraries does not start and counts for nothing: the next way is tried.

    Raises:
        ConfigError: every way failed; it names the commands to try by hand.
    """
    if browser := _found(env):
        return browser
    for sentence, command, seconds in _ways():
        progress(sentence)
        if _run(command, env, seconds) and (browser := _found(env)):
            return browser
    hint = "or `brew install --cask chromium`; " if sys.platform == "darwin" else ""
    raise ConfigError("no Chromium could be installed", hint + HOW_TO_INSTALL)


def _ways() -> Iterator[tuple[str, tuple[str, ...], float]]:
    playwright = (sys.executable, "-m", "playwright")
    yield (
        "Downloading Chromium's headless shell with Playwright",
        (*playwright, "install", "--only-shell", "chromium"),
        DOWNLOAD_SECONDS,
    )
    become_root = _become_root()
    if become_root is None or not shutil.which("apt-get"):
        return
    apt = (*become_root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q")
    yield "Bringing apt's lists up to date", (*apt, "update"), APT_SECONDS
    for package in ("chromium-headless-shell", "chromium"):
        yield (
            f"Installing Debian's {package} with apt-get",
            (*apt, "install", "-y", "--no-install-recommends", package),
            APT_SECONDS,
        )
    yield (
        "Installing the libraries that Playwright's download needs",
        (*become_root, *playwright, "install-deps", "chromium"),
        APT_SECONDS,
    )


def _become_root() -> tuple[str, ...] | None:
    """Return what to put before a command that needs root, or None when there is no way without a password."""
    if os.geteuid() == 0:
        return ()
    with suppress(OSError, subprocess.SubprocessError):
        subprocess.run(("sudo", "-n", "true"), check=True, capture_output=True, timeout=PROBE_SECONDS)
        return ("sudo", "-n")
    return None


def _found(env: Mapping[str, str]) -> Browser | None:
    try:
        return find(env)
    except ConfigError:
        return None


def _run(command: tuple[str, ...], env: Mapping[str, str], seconds: float) -> bool:
    with suppress(OSError, subprocess.SubprocessError):
        done = subprocess.run(
            command, check=False, env=dict(env), stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds
        )
        return done.returncode == 0
    return False
