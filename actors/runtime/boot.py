"""The boot file: what the last boot on this data directory left behind, read by the next one."""

from __future__ import annotations

import json
import logging
import uuid
from typing import TYPE_CHECKING

from actors.domain.boot import Boot, BootState

if TYPE_CHECKING:
    from pathlib import Path

logger = logging.getLogger(__name__)


def new_boot_id() -> str:
    """Return a name for this start of the process, 32 characters of which the first eight will do in a log.

    The first is no digit of any kind: a platform that makes numbers of texts (`12345678`, `123e4567`) leaves it alone.
    """
    return f"s{uuid.uuid4().hex[1:]}"


class BootFile:
    """Kept by the one process that holds the data directory, from its main thread."""

    def __init__(self, path: Path, boot_id: str = "") -> None:
        self._path, self._boot_id = path, boot_id
        self.predecessor = ""
        """The id of the last boot, which is dead, because only one process holds the directory."""

        self.boot = self._read().next()
        self._write()

    def mark(self, state: BootState) -> None:
        """Note how far this boot has come; a stable one owes nothing for the deaths before it."""
        if state is not self.boot.state:
            self.boot = Boot(state)
            self._write()

    def _read(self) -> Boot:
        if not self._path.exists():
            return Boot()
        try:
            kept = json.loads(self._path.read_text(encoding="utf-8"))
            boot = Boot(BootState(kept["state"]), int(kept["deaths"]))
            self.predecessor = str(kept.get("boot", ""))
        except (OSError, ValueError, TypeError, LookupError) as error:
            # It only spares a broken start some tries: not worth refusing a start for, nor ending a work for.
            logger.warning("the boot file is not readable", extra={"action": "boot_file_lost", "data": str(error)})
            return Boot()
        return boot

    def _write(self) -> None:
        # A disk that loses it forgets a few deaths.
        kept = {"state": self.boot.state, "deaths": self.boot.deaths, "boot": self._boot_id}
        temporary = self._path.with_suffix(".tmp")
        try:
            temporary.write_text(json.dumps(kept), encoding="utf-8")
            temporary.replace(self._path)
        except OSError as error:
            logger.warning("the boot file is not kept", extra={"action": "boot_file_lost", "data": str(error)})
