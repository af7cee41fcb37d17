"""The embedded sandbox: the outside world in miniature, as a server process that outlives the supervisor."""

from __future__ import annotations

import json
import sys
import urllib.request
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from actors.embedded.deadline import Deadline
from actors.embedded.process import Endpoint, Launch, ServerProcess
from actors.embedded.valkey import HOST, require_free
from actors.errors import ResourceDiedError

if TYPE_CHECKING:
    from collections.abc import Callable

_PROGRAM = Path(__file__).parents[2] / "supervisor.py"
_ANSWER_SECONDS = 2.0
_OWNER = "the sandbox"


class EmbeddedSandbox:
    """One sandbox per data folder, living in `data/sandbox`.

    It binds its port itself and announces which it got: a port that is chosen here could be somebody else's by then.

    Args:
        data: the folder that holds everything the program keeps.
        port: the port to listen on, or 0 for the one it had last time if that is free, else any free one.
        anchor: one instant on both clocks, in epoch seconds (wall, schedule), so that its time is the supervisor's.
        speed: schedule seconds in a real one.
        options: further words of its command line.
        progress: told a sentence before each step that takes time.
    """

    name = "sandbox"

    def __init__(
        self,
        data: Path,
        port: int,
        anchor: tuple[float, float],
        speed: float,
        options: tuple[str, ...] = (),
        progress: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._folder = data.resolve() / "sandbox"
        self._port, self._anchor, self._speed, self._options = port, anchor, speed, options
        self._progress = progress
        self._process = ServerProcess(self.name, self._folder)

    def ensure(self, timeout: float) -> Endpoint:
        """Make the sandbox run at our speed and answer, and return its `http://` URL.

        One that survived an earlier supervisor at another speed is started anew: its world is on disk.

        Raises:
            ConfigError: the configured port is taken. ResourceDiedError: it ended while starting.
            DeadlineError: it did not answer within `timeout` real seconds.
        """
        deadline = Deadline(timeout)
        endpoint = self._start(timeout)
        if endpoint.was_running and not self._is_current(get_json(endpoint.url + "/_health")):
            self._process.stop(min(5.0, deadline.left()))
            endpoint = self._start(deadline.left())
        # Whoever was told this URL is not told another: from now on it is this port or none.
        self._port = urlsplit(endpoint.url).port or self._port
        return endpoint

    def is_alive(self) -> bool:
        """Return whether the server's process runs."""
        return self._process.is_alive()

    def stop(self, timeout: float) -> None:
        """End the sandbox; its world is on disk already."""
        self._process.stop(timeout)

    def _is_current(self, health: dict[str, Any]) -> bool:
        """Return whether a sandbox that was running already goes at our speed and is of this release."""
        return health["speed"] == self._speed and "pid" in health

    def _start(self, timeout: float) -> Endpoint:
        try:
            return self._process.ensure(self._prepare, self._answers, timeout)
        except ResourceDiedError:
            if self._port:
                require_free(self._port, _OWNER)
            raise

    def _prepare(self, last_url: str | None) -> Launch:
        self._progress("Starting the sandbox")
        if self._port:
            require_free(self._port, _OWNER)
        last = urlsplit(last_url or "").port or 0
        wall, schedule = self._anchor
        words = (
            sys.executable, str(_PROGRAM), "sandbox", "--port", str(self._port), "--rather", str(last), "--announce",
            "--data", str(self._folder), "--speed", repr(self._speed), "--anchor", f"{wall!r}:{schedule!r}",
            *self._options,
        )  # fmt: skip
        return Launch(words, f"http://{HOST}:{self._port or last}")

    def _answers(self, url: str) -> bool:
        """Return whether our sandbox, and not a neighbour on the port that it had last time, is ready at this URL."""
        try:
            health = get_json(url + "/_health")
            # The release before this one said nothing of its pid.
            return bool(health["ready"]) and health.get("pid", self._process.pid()) == self._process.pid()
        except (ResourceDiedError, KeyError):
            return False


def get_json(url: str) -> Any:
    """Return the JSON document at a URL.

    Raises:
        ResourceDiedError: nobody answers there, or with something else.
    """
    try:
        with urllib.request.urlopen(url, timeout=_ANSWER_SECONDS) as response:  # noqa: S310 - http only, by our own config
            return json.load(response)
    except (OSError, ValueError, HTTPException) as error:
        raise ResourceDiedError(f"no JSON at {url}: {error}", "is the sandbox running there?") from error
