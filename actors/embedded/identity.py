"""As whom Postgres runs: it refuses root, and this program adds no users and opens nobody's folders."""

from __future__ import annotations

import os
import pwd
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from actors.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

PROBE_SECONDS = 10.0
UNSHARE = ("unshare", "--user", "--map-user=1000", "--map-group=1000")
CAN_WORK_THERE = 'cd "$1" && test -w . && exec "$2" --version'


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom a child becomes, and the command that makes it so.

    Args:
        user: the uid to become, or None to stay who we are.
        prefix: what goes before the command: inside a user namespace root is an ordinary user to Postgres, while
            its files stay root's own.
    """

    user: int | None = None
    prefix: tuple[str, ...] = ()


class PopenIdentity(TypedDict, total=False):
    """The part of Popen's arguments that says whom a child becomes."""

    user: int
    group: int
    extra_groups: tuple[int, ...]


def becoming(user: int | None) -> PopenIdentity:
    """Return Popen's arguments for becoming another user, without keeping any of our groups."""
    if user is None:
        return {}
    try:
        group = pwd.getpwuid(user).pw_gid
    except KeyError:
        group = user
    return {"user": user, "group": group, "extra_groups": ()}


def find_identity(binary: Path, folder: Path, *, is_new: bool) -> Identity:
    """Return an identity that can run `binary` and write in `folder`, and give it the folder when it is new.

    An ordinary user stays what he is. For root a folder that already belongs to somebody goes on with its owner;
    a new one goes to `nobody` or, where `nobody` cannot reach it (a closed home), to a user namespace. Each is
    tried rather than deduced: only running it tells what containers allow.

    Raises:
        ConfigError: root has no way; it says what to do.
    """
    if os.geteuid() != 0:
        return Identity()
    owner = folder.stat().st_uid
    nobody = pwd.getpwnam("nobody")
    candidates = [Identity(user=owner)] if owner else [Identity(prefix=UNSHARE)]
    if is_new:
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        candidates = [Identity(user=nobody.pw_uid), Identity(prefix=UNSHARE)]
    for identity in candidates:
        if identity.prefix:
            os.chown(folder, 0, 0)
        if _can_work(identity, binary, folder):
            return identity
    raise ConfigError(
        f"Postgres refuses to run as root, and no other user can run {binary} in {folder}",
        "start as an ordinary user, move the project out of a closed home such as /root, or set DATABASE_URL",
    )


def _can_work(identity: Identity, binary: Path, folder: Path) -> bool:
    command = (*identity.prefix, "/bin/sh", "-c", CAN_WORK_THERE, "probe", str(folder), str(binary))
    try:
        done = subprocess.run(
            command, check=False, capture_output=True, timeout=PROBE_SECONDS, cwd="/", **becoming(identity.user)
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0
