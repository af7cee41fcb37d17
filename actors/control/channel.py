"""The ear on the Redis channel: a thread that reads control words and tells them to the operator's actor."""

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
    from collections.abc import Callable

CHANNEL = "supervisor:control"
REPLIES = "supervisor:replies"

logger = logging.getLogger(__name__)

_POLL_S = 0.5
_PONG_S = 5.0
_BACKOFF = Backoff(0.2, 5.0)


class Channel:
    """Subscribes, passes every message on, and subscribes again for ever when the connection breaks.

    A server that accepts and never answers is noticed by a ping that brings no pong. Messages published while nobody
    is subscribed are lost: that is what Redis promises.
    """

    def __init__(
        self, client: redis.Redis, heard: Callable[[bytes], None], died: Callable[[BaseException], None]
    ) -> None:
        self._client, self._heard, self._died = client, heard, died
        self._stopped = threading.Event()
        self.subscribed = threading.Event()
        """Set while words are heard."""
        self._thread = threading.Thread(target=self._run, name="control-channel", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stopped.set()
        self._thread.join(timeout=2 * _POLL_S)

    def _run(self) -> None:
        try:
            self._hear()
        except BaseException as error:  # noqa: BLE001 - the actor dies of it instead: nobody may be deaf to a kill switch
            self._died(error)

    def _hear(self) -> None:
        failures = 0
        while not self._stopped.is_set():
            try:
                self._listen()
                failures = 0
            except (redis.RedisError, OSError, ValueError) as error:
                if self.subscribed.is_set() or not failures:
                    logger.warning("the control channel is away", extra={"action": "control_away", "data": str(error)})
                self.subscribed.clear()
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
            data = message["data"]
            # A listener that is gone for good is about to stop the ear as well.
            with contextlib.suppress(ActorUnavailableError):
                self._heard(data if isinstance(data, bytes) else str(data).encode())
