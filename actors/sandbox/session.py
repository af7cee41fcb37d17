"""Who is asking: the one session of the operated account, known by its cookie."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from actors.sandbox.exchange import Request

COOKIE = "auth_token"

DEV_TOKEN = "sandbox-0f6d2c1e8b9a47d3"  # noqa: S105 - see below
"""The fixed token of the operated account's session. Public on purpose: it opens nothing but this sandbox."""

CONSENT_COOKIE = "d_prefs"
"""Set by the page when its visitor has answered the wall about cookies, so that no later page asks again."""

LOGIN_HEADERS = {"Set-Cookie": f"{COOKIE}={DEV_TOKEN}; Path=/; HttpOnly; SameSite=Lax"}


def is_operated(request: Request) -> bool:
    """Whether the request carries the operated account's session."""
    return request.cookies.get(COOKIE) == DEV_TOKEN


def storage_state(host: str) -> dict[str, Any]:
    """Give the logged-in session as a browser's storage state for a host (without a port)."""
    kept = {"domain": host, "path": "/", "expires": -1, "secure": False, "sameSite": "Lax"}
    cookies = [
        {"name": COOKIE, "value": DEV_TOKEN, "httpOnly": True, **kept},
        {"name": "ct0", "value": DEV_TOKEN[::-1], "httpOnly": False, **kept},
    ]
    return {"cookies": cookies, "origins": []}
