"""`python -m actors.embedded.setup`: make sure that everything the program starts is on this machine."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

from actors.config import take_secrets
from actors.embedded.chromium import Browser, find
from actors.embedded.programs import find_postgres, find_valkey
from actors.errors import AppError

LOCK_FILE = Path("requirements.lock")
STAMP = Path(sys.prefix) / "setup.stamp"
EXIT_CONFIG = 2


def main() -> int:
    """Install what is missing and return the exit code: 0, or 2 when something cannot be had.

    A stamp in the virtual environment, made of the lock file's hash and the browser's path, says that nothing is
    to be done; then it takes a moment only. The programs it starts inherit no secret of ours.
    """
    take_secrets(os.environ)
    try:
        if not _is_done():
            _set_up()
    except AppError as error:
        print(f"set-up: {error}", file=sys.stderr)
        return EXIT_CONFIG
    return 0


def _is_done() -> bool:
    if not STAMP.exists():
        return False
    try:
        return STAMP.read_text() == _stamp(find(os.environ))
    except AppError:
        return False


def _set_up() -> None:
    from rich.console import Console

    from actors.embedded.browser_setup import install

    console = Console(highlight=False, soft_wrap=True)
    with console.status("Looking for Postgres, Valkey and Chromium") as status:

        def show(sentence: str) -> None:
            status.update(sentence)
            console.print(sentence)

        postgres = find_postgres(Path("no-cluster-yet"))
        show(f"Postgres {postgres.version}: {postgres.folder}")
        show(f"Valkey: {find_valkey()}")
        browser = install(os.environ, show)
        show(f"Chromium ({browser.how}): {browser.path}")
    STAMP.write_text(_stamp(browser))


def _stamp(browser: Browser) -> str:
    lock = hashlib.sha256(LOCK_FILE.read_bytes()).hexdigest() if LOCK_FILE.exists() else "no lock file"
    return f"{lock}\n{browser.path}\n"


if __name__ == "__main__":
    sys.exit(main())
