"""A request and its answer, free of sockets."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

JSON = "application/json; charset=utf-8"
HTML = "text/html; charset=utf-8"


@dataclass(frozen=True)
class Request:
    """One HTTP request, body read; header names in lower case."""

    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @cached_property
    def path(self) -> str:
        """The decoded path, without a trailing slash."""
        return unquote(urlsplit(self.target).path).rstrip("/") or "/"

    @cached_property
    def query(self) -> dict[str, str]:
        """The query's parameters, the first of each name."""
        return {name: values[0] for name, values in parse_qs(urlsplit(self.target).query).items()}

    @cached_property
    def cookies(self) -> dict[str, str]:
        """The cookies sent along."""
        pairs = (part.strip().partition("=") for part in self.headers.get("cookie", "").split(";"))
        return {name: value for name, _, value in pairs if name}


@dataclass(frozen=True)
class Response:
    """What to answer, and how badly."""

    status: int = 200
    body: bytes = b""
    type: str = HTML
    headers: Mapping[str, str] = field(default_factory=dict)
    late_s: float = 0.0
    """Real seconds to wait before answering."""

    held_s: float | None = None
    """When set, nothing is ever sent: the connection is held open for so many real seconds and then dropped."""


def answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Answer with JSON."""
    return Response(status, json.dumps(value).encode(), JSON, headers or {})


def redirect(location: str, headers: Mapping[str, str] | None = None) -> Response:
    """Send the client elsewhere, with GET."""
    return Response(303, b"", HTML, {"Location": location, **(headers or {})})
