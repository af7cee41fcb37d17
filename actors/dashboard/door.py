"""The door: everything of the process that strangers meet, opened before anything else starts."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Self

from actors.dashboard.alerts import Alerts
from actors.dashboard.ping import Ping
from actors.dashboard.published import Published
from actors.dashboard.routes import LOOPBACK, PLATFORM, Gate
from actors.dashboard.server import Server
from actors.domain.redaction import Redaction

if TYPE_CHECKING:
    from types import TracebackType

    from actors.config import Config

logger = logging.getLogger(__name__)


class Door:
    """Server, alerts and ping of one process. Independent of every dependency, and of the rest of the program.

    A context: leaving it closes all of them. `redaction` is the one of the whole process: what leaves it goes through
    this, and who learns of a secret after the start teaches it.
    """

    def __init__(self, config: Config) -> None:
        self.published = Published()
        self._http, self._calls = config.http, config.alerts
        self.redaction = Redaction(part for secret in config.secrets() for part in secret.parts())
        self._server: Server | None = None
        self._alerts: Alerts | None = None
        self._ping: Ping | None = None

    def __enter__(self) -> Self:
        """Serve HTTP, if a port is given and it is not switched off."""
        settings = self._http
        self.published.step("configuration")
        if settings.enabled and settings.port is not None:
            hosts = {*LOOPBACK, *PLATFORM, *(name.lower() for name in settings.hosts)}
            hosts |= {name.lower() for name in (settings.public_name, settings.private_name) if name}
            self._server = Server(settings.port, Gate(self.published, settings.token, hosts, self.redaction))
            self._server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for each in (self._ping, self._alerts, self._server):
            if each is not None:
                each.close()

    def announce(self, boot: str) -> None:
        """Say in the log what is served, now that there is one, and begin to alert and to ping."""
        if self._server is not None and self._server.port is not None:
            pages = "behind the token" if self._http.token is not None else "off: HTTP_TOKEN is not set"
            logger.info(
                "HTTP is served on port %d; metrics and status are %s",
                self._server.port,
                pages,
                extra={"action": "http_ready", "port": self._server.port},
            )
        elif self._server is not None:
            logger.error(
                "HTTP is not served, and is tried again",
                extra={"action": "http_failed", "data": self._server.trouble},
            )
        calls = self._calls
        if calls.webhook is not None:
            self._alerts = Alerts(calls.webhook, calls.again.total_seconds(), boot, self.redaction, self.published)
            self._alerts.start()
        if calls.ping is not None:
            self._ping = Ping(calls.ping, calls.ping_every.total_seconds(), self.published)
            self._ping.start()
