"""The post: one request to a URL of the operator's, over and done within its time whatever the other side does."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import ssl
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from actors.errors import TransientError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from actors.config import Secret

_MOVED = 300


def send(url: Secret, document: Mapping[str, Any] | None, limit_s: float) -> None:
    """POST a JSON document, or GET if there is none; returns once it is acknowledged (2xx).

    Redirects are not followed. The time is for the whole exchange: then the socket is cut under it.

    Raises:
        TransientError: it was not acknowledged; the text does not give the URL away.
    """
    try:
        status = _exchange(url.reveal(), document, limit_s)
    except (OSError, http.client.HTTPException, ssl.SSLError, AttributeError, ValueError) as error:
        # A socket that is cut while http.client takes it up is None to it; a URL may hold what no request can.
        raise TransientError(f"no answer: {type(error).__name__}") from None
    if status >= _MOVED:
        raise TransientError(f"answered with status {status}")


def _exchange(url: str, document: Mapping[str, Any] | None, limit_s: float) -> int:
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=limit_s)
    guard = threading.Timer(limit_s, _cut, (connection,))
    guard.daemon = True
    guard.start()
    try:
        if document is None:
            connection.request("GET", target)
        else:
            connection.request("POST", target, json.dumps(document), {"Content-Type": "application/json"})
        return connection.getresponse().status
    finally:
        guard.cancel()
        connection.close()


def _cut(connection: http.client.HTTPConnection) -> None:
    # The thread that waits owns the socket and closes it; a shut one lets it go at once.
    with contextlib.suppress(OSError, AttributeError):
        connection.sock.shutdown(socket.SHUT_RDWR)
