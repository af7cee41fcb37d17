"""What `check` says of Redis: whether it answers, and what its user may do there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import redis

from actors.commands.check_operation import Advice
from actors.control.channel import CHANNEL, REPLIES, STREAM
from actors.embedded.programs import find_valkey
from actors.errors import AppError
from actors.resources.redis_trouble import remedy_of, remedy_of_refusal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from actors.config import Config

_LIMIT_S = 5.0
_HEARD = (("SUBSCRIBE", CHANNEL), ("PUBLISH", CHANNEL, ""), ("PUBLISH", REPLIES, ""))
_KEPT = (
    ("XADD", STREAM, "*", "word", ""),
    ("XGROUP", "CREATE", STREAM, "supervisor", "0", "MKSTREAM"),
    ("XREADGROUP", "GROUP", "supervisor", "ear", "STREAMS", STREAM, ">"),
    ("XTRIM", STREAM, "MAXLEN", "1000"),
    ("TIME",),
)
_CLAIMED = (("SET", "supervisor:nonce:check", "", "NX", "EX", "1"), ("GET", "supervisor:nonce:check"))
"""What a signed word needs: of two processes that hear it one obeys."""


@dataclass(frozen=True, slots=True)
class _Refusal:
    """What a server that answers has against a command."""

    command: str
    error: redis.ResponseError

    @property
    def reason(self) -> str:
        # The client takes the code off the words, and the remedy is found by it.
        code = self.error.status_code
        return f"{code} {self.error}" if code and code != "ERR" else str(self.error)

    @property
    def remedy(self) -> str:
        return remedy_of_refusal(self.reason)

    def __str__(self) -> str:
        return f"{self.command}: {self.reason}"


def redis_standing(config: Config) -> Advice:
    """Tell of Redis, of what its user may do there, and whether it takes writes.

    Raises:
        AppError: it cannot be reached, or refuses what words and answers need.
    """
    if config.redis.url is None:
        return Advice(f"embedded, {find_valkey()}")
    limits = {"socket_timeout": _LIMIT_S, "socket_connect_timeout": _LIMIT_S}
    try:
        with redis.Redis.from_url(config.redis.url.reveal(), **limits) as client:
            client.ping()
            blind = _refused(client, ())
            refused = None if blind else _refused(client, (*_HEARD, *_CLAIMED) if config.control.key else _HEARD)
            lost = None if blind else _refused(client, _KEPT)
    except (redis.RedisError, OSError, ValueError) as error:
        raise AppError(f"Redis cannot be reached: {error}", remedy_of(str(error))) from error
    if refused:
        raise AppError(f"Redis answers, and refuses what control words need: {refused}", refused.remedy)
    found = "yours, answers" + ("" if config.control.key else "; without CONTROL_KEY words may only read or stop")
    if blind:
        return Advice(f"{found}; what its user may do cannot be looked at: {blind}", blind.remedy)
    if lost:
        return Advice(f"{found}; it refuses what keeps words while nobody hears: {lost}", lost.remedy)
    return Advice(found)


def _refused(client: redis.Redis, commands: Iterable[tuple[str, ...]]) -> _Refusal | None:
    """Return the first refusal of these commands, or that of looking at any.

    A server looks at rights, and whether it takes a write at all, when it queues a command of a transaction, and we
    take the transaction back: nothing is done.
    """
    connection = client.connection_pool.get_connection()
    try:
        for command in (("MULTI",), *commands):
            connection.send_command(*command)
            try:
                connection.read_response()
            except redis.ResponseError as error:
                return _Refusal(command[0], error)
        return None
    finally:
        # Without a DISCARD: a transaction ends with its connection.
        connection.disconnect()
