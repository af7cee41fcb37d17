"""Alerts: error lines that a person has to hear of are carried to a webhook, and kept until it acknowledges them.

Whoever logs never waits: a line is put into a bounded queue, and a thread of its own carries it.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import random
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from actors.dashboard.post import send
from actors.domain.alerting import ABOUT, CALLING, Alerting, Matter
from actors.domain.backoff import Backoff
from actors.domain.escaping import clip, escape
from actors.errors import AppError

if TYPE_CHECKING:
    from collections.abc import Callable

    from actors.config import Secret
    from actors.dashboard.published import Published

logger = logging.getLogger(__name__)

_WAITING = 64
_LOOK_EVERY_S = 60.0
_LIMIT_S = 10.0
_LAST_S = 3.0
"""How long the end of the process waits for what is left; the platform may not give it more."""
_LONGEST_TEXT = 1000
_AGAIN = Backoff(1.0, 60.0)


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert on its way."""

    matter: Matter
    document: dict[str, Any]


class Alerts(logging.Handler):
    """Takes error lines whose action calls a person, at most one of a matter in `again_s`, and carries them.

    What finds the queue full is counted and told with the next one. `boot` names this process.
    """

    def __init__(
        self, url: Secret, again_s: float, boot: str, redact: Callable[[str], str], published: Published
    ) -> None:
        super().__init__(logging.ERROR)
        self._url, self._boot, self._redact, self._published = url, boot, redact, published
        self._alerting = Alerting(again_s)
        self._queue: queue.Queue[Alert | None] = queue.Queue(_WAITING)
        self._ended = threading.Event()
        self._dropped = 0
        self._thread = threading.Thread(target=self._carry, name="alerts", daemon=True)

    def start(self) -> None:
        """Hear of every line from now on."""
        self._thread.start()
        logging.getLogger().addHandler(self)

    def close(self) -> None:
        """Hear no more, and give what is left a moment."""
        logging.getLogger().removeHandler(self)
        self._ended.set()
        with contextlib.suppress(queue.Full):
            self._queue.put_nowait(None)
        if self._thread.is_alive():
            self._thread.join(_LAST_S)
        super().close()

    def flush(self) -> None:
        """Give what waits a moment to be carried; what cannot be by then is still kept."""
        with self._queue.all_tasks_done:
            self._queue.all_tasks_done.wait_for(lambda: not self._queue.unfinished_tasks, _LAST_S)

    def emit(self, record: logging.LogRecord) -> None:
        """Take a line, in the thread that logs and under the handler's lock; never waits, never raises."""
        fields = vars(record)
        action = fields.get("action")
        if action not in CALLING:
            return
        about = " ".join(str(fields[name]) for name in ABOUT if fields.get(name))
        matter = Matter(action, clip(about, 80))
        held = self._alerting.take(matter, time.monotonic())
        if held is None:
            self._published.count("alert", "held_back")
            return
        try:
            self._queue.put_nowait(Alert(matter, self._document(record, matter, held)))
        except queue.Full:
            self._dropped += 1
            self._published.count("alert", "dropped")

    def _document(self, record: logging.LogRecord, matter: Matter, held: int) -> dict[str, Any]:
        try:
            message = record.getMessage()
        except (TypeError, ValueError):
            message = str(record.msg)
        data = vars(record).get("data")
        told = f"{message}: {data}" if data else message
        told += f" ({held} more since the last alert)" if held else ""
        text = escape(clip(self._redact(told), _LONGEST_TEXT))
        document = {
            "text": f"{matter.action}: {text}",
            "action": matter.action,
            "about": escape(self._redact(matter.about)),
            "held_back": held,
            "dropped": self._dropped,
            "boot": self._boot,
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="seconds"),
        }
        self._dropped = 0
        return document

    def _carry(self) -> None:
        while not (self._ended.is_set() and self._queue.empty()):
            try:
                alert = self._queue.get(timeout=_LOOK_EVERY_S)
            except queue.Empty:
                continue
            failures = 0
            while alert is not None and not self._carried(alert, failures):
                if self._ended.is_set():
                    break
                self._ended.wait(_AGAIN.delay(failures, random.random()))
                failures += 1
            self._queue.task_done()

    def _carried(self, alert: Alert, failures: int) -> bool:
        try:
            send(self._url, alert.document, _LAST_S if self._ended.is_set() else _LIMIT_S)
        except AppError as error:
            self._published.count("alert", "failed")
            if not failures:
                logger.warning(
                    "an alert is not acknowledged and is kept", extra={"action": "alert_failed", "data": str(error)}
                )
            return False
        self._published.count("alert", "sent")
        return True
