"""The outside world of one process: which servers come along, and where everything is reached."""

from __future__ import annotations

import logging
import os
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from actors.domain.alerting import Outages
from actors.embedded.chromium import find
from actors.embedded.postgres import EmbeddedPostgres
from actors.embedded.process import minimal_environment
from actors.embedded.sandbox import EmbeddedSandbox, get_json
from actors.embedded.valkey import EmbeddedValkey
from actors.errors import AppError, ResourceDiedError
from actors.resources.login import Login

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from actors.config import Config
    from actors.runtime.server import Server
    from actors.runtime.startup import Progress
    from actors.runtime.time import ScheduleClock

logger = logging.getLogger(__name__)

_START_S = 60.0
_STOP_S = 8.0
_KILL_S = 6.0
"""How much longer a stop may take whose server has to be killed: a little more than the kill's own limit."""
_LOOK_AGAIN_S = 2.0
_FIRST_LOOK_S = 2.5
"""How long the start waits for a first look at the site: most have answered by then, and no errand comes too early."""
_LONG_S = 300.0
"""How long a site may be away before a person is called, as for a breaker that stays open."""
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
    login: Login
    browser_environment: Mapping[str, str]
    servers: list[Server] = field(default_factory=list)

    def dependants(self, server: str) -> tuple[str, ...]:
        """Return the fronts whose handles go stale when this server is started anew."""
        return _DEPENDANTS[server]

    def close(self, seconds: float) -> None:
        """Stop the embedded servers within so many real seconds, by a kill if need be: no process is left behind."""
        _stop_all(self.servers, seconds)


def open_world(
    config: Config,
    clock: ScheduleClock,
    data: Path,
    progress: Progress,
    ended: threading.Event,
    hide: Callable[[Iterable[str]], None],
) -> World:
    """Find Chromium, start or find again what is embedded, all at once, and return where everything is.

    `hide` learns of what must not be shown. A site that is away is looked for until `ended`.

    Raises:
        AppError: something cannot be had, with what to do about it.
    """
    with progress.step("servers"):
        given = config.browser.executable
        chromium = find({**os.environ, **({"CHROMIUM_PATH": str(given)} if given else {})})
        _progress(f"Chromium ({chromium.how}): {chromium.path}")
        servers = embedded_servers(config, clock, data)
        urls = _start_all(servers)
    sandbox = urls.get("sandbox", "")
    site = (config.platform.url or sandbox).rstrip("/")
    base_url, key = _model(config, sandbox)
    temporary = data / "tmp"
    temporary.mkdir(exist_ok=True)
    settings = config.platform
    login = Login(site=site, account=settings.account, key=settings.session_key, hide=hide, is_awaited=True)
    _look_for(site, login, ended)
    return World(
        database_url=config.database.url.reveal() if config.database.url else urls["postgres"],
        redis_url=config.redis.url.reveal() if config.redis.url else urls["valkey"],
        redis_is_embedded=config.redis.url is None,
        site=site,
        model_url=base_url,
        model_key=key,
        chromium=str(chromium.path),
        login=login,
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
        _stop_all(servers, _STOP_S)
        raise errors[0] if errors else ResourceDiedError(f"{', '.join(late)} did not start within {_START_S:g} s")
    return urls


def _stop_all(servers: list[Server], seconds: float) -> None:
    """Stop servers side by side, since none needs another; what resists is named in the log."""

    def stop(server: Server) -> None:
        try:
            server.stop(seconds)
        except AppError as error:
            logger.error("%s stays behind", server.name, extra={"action": "server_left", "data": str(error)})

    threads = [threading.Thread(target=stop, args=(server,), name=f"stop-{server.name}") for server in servers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(seconds + _KILL_S)


def _look_for(site: str, login: Login, ended: threading.Event) -> None:
    """Give the login the session that the site hands out, from a thread of its own; return after its first look.

    A site that is away costs the work that needs it and not the tree: whoever asks why nothing goes out is answered.
    """
    has_looked = threading.Event()
    thread = threading.Thread(target=_await, args=(site, login, ended, has_looked), name="await-site", daemon=True)
    thread.start()
    has_looked.wait(_FIRST_LOOK_S)


def _await(site: str, login: Login, ended: threading.Event, has_looked: threading.Event) -> None:
    """Ask the site for its session until it answers or the process ends. Says each reason once, and calls once."""
    told: set[str] = set()
    outage, began = Outages(_LONG_S), time.monotonic()
    while not ended.is_set():
        try:
            login.hand(get_json(f"{site}/_session"))
        except AppError as error:
            _tell_away(str(error), told)
            for away_s in outage.look({"platform"}, time.monotonic()).values():
                logger.error(
                    "the platform has been away for %.0f s since the start: nothing is published; check PLATFORM_URL",
                    away_s,
                    extra={"action": "platform_away", "away_s": int(away_s), "data": str(error)},
                )
        else:
            if told:
                took = round(time.monotonic() - began, 1)
                extra = {"action": "platform_answers", "away_s": took}
                logger.info("the platform answers after %.1f s", took, extra=extra)
            return
        finally:
            has_looked.set()
        ended.wait(_LOOK_AGAIN_S)


def _tell_away(reason: str, told: set[str]) -> None:
    if reason not in told:
        told.add(reason)
        logger.warning(
            "the platform is awaited; check PLATFORM_URL", extra={"action": "platform_awaited", "data": reason}
        )


def _progress(sentence: str) -> None:
    logger.info("%s", sentence, extra={"action": "starting"})
