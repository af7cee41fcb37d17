"""The site's addresses: its pages, their files, its API, and where the rest is served."""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote

from actors.sandbox.api import Api
from actors.sandbox.backstage import Backstage
from actors.sandbox.exchange import Request, Response, answer, redirect
from actors.sandbox.faults import Fault, FaultBoard, Occasion
from actors.sandbox.session import CONSENT_COOKIE, is_operated

if TYPE_CHECKING:
    from collections.abc import Mapping

    from actors.sandbox.clock import ScheduleClock
    from actors.sandbox.world import World

_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}

_PAGE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
}

_CHALLENGE = "/account/access"
_MEMBERS_ONLY = re.compile(r"/(home|search|explore|compose/post|\w{1,30}/(verified_)?followers)")
_STATUS = re.compile(r"/(?:i/web|i|(?P<handle>\w{1,30}))/status/(?P<id>\d{1,20})(?:/analytics)?")
_FOLLOWERS = re.compile(r"/(?P<handle>\w{1,30})/(?:verified_)?followers")
_PROFILE = re.compile(r"/(?P<handle>\w{1,30})(?P<replies>/with_replies)?")
_OPERATION = re.compile(r"/i/api/graphql/[\w-]+/(?P<name>\w+)")


class Model(Protocol):
    """What the site asks of a model endpoint."""

    def handle(self, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, dict[str, Any]]:
        """Answer one call: an HTTP status and the JSON of the body."""


class Site:
    """Answer requests; safe in any thread, knows nothing of sockets."""

    def __init__(self, world: World, clock: ScheduleClock, model: Model) -> None:
        self._world = world
        self._clock = clock
        self._model = model
        self._faults = FaultBoard()
        self._backstage = Backstage(world, clock, self._faults)
        self._api = Api(world, self._faults, clock.speed)
        views = files("actors.sandbox").joinpath("views")
        self._files = {view.name: view.read_bytes() for view in views.iterdir() if view.is_file()}
        self._shell = Template(self._files["shell.html"].decode())
        self._login = Template(self._files["login.html"].decode())

    def respond(self, request: Request) -> Response:
        """Answer one request."""
        path = request.path
        if path.startswith("/_"):
            return self._backstage.respond(request)
        if path.startswith("/v1/"):
            return self._ask_model(request)
        if operation := _OPERATION.fullmatch(path):
            return self._api.serve(operation["name"], request)
        if path.startswith("/static/"):
            return self._file(path.removeprefix("/static/"))
        if request.method not in {"GET", "HEAD"}:
            return answer({"error": f"{request.method} is not possible here"}, 405)
        return self._page(request)

    def _page(self, request: Request) -> Response:
        path = request.path
        if path == "/":
            return redirect("/home")
        if path == "/compose/tweet":
            return redirect("/compose/post")
        if path in {"/login", "/i/flow/signup"}:
            return redirect("/i/flow/login")
        if path == "/i/flow/login":
            return self._wall(request)
        if path == _CHALLENGE:
            return Response(200, self._files["challenge.html"], headers=_PAGE_HEADERS)
        spared = {"consent_wall"} if CONSENT_COOKIE in request.cookies else set()
        faults = self._faults.spend(Occasion.PAGE, spared) if is_operated(request) else {}
        if "http_429" in faults:
            return Response(429, self._files["patience.html"], headers=_PAGE_HEADERS)
        if "challenge" in faults:
            return redirect(_CHALLENGE)
        is_member = is_operated(request) and "logged_out" not in faults
        if _MEMBERS_ONLY.fullmatch(path) and not is_member:
            return redirect(f"/i/flow/login?redirect_after_login={quote(request.target, safe='')}")
        page = _paced(self._shell_for(_view(request), is_member=is_member, faults=faults), faults)
        return replace(page, body=page.body[: len(page.body) // 2]) if "half_page" in faults else page

    def _shell_for(self, view: dict[str, Any], *, is_member: bool, faults: Mapping[str, Fault]) -> Response:
        account = self._world.account_of(self._world.account)
        viewer = {"handle": account.handle, "name": account.name} if is_member and account else None
        boot = json.dumps({"view": view, "viewer": viewer, "faults": sorted(faults)})
        note = f"Local sandbox · {self._clock.now():%b %d, %H:%M} UTC · {self._clock.speed:g} times as fast as yours"
        text = self._shell.substitute(boot=html.escape(boot), title=html.escape(view["title"]), note=html.escape(note))
        return Response(404 if view["name"] == "nowhere" else 200, text.encode(), headers=_PAGE_HEADERS)

    def _wall(self, request: Request) -> Response:
        after = quote(request.query.get("redirect_after_login", "/home"), safe="/")
        text = self._login.substitute(handle=html.escape(self._world.account), after=html.escape(after))
        return Response(200, text.encode(), headers=_PAGE_HEADERS)

    def _file(self, name: str) -> Response:
        suffix = name[name.rfind(".") :]
        if name not in self._files or suffix not in _TYPES:
            return answer({"error": "no such file"}, 404)
        return Response(200, self._files[name], _TYPES[suffix], {"Cache-Control": "no-cache"})

    def _ask_model(self, request: Request) -> Response:
        if request.method != "POST":
            message = f"{request.method} is not possible here"
            return answer({"error": {"message": message, "type": "invalid_request_error", "code": None}}, 405)
        status, content = self._model.handle(request.path, request.headers, request.body)
        return answer(content, status)


def _view(request: Request) -> dict[str, Any]:
    """Tell which view an address shows, and of what."""
    path = request.path
    if path in {"/home", "/compose/post"}:
        return {"name": "home", "title": "Home", "isComposing": path == "/compose/post"}
    if path in {"/search", "/explore"}:
        words, order = request.query.get("q", ""), request.query.get("f", "top")
        return {"name": "search", "title": "Search", "q": words, "f": order}
    if status := _STATUS.fullmatch(path):
        return {"name": "status", "title": "Post", "id": status["id"]}
    if followers := _FOLLOWERS.fullmatch(path):
        handle = followers["handle"]
        return {"name": "followers", "title": f"People following @{handle}", "handle": handle}
    if profile := _PROFILE.fullmatch(path):
        handle = profile["handle"]
        return {"name": "profile", "title": f"@{handle}", "handle": handle, "withReplies": bool(profile["replies"])}
    return {"name": "nowhere", "title": "Not found"}


def _paced(response: Response, faults: Mapping[str, Fault]) -> Response:
    return replace(response, late_s=faults["slow"].seconds) if "slow" in faults else response
