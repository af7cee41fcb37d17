"""Which Chromium the browser slots start."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from actors.embedded.process import minimal_environment
from actors.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

VARIABLE = "CHROMIUM_PATH"
PROBE_SECONDS = 30.0
_PLACES = ("PATH", "HOME", "TMPDIR")
DEBIAN_SHELL = Path("usr/lib/chromium/chromium-headless-shell")
NAMES_ON_PATH = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
MAC_APPS = (
    Path("Applications/Chromium.app/Contents/MacOS/Chromium"),
    Path("Applications/Google Chrome.app/Contents/MacOS/Google Chrome"),
)
HOW_TO_INSTALL = (
    "run `python -m playwright install --with-deps --only-shell chromium` or, on Debian, "
    "`apt-get install chromium-headless-shell`; or name one in CHROMIUM_PATH"
)


@dataclass(frozen=True, slots=True)
class Browser:
    """A Chromium on this machine, and how it was found."""

    path: Path
    how: str


def find(env: Mapping[str, str], root: Path = Path("/")) -> Browser:
    """Return the Chromium to use: the operator's, else Playwright's own download, else one of the system.

    Each is asked for its version (20 to 200 ms), since one that lacks its libraries looks like any other. A script
    that runs the browser as its child is passed over: whoever kills the script leaves the browser behind,
    unnoticed, and a hung page could never be freed.

    Args:
        env: the environment to look into.
        root: where the system's folders begin.

    Raises:
        ConfigError: there is none, or CHROMIUM_PATH names something unfit; it says what to do.
    """
    if wanted := env.get(VARIABLE):
        browser = Browser(Path(wanted), VARIABLE)
        if flaw := _flaw(browser.path, env):
            raise ConfigError(f"{VARIABLE} names {wanted}, which {flaw}", HOW_TO_INSTALL)
        return browser
    flaws = []
    for browser in _candidates(env, root):
        flaw = _flaw(browser.path, env)
        if not flaw:
            return browser
        flaws.append(f"; {browser.path} {flaw}" if browser.path.exists() else "")
    raise ConfigError(f"no Chromium was found{''.join(flaws)}", HOW_TO_INSTALL)


def _candidates(env: Mapping[str, str], root: Path) -> Iterator[Browser]:
    for path in _playwright_downloads(env):
        yield Browser(path, "Playwright's download")
    yield Browser(root / DEBIAN_SHELL, "Debian's headless shell")
    for name in NAMES_ON_PATH:
        if found := shutil.which(name, path=env.get("PATH", os.defpath)):
            yield Browser(Path(found), f"{name} on the PATH")
    for app in MAC_APPS:
        yield Browser(root / app, "application")


def _playwright_downloads(env: Mapping[str, str]) -> Iterator[Path]:
    """Yield the programs of the very revision that the installed Playwright was built for, if complete."""
    spec = importlib.util.find_spec("playwright")
    if spec is None or spec.origin is None:
        return
    package = Path(spec.origin).parent / "driver" / "package"
    listed = json.loads((package / "browsers.json").read_text())["browsers"]
    revisions = {browser["name"]: browser["revision"] for browser in listed}
    folder = _download_folder(env, package)
    for browser, programs in (
        ("chromium-headless-shell", ("*/chrome-headless-shell", "*/headless_shell")),
        ("chromium", ("*/chrome", "*/*.app/Contents/MacOS/*")),
    ):
        home = folder / f"{browser.replace('-', '_')}-{revisions.get(browser)}"
        if (home / "INSTALLATION_COMPLETE").exists():
            for program in programs:
                yield from sorted(home.glob(program))


def _download_folder(env: Mapping[str, str], package: Path) -> Path:
    """Return where Playwright keeps its downloads, by its own rule; "0" means inside the package."""
    if chosen := env.get("PLAYWRIGHT_BROWSERS_PATH"):
        return package / ".local-browsers" if chosen == "0" else Path(chosen)
    home = Path(env.get("HOME") or Path.home())
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / "ms-playwright"
    return Path(env.get("XDG_CACHE_HOME") or home / ".cache") / "ms-playwright"


def _flaw(path: Path, env: Mapping[str, str]) -> str:
    """Return what keeps this program from being used, or nothing; it is given no variables but a slot's."""
    if not (path.is_file() and os.access(path, os.X_OK)):
        return "is no program"
    if _is_wrapper(path):
        return "is a script that stays between us and the browser"
    try:
        subprocess.run(
            (str(path), "--no-sandbox", "--version"),
            check=True,
            env={**minimal_environment(), **{name: env[name] for name in _PLACES if name in env}},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PROBE_SECONDS,
        )
    except (OSError, subprocess.SubprocessError):
        return "does not start"
    return ""


def _is_wrapper(path: Path) -> bool:
    """Return whether the file is a script that does not become what it runs."""
    with path.open("rb") as file:
        return file.read(2) == b"#!" and b"exec " not in file.read()
