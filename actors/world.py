"""The outside world of one process: which servers come along, and where everything is reached."""

from __future__ import annotations

import logging
import os
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actors.embedded.chromium import find
from actors.embedded.postgres import EmbeddedPostgres
from actors.embedded.process import minimal_environment
from actors.embedded.sandbox import EmbeddedSandbox, get_json
from actors.embedded.valkey import EmbeddedValkey
from actors.errors import AppError, ResourceDiedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from actors.config import Config
    from actors.runtime.server import Server
    from actors.runtime.time import ScheduleClock

logger = logging.getLogger(__name__)

_START_S = 60.0
_STOP_S = 8.0
_LOOK_AGAIN_S = 2.0
_DEPENDANTS = {"postgres": ("database",), "valkey": ("redis",), "sandbox": ()}
_EMBEDDED_KEY = "sandbox"
"""The embedded model endpoint takes any key; it guards nothing."""


@dataclass(slots=True)
class World:
    """Where everything is. What the operator gave a URL for is his, the rest comes along."""

    database_url: str
    redis_url: str
    redis_is_embedded: bool
    site: str
    model_url: str
    model_key: Callable[[], str]
    chromium: str | None
    session: Mapping[str, Any] | None
    browser_environment: Mapping[str, str]
    servers: list[Server] = field(default_factory=list)

    def dependants(self, server: str) -> tuple[str, ...]:
        """Return the fronts whose handles go stale when this server is started anew."""
        return _DEPENDANTS[server]

    def close(self) -> None:
        """Stop the embedded servers: a clean exit leaves no process behind."""
        _stop_all(self.servers)


def open_world(config: Config, clock: ScheduleClock, data: Path, ended: threading.Event) -> World:
    """Find Chromium, start or find again what is embedded, all at once, and return where everything is.

    Raises:
        AppError: something cannot be had, with what to do about it.
    """
    chromium = find(
        {**os.environ, **({"CHROMIUM_PATH": str(config.browser.executable)} if config.browser.executable else {})}
    )
    _progress(f"Chromium ({chromium.how}): {chromium.path}")
    servers = embedded_servers(config, clock, data)
    urls = _start_all(servers)
    sandbox = urls.get("sandbox", "")
    site = (config.platform.url or sandbox).rstrip("/")
    base_url, key = _model(config, sandbox)
    temporary = data / "tmp"
    temporary.mkdir(exist_ok=True)
    return World(
        database_url=config.database.url.reveal() if config.database.url else urls["postgres"],
        redis_url=config.redis.url.reveal() if config.redis.url else urls["valkey"],
        redis_is_embedded=config.redis.url is None,
        site=site,
        model_url=base_url,
        model_key=key,
        chromium=str(chromium.path),
        session=_session(site, ended),
        browser_environment={**minimal_environment(), "TMPDIR": str(temporary), "HOME": str(temporary)},
        servers=servers,
    )


def embedded_servers(config: Config, clock: ScheduleClock, data: Path) -> list[Server]:
    """Return the servers that come along under this configuration, none of them started."""
    servers: list[Server] = []
    if config.database.url is None:
        servers.append(EmbeddedPostgres(data, _progress))
    if config.redis.url is None:
        servers.append(EmbeddedValkey(data, progress=_progress))
    model_is_embedded = config.openai.api_key is None and config.openai.base_url is None
    if config.platform.url is None or model_is_embedded:
        options = ["--seed", str(config.sandbox.seed), "--account", config.platform.account]
        options += ["--audience", str(Path(config.sandbox.audience).absolute())] if config.sandbox.audience else []
        anchor = (clock.anchor.wall, clock.anchor.schedule)
        servers.append(EmbeddedSandbox(data, config.sandbox.port, anchor, clock.speed, tuple(options), _progress))
    return servers


def _model(config: Config, sandbox: str) -> tuple[str, Callable[[], str]]:
    secret = config.openai.api_key
    if secret is None and config.openai.base_url is None:
        return f"{sandbox}/v1", lambda: _EMBEDDED_KEY
    base_url = config.openai.base_url or "https://api.openai.com/v1"
    return base_url, secret.reveal if secret is not None else lambda: _EMBEDDED_KEY


def _start_all(servers: list[Server]) -> dict[str, str]:
    urls: dict[str, str] = {}
    errors: list[AppError] = []

    def start(server: Server) -> None:
        try:
            urls[server.name] = server.ensure(_START_S).url
        except AppError as error:
            errors.append(error)
        except Exception as error:  # noqa: BLE001 - whatever it is, the others must be stopped and it must be told
            errors.append(ResourceDiedError(f"{server.name} could not be started: {type(error).__name__}: {error}"))

    threads = [threading.Thread(target=start, args=(server,), name=f"start-{server.name}") for server in servers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(_START_S + 5.0)
    late = [server.name for server in servers if server.name not in urls]
    if late:
        _stop_all(servers)
        raise errors[0] if errors else ResourceDiedError(f"{', '.join(late)} did not start within {_START_S:g} s")
    return urls


def _stop_all(servers: list[Server]) -> None:
    """Stop servers in reverse order of their start, each within its time; what resists is named in the log."""
    for server in reversed(servers):
        try:
            server.stop(_STOP_S)
        except AppError as error:
            logger.error("%s stays behind", server.name, extra={"action": "server_left", "data": str(error)})


def _session(site: str, ended: threading.Event) -> Mapping[str, Any] | None:
    """Return the logged-in session that a sandbox hands out; wait for one that is away until the process ends."""
    while not ended.is_set():
        try:
            session: Mapping[str, Any] = get_json(f"{site}/_session")
        except AppError as error:
            logger.warning(
                "the platform is awaited; check PLATFORM_URL", extra={"action": "platform_awaited", "data": str(error)}
            )
            ended.wait(_LOOK_AGAIN_S)
        else:
            return session
    return None


def _progress(sentence: str) -> None:
    logger.info("%s", sentence, extra={"action": "starting"})
