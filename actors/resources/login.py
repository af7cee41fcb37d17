"""The login: the session that every context of the browser begins with, and how a newer one takes its place.

It is a value in memory: it comes from the database sealed, and goes to the browser over its driver's pipe. It is in no
file, in no environment and in no line of the log; what prints it prints its version.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from actors.domain.session import expired, facts, values
from actors.errors import AppError, ConfigError, PermanentError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from actors.config import Secret
    from actors.resources.database import DatabaseClient

logger = logging.getLogger(__name__)

_AWAITED = -1


def host_of(site: str) -> str:
    """Return the host that a site's sessions are kept under; the sandbox that comes along is on 127.0.0.1."""
    return (urlsplit(site).hostname or "127.0.0.1").lower()


class Login:
    """Read on any thread. What is handed out is written by one other, what was imported by another one: a write
    replaces one reference.
    """

    def __init__(
        self,
        handed: Mapping[str, Any] | None = None,
        *,
        site: str = "",
        account: str = "",
        key: Secret | None = None,
        hide: Callable[[Iterable[str]], None] | None = None,
        is_awaited: bool = False,
    ) -> None:
        """`handed` is what a sandbox gives to anybody; an imported session takes its place.

        With `is_awaited` the site has yet to hand it out: `hand` is called then.

        `key` opens those, and `hide` is told, before anything else is, what in them nobody may show.
        """
        self._handed: tuple[int, Mapping[str, Any] | None] = (_AWAITED if is_awaited else 0, handed)
        self._imported: tuple[int, Mapping[str, Any] | None] | None = None
        self._host, self._account, self._key, self._hide = host_of(site), account, key, hide
        self._seen = 0

    def __repr__(self) -> str:
        return f"Login(version {self.version})"

    @property
    def version(self) -> int:
        """Which import it is of; 0 for what was handed out, -1 before that."""
        return self.held()[0]

    @property
    def is_awaited(self) -> bool:
        """Whether the site has not answered since the start; who has nothing to begin with need not go there."""
        return self._handed[0] == _AWAITED

    def hand(self, session: Mapping[str, Any]) -> None:
        """Take what the site hands out."""
        self._handed = (0, session)

    def held(self) -> tuple[int, Mapping[str, Any] | None]:
        """Return version and session as they belong together."""
        return self._imported or self._handed

    def refresh(self, database: DatabaseClient) -> None:
        """Take the session that was imported last, if it is a newer one. What cannot be opened is told once.

        Raises:
            AppError: the database could not be asked.
        """
        row = database.one("session_of", site=self._host, account=self._account)
        if row is None or row["version"] == self._seen:
            return
        version: int = row["version"]
        try:
            state = self._open(row)
        except (ConfigError, PermanentError) as error:
            self._refuse(version, error)
            return
        finally:
            self._seen = version
        if self._hide is not None:
            self._hide(values(state))
        late = {(fact.name, fact.domain) for fact in expired(state, datetime.now(UTC))}
        left = [each for each in state["cookies"] if (each["name"], each["domain"]) not in late]
        if late:
            names = ", ".join(sorted(name for name, _ in late))
            level = logging.WARNING if left else logging.ERROR
            logger.log(
                level,
                "cookies of the session have expired: import it again with `session import FILE`",
                extra={"action": "session_expired", "version": version, "data": names},
            )
        state = {**state, "cookies": left}
        ends = [fact.expires for fact in facts(state) if fact.expires is not None]
        self._imported = (version, state)
        logger.info(
            "the imported session is used, version %d",
            version,
            extra={
                "action": "session_loaded",
                "version": version,
                "cookies": len(left),
                "first_expiry": min(ends).isoformat(timespec="seconds") if ends else None,
            },
        )

    def _open(self, row: Mapping[str, Any]) -> dict[str, Any]:
        if self._key is None:
            raise ConfigError("an imported session is there, and SESSION_KEY is not set", "set the key of its import")
        # Imported here: who never imported a session does not pay for the library's memory.
        from actors.resources.envelope import Place, key_id, unseal

        if row["key_id"] != key_id(self._key):
            raise ConfigError(
                f"SESSION_KEY is key {key_id(self._key)}, and the session was sealed by key {row['key_id']}",
                "set the key of its import, or import it again",
            )
        return unseal(bytes(row["sealed"]), self._key, Place(self._host, self._account, row["version"]))

    @staticmethod
    def _refuse(version: int, error: AppError) -> None:
        logger.error(
            "the imported session cannot be used",
            extra={"action": "session_locked", "version": version, "data": str(error)},
        )
