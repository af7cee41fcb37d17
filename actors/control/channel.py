"""The ear on Redis: two threads that read control words and tell them to the operator's actor.

Words come by two ways. The stream `supervisor:words` keeps them while nobody hears, and its group's cursor, which Redis
keeps beside it, sees to it that each is read once, by one process; the cursor is not in Postgres, because a word must
be served while that is away, and a cursor is of no use without its stream. Whatever is published on the channel
`supervisor:control` rings for the stream; what is not empty is a word itself, so that a plain `PUBLISH` is enough.
Each way has a thread of its own, so that neither a flood of what is published nor the connection that breaks under it
keeps a word of the stream from being heard.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from typing import TYPE_CHECKING, Any

import redis

from actors.domain.backoff import Backoff
from actors.errors import ActorUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CHANNEL = "supervisor:control"
REPLIES = "supervisor:replies"
STREAM = "supervisor:words"
FIELD = "word"
"""The one field of an entry of the stream: the message, as it would be published."""
BELL = ""
"""What is published after an entry was added, or after what every process must know was stored."""
KEPT = 1000
"""How many entries a sender leaves in the stream at most, should nobody read it."""
LONGEST = 8192
"""The most bytes of a message that anybody looks at."""

logger = logging.getLogger(__name__)

_POLL_S = 0.5
_PONG_S = 5.0
_END_S = 1.0
"""How long whoever stops the ear waits for each of its threads."""
_BACKOFF = Backoff(0.2, 5.0)
_GROUP = "supervisor"
_AT_ONCE = 64
_FUTURE_S = 60.0


class Channel:
    """Subscribes, passes every message on, and subscribes again for ever when the connection breaks.

    A server that accepts and never answers is noticed by a ping that brings no pong. What is published while nobody is
    subscribed is lost, as Redis promises; what is in the stream is read as soon as there is a connection. An entry
    counts as read when Redis has handed it over: a process that dies at that moment loses it, because an order that is
    carried out twice is worse than one that is not answered.

    Args:
        client: its pool gives each thread a connection, and each another while in `heard`, and decodes nothing: a
            message may hold any bytes.
        heard: called in either thread with each message, cut a byte after the most that is allowed, and with its age
            in seconds by Redis's own clock; None: it was published, so that every process hears it.
        died: called in the thread with what ended it.
        rang: called in the thread when somebody rings.
    """

    def __init__(
        self,
        client: redis.Redis,
        heard: Callable[[bytes, float | None], None],
        died: Callable[[BaseException], None],
        rang: Callable[[], None],
    ) -> None:
        self._client, self._heard, self._died, self._rang = client, heard, died, rang
        self._stopped, self._rung = threading.Event(), threading.Event()
        """`_rung`: set when something may be in the stream."""
        self.subscribed = threading.Event()
        """Set while published words are heard."""
        self._is_streaming = True
        """Whether the stream could be read the last time."""
        self._threads = [
            threading.Thread(target=self._run, args=(hear,), name=name, daemon=True)
            for name, hear in (("control-channel", self._hear_channel), ("control-stream", self._hear_stream))
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End the threads."""
        self._stopped.set()
        self._rung.set()
        for thread in self._threads:
            thread.join(timeout=_END_S)

    def _run(self, hear: Callable[[], None]) -> None:
        try:
            hear()
        except BaseException as error:  # noqa: BLE001 - the actor dies of it instead: nobody may be deaf to a kill switch
            self._died(error)

    def _hear_channel(self) -> None:
        failures = 0
        while not self._stopped.is_set():
            try:
                self._listen()
            except (redis.RedisError, OSError, ValueError) as error:
                # A connection that served does not make the next one wait for those before it.
                failures = 0 if self.subscribed.is_set() else failures
                if not failures:
                    logger.warning("the control channel is away", extra={"action": "control_away", "data": str(error)})
                self.subscribed.clear()
                failures += 1
                self._stopped.wait(_BACKOFF.delay(failures - 1, 0.0))

    def _hear_stream(self) -> None:
        failures = 0
        while not self._stopped.is_set():
            try:
                with self._line() as stream:
                    while not self._stopped.is_set():
                        self._read_stream(stream)
                        failures = 0
                        self._rung.wait(_POLL_S)
                        self._rung.clear()
            except (redis.RedisError, OSError, ValueError) as error:
                # While the channel is away as well, that is said already.
                if self.subscribed.is_set():
                    self._lose_stream(error)
                failures += 1
                self._stopped.wait(_BACKOFF.delay(failures - 1, 0.0))

    def _listen(self) -> None:
        with contextlib.closing(self._client.pubsub()) as pubsub:
            pubsub.subscribe(CHANNEL)
            alive = asked = time.monotonic()
            while not self._stopped.is_set():
                message: dict[str, Any] | None = pubsub.get_message(timeout=_POLL_S)
                now = time.monotonic()
                if message is not None:
                    alive = now
                    self._take(message)
                if now - asked > _PONG_S / 2:
                    pubsub.ping()
                    asked = now
                if now - alive > _PONG_S:
                    raise redis.ConnectionError(f"no pong within {_PONG_S:g} s")

    def _take(self, message: dict[str, Any]) -> None:
        if message["type"] == "subscribe":
            self.subscribed.set()
            logger.info("control words are heard", extra={"action": "control_ready", "channel": CHANNEL})
        elif message["type"] == "message":
            self._rung.set()
            data = message["data"]
            raw = data if isinstance(data, bytes) else str(data).encode()
            # A listener that is gone for good is about to stop the ear as well.
            with contextlib.suppress(ActorUnavailableError):
                if raw == BELL.encode():
                    self._rang()
                else:
                    self._heard(raw[: LONGEST + 1], None)

    @contextlib.contextmanager
    def _line(self) -> Iterator[redis.Redis]:
        """Yield a client on a connection of its own, which is closed afterwards rather than left in the pool."""
        with self._client.client() as stream:
            try:
                yield stream
            finally:
                if stream.connection is not None:
                    stream.connection.disconnect()

    def _read_stream(self, stream: redis.Redis) -> None:
        """Pass on what is in the stream; without one, words are heard on the channel alone."""
        try:
            while self._read_some(stream) == _AT_ONCE:
                if self._stopped.is_set():
                    return
        except redis.ResponseError as error:
            if str(error).startswith("NOGROUP"):
                _open_stream(stream)
                self._rung.set()
            else:
                self._lose_stream(error)
        else:
            self._is_streaming = True

    def _lose_stream(self, error: BaseException) -> None:
        """Say once that published words alone are heard."""
        if self._is_streaming:
            self._is_streaming = False
            logger.warning(
                "the stream of control words cannot be read: only published words are heard",
                extra={"action": "control_stream_away", "data": str(error)},
            )

    def _read_some(self, stream: redis.Redis) -> int:
        found: Any = stream.xreadgroup(_GROUP, "ear", {STREAM: ">"}, count=_AT_ONCE, noack=True)
        if not found:
            return 0
        entries = found[0][1]
        seconds, micros = stream.time()
        now = seconds + micros / 1e6
        places = [tuple(map(int, place.split(b"-"))) for place, _ in entries]
        # Read is read, so it need not be kept. An entry of the future would keep out all that are added after it.
        if places[-1][0] / 1000 > now + _FUTURE_S:
            stream.delete(STREAM)
        else:
            stream.xtrim(STREAM, minid=f"{places[-1][0]}-{places[-1][1] + 1}", approximate=False)
        for place, (_, fields) in zip(places, entries, strict=True):
            with contextlib.suppress(ActorUnavailableError):
                self._heard(fields.get(FIELD.encode(), b"")[: LONGEST + 1], max(0.0, now - place[0] / 1000))
        return len(entries)


def _open_stream(stream: redis.Redis) -> None:
    """Make the group, and with it the stream; another process may have done so at this moment."""
    try:
        stream.xgroup_create(STREAM, _GROUP, id="0", mkstream=True)
    except redis.ResponseError as error:
        if not str(error).startswith("BUSYGROUP"):
            raise
