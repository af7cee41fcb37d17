"""A pgbouncer of the tests' own: Debian's package unpacked beside the virtual environment, nothing installed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode, urlsplit

from actors.embedded.identity import becoming, find_identity
from actors.embedded.process import Endpoint, Launch, ServerProcess
from actors.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

UNPACKED = Path(sys.prefix) / "pgbouncer"
WRAPPER = 'here=$(dirname "$0")\nLD_LIBRARY_PATH="{libraries}" exec "{program}" "$@"\n'
STEP_S = 120.0
PORT = 6432
"""A part of the socket's name; no port is opened."""

SETTINGS = """
[databases]
* = host={sockets} user=supervisor
[pgbouncer]
listen_addr =
listen_port = {port}
unix_socket_dir = {folder}
auth_type = any
pool_mode = transaction
default_pool_size = {size}
max_client_conn = 100
"""


def find_or_unpack() -> Path:
    """Return a pgbouncer that starts: the system's, the one that was unpacked before, or one that is unpacked now.

    Raises:
        ConfigError: there is none and none can be had; it says why.
    """
    found = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin")
    for program in (found, UNPACKED / "run"):
        if program and _starts(Path(program)):
            return Path(program)
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise ConfigError("no pgbouncer is installed, and without apt-get none can be unpacked")
    with tempfile.TemporaryDirectory(prefix="pgbouncer-", dir=UNPACKED.parent) as folder:
        fresh = Path(folder, "fresh")
        _unpack(Path(folder), fresh)
        if not _starts(fresh / "run"):
            raise ConfigError("Debian's pgbouncer was unpacked, but does not start here")
        shutil.rmtree(UNPACKED, ignore_errors=True)
        fresh.rename(UNPACKED)
    return UNPACKED / "run"


class Pooler:
    """A pgbouncer in transaction mode before the Postgres whose URL is given; close it after use."""

    def __init__(self, folder: Path, postgres_url: str, size: int) -> None:
        self.folder = folder / "pooler"
        self._program, self._postgres_url, self._size = find_or_unpack(), postgres_url, size
        self._process = ServerProcess("pgbouncer", self.folder)

    def ensure(self) -> Endpoint:
        """Make it run."""
        return self._process.ensure(lambda _: self._launch(), lambda _: self._socket.is_socket(), 30.0)

    def stop(self) -> None:
        """End it."""
        self._process.stop(10.0)

    def url(self, url: str) -> str:
        """Return the way through the pooler to the database of this URL."""
        place = urlencode({"host": self.folder, "port": PORT})
        return f"postgresql://supervisor@{urlsplit(url).path}?{place}"

    @property
    def _socket(self) -> Path:
        return self.folder / f".s.PGSQL.{PORT}"

    def _launch(self) -> Launch:
        (sockets,) = parse_qs(urlsplit(self._postgres_url).query)["host"]
        # Whom Postgres lets in to its folder: its own user, or root's files in a namespace.
        identity = find_identity(self._program, Path(sockets), is_new=False)
        settings = self.folder / "pgbouncer.ini"
        settings.write_text(SETTINGS.format(sockets=sockets, folder=self.folder, port=PORT, size=self._size))
        self._socket.unlink(missing_ok=True)
        if identity.user is not None:
            os.chown(self.folder, identity.user, becoming(identity.user)["group"])
        return Launch((*identity.prefix, str(self._program), str(settings)), self.url("/pgbouncer"), identity.user)


def _unpack(folder: Path, target: Path) -> None:
    for name in ("lists/partial", "cache/archives/partial", "packages"):
        (folder / name).mkdir(parents=True)
    # Lists of its own: those of a fresh container are empty, and only root may fill them.
    options = {
        "Dir::State::Lists": str(folder / "lists"),
        "Dir::Cache": str(folder / "cache"),
        "APT::Sandbox::User": "root",
        "Acquire::http::Timeout": "20",
        "Acquire::Retries": "1",
    }
    settings = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
    _run("apt-get", "-q", *settings, "update", cwd=folder)
    packages = {"pgbouncer", *_missing_libraries(settings)}
    _run("apt-get", "-q", *settings, "download", *packages, cwd=folder / "packages")
    for package in (folder / "packages").glob("*.deb"):
        _run("dpkg-deb", "-x", str(package), str(target), cwd=folder)
    libraries = {str(path.parent) for path in target.rglob("lib*.so.*")}
    inside = [f"$here/{Path(path).relative_to(target)}" for path in sorted(libraries)]
    script = WRAPPER.format(libraries=":".join(inside), program="$here/usr/sbin/pgbouncer")
    (target / "run").write_text(f"#!/bin/sh\n{script}")
    (target / "run").chmod(0o755)


def _missing_libraries(settings: list[str]) -> Iterator[str]:
    """Yield the packages of shared libraries that pgbouncer needs and this machine has not."""
    unseen, seen = ["pgbouncer"], set()
    while unseen:
        package = unseen.pop()
        said = _run("apt-cache", *settings, "depends", "--important", package, cwd=Path("/"))
        for name in re.findall(r"^ +(?:Pre)?Depends: (lib\S+)$", said, re.MULTILINE):
            if name not in seen and not name.endswith("-perl") and not _is_installed(name):
                seen.add(name)
                unseen.append(name)
                yield name


def _is_installed(package: str) -> bool:
    query = ("dpkg-query", "-W", "-f", "${Status}", package)
    done = subprocess.run(query, check=False, capture_output=True, text=True, timeout=STEP_S)
    return done.stdout == "install ok installed"


def _starts(program: Path) -> bool:
    try:
        done = subprocess.run((program, "--version"), check=False, capture_output=True, timeout=STEP_S)
    except OSError:
        return False
    return done.returncode == 0


def _run(*command: str, cwd: Path) -> str:
    try:
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=STEP_S, cwd=cwd)
    except subprocess.CalledProcessError as error:
        reason = (error.stderr.strip().splitlines() or ["it does not say why"])[-1]
        raise ConfigError(f"no pgbouncer can be unpacked: {' '.join(command[:1])} failed: {reason}") from error
    except subprocess.TimeoutExpired as error:
        raise ConfigError(f"no pgbouncer can be unpacked: {command[0]} took longer than {STEP_S:g} s") from error
    return done.stdout
