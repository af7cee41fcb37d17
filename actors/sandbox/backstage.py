"""What no real site has: the truth, the faults, other people's hands, the health, and the key to the door."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from actors.sandbox.exchange import Request, Response, answer, redirect
from actors.sandbox.faults import FAULTS, FaultBoard, UnknownFaultError
from actors.sandbox.session import LOGIN_HEADERS, storage_state
from actors.sandbox.world import RefusedError, UnknownAccountError, World, iso

if TYPE_CHECKING:
    from collections.abc import Callable

    from actors.sandbox.clock import ScheduleClock


class Backstage:
    """Serve the sandbox's own endpoints, whose paths start with `/_`."""

    def __init__(self, world: World, clock: ScheduleClock, faults: FaultBoard) -> None:
        self._world = world
        self._clock = clock
        self._faults = faults
        self._routes: dict[tuple[str, str], Callable[[Request], Response]] = {
            ("GET", "/_truth"): lambda _: answer(world.truth()),
            ("GET", "/_health"): lambda _: answer(self._health()),
            ("GET", "/_faults"): lambda _: answer(self._known()),
            ("POST", "/_faults"): self._arm,
            ("POST", "/_posts"): self._write,
            ("GET", "/_session"): _session,
            ("POST", "/_login"): _log_in,
        }

    def respond(self, request: Request) -> Response:
        """Answer one request."""
        route = self._routes.get((request.method, request.path))
        return route(request) if route else answer({"error": "no such endpoint"}, 404)

    def _health(self) -> dict[str, Any]:
        anchor = self._clock.anchor
        return {
            "ready": True,
            "pid": os.getpid(),
            "speed": self._clock.speed,
            "now": iso(self._clock.now()),
            "anchor": {"wall": anchor.wall, "schedule": anchor.schedule},
            "account": self._world.account,
        }

    def _known(self) -> dict[str, Any]:
        effects = {name: fault.effect for name, fault in FAULTS.items()}
        return {"armed": self._faults.armed(), "known": effects}

    def _arm(self, request: Request) -> Response:
        try:
            name, count = _wish(request)
            self._faults.arm(name, count)
        except (ValueError, UnknownFaultError) as error:
            return answer({"error": str(error), "faults": sorted(FAULTS)}, 400)
        return answer({"armed": self._faults.armed()})

    def _write(self, request: Request) -> Response:
        try:
            post = self._world.write(*_draft(request))
        except (ValueError, UnknownAccountError, RefusedError) as error:
            return answer({"error": str(error)}, 400)
        return answer({"id": post.id})


def _draft(request: Request) -> tuple[str, str, str | None]:
    """Read whose post to store, its text, and the id of its parent.

    Raises:
        ValueError: the body is anything but `{"author": handle, "text": text, "in_reply_to": id or null}`; without a
            parent it is no reply.
    """
    draft = json.loads(request.body or b"null")
    match {"in_reply_to": None, **draft} if isinstance(draft, dict) else None:
        case {"author": str(author), "text": str(text), "in_reply_to": str() | None as parent}:
            return author, text, parent
    raise ValueError('the body must be {"author": handle, "text": text, "in_reply_to": id or null}')


def _wish(request: Request) -> tuple[str, int]:
    """Read which fault to arm, and for how many requests.

    Raises:
        ValueError: the body is anything but `{"fault": name, "count": n}`; without a count it is 1.
    """
    wish = json.loads(request.body or b"null")
    if not isinstance(wish, dict) or "fault" not in wish:
        raise ValueError('the body must be {"fault": name, "count": n}')
    count = wish.get("count", 1)
    if type(count) is not int or count < 0:
        raise ValueError(f"count must be a whole number, 0 or more, not {count!r}")
    return str(wish["fault"]), count


def _session(request: Request) -> Response:
    return answer(storage_state(request.headers.get("host", "127.0.0.1").rsplit(":", 1)[0]))


def _log_in(request: Request) -> Response:
    after = request.query.get("after", "/home")
    is_local = after.startswith("/") and not after.startswith(("//", "/\\"))
    return redirect(after if is_local else "/home", LOGIN_HEADERS)
