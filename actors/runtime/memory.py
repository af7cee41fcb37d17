"""Memory of the container: read from the kernel's own account, weighed, and told to the fronts that must heed it."""

from __future__ import annotations

import contextlib
import logging
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actors.domain.memory import Level, Usage, level_after
from actors.domain.priority import Band
from actors.errors import AppError
from actors.messages import Pressure, Wake

if TYPE_CHECKING:
    from collections.abc import Iterator

    from actors.runtime.address import Address
    from actors.runtime.cell import ActorContext

logger = logging.getLogger(__name__)

_LOOK_EVERY_S = 1.0
_NO_LIMIT = 1 << 60
"""From here on a cgroup v1 means "none": its own word for that is 2^63 rounded down to a page."""
_LEVELS = {Level.OK: logging.INFO, Level.TIGHT: logging.WARNING, Level.CRITICAL: logging.ERROR}


@dataclass(frozen=True, slots=True)
class _Files:
    """How a version of cgroup names its account. File pages that nobody uses are given back, so they do not count."""

    limit: str
    used: str
    reclaimable: str


_V1 = _Files("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
_V2 = _Files("memory.max", "memory.current", "inactive_file")


@dataclass(frozen=True, slots=True)
class Container:
    """The cgroups this process is in, v2 or v1: the account by which the kernel kills. A look reads a few small files.

    Args:
        root: where the cgroups are mounted.
        own: the file that names ours.
    """

    root: Path = Path("/sys/fs/cgroup")
    own: Path = Path("/proc/self/cgroup")

    def usage(self) -> Usage | None:
        """Return the account that is nearest to its limit, ours or one around it; None: there is no limit.

        Raises:
            OSError, ValueError: an account is there and cannot be read.
        """
        found = [usage for folder, files in self._accounts() if (usage := _read(folder, files)) is not None]
        return max(found, key=lambda usage: usage.share, default=None)

    def _accounts(self) -> Iterator[tuple[Path, _Files]]:
        lines = self.own.read_text(encoding="utf-8").splitlines() if self.own.exists() else []
        for line in lines:
            number, controllers, place = line.split(":", 2)
            if number == "0":
                mount, files = self.root, _V2
            elif "memory" in controllers.split(","):
                mount, files = self.root / "memory", _V1
            else:
                continue
            # In a container the mount may show the container's own cgroup as its root, and `place` is not below it.
            folder = mount / place.lstrip("/")
            yield from ((each, files) for each in (folder, *folder.parents) if each.is_relative_to(mount))


def _read(folder: Path, files: _Files) -> Usage | None:
    limit = folder / files.limit
    text = limit.read_text(encoding="ascii").strip() if limit.exists() else "max"
    if text == "max" or int(text) >= _NO_LIMIT:
        return None
    used = int((folder / files.used).read_text(encoding="ascii"))
    rows = (line.split() for line in (folder / "memory.stat").read_text(encoding="ascii").splitlines())
    reclaimable = next((int(row[1]) for row in rows if row[0] == files.reclaimable), 0)
    return Usage(max(0, used - reclaimable), int(text))


@dataclass(slots=True)
class Memory:
    """Behaviour of the actor that watches the container's memory: one reading a second, told to whom it concerns.

    While memory is short every reading is told, not only each change: a front that was restarted knows of none.
    """

    context: ActorContext
    container: Container
    fronts: tuple[Address, ...]
    board: Address
    level: Level = Level.OK
    is_readable: bool = True

    def __post_init__(self) -> None:
        self.context.wake_at(time.monotonic())

    def receive(self, message: Any) -> Any:
        """Take a reading whenever woken."""
        match message:
            case Wake():
                self._look()
            case _:
                logger.warning("memory got an unknown message", extra={"action": "message_unknown"})
        self.context.wake_at(time.monotonic() + _LOOK_EVERY_S)
        return None

    def stop(self) -> None:
        """Nothing is held."""

    def _look(self) -> None:
        usage = self._usage()
        before, self.level = self.level, level_after(self.level, usage)
        pressure = Pressure(self.level, usage)
        if self.level is not before:
            logger.log(
                _LEVELS[self.level],
                "memory is %s",
                self.level,
                extra={"action": f"memory_{self.level}", "data": "there is no limit" if usage is None else str(usage)},
            )
        if self.level is not before or self.level is not Level.OK:
            for front in self.fronts:
                _tell(front, pressure)
        if usage is not None:
            _tell(self.board, pressure)

    def _usage(self) -> Usage | None:
        try:
            usage = self.container.usage()
        except (OSError, ValueError) as error:
            if self.is_readable:
                logger.warning(
                    "the container's memory cannot be read, nothing is refused for it",
                    extra={"action": "memory_unreadable", "data": str(error)},
                )
            self.is_readable = False
            return None
        self.is_readable = True
        return usage


def _tell(address: Address, pressure: Pressure) -> None:
    # News never waits, and the next reading tells it again.
    with contextlib.suppress(AppError):
        address.tell(pressure, Band.CONTROL)
