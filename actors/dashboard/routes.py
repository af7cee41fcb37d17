"""The routes: what may be asked, by whom, and what is answered. Decides on values alone; nothing here waits."""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from actors.domain.escaping import Cleaner
from actors.domain.rate import Rate
from actors.domain.readiness import readiness

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from actors.config import Secret
    from actors.dashboard.published import Document, Published

_TEXT, _JSON = "text/plain; charset=utf-8", "application/json"
_PAGES = (10, 1.0)
"""How many pages behind the token are made in how many seconds: a scraper and a person or two, never a load."""
_LONGEST_TEXT = 20_000
"""Characters of what `/status` says in sentences: some for each job, resource and lane."""
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
PLATFORM = frozenset({"healthcheck.railway.app"})
"""The name that the platform's own health check asks by (its documentation: healthchecks, "Healthcheck Hostname")."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, as far as it matters. `host` and `authorization` are the headers, empty if there are none."""

    method: str
    target: str
    host: str = ""
    authorization: str = ""
    has_body: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """One answer."""

    status: int
    body: bytes
    kind: str = _TEXT
    more: tuple[tuple[str, str], ...] = ()
    """Headers of its own."""


ALIVE = Page(200, b"alive\n")
"""The body of `/livez`: that the server's thread answers is all it says."""


@dataclass(frozen=True, slots=True)
class Told:
    """An answer as values, which have yet to be written as JSON."""

    body: Document
    status: int = 200


@dataclass(frozen=True, slots=True)
class Route:
    """A path: who may ask, and what makes its page."""

    make: Callable[[Published], Page | Told]
    is_open: bool = False
    """Whether strangers may ask."""


def _livez(_: Published) -> Page:
    return ALIVE


def _readyz(published: Published) -> Told:
    found = readiness(published.known())
    return Told(found.as_dict(), 200 if found.is_ready else 503)


def _startz(published: Published) -> Told:
    found = readiness(published.known())
    return Told(found.start(), 200 if found.has_started else 503)


def _status(published: Published) -> Page | Told:
    view = published.view
    return _starting() if view is None else Told(view.status)


def _freshness(published: Published) -> Page | Told:
    view = published.view
    if view is None:
        return _starting()
    lanes = {lane: age.as_dict() for lane, age in view.lanes.items()}
    is_stale = any(age.is_stale for age in view.lanes.values())
    return Told({"fresh": not is_stale, "lanes": lanes}, 503 if is_stale else 200)


def _metrics(published: Published) -> Page:
    # Its library is no part of being alive within a second.
    from actors.dashboard.metrics import KIND, render

    return Page(200, render(published), KIND)


ROUTES = {
    "/livez": Route(_livez, is_open=True),
    "/readyz": Route(_readyz, is_open=True),
    "/startz": Route(_startz, is_open=True),
    "/freshness": Route(_freshness),
    "/metrics": Route(_metrics),
    "/status": Route(_status),
}
"""Every path there is. None changes anything."""


@dataclass(slots=True)
class Gate:
    """Decides who is answered. Used by one thread."""

    published: Published
    token: Secret | None
    hosts: Collection[str]
    """Names it may be asked by, in lower case."""
    redact: Callable[[str], str]
    """Blacks out secrets in what is served."""
    pages: Rate = field(default_factory=lambda: Rate(*_PAGES))

    cleaner: Cleaner = field(init=False)
    """The log's way to write values: what `/status` shows is to the letter what the log's lines tell."""

    def __post_init__(self) -> None:
        self.cleaner = Cleaner(self.redact)

    def answer(self, asked: Asked, now: float) -> Page:
        """Return the page; `now` is monotonic."""
        path = asked.target.partition("?")[0]
        route = ROUTES.get(path)
        page = self._refusal(asked, route, now)
        if page is None:
            assert route is not None
            made = route.make(self.published)
            page = self._written(made) if isinstance(made, Told) else self._redacted(made)
        self.published.count("request", path if route is not None else "other", str(page.status))
        return page

    def _written(self, told: Told) -> Page:
        body = self.cleaner.mapping(told.body.items(), 1)
        if isinstance(text := told.body.get("text"), str):
            body["text"] = self.cleaner.text(text, _LONGEST_TEXT)
        return Page(told.status, json.dumps(body).encode() + b"\n", _JSON)

    def _redacted(self, page: Page) -> Page:
        return page if page is ALIVE else replace(page, body=self.redact(page.body.decode()).encode())

    def _refusal(self, asked: Asked, route: Route | None, now: float) -> Page | None:
        if _name_of(asked.host) not in self.hosts:
            return Page(421, b"this name is not served here\n")
        if asked.method != "GET":
            return Page(405, b"only GET\n", more=(("Allow", "GET"),))
        if asked.has_body:
            return Page(413, b"a request has no body here\n")
        if route is None:
            return Page(404, b"no such page\n")
        if route.is_open:
            return None
        if self.token is None:
            return Page(403, b"off: no token is configured\n")
        scheme, _, given = asked.authorization.partition(" ")
        expected = self.token.reveal().encode()
        if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(errors="replace"), expected):
            return Page(401, b"a bearer token is needed\n", more=(("WWW-Authenticate", "Bearer"),))
        if not self.pages.allows(now):
            return Page(429, b"asked too often\n", more=(("Retry-After", "1"),))
        return None


def _name_of(host: str) -> str:
    """Return the name without the port, in lower case."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower()


def _starting() -> Page:
    return Page(503, b"the tree is not up yet: see /readyz\n")
